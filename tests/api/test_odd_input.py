"""Whatever is sent, the answer says what is wrong with it; nothing is a failure of ours."""

import json
from typing import Any

import pytest

from api.claims import ClaimQuery
from claims.models import Claim
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast
from tests.kept import KeptRows

ODD: list[Any] = [
    *(None, True, -1, 2**31, 2**64, 10**300, 1.5, "", " ", "x" * 30_000),
    *("a\u0000b", "\ud800", "\u202e", [], [[]], [None], {}, {"a": 1}, [{"a": "\ud800"}]),
    *("0000-00-00", "99999-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("NaN", "00000000-0000-0000-0000-000000000000"),
]
FIELDS = {
    "actors/": [
        *("desk", "name", "kind", "part_of", "part_of_from", "part_of_to", "stands_alone_because", "owned_by"),
        *("reliability", "visibility"),
    ],
    "sources/": [
        *("desk", "kind", "title", "url", "publisher", "published_at", "basis", "basis_reason", "language"),
        *("reliability", "visibility"),
    ],
    "claims/": [
        *("desk", "statement", "original_statement", "language", "claimant", "also_claimed_by", "parties"),
        *("claimed_on", "happened_from", "happened_to", "place", "topics", "elements", "evidence", "reason"),
    ],
    "assignments/": ["claim", "reviewer", "due_at"],
    "tokens/": ["name", "lifetime_days", "scopes"],
    "claims/{claim}/": ["statement", "elements", "topics", "parties", "threshold", "threshold_reason", "seen_version"],
    "claims/{claim}/evidence/": [
        *("source", "stance", "elements", "basis", "basis_reason", "excerpt", "locator", "credibility"),
        *("against_interest", "against_interest_reason", "visibility", "seen_version"),
    ],
    "claims/{claim}/moves/": ["to", "reason", "evidence", "seen_version"],
    "claims/{claim}/assessments/": [
        *("proposed_state", "rationale", "evidence", "answers", "elements", "recorded_mistake", "seen_version"),
    ],
    "claims/{claim}/close/": ["reason", "note"],
    "sources/{source}/relays/": ["upstream", "quote"],
    "sources/{source}/retract/": ["reason", "dry_run"],
    "desks/{desk}/": ["name", "min_independence", "days_to_review"],
}


@KeptRows
def kept_claim(cast: Cast) -> Claim:
    return factories.claim(cast, elements=["by sea"])


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, fields in FIELDS.items() for field in fields])
def test_any_value_of_any_field_is_taken_or_refused(cast: Cast, editor: Api, path: str, field: str) -> None:
    claim = kept_claim(cast)
    source = claim.evidence.get().source
    where = path.format(claim=claim.reference, source=source.pk, desk=cast.desk.pk)
    bodies: dict[str, dict[str, Any]] = {
        "actors/": {"name": "x", "kind": "person"},
        "sources/": {"title": "x"},
        "claims/": {"statement": "x", "evidence": [{"source": str(source.pk), "stance": "context"}]},
        "assignments/": {"claim": claim.reference, "reviewer": "reviewer"},
        "claims/{claim}/evidence/": {"source": str(source.pk), "stance": "context"},
        "claims/{claim}/moves/": {"to": "denied", "reason": "x", "seen_version": 1},
        "claims/{claim}/assessments/": {"proposed_state": "reported", "rationale": "x", "seen_version": 1},
        "sources/{source}/relays/": {"upstream": str(source.pk)},
    }
    whole = bodies.get(path, {})
    method = "PATCH" if path in ("claims/{claim}/", "desks/{desk}/") else "POST"
    # A token makes no tokens: without a session nothing of what is asked for would be looked at.
    who = Api.in_session(cast.editor) if path == "tokens/" else editor
    for odd in ODD:
        assert who.send(method, where, {**whole, field: odd}).status_code < 500


@pytest.mark.parametrize("name", sorted(ClaimQuery().fields))
def test_any_value_of_any_filter_is_taken_or_refused(cast: Cast, editor: Api, name: str) -> None:
    for odd in ODD:
        text = odd if isinstance(odd, str) else json.dumps(odd)
        if not any("\ud800" <= sign <= "\udfff" for sign in text):
            query: dict[str, Any] = {name: text[:5000]}
            assert editor.get("claims/", **query).status_code in (200, 400)
    assert editor.get(f"claims/?{name}=%00").status_code == 400
    assert editor.get(f"claims/?{name}=%ff%fe").status_code in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b"9" * 5000,
        b'{"name": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"\\ud800": 1}',
        b'{"' + b"x" * 5000 + b'": 1}',
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"true",
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(cast: Cast, reporter: Api, body: bytes) -> None:
    assert reporter.send("POST", "sources/", body).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "x", ""],
)
def test_another_content_type_is_415(cast: Cast, reporter: Api, content_type: str) -> None:
    assert reporter.send("POST", "sources/", b'{"title": "x"}', content_type=content_type).status_code == 415


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_another_content_type_is_415_for_a_session_too(cast: Cast, content_type: str) -> None:
    api = Api(None)
    api.client.force_login(cast.editor)
    claim = factories.claim(cast)
    path = f"claims/{claim.reference}/publish/"
    assert api.send("POST", path, b"--x--", content_type=content_type).status_code == 415
    assert factories.fresh(claim).published_at is None


def test_json_may_name_its_charset(cast: Cast, reporter: Api) -> None:
    content_type = "application/json; charset=utf-8"
    assert reporter.send("POST", "sources/", b'{"title": "x"}', content_type=content_type).status_code == 201


def test_a_body_that_is_too_large_is_413(cast: Cast, reporter: Api) -> None:
    body = {"title": "x" * (2 * 2**20)}
    assert reporter.post("sources/", body).status_code == 413
    session = Api(None)
    session.client.force_login(cast.reporter)
    assert session.post("sources/", body).status_code == 413
    big = b"a=" + b"x" * (2 * 2**20)
    form = "application/x-www-form-urlencoded"
    assert session.send("POST", "sources/", big, content_type=form).status_code == 413


def test_a_text_with_a_nul_or_half_a_character_names_its_field(cast: Cast, reporter: Api) -> None:
    assert errors(reporter.post("sources/", {"title": "a\u0000b"})) == ["title"]
    assert errors(reporter.post("sources/", {"title": "a\ud800b"})) == ["title"]


def test_a_parameter_that_is_none_or_given_twice_is_refused(cast: Cast, reporter: Api) -> None:
    assert errors(reporter.get("claims/", stat="denied")) == ["stat"]
    assert errors(reporter.get("claims/?closed=true&closed=false")) == ["closed"]
    assert errors(reporter.get("claims/", state="true")) == ["state.0"]
    assert errors(reporter.get("claims/", page_size="0")) == ["page_size"]
    assert errors(reporter.get("claims/", page_size="201")) == ["page_size"]


def test_a_body_that_does_not_say_its_length_is_refused(cast: Cast) -> None:
    response = Api.in_session(cast.reporter).send("POST", "tokens/", headers={"Transfer-Encoding": "chunked"})
    assert (response.status_code, response.json()["detail"]) == (400, "Send the length of the body (Content-Length).")
