"""The editable values of claims, evidence and desks, as one person sees them."""

from typing import Any

from accounts.models import Desk, User
from claims.models import Claim, Element, Evidence, PolicyField
from claims.queries import evidence_of
from house.inputs import FieldValues
from sources.values import shown_actor

CLAIM_FIELDS = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
EVIDENCE_FIELDS = (
    "stance", "basis", "basis_reason", "excerpt", "locator", "credibility", "against_interest_reason", "visibility",
)  # fmt: skip


def claim_values(by: User, claim: Claim) -> FieldValues:
    """The fields of a claim by name: actors by id, topics by name, each element's text and whether it is essential."""
    plain = {name: getattr(claim, name) for name in CLAIM_FIELDS}
    return plain | {
        "claimant": shown_actor(by, claim.claimant_id),
        "also_claimed_by": [actor.pk for actor in claim.also_claimed_by.all()],
        "parties": [actor.pk for actor in claim.parties.all()],
        "topics": [topic.name for topic in claim.topics.all()],
        **element_values(claim.elements.all()),
    }


def element_values(parts: Any) -> FieldValues:
    """The fields of elements, each named by its element's id."""
    values: FieldValues = {}
    for part in parts:
        values |= {element_field(part, "text"): part.text, element_field(part, "essential"): part.essential}
    return values


def element_field(part: Element, name: str) -> str:
    """The name of an element's field among those of its claim."""
    return f"elements.{part.pk}.{name}"


def threshold_values(claim: Claim) -> FieldValues:
    """A claim's own threshold (None: its desk's), with its reason."""
    return {"threshold": claim.threshold_override, "threshold_reason": claim.threshold_reason}


def evidence_values(by: User, item: Evidence) -> FieldValues:
    """The fields of a piece of evidence by name; elements, an actor and later evidence by id.

    None for an actor or later evidence that is hidden from the person.
    """
    later = item.superseded_by_id
    if later is not None and not evidence_of(by, item.claim).filter(pk=later).exists():
        later = None
    return {name: getattr(item, name) for name in EVIDENCE_FIELDS} | {
        "elements": [part.pk for part in item.elements.all()],
        "against_interest": shown_actor(by, item.against_interest_id),
        "superseded_by": later,
    }


def desk_values(desk: Desk) -> FieldValues:
    """A desk's name, and the fields of its policy."""
    return {name: getattr(desk, name) for name in ("name", *PolicyField.values)}
