"""The database refuses a leaf whose bytes are not the canonical ones of an entry, whoever inserts it."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import rfc8785
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.entries import leaf_hash
from ledger.models import Entry
from ledger.verifier import Broken, read_entry
from tests.conftest import superuser
from tests.ledger.installation import NOW
from tests.ledger.test_canonical import PUBLISHED

pytestmark = pytest.mark.django_db

# What jsonb can hold: no NUL. Signs around the places where UTF-8 and UTF-16 sort otherwise come often.
SIGNS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.text(SIGNS | st.sampled_from('\ud7ff\ue000\uf8ff\uffff\U00010000\U0001f600\U0010ffff\x01\x1f\x7f\u2028"\\/'))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=15,
)
HASH = "ab" * 32
COMMON: dict[str, Any] = {
    "v": 1, "stream": "claim:1", "seq": 1, "prev": None, "kind": "tried", "at": "2026-03-01T12:00:00.123Z",
}  # fmt: skip
WHOLE: dict[str, Any] = {**COMMON, "body": {"n": 1}, "c": {"by": HASH}}
PUT_IN = [b"", b" ", b"0", b'"', b",", b'"a":1,', b"\\u0041", b"\\/", b"\xff", b"\n", b"[]"]
often = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def database() -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    with superuser() as found:
        yield found


def _rewritten(value: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_canonical(%s::jsonb)", [json.dumps(value)])
        return str(cursor.fetchone()[0])


@often
@given(VALUES)
def test_the_database_writes_what_another_implementation_writes(value: Any) -> None:
    assert _rewritten(value).encode() == rfc8785.dumps(value)


@often
@given(st.dictionaries(TEXTS, st.none(), min_size=2, max_size=8))
def test_keys_are_in_the_order_of_another_implementation(value: dict[str, None]) -> None:
    assert _rewritten(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(("given_json", "expected"), PUBLISHED)
def test_published_vectors_come_out_as_published(given_json: str, expected: str) -> None:
    assert _rewritten(json.loads(given_json)) == expected


def _insert_as_application(leaf: bytes, **columns: Any) -> None:
    fields = {"stream": "claim:1", "seq": 1, "prev": None, "kind": "tried", "at": NOW, **columns}
    with transaction.atomic():
        Entry.objects.create(leaf=leaf, leaf_hash=leaf_hash(leaf), **fields)
        transaction.set_rollback(True)


def _insert_as_superuser(database: "psycopg.Connection[tuple[Any, ...]]", leaf: bytes, **columns: Any) -> None:
    fields = {"stream": "claim:1", "seq": 1, "prev": None, "kind": "tried", "at": NOW, **columns}
    names = ", ".join(fields)
    with database.transaction(force_rollback=True):
        database.execute(
            f"INSERT INTO ledger_entry ({names}, leaf, leaf_hash) VALUES ({', '.join(['%s'] * (len(fields) + 2))})",  # noqa: S608
            [*fields.values(), leaf, leaf_hash(leaf)],
        )


def _accepted(database: "psycopg.Connection[tuple[Any, ...]]", leaf: bytes, **columns: Any) -> tuple[bool, bool]:
    """Whether the application may insert it, and the superuser."""
    try:
        _insert_as_application(leaf, **columns)
        one = True
    except DatabaseError:
        one = False
    try:
        _insert_as_superuser(database, leaf, **columns)
        other = True
    except psycopg.Error:
        other = False
    return one, other


def _readable(leaf: bytes) -> bool:
    try:
        read_entry(leaf)
    except Broken:
        return False
    return True


@often
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_any_body_in_canonical_bytes_is_accepted(database: Any, body: dict[str, Any]) -> None:
    assert _accepted(database, rfc8785.dumps({**WHOLE, "body": body})) == (True, True)


@often
@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.data())
def test_what_the_verifier_cannot_read_is_refused(database: Any, body: dict[str, Any], data: st.DataObject) -> None:
    """The same entry in bytes that differ in one place, or spelled in another way: accepted where they can be read."""
    leaf = rfc8785.dumps({**WHOLE, "body": body})
    at = data.draw(st.integers(0, len(leaf)))
    put = data.draw(
        st.sampled_from([b"", b" ", b"0", b'"', b",", b'"a":1,', b"\\u0041", b"\\/", b"\xff", b"\n", b"[]"])
    )
    cut = data.draw(st.integers(0, 2))
    other = leaf[:at] + put + leaf[at + cut :]
    readable = _readable(other) and _columns_agree(other)
    assert _accepted(database, other) == (readable, readable)


def _columns_agree(leaf: bytes) -> bool:
    entry = read_entry(leaf)
    return (entry.stream, entry.seq, entry.prev, entry.kind, entry.at) == tuple(
        COMMON[name] for name in ("stream", "seq", "prev", "kind", "at")
    )


TEXT = rfc8785.dumps(WHOLE).decode()
DEEP = "[" * 31 + "]" * 31


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('"n":1', '"n":1,"n":1'),
        TEXT.replace('"body":{"n":1}', '"body":{"n":2},"body":{"n":1}'),
        TEXT.replace('"kind":"tried"', '"kind":"other","kind":"tried"'),
        TEXT.replace('"seq":1,', '"seq":2,"seq":1,'),
        TEXT.replace('{"at"', '{ "at"'),
        TEXT + "\n",
        "\ufeff" + TEXT,
        TEXT.replace('"n":1', '"n":1.0'),
        TEXT.replace('"n":1', '"n":1e0'),
        TEXT.replace('"n":1', '"n":-0'),
        TEXT.replace('"n":1', '"n":0.5'),
        TEXT.replace('"n":1', '"n":9007199254740992'),
        TEXT.replace('"n":1', '"n":1e400'),
        TEXT.replace('"n":1', '"n":"\\u0041"'),
        TEXT.replace('"n":1', '"n":"\\/"'),
        TEXT.replace('"n":1', '"n":"\\u000A"'),
        TEXT.replace('"n":1', '"n":"\\ud800"'),
        TEXT.replace('"n":1', '"n":1,"m":1'),
        TEXT.replace('"n":1', '"\ufb33":1,"😀":1'),
        TEXT.replace('"n":1', f'"n":{DEEP}'),
        TEXT.replace('"n":1', '"n":' + "[" * 20_000 + "]" * 20_000),
        TEXT.replace('"n":1', '"n":"' + "a" * 65_535 + '"'),
        TEXT.replace('"v":1', '"v":2'),
        TEXT.replace('"v":1', '"v":1,"w":1'),
        TEXT.replace('"body":{"n":1},', ""),
        TEXT.replace('"body":{"n":1}', '"body":[]'),
        TEXT.replace(f'"c":{{"by":"{HASH}"}}', '"c":{}'),
        TEXT.replace(f'"c":{{"by":"{HASH}"}}', '"c":null'),
        TEXT.replace(HASH, HASH.upper()),
        TEXT.replace(f'"{HASH}"', "1"),
        TEXT.replace('"by"', '"By"'),
    ],
)
def test_bytes_that_are_no_entrys_are_refused(database: Any, text: str) -> None:
    assert text != TEXT
    assert (_readable(text.encode()), *_accepted(database, text.encode())) == (False, False, False)


def test_a_nul_is_refused_as_no_jsonb_holds_it(database: Any) -> None:
    assert _accepted(database, TEXT.replace('"n":1', '"n":"\\u0000"').encode()) == (False, False)


def test_the_bytes_of_an_entry_are_accepted(database: Any) -> None:
    deepest = TEXT.replace('"n":1', f'"n":{DEEP[1:-1]}')
    assert [_accepted(database, text.encode()) for text in (TEXT, deepest)] == [(True, True)] * 2


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"stream": "Claim:1"}, {"stream": "Claim:1"}),
        ({"stream": "claim"}, {"stream": "claim"}),
        ({"stream": "claim:" + "1" * 250}, {"stream": "claim:" + "1" * 250}),
        ({"stream": "claim:1\n"}, {"stream": "claim:1\n"}),
        ({"kind": "Tried"}, {"kind": "Tried"}),
        ({"kind": "sealed"}, {"kind": "sealed"}),
        ({"stream": "sealed:" + "a" * 32}, {"stream": "sealed:" + "a" * 32}),
        (
            {"stream": "sealed:" + "a" * 32, "kind": "sealed", "body": {}, "c": {"kind": HASH}},
            {"stream": "sealed:" + "a" * 32, "kind": "sealed"},
        ),
        (
            {"stream": "sealed:" + "a" * 32, "kind": "sealed", "c": {"kind": HASH, "content": HASH}},
            {"stream": "sealed:" + "a" * 32, "kind": "sealed"},
        ),
    ],
)
def test_columns_that_no_entry_has_are_refused(database: Any, changes: dict[str, Any], columns: dict[str, Any]) -> None:
    leaf = rfc8785.dumps({**WHOLE, **changes})
    assert (_readable(leaf), *_accepted(database, leaf, **columns)) == (False, False, False)


def test_a_sealed_entry_is_accepted(database: Any) -> None:
    columns = {"stream": "sealed:" + "a" * 32, "kind": "sealed"}
    leaf = rfc8785.dumps({**WHOLE, **columns, "body": {}, "c": {"kind": HASH, "content": HASH}})
    assert _accepted(database, leaf, **columns) == (True, True)
