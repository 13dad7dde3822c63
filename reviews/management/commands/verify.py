"""Says whether every claim's state, history, numbers, reminders and attachments agree. Reads only."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.checks_of_factors import CHECKS as ACCOUNT_CHECKS
from accounts.verification import Finding, Scope, one_moment
from claims.models import Claim, StatusChange
from claims.verification import CHECKS as CLAIM_CHECKS
from reviews.both_ways import CHECKS as BOTH_WAYS
from reviews.models import Assignment, Reminder
from reviews.verification import CHECKS as REVIEW_CHECKS
from sources.models import Attachment, Source
from sources.verification import CHECKS as SOURCE_CHECKS

CHECKS = (*ACCOUNT_CHECKS, *SOURCE_CHECKS, *CLAIM_CHECKS, *REVIEW_CHECKS, *BOTH_WAYS)
COUNTED = (Claim, StatusChange, Source, Attachment, Assignment, Reminder)


class Command(BaseCommand):
    help = "Checks that states, histories, numbers, reminders and attachments agree. Status 1: something does not."
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
        parser.add_argument("--json", action="store_true", help="one object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        sample = None if options["recompute"] == "all" else int(options["recompute"])
        grace = timedelta(seconds=options["grace"])
        scope = Scope(timezone.now(), grace, sample, read_files=options["files"] == "read")
        with one_moment():
            write = self._write_json if options["json"] else self._write_lines
            found = write(_findings(scope))
        if found:
            sys.exit(1)

    def _write_lines(self, findings: Iterator[Finding]) -> int:
        found = 0
        for finding in findings:
            found += 1
            self.stdout.write(str(finding))
        looked_at = ", ".join(f"{number} {name}" for name, number in _counts().items())
        self.stdout.write(f"{len(CHECKS)} checks over {looked_at}: {found or 'no'} finding{'' if found == 1 else 's'}")
        return found

    def _write_json(self, findings: Iterator[Finding]) -> int:
        """One object, written as it is found: however much disagrees, it is never all in memory."""
        found = 0
        self.stdout.write('{"findings": [', ending="")
        for finding in findings:
            entry = {name: getattr(finding, name) for name in ("check", "subject", "expected", "found")}
            self.stdout.write(("," if found else "") + json.dumps(entry), ending="\n")
            found += 1
        rest = {"checks": len(CHECKS), "looked_at": _counts(), "found": found}
        self.stdout.write("], " + json.dumps(rest)[1:])
        return found


def _findings(scope: Scope) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check.findings(scope)


def _counts() -> dict[str, int]:
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in COUNTED}
