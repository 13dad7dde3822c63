"""Leaf bytes, commitments, disclosures."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import canonical
from ledger.entries import (
    Broken,
    LeafEntry,
    Opening,
    check_disclosures,
    commit,
    commitment,
    format_time,
    leaf_bytes,
    leaf_hash,
    new_sealed_stream,
    read_entry,
    seal,
)

ZEROS = "0" * 64
FIRST = LeafEntry(
    "claim:1", 1, None, "claim_created", "2026-11-22T22:14:03.123Z", {"reference": "UKR-42"}, {"reason": ZEROS}
)
SECOND = FIRST._replace(seq=2, prev=ZEROS)


def disclosed(openings: dict[str, Opening]) -> dict[str, Any]:
    return {name: {"salt": base64.b64encode(one.salt).decode(), "value": one.value} for name, one in openings.items()}


def test_a_leaf_is_the_canonical_bytes_of_the_entry() -> None:
    assert leaf_bytes(FIRST) == (
        b'{"at":"2026-11-22T22:14:03.123Z","body":{"reference":"UKR-42"},"c":{"reason":"' + b"0" * 64 + b'"},'
        b'"kind":"claim_created","prev":null,"seq":1,"stream":"claim:1","v":1}'
    )


def test_the_leaf_hash_is_of_a_zero_byte_and_the_leaf() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("entry", [FIRST, SECOND])
def test_a_leaf_reads_back(entry: LeafEntry) -> None:
    assert read_entry(leaf_bytes(entry)) == entry


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("stream", {"stream": "claim"}),
        ("stream", {"stream": "Claim:1"}),
        ("stream", {"stream": "claim:1\n"}),
        ("stream", {"stream": "claim:" + "1" * 250}),
        ("stream", {"stream": 5}),
        ("seq", {"seq": 0}),
        ("seq", {"seq": True}),
        ("seq", {"seq": "1"}),
        ("prev", {"prev": ZEROS}),
        ("prev", {"seq": 2}),
        ("prev", {"seq": 2, "prev": "A" * 64}),
        ("prev", {"seq": 2, "prev": "0" * 63}),
        ("kind", {"kind": "Claim created"}),
        ("kind", {"kind": ""}),
        ("at", {"at": "2026-11-22T22:14:03Z"}),
        ("at", {"at": "2026-11-22T22:14:03.123+00:00"}),
        ("at", {"at": "2026-02-30T22:14:03.123Z"}),
        ("at", {"at": "2026-11-22T24:14:03.123Z"}),
        ("at", {"at": "2026-11-22T22:14:60.123Z"}),
        ("at", {"at": "٢026-11-22T22:14:03.123Z"}),
        ("at", {"at": 5}),
        ("body", {"body": []}),
        ("c", {"c": {}}),
        ("c", {"c": []}),
        ("c", {"c": {"Reason": ZEROS}}),
        ("c.reason", {"c": {"reason": "0"}}),
        ("c.reason", {"c": {"reason": None}}),
        ("kind", {"stream": "sealed:" + "0" * 32}),
        ("stream", {"kind": "sealed"}),
        ("stream", {"kind": "sealed", "stream": "sealed:1"}),
        ("body", {"kind": "sealed", "stream": "sealed:" + "0" * 32}),
        ("c", {"kind": "sealed", "stream": "sealed:" + "0" * 32, "body": {}}),
    ],
)
def test_an_entry_of_another_form_is_neither_written_nor_read(part: str, changes: dict[str, Any]) -> None:
    entry = FIRST._replace(**changes)
    with pytest.raises(Broken) as writing:
        leaf_bytes(entry)
    with pytest.raises(Broken) as reading:
        read_entry(canonical({"v": 1, **entry._asdict()}))
    assert (writing.value.part, reading.value.part) == (part, part)


@pytest.mark.parametrize("version", [2, 0, True, "1", None])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(Broken, match="v: expected 1"):
        read_entry(canonical({"v": version, **FIRST._asdict()}))


def test_a_missing_or_further_field_is_refused() -> None:
    fields = {"v": 1, **FIRST._asdict()}
    for value in ({**fields, "more": 1}, {name: fields[name] for name in fields if name != "prev"}, [fields], None):
        with pytest.raises(Broken, match="exactly the fields"):
            read_entry(canonical(value))


def test_the_same_entry_in_other_bytes_is_refused() -> None:
    spaced = json.dumps(json.loads(leaf_bytes(FIRST)), sort_keys=True).encode()
    with pytest.raises(Broken, match="canonical"):
        read_entry(spaced)


def test_the_longest_leaf_has_65535_bytes() -> None:
    fitting = "x" * (65_535 - len(leaf_bytes(FIRST._replace(body={"x": ""}))))
    assert len(leaf_bytes(FIRST._replace(body={"x": fitting}))) == 65_535
    with pytest.raises(Broken, match="at most 65535 bytes"):
        leaf_bytes(FIRST._replace(body={"x": fitting + "x"}))
    with pytest.raises(Broken, match="at most 65535 bytes"):
        read_entry(canonical({"v": 1, **FIRST._replace(body={"x": fitting + "x"})._asdict()}))


def test_times_are_cut_to_milliseconds_of_utc() -> None:
    at = datetime(2026, 11, 23, 0, 14, 3, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(at) == "2026-11-22T22:14:03.123Z"
    assert format_time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000Z"
    with pytest.raises(ValueError, match="no zone"):
        format_time(datetime(2026, 1, 2))  # noqa: DTZ001


def test_a_commitment_is_the_hmac_of_domain_name_and_value() -> None:
    assert commitment(bytes(range(32)), "reason", {"b": 1, "a": "ü"}) == (
        # printf 'second-source/v1/field\0reason\0{"a":"ü","b":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:…
        "44a6b627b6592aa6a74c442527b50c318ee33869b3d7023ee3e0ada1f22d80b9"
    )


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(bytes(length), "reason", "x")


def test_each_field_has_a_salt_of_its_own() -> None:
    _, openings = commit({"reason": "x", "excerpt": "x"})
    assert len({opening.salt for opening in openings.values()}) == 2


def test_an_entry_without_anything_to_commit_commits_a_blind_field() -> None:
    c, openings = commit({})
    assert (list(c), openings["blind"].value) == (["blind"], None)


@given(st.dictionaries(st.from_regex("[a-z][a-z0-9_]{0,9}", fullmatch=True), st.text() | st.integers(0, 9), min_size=1))
def test_what_was_committed_is_confirmed_and_nothing_else(values: dict[str, Any]) -> None:
    c, openings = commit(values)
    entry, shown = FIRST._replace(c=c), disclosed(openings)
    assert check_disclosures(entry, shown) == 0
    assert check_disclosures(entry, dict.fromkeys(values)) == len(values)
    for name, one in shown.items():
        for other in ({**one, "value": "something else, longer than that"}, {**one, "salt": "A" * 43 + "="}):
            with pytest.raises(Broken, match=f"disclosures.{name}: expected the commitment"):
                check_disclosures(entry, {**shown, name: other})


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"other": None},
        {"reason": {}},
        {"reason": {"salt": "A" * 43 + "=", "value": 1, "more": 1}},
        {"reason": {"salt": "A" * 43, "value": 1}},
        {"reason": {"salt": "A" * 42 + "B=", "value": 1}},
        {"reason": {"salt": "AAAA", "value": 1}},
        {"reason": {"salt": None, "value": 1}},
        {"reason": {"salt": "A" * 43 + "=", "value": 1.5}},
    ],
)
def test_a_disclosure_of_another_form_is_refused(wrong: Any) -> None:
    with pytest.raises(Broken):
        check_disclosures(FIRST, wrong)


def sealed_entry(kind: str, body: dict[str, Any], values: dict[str, Any]) -> tuple[LeafEntry, dict[str, Any]]:
    c, openings = seal(kind, body, values=values)
    return LeafEntry(new_sealed_stream(), 1, None, "sealed", FIRST.at, {}, c), disclosed(openings)


def test_sealed_entries_look_alike_whatever_is_in_them() -> None:
    one, _ = sealed_entry("evidence_attached", {"claim": "x" * 500}, {"excerpt": "y" * 500, "by": 1})
    other, _ = sealed_entry("read", {}, {})
    assert len(leaf_bytes(one)) == len(leaf_bytes(other))
    assert one.c.keys() == other.c.keys() == {"kind", "content"}


def test_a_sealed_entry_opens_as_far_as_it_is_disclosed() -> None:
    entry, shown = sealed_entry("evidence_attached", {"claim": "UKR-42"}, {"excerpt": "said", "by": "reviewer"})
    assert shown.keys() == {"kind", "content", "content/excerpt", "content/by"}
    assert check_disclosures(entry, shown) == 0
    assert check_disclosures(entry, {**shown, "content/by": None}) == 1
    assert check_disclosures(entry, {"kind": None, "content": None}) == 2


def test_a_sealed_entrys_content_is_bound_to_what_is_in_it() -> None:
    entry, shown = sealed_entry("evidence_attached", {"claim": "UKR-42"}, {"excerpt": "said"})
    _, others = sealed_entry("evidence_attached", {"claim": "UKR-42"}, {"excerpt": "said"})
    for name in shown:
        with pytest.raises(Broken, match=f"disclosures.{name}"):
            check_disclosures(entry, {**shown, name: others[name]})
