"""What the tests of this folder ask verification."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from claims.models import Claim
from house.integrity import Check, IntegrityMismatch, IntegrityScope
from reviews.ledger_comparison import CHECKS as BOTH_WAYS
from reviews.management.commands.verify import CHECKS
from tests import factories
from tests.kept import KeptRows


@KeptRows
def kept_verdict(cast: factories.Cast) -> Claim:
    """A claim with a history: reported, then corroborated by two people, an hour ago."""
    return factories.claim_in(cast, "corroborated", now=factories.days_ago(1 / 24))


def found(**scope: Any) -> list[IntegrityMismatch]:
    """All that is found by the checks of rows among themselves."""
    return _findings([check for check in CHECKS if check not in BOTH_WAYS], scope)


def found_both_ways(**scope: Any) -> list[IntegrityMismatch]:
    """All that is found by the checks of rows and the ledger's entries."""
    return _findings(BOTH_WAYS, scope)


def _findings(checks: Iterable[Check], scope: dict[str, Any]) -> list[IntegrityMismatch]:
    looked = IntegrityScope(**{"now": timezone.now(), "sample": None, **scope})
    return [finding for check in checks for finding in check.mismatches(looked)]


def named(findings: list[IntegrityMismatch]) -> set[str]:
    """The names of the checks that found something."""
    return {finding.check for finding in findings}
