"""RFC 8785 for what entries may hold. The published vectors are those of the RFC and of its reference test data."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import canonical, read_canonical

# RFC 8785 3.2.3 and the test data of its author: input as JSON, output.
PUBLISHED = [
    (
        r'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",'
        r'"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}',
        '{"\\r":"Carriage Return","1":"One","\x80":"Control","ö":"Latin Small Letter O With Diaeresis",'
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    (
        r'{"\u20ac": "Euro Sign", "1": "One", "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley", '
        r'"\u00f6": "Latin Small Letter O With Diaeresis", "\ufb33": "Hebrew Letter Dalet With Dagesh", '
        r'"</script>": "Browser Challenge"}',
        '{"1":"One","</script>":"Browser Challenge","\x80":"Control\x7f","ö":"Latin Small Letter O With Diaeresis",'
        '"€":"Euro Sign","😂":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    (
        '{"peach": "This sorting order", "péché": "is wrong according to French", '
        '"pêche": "but canonicalization MUST", "sin": "ingnore locale"}',
        '{"peach":"This sorting order","péché":"is wrong according to French",'
        '"pêche":"but canonicalization MUST","sin":"ingnore locale"}',
    ),
    (r'{"Unnormalized Unicode":"\u1e0d\u0307"}', '{"Unnormalized Unicode":"\u1e0d\u0307"}'),
    (
        r'{"1": {"f": {"f": "hi","F": 5} ,"\n": 56}, "10": { }, "": "empty", "a": { }, "111": [ { } ], "A": { }}',
        '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
    ),
    ('[56, {"d": true, "10": null, "1": [ ]}]', '[56,{"1":[],"10":null,"d":true}]'),
    (
        r'{"escaping": "\u20ac$\u000F\u000aA' + r"'\u0042\u0022\u005c\\\"\/" + '", "literals": [null, true, false]}',
        '{"escaping":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","literals":[null,true,false]}',
    ),
]

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


@pytest.mark.parametrize(("given_json", "expected"), PUBLISHED)
def test_published_vectors_come_out_as_published(given_json: str, expected: str) -> None:
    assert canonical(json.loads(given_json)) == expected.encode()


@given(VALUES)
def test_the_bytes_are_those_of_another_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_was_written_reads_back(value: Any) -> None:
    assert read_canonical(canonical(value)) == value


@given(VALUES, st.data())
def test_any_other_bytes_of_the_same_value_are_refused(value: Any, data: st.DataObject) -> None:
    other = json.dumps(value, indent=data.draw(st.sampled_from([None, 1])), ensure_ascii=data.draw(st.booleans()))
    if other.encode() == canonical(value):
        return
    with pytest.raises(ValueError, match="canonical"):
        read_canonical(other.encode())


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.0, r"\$: float"),
        ({"a": [1, {"b": 0.5}]}, r"\$\.a\[1\]\.b: float"),
        (float("nan"), r"\$: float"),
        ({"a": "\ud800"}, r"\$\.a: a lone surrogate"),
        ({"\udfff": 1}, r"\$: a key: a lone surrogate"),
        ([2**53], r"\$\[0\]: an integer beyond"),
        ([-(2**53)], r"\$\[0\]: an integer beyond"),
        ({1: "a"}, r"\$: the key 1 is no string"),
        ({"a": b"bytes"}, r"\$\.a: bytes"),
        ({"a": {1, 2}}, r"\$\.a: set"),
    ],
)
def test_what_is_not_allowed_is_refused_by_its_place(value: object, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1 ",
        b"1\n",
        b"\xef\xbb\xbf1",
        b"\xff",
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b"9007199254740992",
        b"1" * 5000,
        b"NaN",
        b"Infinity",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'"\\u00fc"',
        b'"\\/"',
        b'"\\ud800"',
        b'{"\\ud800":1}',
        b'"\\u000A"',
        b"[1,]",
        b"{}{}",
        b"[" * 20_000,
        b"[" * 33 + b"]" * 33,
        '{"\ufb33":1,"😀":1}'.encode(),  # sorted by code points, not by UTF-16
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_canonical(data)


def test_thirty_two_levels_are_allowed() -> None:
    value: Any = 1
    for _ in range(32):
        value = [value]
    assert read_canonical(canonical(value)) == value
    with pytest.raises(ValueError, match="nested more than 32"):
        canonical([value])
