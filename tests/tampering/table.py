"""The table of tamperings, `docs/tamperings.md`, as data: what is done, and who notices it with which words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
TABLE, LEDGER = DOCS / "tamperings.md", DOCS / "ledger.md"
NOTHING = "nothing"
_ROW = re.compile(r"\| ([A-Z][0-9]+) \| (.+?) \| (.+) \|")
_NOTICED = re.compile(r"\*\*(.+?)\*\* (.+)")


@dataclass(frozen=True)
class TableRow:
    """A row of the table. `noticed`: by whom, with which words; empty where nothing notices it."""

    number: str
    deed: str
    noticed: Mapping[str, str]


@cache
def rows() -> dict[str, TableRow]:
    """All rows by their numbers, in their order. Raises ValueError where one is malformed or twice there."""
    found: dict[str, TableRow] = {}
    for line in TABLE.read_text().splitlines():
        cells = _ROW.fullmatch(line)
        if cells is None:
            continue
        number, deed, who = cells.groups()
        if number in found:
            raise ValueError(f"{number} is there twice")
        found[number] = TableRow(number, deed, {} if who == NOTHING else _noticed(number, who))
    return found


def _noticed(number: str, cell: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in cell.split("<br>"):
        said = _NOTICED.fullmatch(part)
        if said is None:
            raise ValueError(f"{number}: {part!r} says neither who notices nor what")
        found |= dict.fromkeys(said[1].split(", "), said[2])
    return found


def says(lines: Iterable[str], words: str) -> bool:
    """Whether one of the lines has the words; `…` stands for anything."""
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in words.replace("\\|", "|").split("…")), re.DOTALL)
    return any(pattern.search(" ".join(line.split())) for line in lines)


def check(row: TableRow, said: Mapping[str, list[str]], asked: Iterable[str]) -> None:
    """Raises AssertionError unless those notice whom the row names, with its words, and of the others nobody who was
    asked."""
    for name, words in row.noticed.items():
        assert says(said.get(name, []), words), (row.number, name, words, said.get(name))
    others = {name: said[name] for name in asked if name in said and name not in row.noticed}
    assert others == {}, (row.number, others)
