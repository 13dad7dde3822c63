"""The page that checks a receipt, without a script: in the log, not due yet, missing, or none; for anybody."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from claims.bundles.receipts import Fate, check
from ledger.entries import format_time
from ledger.keys import receipt, receipt_key, receipts_for
from ledger.models import Entry
from ledger.notes import Receipt, receipt_text, sign_note
from ledger.recording import record
from tests import factories
from tests.factories import Cast
from tests.ledger.installation import NOW, publish_here
from tests.pages import text_of

pytestmark = pytest.mark.django_db

ADDRESS = "/ledger/receipts/"


def receipt_of(leaf: bytes, at: str = "2026-03-01T12:00:00.123Z") -> str:
    signed = receipt(leaf, at)
    assert signed is not None
    return signed


def fates(text: str, now: datetime) -> list[Fate]:
    return [one.fate for one in check(text.encode(), now=now)]


def test_a_receipt_is_not_due_until_its_delay_is_over_to_the_millisecond(cast: Cast) -> None:
    text, due = receipt_of(bytes(32)), NOW + timedelta(seconds=60)
    moments = (NOW, due, due + timedelta(milliseconds=1))
    assert [fates(text, now) for now in moments] == [[Fate.NOT_DUE], [Fate.NOT_DUE], [Fate.MISSING]]


def test_nothing_is_promised_of_a_time_that_lies_ahead(cast: Cast) -> None:
    """A forged row would put off for ever when its receipt is due."""
    soon, far = (format_time(timezone.now() + timedelta(minutes=minutes)) for minutes in (0, 5))
    assert [one is not None for one in receipts_for([(bytes(32), soon), (bytes(32), far)])] == [True, False]


@pytest.mark.parametrize(
    ("at", "delay", "fate"),
    [
        ("2026-03-01T12:01:00.123Z", 60, Fate.NOT_DUE),
        ("2026-03-01T12:01:00.124Z", 60, Fate.BROKEN),
        ("2026-03-01T12:00:00.123Z", 2**53 - 1, Fate.NOT_DUE),
    ],
)
def test_a_promise_from_the_future_was_kept_by_nobody(cast: Cast, at: str, delay: int, fate: Fate) -> None:
    key = receipt_key()
    promise = Receipt(key.name.removesuffix("/receipts"), bytes(32), at, delay)
    assert fates(sign_note(receipt_text(promise), [key]).decode(), NOW) == [fate]


def test_what_is_in_the_log_is_found_at_its_index(cast: Cast, tmp_path: Path) -> None:
    recorded = record(stream="claim:1", kind="tried", at=NOW, body={}, committed={"by": "Ada"})
    text = receipt_of(recorded.leaf_hash, recorded.at)
    assert fates(text, NOW) == [Fate.NOT_DUE]
    publish_here(tmp_path / "signer")
    [found] = check(text.encode(), now=NOW + timedelta(days=1))
    assert (found.fate, found.leaf_index) == (Fate.IN_LOG, Entry.objects.get(pk=recorded.id).place.index)


def test_a_file_of_several_is_checked_one_by_one(cast: Cast, tmp_path: Path) -> None:
    factories.claim(cast)
    publish_here(tmp_path / "signer")
    row = Entry.objects.latest("pk")
    text = receipt_of(bytes(row.leaf_hash)) + receipt_of(bytes(32))
    assert fates(text, NOW + timedelta(days=1)) == [Fate.IN_LOG, Fate.MISSING]


@pytest.mark.parametrize(
    "change", [("\nAAAA", "\nBAAA"), ("receipt/v1", "receipt/v2"), ("— ", "- "), ("\n60\n", "\n61\n")]
)
def test_what_nobody_here_signed_is_no_receipt(cast: Cast, change: tuple[str, str]) -> None:
    assert fates(receipt_of(bytes(32)).replace(*change, 1), NOW) == [Fate.BROKEN]


def test_anybody_checks_a_pasted_receipt(cast: Cast) -> None:
    client, text = Client(), receipt_of(bytes(32))
    assert client.get(ADDRESS).status_code == 200
    shown = text_of(client.post(ADDRESS, {"text": text.replace("\n", "\r\n")}))
    assert "Missing: it should have been in the log by" in shown
    assert f"Leaf hash: {bytes(32).hex()}" in shown
    assert "The server reports this about its own log." in shown


def test_anybody_checks_a_file(cast: Cast, tmp_path: Path) -> None:
    factories.claim(cast)
    publish_here(tmp_path / "signer")
    leaf = bytes(Entry.objects.earliest("pk").leaf_hash)
    file = SimpleUploadedFile("receipt.txt", receipt_of(leaf).encode())
    assert "In the log at index 0:" in text_of(Client().post(ADDRESS, {"file": file}))


def test_nothing_at_all_is_refused(cast: Cast) -> None:
    answer = Client().post(ADDRESS, {})
    assert (answer.status_code, "Paste a receipt or choose its file." in text_of(answer)) == (400, True)


def test_a_place_in_the_log_is_given_with_its_proof(cast: Cast, tmp_path: Path) -> None:
    factories.claim(cast)
    publish_here(tmp_path / "signer")
    leaf = bytes(Entry.objects.earliest("pk").leaf_hash).hex()
    found = Client().get(f"/ledger/leaf/{leaf}")
    assert (found.json()["index"], found.headers.get("Vary")) == (0, None)
    assert Client().get(f"/ledger/leaf/{'0' * 64}").status_code == 404
