"""Check that every claim's state, history, counts, reminders, attachments and ledger entries agree. Read-only."""

import json
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.checks_of_factors import CHECKS as ACCOUNT_CHECKS
from claims.models import Claim, StatusChange
from claims.record.integrity import CHECKS as CLAIM_CHECKS
from house.integrity import Check, IntegrityMismatch, IntegrityScope, one_moment
from house.reference_integrity import CHECKS as REFERENCE_CHECKS
from ledger.verifier import printable
from reviews.integrity import CHECKS as REVIEW_CHECKS
from reviews.ledger_comparison import CHECKS as BOTH_WAYS
from reviews.models import Assignment, Reminder
from sources.integrity import CHECKS as SOURCE_CHECKS
from sources.models import Attachment, Source

CHECKS = (*REFERENCE_CHECKS, *ACCOUNT_CHECKS, *SOURCE_CHECKS, *CLAIM_CHECKS, *REVIEW_CHECKS, *BOTH_WAYS)
TELL_EVERY = 10  # seconds
COUNTED = (Claim, StatusChange, Source, Attachment, Assignment, Reminder)


class Command(BaseCommand):
    help = (
        "Checks that states, histories, numbers, reminders, attachments and the ledger's entries agree. Status 1: "
        "something does not."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recompute",
            default="1000",
            metavar="N|all",
            help="of how many claims, taken at random, the support is counted anew (1000)",
        )
        parser.add_argument(
            "--files", choices=("read", "measure"), default="read", help="read and hash attachments, or only measure"
        )
        parser.add_argument(
            "--grace", type=int, default=900, metavar="SECONDS", help="how long work for later may lie about (900)"
        )
        parser.add_argument(
            "--part", type=_part, default=(1, 1), metavar="N/M", help="part N of M alone, 1/M to M/M being all (1/1)"
        )
        parser.add_argument(
            "--only", action="append", metavar="CHECK", help="this check alone, by the name before its findings"
        )
        parser.add_argument("--json", action="store_true", help="one object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        sample = None if options["recompute"] == "all" else int(options["recompute"])
        grace = timedelta(seconds=options["grace"])
        now, read_files, part = timezone.now(), options["files"] == "read", options["part"]
        scope = IntegrityScope(
            now, grace, sample, read_files=read_files, part=part, tell=_every_so_often(self.stderr.write)
        )
        checks = _chosen(options["only"], part)
        with one_moment():
            write = self._write_json if options["json"] else self._write_lines
            found = write(checks, _mismatches(checks, scope))
        if found:
            sys.exit(1)

    def _write_lines(self, checks: Sequence[Check], mismatches: Iterator[IntegrityMismatch]) -> int:
        found = 0
        for mismatch in mismatches:
            found += 1
            self.stdout.write(printable(str(mismatch)))  # a row may hold any value
        looked_at = ", ".join(f"{number} {name}" for name, number in _counts().items())
        self.stdout.write(
            f"{len(checks)} checks over {looked_at}: {found or 'no'} mismatch{'' if found == 1 else 'es'}"
        )
        return found

    def _write_json(self, checks: Sequence[Check], mismatches: Iterator[IntegrityMismatch]) -> int:
        """Write one mismatch as it is found, so that many never have to fit into memory."""
        found = 0
        self.stdout.write('{"findings": [', ending="")
        for mismatch in mismatches:
            entry = {name: getattr(mismatch, name) for name in ("check", "subject", "expected", "found")}
            self.stdout.write(("," if found else "") + json.dumps(entry), ending="\n")
            found += 1
        rest = {"checks": len(checks), "looked_at": _counts(), "found": found}
        self.stdout.write("], " + json.dumps(rest)[1:])
        return found


def _mismatches(checks: Sequence[Check], scope: IntegrityScope) -> Iterator[IntegrityMismatch]:
    for number, check in enumerate(checks, 1):
        scope.tell(f"{check.name} ({number} of {len(checks)})")
        yield from check.mismatches(scope)


def _chosen(names: Sequence[str] | None, part: tuple[int, int]) -> list[Check]:
    """The requested checks; those without parts of their own are shared out among the parts. Raises CommandError."""
    known = {check.name for check in CHECKS}
    if unknown := sorted(set(names or ()) - known):
        raise CommandError(f"There is no check {', '.join(unknown)}. Checks: {'; '.join(sorted(known))}.")
    chosen = [check for check in CHECKS if not names or check.name in names]
    number, parts = part
    return [check for place, check in enumerate(chosen) if check.by_part or place % parts == number - 1]


def _part(text: str) -> tuple[int, int]:
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal() and 1 <= int(number) <= int(parts) <= 1000):
        raise ArgumentTypeError(f"{text!r} is no part such as 1/4")
    return int(number), int(parts)


def _every_so_often(write: Callable[[str], Any]) -> Callable[[str], None]:
    """Pass the progress on: nothing in the first seconds, then a line now and then."""
    told = time.monotonic()

    def tell(progress: str) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            write(progress)

    return tell


def _counts() -> dict[str, int]:
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in COUNTED}
