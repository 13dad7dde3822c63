"""The index of docs/decisions/: bin/check --write writes it, and bin/check compares it with the files.

A decision's date is that of the commit that added it. It is read from git once and kept in the index, so that a copy
without history can be checked too.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "decisions"
INDEX = FOLDER / "README.md"
HEAD = """# Decisions

Why it is built so. Written by `bin/check --write`; change the decisions themselves. One that no longer holds says
`Status: superseded by NNNN.` and stays. A new one takes the next number, a title, a line `Status: …` and three parts:
context, decision, consequences.

| number | decision | date | status |
| --- | --- | --- | --- |
"""


class Unreadable(Exception):
    """A decision without a title or a status."""


def index() -> str:
    """The text of the index. Raises Unreadable."""
    known = dict(
        re.findall(r"\]\((\d{4}-[\w-]+\.md)\) \| (\d{4}-\d\d-\d\d) \|", INDEX.read_text() if INDEX.exists() else "")
    )
    return HEAD + "".join(_line(path, known) for path in decisions())


def decisions() -> Iterator[Path]:
    yield from sorted(FOLDER.glob("[0-9][0-9][0-9][0-9]-*.md"))


def _line(path: Path, known: dict[str, str]) -> str:
    text = path.read_text()
    title = re.match(r"# (\d+)\. (.+)\n", text)
    status = re.search(r"^Status: (accepted|superseded by \d{4})\.", text, re.MULTILINE)
    if not title or int(title[1]) != int(path.name[:4]):
        raise Unreadable(f"{path.relative_to(ROOT)}: begin it with '# {int(path.name[:4])}. ' and its title")
    if not status:
        raise Unreadable(f"{path.relative_to(ROOT)}: say 'Status: accepted.' or 'Status: superseded by NNNN.'")
    date = known.get(path.name) or _date_of(path)
    return f"| {int(title[1])} | [{title[2]}]({path.name}) | {date} | {status[1]} |\n"


def _date_of(path: Path) -> str:
    """The day of the commit that added a file; today if there is none yet."""
    command = ["git", "log", "--follow", "--diff-filter=A", "--format=%ad", "--date=short", "--", str(path)]
    dates = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603
    return dates[-1] if dates else datetime.now(UTC).date().isoformat()


def main(arguments: list[str]) -> int:
    try:
        made = index()
    except Unreadable as error:
        print(error)
        return 1
    if "--write" in arguments:
        INDEX.write_text(made)
    elif not INDEX.exists() or INDEX.read_text() != made:
        print("docs/decisions/README.md is not what the decisions say: run bin/check --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
