"""An act's entry is written in its transaction, follows the one before it, and hides what is committed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ledger.entries import check_disclosures, format_time, read_entry
from ledger.models import Entry, Outbox, Secret
from ledger.reading import openings_of
from ledger.recording import WrittenEntry, older_acts, record
from ledger.verifier import leaf_hash
from tests.ledger.installation import NOW

pytestmark = pytest.mark.django_db


def made(stream: str = "claim:1", **given: object) -> WrittenEntry:
    fields = {"kind": "tried", "at": NOW, "body": {"n": 1}, "committed": {"by": "Ada", "reason": "Because"}}
    return record(stream=stream, **{**fields, **given})  # type: ignore[arg-type]


def leaf_of(recorded: WrittenEntry) -> bytes:
    return bytes(Entry.objects.get(pk=recorded.id).leaf)


def test_an_entry_says_what_was_done() -> None:
    entry = read_entry(leaf_of(made()))
    assert (entry.stream, entry.seq, entry.prev, entry.kind, entry.at, entry.body, sorted(entry.c)) == (
        *("claim:1", 1, None, "tried", "2026-03-01T12:00:00.123Z"),
        *({"n": 1}, ["by", "reason"]),
    )


def test_an_entry_follows_the_one_before_it_in_its_stream() -> None:
    first, _other, second = made(), made("claim:2"), made()
    entry = read_entry(leaf_of(second))
    assert (entry.seq, entry.prev) == (2, first.leaf_hash.hex())


def test_an_entry_is_never_earlier_than_the_one_before_it() -> None:
    made()
    assert made(at=NOW - timedelta(hours=1)).at == "2026-03-01T12:00:00.123Z"


def test_what_is_committed_stands_in_no_leaf_and_opens_it() -> None:
    recorded = made()
    leaf = leaf_of(recorded)
    assert b"Ada" not in leaf and b"Because" not in leaf
    openings = openings_of([recorded.id])[recorded.id]
    assert {name: one.value for name, one in openings.items()} == {"by": "Ada", "reason": "Because"}
    disclosed = {name: {"salt": _base64(one.salt), "value": one.value} for name, one in openings.items()}
    assert check_disclosures(read_entry(leaf), disclosed) == 0


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def test_an_entry_waits_for_its_place() -> None:
    recorded = made()
    assert list(Outbox.objects.values_list("entry_id", flat=True)) == [recorded.id]


def test_an_act_that_fails_records_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        made()
        raise ZeroDivisionError
    assert (Entry.objects.count(), Secret.objects.count(), Outbox.objects.count()) == (0, 0, 0)


def test_two_sealed_entries_look_alike_but_for_hashes() -> None:
    one = record(
        sealed=True, stream="assessment:1", kind="handed_in", at=NOW, body={"to": "refuted"}, committed={"by": "A"}
    )
    two = record(
        sealed=True, stream="evidence:7", kind="attached", at=NOW, body={}, committed={"by": "B", "note": "longer"}
    )
    shapes = [(e.kind, e.seq, e.body, sorted(e.c)) for e in (read_entry(leaf_of(one)), read_entry(leaf_of(two)))]
    assert shapes == [("sealed", 1, {}, ["content", "kind"])] * 2
    assert len(leaf_of(one)) == len(leaf_of(two))


def test_sealed_entries_about_one_subject_share_a_stream() -> None:
    given = {"kind": "attached", "at": NOW, "body": {}, "committed": {"by": "A"}}
    streams = {record(sealed=True, stream="evidence:7", **given).stream for _ in range(2)}  # type: ignore[arg-type]
    assert len(streams) == 1 and streams.pop().startswith("sealed:")


def write(**changed: object) -> None:
    """The row of a good first entry, with some of it changed, straight into the table."""
    recorded = made("claim:9")
    names = ("stream", "seq", "prev", "kind", "at", "leaf", "leaf_hash")
    good = Entry.objects.filter(pk=recorded.id).values_list(*names).get()
    row: dict[str, Any] = {**dict(zip(names, good, strict=True)), **changed}
    places = ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO ledger_entry ({', '.join(row)}) VALUES ({places})", list(row.values()))  # noqa: S608


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"leaf_hash": bytes(32)}, "entry_hash_is_of_its_bytes"),
        ({"stream": "claim:8"}, "entry_says_what_its_bytes_say"),
        ({"seq": 2}, "entry_says_what_its_bytes_say"),
        ({"kind": "another"}, "entry_says_what_its_bytes_say"),
        ({"at": NOW + timedelta(seconds=1)}, "entry_says_what_its_bytes_say"),
        ({"prev": bytes(32)}, "entry_says_what_its_bytes_say"),
        ({}, "entry_once_a_number"),
    ],
)
def test_the_database_refuses_an_entry_that_is_not_so(changed: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError) as refused:
        write(**changed)
    assert refused.value.__cause__.diag.constraint_name in (constraint, "ledger_entry_leaf_hash_key")  # type: ignore[union-attr]


def bytes_with(seq: int, prev: str | None) -> bytes:
    from ledger.entries import LeafEntry as Said
    from ledger.entries import format_time, leaf_bytes

    return leaf_bytes(Said("claim:9", seq, prev, "tried", format_time(NOW), {}, {"by": "0" * 64}))


@pytest.mark.parametrize(("seq", "prev"), [(3, "1" * 64), (2, "1" * 64)])
def test_the_database_refuses_a_gap_and_another_past(seq: int, prev: str) -> None:
    leaf = bytes_with(seq, prev)
    with pytest.raises(IntegrityError) as refused:
        write(seq=seq, prev=bytes.fromhex(prev), leaf=leaf, leaf_hash=leaf_hash(leaf))
    assert refused.value.__cause__.diag.constraint_name == "entry_follows_the_one_before"  # type: ignore[union-attr]


def test_an_act_of_the_past_is_written_now_and_says_so() -> None:
    now = timezone.now()
    with older_acts():
        old = record(stream="claim:1", kind="tried", at=NOW, body={"n": 1}, committed={})
        young = record(stream="claim:2", kind="tried", at=now, body={}, committed={})
    outside = record(stream="claim:3", kind="tried", at=NOW, body={}, committed={})
    bodies = [read_entry(bytes(Entry.objects.get(pk=one.id).leaf)).body for one in (old, young, outside)]
    assert bodies == [{"n": 1, "brought_in": True, "happened_at": format_time(NOW)}, {}, {}]
    assert old.at >= format_time(now)
    assert (young.at, outside.at) == (format_time(now), format_time(NOW))
