"""A published claim's page says who witnessed the log and what dates it, as the signed-in history does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client

from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from ledger.canonical import canonical
from ledger.keys import policy_text
from ledger.models import DailyStamp
from ledger.stamping import stamp_checkpoints
from ledger.verifier import check_claim_proof, read_policy
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.test_history_witnessed import KEYS, cosign
from tests.accessibility.test_history_witnessed import policy as policy
from tests.accessibility.test_public_checked import SUM, _checked, run
from tests.accessibility.test_public_checked import page as page
from tests.accessibility.test_public_checked import publish as publish
from tests.accessibility.test_public_checked import published as published
from tests.accessibility.test_public_checked import world as world
from tests.claims.bundling import checked
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.authorities import Authority, new_authority, serving
from tests.pages import body_of, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import Settings

# Once a browser runs, Django's connection is another: it comes before the world that all tests of this module see.
pytestmark = pytest.mark.usefixtures("browser")


def _said(page: "Page", claim: Claim) -> tuple[str, str]:
    """How the sum is marked, and what the page says of witnesses."""
    marks, _words = _checked(page, claim)
    line = page.locator("[data-public] [data-witnesses]")
    return marks, "" if line.is_hidden() else line.inner_text()


def test_the_page_names_the_witnesses_and_when(published: Claim, taken_back: None, page: "Page") -> None:
    cosign(published, *KEYS)
    marks, words = _said(page, published)
    assert (marks, words.startswith("Witnessed by a.example.org/witness, ")) == ("verified", True)
    assert "; b.example.org/witness, " in words


def test_what_waits_for_its_witnesses_for_longer_than_an_hour_is_no_green_and_no_forgery(
    published: Claim, taken_back: None, page: "Page"
) -> None:
    cosign(published, KEYS[0])
    marks, words = _said(page, published)
    assert (marks, words.startswith("For more than an hour no quorum of witnesses has confirmed")) == ("missing", True)


def test_what_was_recorded_just_now_is_not_witnessed_yet_and_as_it_was_recorded(
    world: AccessWorld, published: Claim, publish: Callable[[], None], page: "Page"
) -> None:
    edit_claim(claim=published, fields=ClaimInput(language="pl"), by=world.cast.editor, now=factories.days_ago(0))
    publish()
    marks, words = _said(page, published)
    assert (marks, words.startswith("Not witnessed yet")) == ("verified", True)


def test_a_witnessed_checkpoint_is_older_than_one_that_was_seen_and_nothing_is_wrong(
    world: AccessWorld, published: Claim, publish: Callable[[], None], page: "Page"
) -> None:
    cosign(published, *KEYS)
    factories.claim(world.cast)
    publish()
    # The proofs are against the one that is witnessed, the page knows the newer one, and so does this browser now.
    for _ in range(2):
        assert _said(page, published)[0] == "verified"
    run(("DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",), published)
    assert _said(page, published)[0] == "broken"


def test_where_no_witness_is_asked_the_page_says_what_that_leaves_open(
    published: Claim, taken_back: None, page: "Page", settings: "Settings"
) -> None:
    settings.WITNESS_POLICY = None
    words = "No witness confirms this log: two readers could be shown different logs."
    assert _said(page, published) == ("verified", words)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authorities") / "one", "rsa", "Northern Stamps")


@pytest.fixture
def stamped(published: Claim, taken_back: None, authority: Authority, settings: "Settings") -> Iterator[Claim]:
    """The claim in a log that an outside authority stamped; nobody witnesses it."""
    settings.WITNESS_POLICY = None
    trusted = (authority.chain[-1].certificate.public_bytes(Encoding.DER),)
    with serving(authority.reply) as address:
        settings.TIMESTAMP_AUTHORITIES = {address: trusted}
        assert stamp_checkpoints(datetime.now(UTC)) == 1
        yield published


def test_what_anybody_takes_away_is_dated(stamped: Claim) -> None:
    policy = read_policy(policy_text())
    report = check_claim_proof(Client().get(f"/public/{stamped.reference}/proof").content, policy)
    assert (report.findings, "by CN=Northern Stamps" in report.said["dated"]) == ([], True)
    bundle = Client().get(f"/public/{stamped.reference}/bundle")
    report = checked(body_of(bundle), policy)
    assert (report.findings, "by CN=Northern Stamps" in report.said["dated"]) == ([], True)


def test_the_page_says_what_dates_it(stamped: Claim, page: "Page") -> None:
    assert _checked(page, stamped)[0] == "verified"
    said = page.locator("[data-public] [data-dated]").inner_text()
    assert "CN=Northern Stamps says" in said
    shown = text_of(Client().get(f"/public/{stamped.reference}/"))
    assert "Stamped by CN=Northern Stamps" in shown and "your browser and the verifier check them" in shown


def test_the_page_says_that_nothing_dates_it(published: Claim, taken_back: None, page: "Page") -> None:
    cosign(published, *KEYS)
    assert _checked(page, published)[0] == "verified"
    assert page.locator("[data-public] [data-dated]").inner_text().startswith("Dated by this server’s")
    assert page.locator(SUM).is_visible()


def test_time_stamps_that_are_told_of_and_are_not_in_the_proof_are_missed(stamped: Claim, page: "Page") -> None:
    """Somebody makes a row up: what is told is dated, what is handed out is not."""
    size = DailyStamp.objects.get().checkpoint_id
    body = _without_stamps(stamped)
    page.route("**/proof", lambda route: route.fulfill(body=body, content_type="application/json"))
    marks, said = _checked(page, stamped)
    assert (marks, f"entries with a time stamp: recorded “{size}”, found “none”" in said) == ("broken", True), said


def _without_stamps(claim: Claim) -> bytes:
    proof = json.loads(Client().get(f"/public/{claim.reference}/proof").content)
    del proof["dated"]
    return canonical({**proof, "format": "second-source/claim-proof/v1"})
