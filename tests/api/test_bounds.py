"""Every list that a body or a form takes has an end, said in a sentence that names the field and what to do instead."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from rest_framework import serializers

from api.bodies import MOST_IDS, TOO_MANY, Fields
from claims.bounds import MOST_ACTORS, MOST_ATTACHED, MOST_ELEMENTS, MOST_NAMED, MOST_TOPICS
from tests import factories
from tests.access.routes import routes
from tests.api.client import Api
from tests.factories import Cast

Many = Any  # a ListField or a ListSerializer, of which the library's types know no max_length


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.cast()


def _kinds(kind: type[Fields] = Fields) -> Iterator[type[Fields]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


def _lists(fields: serializers.Serializer[Any]) -> Iterator[tuple[str, Many]]:
    for name, field in fields.fields.items():
        if isinstance(field, serializers.ListField | serializers.ListSerializer):
            yield name, field
            inner = field.child
            if isinstance(inner, serializers.Serializer):
                yield from ((f"{name}.{deeper}", found) for deeper, found in _lists(inner))


def test_every_list_in_a_body_or_a_query_has_an_end_and_says_so() -> None:
    assert len(routes()) > 50  # all views are loaded, and with them what they read
    found = {(kind.__name__, name): field for kind in set(_kinds()) for name, field in _lists(kind())}
    assert len(found) > 12
    for place, field in found.items():
        assert field.max_length is not None and field.max_length <= MOST_IDS, place
        assert field.error_messages["max_length"] == TOO_MANY, place


def _ids(number: int) -> list[str]:
    return [str(uuid4()) for _ in range(number)]


NEW: list[tuple[str, list[Any], int]] = [
    ("elements", [{"text": "A part"}] * (MOST_ELEMENTS + 1), MOST_ELEMENTS),
    ("parties", _ids(MOST_ACTORS + 1), MOST_ACTORS),
    ("also_claimed_by", _ids(MOST_ACTORS + 1), MOST_ACTORS),
    ("topics", [f"Topic {n}" for n in range(MOST_TOPICS + 1)], MOST_TOPICS),
    ("evidence", [{"source": one, "stance": "supports"} for one in _ids(MOST_ATTACHED + 1)], MOST_ATTACHED),
]


@pytest.mark.parametrize(("field", "given", "most"), NEW, ids=[field for field, _given, _most in NEW])
def test_a_new_claim_with_too_much_is_refused_by_field(cast: Cast, field: str, given: list[Any], most: int) -> None:
    source = factories.source(cast)
    body = {"statement": "Too much.", "evidence": [{"source": str(source.pk), "stance": "supports"}], field: given}
    refused = Api(cast.reviewer).post("claims/", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert refused.json()["errors"][field][0].startswith(f"At most {most} are allowed.")


def test_a_move_that_names_too_much_evidence_is_refused_by_field(cast: Cast) -> None:
    claim = factories.claim(cast)
    body = {"to": "denied", "reason": "A test.", "evidence": _ids(MOST_NAMED + 1), "seen_version": claim.version}
    refused = Api(cast.editor).post(f"claims/{claim.reference}/moves/", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["evidence"])


@pytest.mark.long
def test_as_much_as_is_allowed_is_taken(cast: Cast) -> None:
    source = factories.source(cast)
    body = {
        "statement": "A full one.",
        "elements": [{"text": f"Part {n}"} for n in range(MOST_ELEMENTS)],
        "topics": [f"Topic {n}" for n in range(MOST_TOPICS)],
        "evidence": [{"source": str(source.pk), "stance": "supports"}] * MOST_ATTACHED,
    }
    assert Api(cast.reviewer).post("claims/", body).status_code == 201
