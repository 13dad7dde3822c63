"""Anybody checks a receipt in their own browser: in the log, not due yet, missing, or none."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import Act
from ledger.entries import format_time
from ledger.keys import receipt, receipt_key
from ledger.models import Entry
from ledger.notes import Receipt, receipt_text, sign_note
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways
from tests.accessibility.test_history_tampered import _run as run
from tests.accessibility.test_history_tampered import world as world
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def kept(world: AccessWorld) -> str:
    """The receipt of the newest entry, which is in the log."""
    factories.claim(world.cast)
    publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), world.files / "signer")))
    entry = Entry.objects.get(pk=Act.objects.latest("entry").pk)
    return signed(bytes(entry.leaf_hash), entry.at)


def signed(leaf_hash: bytes, at: datetime) -> str:
    text = receipt(leaf_hash, format_time(at))
    assert text is not None
    return text


@pytest.fixture
def page(page_of: Callable[..., "Page"]) -> Iterator["Page"]:
    yield page_of(None)


def outcomes(page: "Page", text: str) -> list[tuple[str, str]]:
    """How each receipt of a text is marked, and what is said of it."""
    page.goto("/ledger/receipts/")
    page.get_by_label("Text of the receipt").fill(text)
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator("[data-outcomes] li").first.wait_for()
    page.locator("[data-receipts] button:enabled").wait_for()
    found = page.locator("[data-outcomes] li").all()
    return [((one.get_attribute("class") or "").removeprefix("check "), one.inner_text()) for one in found]


def test_a_receipt_whose_leaf_is_in_the_log(page: "Page", kept: str) -> None:
    [(mark, said)] = outcomes(page, kept)
    assert (mark, said.startswith("In the log at index ")) == ("verified", True)
    assert (barriers(page), sideways(page)) == ([], [])


def test_one_that_is_not_due_and_one_that_is_missing(page: "Page", kept: str) -> None:
    young = signed(bytes(32), timezone.now())
    old = signed(bytes(32), timezone.now() - timedelta(seconds=61))
    found = outcomes(page, young + old + kept)
    assert [mark for mark, _said in found] == ["missing", "broken", "verified"]
    assert [said.partition(":")[0] for _mark, said in found[:2]] == ["Not due yet", "Missing"]


@pytest.mark.parametrize(("ahead", "result"), [(240, "missing"), (360, "broken")])
def test_one_of_a_time_that_lies_ahead_is_told(page: "Page", kept: str, ahead: int, result: str) -> None:
    """No server signs it: it would not be due for as long as it likes."""
    key, at = receipt_key(), format_time(timezone.now() + timedelta(seconds=ahead))
    promise = Receipt(key.name.removesuffix("/receipts"), bytes(32), at, 60)
    [(mark, said)] = outcomes(page, sign_note(receipt_text(promise), [key]).decode())
    assert (mark, "at: expected “at most 300 seconds after now" in said) == (result, result == "broken")


def test_what_nobody_signed_is_no_receipt(page: "Page", kept: str) -> None:
    [(mark, said)] = outcomes(page, kept.replace("\n60\n", "\n90\n"))
    assert (mark, said.startswith("Not a receipt of this log. signature:")) == ("broken", True)


def test_a_server_that_lies_about_the_place_is_found_out(
    page: "Page", kept: str, world: AccessWorld, taken_back: None
) -> None:
    """Another leaf has a place before it: the proof leads to another root than the signed one."""
    run(("UPDATE ledger_leaf SET hash = decode(repeat('00', 32), 'hex') WHERE index = 1",), world.claim)
    [(mark, said)] = outcomes(page, kept)
    assert (mark, said.startswith("Not a receipt of this log. proof:")) == ("broken", True)


def test_of_two_fields_of_which_one_is_needed_neither_is_called_optional(page: "Page", kept: str) -> None:
    page.goto("/ledger/receipts/")
    assert "optional" not in page.locator("[data-receipts]").inner_text().lower()
