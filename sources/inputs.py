"""Inputs of the actions on actors and sources."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from house.inputs import UNCHANGED, Given, InputFields


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedActor:
    """An actor by name, to be created where the desk has none of that name.

    `speaks_for`: the actor that it is part of; `speaks_for_checked` without one: it speaks for nobody else.
    """

    name: str
    kind: str
    speaks_for: UUID | None = None
    speaks_for_checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorInput(InputFields):
    """Fields of an actor; `part_of` and `owned_by` are ids of actors."""

    name: Given[str] = UNCHANGED
    kind: Given[str] = UNCHANGED
    part_of: Given[UUID | None] = UNCHANGED
    part_of_from: Given[date | None] = UNCHANGED
    part_of_to: Given[date | None] = UNCHANGED
    speaks_for_checked: Given[bool] = UNCHANGED
    stands_alone_because: Given[str] = UNCHANGED
    owned_by: Given[UUID | None] = UNCHANGED
    reliability: Given[str] = UNCHANGED
    visibility: Given[str] = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInput(InputFields):
    """Fields of a source. A `NamedActor` as its publisher is for the actions of `claims.actions.composing`."""

    kind: Given[str] = UNCHANGED
    title: Given[str] = UNCHANGED
    url: Given[str] = UNCHANGED
    publisher: Given[UUID | NamedActor | None] = UNCHANGED
    published_at: Given[datetime | None] = UNCHANGED
    basis: Given[str] = UNCHANGED
    basis_reason: Given[str] = UNCHANGED
    language: Given[str] = UNCHANGED
    reliability: Given[str] = UNCHANGED
    visibility: Given[str] = UNCHANGED
