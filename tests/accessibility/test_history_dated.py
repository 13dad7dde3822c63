"""A claim's history page checks time stamps itself: it says by when the history was there, or what does not hold."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from claims.models import Claim
from ledger.models import Checkpoint, DailyStamp
from ledger.stamping import stamp_checkpoints, stamp_request
from ledger.verifier import read_stamp_response
from tests.access.world import AccessWorld
from tests.accessibility.test_history_tampered import _run as run_past_the_guards
from tests.accessibility.test_history_tampered import _said as said_by
from tests.accessibility.test_history_tampered import publish as publish
from tests.accessibility.test_history_tampered import verdict as verdict
from tests.accessibility.test_history_tampered import world as world
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.authorities import Authority, new_authority, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import Settings

DATED = "[data-dated]"


@pytest.fixture(scope="module", params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authorities") / "one", request.param, "Northern")


@pytest.fixture
def stamped(authority: Authority, verdict: Claim, taken_back: None, settings: "Settings") -> Iterator[Claim]:
    """A claim whose log the authority has stamped."""
    root = authority.chain[-1].certificate.public_bytes(Encoding.DER)
    with serving(authority.reply) as address:
        settings.TIMESTAMP_AUTHORITIES = {address: (root,)}
        assert stamp_checkpoints(datetime.now(UTC)) == 1
        yield verdict


def said(page: "Page", claim: Claim) -> tuple[str, str, str]:
    """How the sum is marked, what is said of what does not match, and the line on time stamps."""
    marks, words = said_by(page, claim)
    line = page.locator(DATED)
    return marks, str(words), "" if line.is_hidden() else line.inner_text()


def put_token(claim: Claim, token: bytes) -> None:
    """Another token in the place of the one that there is."""
    run_past_the_guards(("UPDATE ledger_dailystamp SET token = %(token)s",), claim, token=token)


def test_the_page_says_by_when_the_history_was_in_the_log_and_as_who_says(
    world: AccessWorld, stamped: Claim, page_of: Callable[..., "Page"]
) -> None:
    marks, _findings, words = said(page_of(world.cast.reporter), stamped)
    assert marks == "verified"
    before, _, after = words.partition(" entries of this history were in the log before ")
    number, _, of = before.partition(" of ")
    assert number == of and after.endswith(", as CN=Northern says.")


def test_another_authoritys_time_stamp_of_the_same_name_is_told_in_red(
    world: AccessWorld, stamped: Claim, tmp_path: Path, page_of: Callable[..., "Page"]
) -> None:
    stranger = new_authority(tmp_path / "stranger", "ec", "Northern")
    note = Checkpoint.objects.get(size=DailyStamp.objects.get().checkpoint_id).note.encode()
    put_token(stamped, read_stamp_response(stranger.reply(stamp_request(note, 1))))
    marks, findings, words = said(page_of(world.cast.reporter), stamped)
    assert (marks, words) == ("broken", "")
    assert "one that leads to a certificate of the policy" in findings


def test_a_time_stamp_of_something_else_is_told_in_red(
    world: AccessWorld, stamped: Claim, authority: Authority, page_of: Callable[..., "Page"]
) -> None:
    put_token(stamped, read_stamp_response(authority.reply(stamp_request(b"something else", 1))))
    marks, findings, words = said(page_of(world.cast.reporter), stamped)
    assert (marks, words) == ("broken", "")
    assert "imprint" in findings


def test_where_nobody_stamps_the_page_says_nothing_of_it(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    assert said(page_of(world.cast.reporter), verdict)[::2] == ("verified", "")
