"""The shapes of the demonstration data. Rows name each other by `key`; people by their user names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

At = datetime | timedelta
"""A moment: as it is, or so long before the data is loaded."""


@dataclass(frozen=True)
class DemoActor:
    """`fields` go to `create_actor` as they are; the key is the name where none is given."""

    key: str
    kind: str
    name: str = ""
    part_of: str | None = None
    visibility: str = "public"
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoSource:
    """`upstream` maps the source that this one got it from to what shows it; `published` None leaves the day open."""

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
    """A source attached to a claim. `elements` are numbers of the claim's elements, from 0; none: all."""

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
    """The voice of `earlier` took it back in `later`."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Assign:
    """`due` None: after the desk's days to review; "today": at the end of the loader's day in the person's zone."""

    reviewer: str
    due: At | str | None = None


@dataclass(frozen=True)
class Accept:
    """Whoever makes this step takes on what they were given."""


@dataclass(frozen=True)
class Find:
    """A finding is handed in. Evidence is named by its source; `lines` stand in the order of the elements."""

    state: str
    rationale: str
    evidence: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decide:
    """The finding that waits is approved, or sent back."""

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
    """Who did what with a claim, and when."""

    at: At
    by: str
    act: Act


@dataclass(frozen=True)
class DemoClaim:
    """A claim as it was written down, and what became of it."""

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
