"""Actions for forms that create several things at once: new actors, a new source with its file, evidence, a relay.

Each is one transaction made of the actions for its rows. Wherever an actor's id is expected, `{"name", "kind"}` stands
for the actor of that name, created where the desk has none. Errors name the field of the nested row: `source.url`,
`source.publisher.name`, `claimant.name`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Desk, User
from claims.actions.claims import RESTS_ON, edit_claim, report_claim
from claims.actions.evidence import attach_evidence
from claims.actions.sources import SourceOutcome, add_relay, change_source
from claims.models import Claim, Evidence
from claims.queries import named_source
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import counts_outside, lock_desk, lock_graph
from house.errors import Invalid
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from sources.actions import create_actor, create_source, keep_file, record_file
from sources.evidence_storage import Stored
from sources.models import Actor, Source, Visibility
from sources.permissions import may_write
from sources.queries import actor_called


@dataclass(frozen=True)
class File:
    """A submitted file: its bytes in pieces, which can be read once, and its name."""

    chunks: Iterable[bytes]
    name: str

    @cached_property
    def stored(self) -> Stored:
        """The stored bytes; stores them on the first call. Raises Invalid, OutOfService."""
        with _naming("source"):
            return keep_file(self.chunks)


@counts_outside
def report_with_source(
    *,
    desk: Desk,
    fields: Mapping[str, Any],
    source: Mapping[str, Any],
    evidence: Mapping[str, Any],
    file: File | None = None,
    reason: str = "",
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Add a claim with one piece of evidence, whose source may be new.

    `fields` and `evidence` as for `report_claim`; `source`: an `id`, or the fields of a new one. Raises NotFound,
    Forbidden, Invalid, PolicyNotMet.
    """
    now = now or timezone.now()
    _keep_first(file, desk, by)
    with recorded_transaction():
        lock_desk(desk)
        lock_graph(desk.pk, shared=file is None)  # verdicts may rest on the source of a file
        fields = with_actors(desk, fields, by=by, now=now)
        carrier = _source(desk, source, evidence.get("visibility"), file, by=by, now=now)
        return report_claim(
            desk=desk, fields=fields, evidence=[{**evidence, "source": carrier.pk}], by=by, reason=reason, now=now
        )


@counts_outside
def edit_with_actors(
    *,
    claim: Claim,
    fields: Mapping[str, Any],
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Edit a claim, whose claimant and parties may be new actors. Raises as `edit_claim`."""
    now = now or timezone.now()
    with recorded_transaction():
        if fields.keys() & RESTS_ON:
            lock_graph(claim.desk_id)
        fields = with_actors(claim.desk, fields, by=by, now=now)
        return edit_claim(claim=claim, fields=fields, seen=seen, effects=effects, by=by, now=now)


@counts_outside
def attach_source(
    *,
    claim: Claim,
    source: Mapping[str, Any],
    evidence: Mapping[str, Any],
    file: File | None = None,
    upstream: UUID | None = None,
    quote: str = "",
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Attach a source that may be new to a claim; `upstream` is the source it is based on, `quote` what shows that.

    `source`: an `id`, or the fields of a new one; `evidence` as for `attach_evidence`. Raises NotFound, Forbidden,
    Invalid, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    _keep_first(file, claim.desk, by)
    with recorded_transaction():
        # Other claims may rest on the source of a relay or a file.
        lock_graph(claim.desk_id, shared=upstream is None and file is None)
        carrier = _source(claim.desk, source, evidence.get("visibility"), file, by=by, now=now)
        parts = Effects()
        if upstream is not None:
            add_relay(downstream=carrier, upstream=upstream, quote=quote, effects=parts, by=by, now=now)
        elif quote.strip():
            raise Invalid({"upstream": [_("Name the source this quote points to.")]})
        fields = {**evidence, "source": carrier.pk}
        item = attach_evidence(claim=claim, fields=fields, effects=parts, by=by, now=now)
        effects = effects or Effects()
        effects.absorb(parts)
        effects.settle(by)
        return item


@counts_outside
def change_source_with_publisher(
    *,
    source: Source,
    fields: Mapping[str, Any],
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """A moment with an unchanged clock time keeps its seconds and microseconds, which no control shows."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        seen_by_whom = {"visibility": source.visibility, **fields}
        fields = {**fields, **_publisher_of(source.desk, seen_by_whom, by=by, now=now)}
        return change_source(source=source, fields=fields, seen=seen, effects=effects, by=by, now=now)


def _keep_first(file: File | None, desk: Desk, by: User) -> None:
    """Store the bytes of a file before the graph's lock is taken, for people who may write on the desk."""
    if file is not None:
        may_write(by, desk)
        assert file.stored


def _with_publisher(desk: Desk, fields: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """The fields of a source with its publisher as an id; a new publisher gets the source's visibility."""
    return {**fields, **_publisher_of(desk, fields, by=by, now=now)}


def _publisher_of(desk: Desk, fields: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """The described publisher, created, as an id under its field's name; empty where the fields describe none."""
    if not isinstance(fields.get("publisher"), Mapping):
        return {}
    visibility = str(fields.get("visibility") or Visibility.DESK)
    with _naming("publisher"):
        return {"publisher": _actor(desk, fields["publisher"], visibility, by=by, now=now).pk}


def with_actors(desk: Desk, fields: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """The fields of a claim with its new actors created, as ids."""

    def found(value: Any, name: str) -> Any:
        if not isinstance(value, Mapping):
            return value
        with _naming(name):
            return _actor(desk, value, Visibility.DESK, by=by, now=now).pk

    given = dict(fields)
    if "claimant" in given:
        given["claimant"] = found(given["claimant"], "claimant")
    for name in ("parties", "also_claimed_by"):
        if name in given:
            given[name] = [found(value, name) for value in given[name] or ()]
    return given


def _actor(desk: Desk, new: Mapping[str, Any], visibility: str, *, by: User, now: datetime) -> Actor:
    """The actor of that name, or a new one with the visibility of the row that names it."""
    name = " ".join(str(new.get("name", "")).split())
    restricted = visibility == Visibility.RESTRICTED
    present = actor_called(by, desk.pk, name, restricted=restricted) if name and "\x00" not in name else None
    fields = {"name": name, "kind": new.get("kind", ""), "visibility": visibility}
    return present or create_actor(desk=desk, fields=fields, by=by, now=now)


def _source(
    desk: Desk, given: Mapping[str, Any], visibility: str | None, file: File | None, *, by: User, now: datetime
) -> Source:
    """The source named by `id`, or a new one of these fields, with its file stored."""
    described = bool(given.get("url") or given.get("title"))
    if given.get("id") is not None:
        if described:
            raise Invalid({"source.id": [_("Choose an existing source or describe a new one, not both.")]})
        source = named_source(by, desk.pk, given["id"], "source.id")
    else:
        if not described and file is None:
            raise Invalid({"source.url": [_("Enter a URL, add a file, or choose an existing source.")]})
        source = _new_source(desk, given, visibility, file, by=by, now=now)
    if file is not None:
        with _naming("source"):
            record_file(source=source, stored=file.stored, name=file.name, by=by, now=now)
    return source


def _new_source(
    desk: Desk, given: Mapping[str, Any], visibility: str | None, file: File | None, *, by: User, now: datetime
) -> Source:
    fields = dict(given)
    fields.pop("id", None)
    fields["visibility"] = visibility or Visibility.DESK.value
    if not fields.get("title") and not fields.get("url") and file is not None:
        fields["title"] = file.name[:300]
    with _naming("source"):
        return create_source(desk=desk, fields=_with_publisher(desk, fields, by=by, now=now), by=by, now=now)


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Prefix the field of errors raised inside: `url` becomes `source.url`."""
    try:
        yield
    except Invalid as error:
        raise Invalid({f"{part}.{name}": texts for name, texts in error.errors.items()}) from error
