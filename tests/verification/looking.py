"""What the tests of this folder ask verification."""

from typing import Any

from django.utils import timezone

from accounts.verification import Finding, Scope
from reviews.management.commands.verify import CHECKS


def found(**scope: Any) -> list[Finding]:
    """All that every check finds."""
    looked = Scope(**{"now": timezone.now(), "sample": None, **scope})
    return [finding for check in CHECKS for finding in check.findings(looked)]


def named(findings: list[Finding]) -> set[str]:
    """The names of the checks that found something."""
    return {finding.check for finding in findings}
