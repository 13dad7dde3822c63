"""The shapes of the demonstration data. Rows name each other by `key`; people by their user names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

At = datetime | timedelta
"""A moment: absolute, or a time before the loading."""


@dataclass(frozen=True)
class DemoActor:
    """`fields` go to `create_actor` unchanged; the key is the name if none is given."""

    key: str
    kind: str
    name: str = ""
    part_of: str | None = None
    visibility: str = "public"
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoSource:
    """`upstream` maps the source that this one is based on to the quote that shows it; `published` None leaves the date
    open."""

    key: str
    title: str
    publisher: str | None
    published: At | None
    basis: str
    kind: str = "article"
    upstream: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoEvidence:
    """A source attached to a claim. `elements` are numbers of the claim's elements, from 0; empty for all."""

    source: str
    stance: str
    excerpt: str
    elements: tuple[int, ...] = ()
    against_interest: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attach:
    piece: DemoEvidence


@dataclass(frozen=True)
class Supersede:
    """The voice of `earlier` withdrew it in `later`."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Assign:
    """`due` None: after the desk's days to review; "today": at the end of the loader's day in the person's zone."""

    reviewer: str
    due: At | str | None = None


@dataclass(frozen=True)
class Accept:
    """The person of this step accepts their assignment."""


@dataclass(frozen=True)
class Find:
    """An assessment is submitted. Evidence is named by its source; `lines` are in the order of the elements."""

    state: str
    rationale: str
    evidence: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decide:
    """The waiting assessment is approved or rejected."""

    approve: bool
    reason: str


@dataclass(frozen=True)
class NameDecider:
    person: str


@dataclass(frozen=True)
class Publish:
    pass


@dataclass(frozen=True)
class Retract:
    source: str
    reason: str


@dataclass(frozen=True)
class DemoClose:
    reason: str
    note: str


Act = Attach | Supersede | Assign | Accept | Find | Decide | NameDecider | Publish | Retract | DemoClose


@dataclass(frozen=True)
class DemoStep:
    """One step in the history of a claim: a person, a time, an act."""

    at: At
    by: str
    act: Act


@dataclass(frozen=True)
class DemoClaim:
    """A claim as it was reported, and the steps that followed."""

    statement: str
    claimant: str | None
    parties: tuple[str, ...]
    claimed_on: date | None
    at: At
    evidence: tuple[DemoEvidence, ...]
    by: str = "reporter"
    reason: str = ""
    elements: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[DemoStep, ...] = ()
