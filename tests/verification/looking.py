"""What the tests of this folder ask verification."""

from typing import Any

from django.utils import timezone

from accounts.verification import Finding, Scope
from claims.models import Claim
from reviews.management.commands.verify import CHECKS
from tests import factories
from tests.kept import Kept


@Kept
def kept_verdict(cast: factories.Cast) -> Claim:
    """A claim with a history: reported, then corroborated by two people, an hour ago."""
    return factories.claim_in(cast, "corroborated", now=factories.days_ago(1 / 24))


def found(**scope: Any) -> list[Finding]:
    """All that every check finds."""
    looked = Scope(**{"now": timezone.now(), "sample": None, **scope})
    return [finding for check in CHECKS for finding in check.findings(looked)]


def named(findings: list[Finding]) -> set[str]:
    """The names of the checks that found something."""
    return {finding.check for finding in findings}
