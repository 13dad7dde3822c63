"""The command that writes docs/ledger-kinds.md from the catalogue of kinds, or checks that it is up to date."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from claims.record.entry_kinds import ALWAYS, CATALOGUE, NEVER, RESTRICTED, SHAPES, TYPES, EntryKind

PATH = "docs/ledger-kinds.md"
SEALED = {NEVER: "never", ALWAYS: "always", RESTRICTED: "where what it is about is restricted"}


class Command(BaseCommand):
    help = f"Writes {PATH} from the catalogue in claims/record/entry_kinds.py."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; status 1 where the page has drifted")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / PATH
        made = "\n".join(kinds_page())
        if not options["check"]:
            path.write_text(made)
            self.stdout.write(f"{PATH} is written.")
        elif not path.exists() or path.read_text() != made:
            raise CommandError(
                f"{PATH} is not what claims/record/entry_kinds.py says: run python manage.py write_kinds_doc"
            )


def kinds_page() -> Iterator[str]:
    """The page as lines of Markdown: an introduction, the kinds, the shapes."""
    yield from (
        "# The kinds of entries",
        "",
        "Made from the catalogue in `claims/record/entry_kinds.py` by `python manage.py write_kinds_doc`: edit the",
        "catalogue, not this page. It goes with [ledger.md](ledger.md), whose sections are named here. A verifier",
        "needs the sections on `status_changed`, `key_rotated`, `redacted`, `attachment_kept` and `capture_kept`, and",
        "the place of a claim's statement. Of all others it checks only the form, and it accepts kinds that it does",
        "not know.",
        "",
        "Every entry also commits to `by`: the person who acted, or `null` for a command or the machine. A",
        "backfilled entry also has `brought_in` and `happened_at` in its body (section 2). A sealed entry has all",
        "this in its content, and its stream has a random name in place of the one below. Fields",
        "with `?` are in some entries only. Entries of earlier releases: a `key_rotated` without `signed`, and a",
        "`restricted_read` for each reading, in a stream `reads:<id of the person>:<day>`.",
        "",
    )
    for name, kind in CATALOGUE.items():
        yield from _section(name, kind)
    yield from ("## Types", "", "| type | meaning |", "| --- | --- |")
    yield from (f"| {name} | {words} |" for name, words in TYPES.items())
    yield from ("", "`[…]` is a list. Objects have exactly these fields:", "", "| type | fields |", "| --- | --- |")
    yield from (f"| {name} | {_fields(fields)} |" for name, fields in SHAPES.items())
    yield ""


def _section(name: str, kind: EntryKind) -> Iterator[str]:
    yield from (f"## {name}", "", kind.meaning, "")
    yield from (
        f"- stream: {_streams(kind.stream)}",
        f"- sealed: {SEALED.get(kind.sealed, kind.sealed)}",
        f"- body: {_fields(kind.body)}",
        f"- commits: {_fields({'by': kind.by, **kind.committed})}",
        "",
    )


def _streams(text: str) -> str:
    usual, _comma, sealed = text.partition(", sealed ")
    open_ones = " or ".join(f"`{one}`" for one in usual.split(" or "))
    return f"{open_ones}; where it is sealed, of its own about `{sealed}`" if sealed else open_ones


def _fields(fields: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {of}" for name, of in fields.items()) or "nothing"
