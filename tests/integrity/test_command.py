"""`manage.py verify`: what it prints, its status, and that it reads only."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from claims.models import Claim
from house.integrity import one_moment
from reviews.management.commands.verify import CHECKS
from tests import factories
from tests.conftest import superuser

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
    assert printed.endswith(": no mismatches\n")


def test_each_finding_is_a_line_and_the_status_is_1() -> None:
    claim = factories.claim(factories.cast(), "Words that stay on the desk.")
    Claim.objects.filter(pk=claim.pk).update(contested=True)
    status, printed = _verify()
    assert (status, printed.splitlines()[0]) == (
        1,
        "numbers are those of the evidence: UKR-1: expected 0–0 of 2, found 0–0 of 2 contested",
    )
    assert printed.endswith(": 1 mismatch\n")
    assert "Words" not in printed


def test_what_stands_in_rows_reaches_no_terminal_as_it_is() -> None:
    """It could wipe the findings off the screen."""
    claim = factories.claim(factories.cast())
    with superuser() as past_all_rights:
        past_all_rights.execute("SET session_replication_role = replica")
        past_all_rights.execute("UPDATE claims_claim SET reference = %s WHERE id = %s", ["U\x1b[2J", claim.pk])
    status, printed = _verify()
    assert (status, r"U\x1b[2J" in printed, "\x1b" in printed) == (1, True, False)


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


def test_one_check_alone() -> None:
    claim = factories.claim(factories.cast())
    Claim.objects.filter(pk=claim.pk).update(contested=True, statement="Other words.")
    status, printed = _verify("--only", "claims as the ledger has them")
    assert (status, printed.splitlines()[-1].split(" ")[:2]) == (1, ["1", "checks"])
    assert "content/statement of entry" in printed
    assert "Other words" not in printed
    with pytest.raises(CommandError, match="There is no check nothing"):
        _verify("--only", "nothing")


def test_parts_share_the_checks_out() -> None:
    factories.claim_in(factories.cast(), "corroborated")
    looked_at = [int(_verify("--part", f"{number}/3")[1].split(" ")[0]) for number in (1, 2, 3)]
    by_part = sum(check.by_part for check in CHECKS)
    assert sum(looked_at) == len(CHECKS) + 2 * by_part
    for wrong in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(CommandError, match="is no part such as"):
            _verify("--part", wrong)


def test_how_far_it_is_is_told_where_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.claim(factories.cast())
    told = StringIO()
    call_command("verify", stdout=StringIO(), stderr=told)
    assert told.getvalue() == ""
    monkeypatch.setattr("reviews.management.commands.verify.TELL_EVERY", 0)
    call_command("verify", stdout=StringIO(), stderr=told)
    assert "claims as the ledger has them: 1" in told.getvalue()
