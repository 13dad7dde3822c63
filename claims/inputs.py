"""Inputs of the actions on claims and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from house.inputs import UNCHANGED, Given, InputFields
from house.seen import ANYTHING, SeenValues
from sources.inputs import NamedActor


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementInput:
    """An element with its `id` and the fields to change, or a new one without."""

    id: UUID | None = None
    text: Given[str] = UNCHANGED
    essential: Given[bool] = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimInput(InputFields):
    """Fields of a claim; topics are names. A `NamedActor` is for the actions of `claims.actions.composing`."""

    statement: Given[str] = UNCHANGED
    original_statement: Given[str] = UNCHANGED
    language: Given[str] = UNCHANGED
    claimant: Given[UUID | NamedActor | None] = UNCHANGED
    also_claimed_by: Given[Sequence[UUID | NamedActor]] = UNCHANGED
    parties: Given[Sequence[UUID | NamedActor]] = UNCHANGED
    claimed_on: Given[date | None] = UNCHANGED
    happened_from: Given[date | None] = UNCHANGED
    happened_to: Given[date | None] = UNCHANGED
    place: Given[str] = UNCHANGED
    topics: Given[Sequence[str]] = UNCHANGED
    elements: Given[Sequence[ElementInput]] = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceInput(InputFields):
    """Fields of a piece of evidence; `source` and `stance` are enough for a new one.

    `elements` are ids (none: all), or with a new claim numbers of its elements, from 0. `superseded_by` names a later
    statement of the same voice.
    """

    source: Given[UUID | None] = UNCHANGED
    stance: Given[str] = UNCHANGED
    elements: Given[Sequence[UUID] | Sequence[int]] = UNCHANGED
    basis: Given[str] = UNCHANGED
    basis_reason: Given[str] = UNCHANGED
    excerpt: Given[str] = UNCHANGED
    locator: Given[str] = UNCHANGED
    credibility: Given[int | None] = UNCHANGED  # 1 to 6
    against_interest: Given[UUID | None] = UNCHANGED
    against_interest_reason: Given[str] = UNCHANGED
    visibility: Given[str] = UNCHANGED
    superseded_by: Given[UUID | None] = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveInput:
    """A move that one person makes: the state it leads to, the reason, the evidence, the version of the claim seen."""

    to: str
    reason: str
    evidence: Sequence[UUID]
    seen_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdInput:
    """A claim's own threshold with the reason for it; None: the desk's."""

    threshold: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInput:
    """The actor that another is merged into, and why they are the same.

    `chain`: "into" or "merged", the one whose place in its chain and reason for ending it are right; asked for where
    both have one and they differ.
    """

    into: UUID
    reason: str
    chain: str = ""


@dataclass(frozen=True, slots=True)
class DeskEdit:
    """The fields of a desk to change, the reason, and the values that the author of the edit saw."""

    changes: Mapping[str, Any]
    reason: str = ""
    seen: SeenValues = ANYTHING
