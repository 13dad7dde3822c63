"""`manage.py verify`: what it prints, its status, and that it reads only."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import InternalError, connection

from accounts.verification import one_moment
from claims.models import Claim
from reviews.management.commands.verify import CHECKS
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def _verify(*arguments: str) -> tuple[int, str]:
    """Its status and what it prints."""
    output = StringIO()
    try:
        call_command("verify", *arguments, stdout=output)
    except SystemExit as end:
        return int(str(end.code)), output.getvalue()
    return 0, output.getvalue()


def test_it_counts_what_it_looked_at_and_finds_nothing() -> None:
    factories.claim_in(factories.cast(), "corroborated")
    status, printed = _verify()
    assert (status, printed.count("\n")) == (0, 1)
    assert printed.startswith(f"{len(CHECKS)} checks over 1 claims, 2 status changes, 3 sources, 0 attachments, ")
    assert printed.endswith(": no findings\n")


def test_each_finding_is_a_line_and_the_status_is_1() -> None:
    claim = factories.claim(factories.cast(), "Words that stay on the desk.")
    Claim.objects.filter(pk=claim.pk).update(contested=True)
    status, printed = _verify()
    assert (status, printed.splitlines()[0]) == (
        1,
        "numbers are those of the evidence: UKR-1: expected 0–0 of 2, found 0–0 of 2 contested",
    )
    assert printed.endswith(": 1 finding\n")
    assert "Words" not in printed


def test_findings_as_one_object() -> None:
    cast = factories.cast()
    for _ in range(2):
        factories.claim(cast)
    assert json.loads(_verify("--json")[1])["findings"] == []
    Claim.objects.update(contested=True)
    status, printed = _verify("--json", "--recompute", "all")
    given = json.loads(printed)
    assert (status, given["found"], given["checks"], given["looked_at"]["claims"]) == (1, 2, len(CHECKS), 2)
    assert [finding["subject"] for finding in given["findings"]] == sorted(
        (finding["subject"] for finding in given["findings"]),
        key=lambda reference: Claim.objects.get(reference=reference).pk,
    )


def test_nothing_can_be_written_while_it_looks() -> None:
    with pytest.raises(InternalError, match="read-only"), one_moment(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_desk")
