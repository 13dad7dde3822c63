"""What an action takes at most of one kind, whoever calls it: a page, the API, a command."""

from typing import Any
from uuid import uuid4

import pytest

from claims.actions.claims import edit_claim, report_claim
from claims.actions.evidence import attach_evidence
from claims.bounds import MOST_ACTORS, MOST_ATTACHED, MOST_ELEMENTS, MOST_NAMED, MOST_TOPICS
from claims.inputs import ClaimInput, ElementInput, EvidenceInput
from claims.queries import named_evidence
from house.errors import Invalid
from tests import factories
from tests.factories import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.cast()


TOO_MUCH: list[tuple[str, list[Any]]] = [
    ("elements", [ElementInput(text=f"Part {n}") for n in range(MOST_ELEMENTS + 1)]),
    ("parties", [uuid4() for _ in range(MOST_ACTORS + 1)]),
    ("also_claimed_by", [uuid4() for _ in range(MOST_ACTORS + 1)]),
    ("topics", [f"Topic {n}" for n in range(MOST_TOPICS + 1)]),
]


@pytest.mark.parametrize(("field", "given"), TOO_MUCH, ids=[field for field, _given in TOO_MUCH])
def test_too_much_of_a_claim_is_refused_with_what_to_do(cast: Cast, field: str, given: Any) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Invalid) as edited:
        edit_claim(claim=claim, fields=ClaimInput(**{field: given}), by=cast.editor)
    source = factories.source(cast)
    with pytest.raises(Invalid) as reported:
        evidence = [EvidenceInput(source=source.pk, stance="supports")]
        report_claim(
            desk=cast.desk,
            fields=ClaimInput(statement="Much.", **{field: given}),
            evidence=evidence,
            by=cast.editor,
        )
    assert list(edited.value.errors) == list(reported.value.errors) == [field]
    assert "Leave out the least important." in str(edited.value)


def test_more_evidence_than_a_new_claim_takes_is_attached_one_by_one(cast: Cast) -> None:
    source = factories.source(cast)
    many = [EvidenceInput(source=source.pk, stance="supports")] * (MOST_ATTACHED + 1)
    with pytest.raises(Invalid, match="Attach the others one by one"):
        report_claim(
            desk=cast.desk,
            fields=ClaimInput(statement="Much."),
            evidence=many,
            by=cast.editor,
        )


def test_evidence_bears_on_no_more_elements_than_a_claim_has(cast: Cast) -> None:
    claim, source = factories.claim(cast), factories.source(cast)
    fields = EvidenceInput(source=source.pk, stance="supports", elements=[uuid4() for _ in range(MOST_ELEMENTS + 1)])
    with pytest.raises(Invalid, match="At most 20"):
        attach_evidence(claim=claim, fields=fields, by=cast.editor)


def test_no_more_evidence_than_that_is_named_at_once(cast: Cast) -> None:
    with pytest.raises(Invalid, match="At most 500"):
        named_evidence(cast.editor, factories.claim(cast), [uuid4() for _ in range(MOST_NAMED + 1)], "evidence")
