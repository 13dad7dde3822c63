"""A claim's history page says who witnessed the log, and what it means where nobody did yet."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from ledger.models import Checkpoint
from ledger.notes import CosigningKey
from ledger.verifier import read_witness_policy
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.test_history_tampered import _run as run_past_the_guards
from tests.accessibility.test_history_tampered import _said as said_by
from tests.accessibility.test_history_tampered import publish as publish
from tests.accessibility.test_history_tampered import verdict as verdict
from tests.accessibility.test_history_tampered import world as world
from tests.integrity.conftest import past_the_guards as past_the_guards

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import Settings

KEYS = [CosigningKey(f"{name}.example.org/witness", bytes([number] * 32)) for number, name in enumerate("ab", 1)]
WITNESSES = "[data-witnesses]"


@pytest.fixture(autouse=True)
def policy(settings: "Settings") -> None:
    """Two witnesses, of which both are asked for."""
    lines = "".join(f"witness w{n} {key.verifier_key} https://w.example.org/\n" for n, key in enumerate(KEYS))
    settings.WITNESS_POLICY = read_witness_policy(f"{lines}group both all w0 w1\nquorum both\n".encode())


def cosign(claim: Claim, *keys: CosigningKey) -> None:
    """Cosignatures of the newest checkpoint; with both keys it is witnessed."""
    newest = Checkpoint.objects.latest("size")
    text = newest.note.rpartition("\n\n")[0] + "\n"
    for key in keys:
        statement = (
            "INSERT INTO ledger_cosignature (checkpoint_id, key, at, line) VALUES (%(size)s, %(key)s, now(), %(line)s)"
        )
        line = key.cosignature_line(text, int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()))
        run_past_the_guards((statement,), claim, size=newest.size, key=str(key.verifier_key), line=line)
    if len(keys) == 2:
        statement = "INSERT INTO ledger_witnessedcheckpoint (checkpoint_id, at) VALUES (%(size)s, now())"
        run_past_the_guards((statement,), claim, size=newest.size)


def said(page: "Page", claim: Claim) -> tuple[str, str, str]:
    """How the sum is marked, and how the line on witnesses is, with its words."""
    marks, _words = said_by(page, claim)
    line = page.locator(WITNESSES)
    if line.is_hidden():
        return marks, "", ""
    return marks, (line.get_attribute("class") or "").removeprefix("check "), line.inner_text()


def test_the_page_names_the_witnesses_and_when(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    cosign(verdict, *KEYS)
    marks, kind, words = said(page_of(world.cast.reporter), verdict)
    assert (marks, kind) == ("verified", "missing")
    assert words.startswith("Witnessed by a.example.org/witness, ") and "; b.example.org/witness, " in words


def test_what_waits_for_its_witnesses_for_longer_than_an_hour_is_no_green_and_no_forgery(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    cosign(verdict, KEYS[0])
    marks, kind, words = said(page_of(world.cast.reporter), verdict)
    assert (marks, kind) == ("missing", "broken")
    assert words.startswith("For more than an hour no quorum of witnesses has confirmed")


def test_what_was_recorded_just_now_is_not_witnessed_yet_and_as_it_was_recorded(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    edit_claim(claim=verdict, fields=ClaimInput(place="Odesa"), by=world.cast.editor, now=factories.days_ago(0))
    publish()
    marks, kind, words = said(page_of(world.cast.reporter), verdict)
    assert (marks, kind) == ("verified", "missing") and words.startswith("Not witnessed yet")


def test_a_witnessed_checkpoint_is_older_than_one_that_was_seen_and_nothing_is_wrong(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)
    assert said(page, verdict)[0] == "missing"
    cosign(verdict, *KEYS)
    factories.claim(world.cast)
    publish()
    # The proof is against the one that is witnessed, the page knows the newer one, and so does this browser now.
    for _ in range(2):
        assert said(page, verdict)[:2] == ("verified", "missing")
    run_past_the_guards(
        ("DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",), verdict
    )
    assert said(page, verdict)[0] == "broken"


def test_a_cosignature_that_no_witness_made_is_told(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    cosign(verdict, *KEYS)
    statement = (
        "UPDATE ledger_cosignature SET line = replace(line, (SELECT substr(line, 60, 4)), 'AAAA') WHERE key = %(key)s"
    )
    run_past_the_guards((statement,), verdict, key=str(KEYS[0].verifier_key))
    assert said(page_of(world.cast.reporter), verdict)[:2] == ("broken", "")


def test_where_no_witness_is_asked_the_page_says_what_that_leaves_open(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"], settings: "Settings"
) -> None:
    settings.WITNESS_POLICY = None
    marks, _kind, words = said(page_of(world.cast.reporter), verdict)
    assert (marks, words) == ("verified", "No witness confirms this log: two readers could be shown different logs.")
