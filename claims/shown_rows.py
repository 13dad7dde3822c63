"""The rows that a claim's pages show: rows of the models, with the columns that their queries add."""

from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from claims.models import Claim, Evidence, StatusChange
from sources.models import Relay


class HeadingColumns(TypedDict):
    """`topic_names`: in order. `also_ids`: the actors who also claim it. `recomputing`: whether its numbers are still
    to be recomputed after a large change."""

    topic_names: list[str]
    also_ids: list[UUID]
    recomputing: bool


class EvidenceColumns(TypedDict):
    """`on_parts`: the texts of the elements that the evidence is limited to, in order."""

    on_parts: list[str]


class RelayColumns(TypedDict):
    """`plainly`: whether the person may see the upstream as a member of its desk."""

    plainly: bool


class ReasonColumns(TypedDict):
    """The reasons of a status change, which are kept in a table of their own; None once erased."""

    reason: str | None
    decision_reason: str | None


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ShownClaim = WithAnnotations[Claim, HeadingColumns]
    ShownEvidence = WithAnnotations[Evidence, EvidenceColumns]
    ShownRelay = WithAnnotations[Relay, RelayColumns]
    ChangeWithReasons = WithAnnotations[StatusChange, ReasonColumns]
else:  # the stubs are no dependency of the running program
    ShownClaim, ShownEvidence, ShownRelay, ChangeWithReasons = Claim, Evidence, Relay, StatusChange
