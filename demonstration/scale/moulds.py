"""A specimen's rows as text with gaps, and the copies cast from it.

The rows are read as COPY writes them. Values of the one claim become gaps: identifiers, times, dates, words, the
reference, the graphs of its status changes with their digests. Values shared with others (people, actors, topics, the
desk) stay. So the rows of any action, in any table, are copied whole.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from operator import itemgetter
from random import Random

import rfc8785
from django.apps import apps
from django.db import connection

from demonstration.scale.specimens import PLACE, STATEMENT, TITLE

ROOMS = ("sources", "claims", "reviews")
# JSON columns with their digest in another column.
_DIGESTED = {"claims_statuschangegraph": "graph", "claims_grounds": "content", "claims_groundswatch": "content"}
_NULL = r"\N"
_BETWEEN_TABLES = "\f"  # COPY writes it as \f, so no text contains it
_MOMENT = r"(?:19|20)\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00"
_DAY = r"(?<![\w-])(?:19|20)\d\d-\d\d-\d\d(?![\w -])"
_OWN = re.compile(rf"{_MOMENT}|{_DAY}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|scale-[a-z]+(?:_\d+)?")


@dataclass(frozen=True)
class Table:
    """A table, with the columns that the database does not fill in itself."""

    name: str
    columns: tuple[str, ...]
    has_uuid: bool

    @property
    def columns_in_sql(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)


def tables_in_order() -> list[Table]:
    """The tables of our rooms. A status change comes before its words and graphs, which refer to it immediately; all
    other references are checked at the end of a transaction."""
    models = chain.from_iterable(apps.get_app_config(room).get_models(include_auto_created=True) for room in ROOMS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum),"
            "       bool_or(a.attname = 'id' AND a.atttypid = 'uuid'::regtype)"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)"
            " AND a.attgenerated = '' AND a.attidentity = '' GROUP BY c.relname ORDER BY c.relname",
            [[model._meta.db_table for model in models]],
        )
        found = [Table(name, tuple(columns), has_uuid) for name, columns, has_uuid in cursor.fetchall()]
    # Last: grounds watched before they are written would count as changed.
    return sorted(found, key=lambda table: table.name == "claims_groundswatch")


@dataclass(frozen=True)
class Rows:
    """The rows of a specimen: the lines of each table, its own identifiers by table, and its digested values (graphs
    and grounds, by how they are copied) in canonical JSON."""

    lines: dict[str, list[str]]
    own: dict[str, list[str]]
    graphs: dict[str, str]


def rows_of_transaction(tables: Sequence[Table]) -> Rows:
    """The rows written by the present transaction, its savepoints included."""
    lines: dict[str, list[str]] = {}
    own: dict[str, list[str]] = {}
    graphs: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint % 4294967296")
        since = cursor.fetchone()[0]
        for table in tables:
            rows = f'SELECT {table.columns_in_sql} FROM "{table.name}" WHERE xmin::text::bigint >= {since}'  # noqa: S608
            with cursor.copy(f"COPY ({rows}) TO STDOUT") as copy:
                found = b"".join(bytes(piece) for piece in copy).decode().splitlines()
            if found:
                lines[table.name] = found
            if found and table.has_uuid:
                place = table.columns.index("id")
                own[table.name] = sorted(line.split("\t")[place] for line in found)
            if table.name in _DIGESTED:
                place = table.columns.index(_DIGESTED[table.name])
                copied = sorted({line.split("\t")[place] for line in found} - {_NULL})
                graphs |= {text: rfc8785.dumps(json.loads(_unescaped(text))).decode() for text in copied}
    return Rows(lines, own, graphs)


class Mould:
    """The text of one specimen with its gaps, to be filled any number of times."""

    def __init__(self, rows: Rows, reference: str, at: datetime) -> None:
        self.tables = tuple(rows.lines)
        self._at = at
        self._groups = [len(ids) for ids in rows.own.values()]
        text = _BETWEEN_TABLES.join("".join(f"{line}\n" for line in lines) for lines in rows.lines.values())
        graphs = list(rows.graphs.values())
        for number, (copied, graph) in enumerate(rows.graphs.items()):
            text = text.replace(copied, f"scale-graph_{number}").replace(_digest(graph), f"scale-digest_{number}")
        text = re.sub(rf"(?<=\t){re.escape(reference)}(?=\t)", "scale-reference", text)
        found = sorted(set(_OWN.findall("".join([text, *graphs]))))
        own = list(chain.from_iterable(rows.own.values()))
        moments = [word for word in found if " " in word]
        days = [word for word in found if re.fullmatch(_DAY, word)]
        self._moments = [datetime.fromisoformat(word) for word in moments]
        self._days = [date.fromisoformat(word) for word in days]
        words = ["scale-reference", STATEMENT, PLACE, TITLE]
        words += [f"scale-{what}_{number}" for what in ("graph", "digest") for number in range(len(graphs))]
        gaps = {word: number for number, word in enumerate([*own, *moments, *days, *words])}
        self._graphs = [_Text(graph, gaps) for graph in graphs]
        self._text = _Text(text, gaps)

    def fill(self, *, chance: Random, reference: str, at: datetime, statement: str, place: str) -> list[str]:
        """One copy: for each of `tables` the lines to COPY. `at` is when the claim was reported."""
        values = _new_ids(self._groups, chance)
        shift = at - self._at
        values += [_moment(moment + shift) for moment in self._moments]
        days = timedelta(days=(at.date() - self._at.date()).days)
        values += [(day + days).isoformat() for day in self._days]
        values += [reference, statement, place, f"{place}-{reference}"]
        graphs = [graph.fill(values) for graph in self._graphs]
        values += map(_escaped, graphs)
        values += map(_digest, graphs)
        return self._text.fill(values).split(_BETWEEN_TABLES)


def _moment(moment: datetime) -> str:
    """A time as PostgreSQL writes it, also in JSON: without trailing zeros in the fraction of a second."""
    text = moment.isoformat(" ").removesuffix("+00:00")
    return f"{text.rstrip('0') if '.' in text else text}+00"


class _Text:
    """A text with numbered gaps."""

    def __init__(self, text: str, gaps: dict[str, int]) -> None:
        numbers: list[int] = []

        def cut(found: re.Match[str]) -> str:
            if found[0] not in gaps:
                return found[0]
            numbers.append(gaps[found[0]])
            return "%s"

        self._text = _OWN.sub(cut, text.replace("%", "%%"))
        self._choose = itemgetter(*numbers)

    def fill(self, values: Sequence[str]) -> str:
        filled: str = self._text % self._choose(values)
        return filled


def _new_ids(groups: Sequence[int], chance: Random) -> list[str]:
    """New random identifiers, ordered within a table like the specimen's, since graphs sort by them."""
    ids: list[str] = []
    for count in groups:
        ids += sorted(_id(chance.getrandbits(122)) for _ in range(count))
    return ids


def _id(bits: int) -> str:
    """A UUID of version 4 (RFC 9562) from 122 random bits."""
    high, middle, low = bits >> 74, bits >> 62 & 0xFFF, bits & (1 << 62) - 1
    text = f"{high:012x}4{middle:03x}{low | 1 << 63:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _escaped(text: str) -> str:
    """JSON as COPY writes it: in canonical JSON only the backslash needs escaping."""
    return text.replace("\\", "\\\\")


def _unescaped(text: str) -> str:
    return text.replace("\\\\", "\\")


def _digest(graph: str) -> str:
    return hashlib.sha256(graph.encode()).hexdigest()
