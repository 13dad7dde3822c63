"""Actions for forms that create several things at once: new actors, a new source with its file, evidence, a relay.

Each is one transaction made of the actions for its parts. A `NamedActor` in place of an actor's id names the actor of
that name, created where the desk has none. Errors of a part name it: `source.url`, `source.publisher.name`,
`claimant.name`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Desk, User
from claims.actions.claims import RESTS_ON, edit_claim, report_claim
from claims.actions.evidence import attach_evidence
from claims.actions.sources import SourceOutcome, add_relay, change_source
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim, Evidence
from claims.queries import named_source
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import counts_outside, lock_desk, lock_graph
from house.errors import Invalid
from house.inputs import UNCHANGED, FieldValues, Given
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from sources.actions import create_actor, create_source, keep_file, record_file
from sources.evidence_storage import Stored
from sources.inputs import ActorInput, NamedActor, SourceInput
from sources.models import Actor, Source, Visibility
from sources.permissions import may_write
from sources.queries import actor_called


@dataclass(frozen=True)
class File:
    """An uploaded file: its bytes in pieces, which can be read once, and the name that it came with."""

    chunks: Iterable[bytes]
    name: str

    @cached_property
    def stored(self) -> Stored:
        """The stored bytes; stores them on the first call. Raises Invalid, OutOfService."""
        with _naming("source"):
            return keep_file(self.chunks)


@dataclass(frozen=True, kw_only=True)
class CarrierInput:
    """What carries a piece of evidence: a `source` of the desk or the fields of a `new` one, with a `file` if any.

    `upstream`: the source that it is based on, with the `quote` that shows it.
    """

    source: UUID | None = None
    new: SourceInput = field(default_factory=SourceInput)
    file: File | None = None
    upstream: UUID | None = None
    quote: str = ""


@counts_outside
def report_with_source(
    *,
    desk: Desk,
    fields: ClaimInput,
    carrier: CarrierInput,
    evidence: EvidenceInput,
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Add a claim with one piece of evidence, whose source may be new.

    Raises NotFound, Forbidden, Invalid, PolicyNotMet.
    """
    now = now or timezone.now()
    _keep_first(carrier.file, desk, by)
    with recorded_transaction():
        # Before the graph, in the order of `report_claim`, which takes both again.
        lock_desk(desk)
        lock_graph(desk.pk, shared=carrier.file is None)  # a file may be of a source that verdicts rest on
        fields = with_actors(desk, fields, by=by, now=now)
        source = _source(desk, carrier, evidence.visibility, by=by, now=now)
        return report_claim(desk=desk, fields=fields, evidence=[replace(evidence, source=source.pk)], by=by, now=now)


@counts_outside
def edit_with_actors(
    *,
    claim: Claim,
    fields: ClaimInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Edit a claim, whose claimant and parties may be new actors. Raises as `edit_claim`."""
    now = now or timezone.now()
    with recorded_transaction():
        # Before the new actors are written, since `edit_claim` takes its locks in this order.
        if fields.names() & RESTS_ON:
            lock_graph(claim.desk_id)
        fields = with_actors(claim.desk, fields, by=by, now=now)
        return edit_claim(claim=claim, fields=fields, seen=seen, effects=effects, by=by, now=now)


@counts_outside
def attach_source(
    *,
    claim: Claim,
    carrier: CarrierInput,
    evidence: EvidenceInput,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Attach a source that may be new to a claim.

    Raises NotFound, Forbidden, Invalid, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    _keep_first(carrier.file, claim.desk, by)
    with recorded_transaction():
        # A relay and a file may be of a source that other claims rest on.
        lock_graph(claim.desk_id, shared=carrier.upstream is None and carrier.file is None)
        source = _source(claim.desk, carrier, evidence.visibility, by=by, now=now)
        # Effects of both actions are asked about once: the person makes one change.
        parts = Effects()
        if carrier.upstream is not None:
            add_relay(downstream=source, upstream=carrier.upstream, quote=carrier.quote, effects=parts, by=by, now=now)
        elif carrier.quote.strip():
            raise Invalid({"upstream": [_("Name the source this quote points to.")]})
        fields = replace(evidence, source=source.pk)
        item = attach_evidence(claim=claim, fields=fields, effects=parts, by=by, now=now)
        effects = effects or Effects()
        effects.absorb(parts)
        effects.settle(by)
        return item


@counts_outside
def change_source_with_publisher(
    *,
    source: Source,
    fields: SourceInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """A moment with an unchanged clock time keeps its seconds and microseconds, which no control shows."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        visibility = source.visibility if fields.visibility is UNCHANGED else fields.visibility
        fields = _with_publisher(source.desk, fields, visibility, by=by, now=now)
        return change_source(source=source, fields=fields, seen=seen, effects=effects, by=by, now=now)


def _keep_first(file: File | None, desk: Desk, by: User) -> None:
    """Store the bytes of a file before the graph's lock is taken, for people who may write on the desk."""
    if file is not None:
        # Asked first: strangers must not fill the storage.
        may_write(by, desk)
        assert file.stored


def _with_publisher(desk: Desk, fields: SourceInput, visibility: str, *, by: User, now: datetime) -> SourceInput:
    """Return the fields of a source with its publisher as an id; a new one has the source's visibility."""
    if not isinstance(fields.publisher, NamedActor):
        return fields
    with _naming("publisher"):
        publisher = _actor(desk, fields.publisher, visibility or Visibility.DESK, by=by, now=now)
    return replace(fields, publisher=publisher.pk)


def with_actors(desk: Desk, fields: ClaimInput, *, by: User, now: datetime) -> ClaimInput:
    """Return the fields of a claim with its new actors created, as ids."""

    def found(value: UUID | NamedActor | None, name: str) -> UUID | None:
        if not isinstance(value, NamedActor):
            return value
        with _naming(name):
            return _actor(desk, value, Visibility.DESK, by=by, now=now).pk

    actors: FieldValues = {}
    if fields.claimant is not UNCHANGED:
        actors["claimant"] = found(fields.claimant, "claimant")
    if fields.parties is not UNCHANGED:
        actors["parties"] = [found(value, "parties") for value in fields.parties or ()]
    if fields.also_claimed_by is not UNCHANGED:
        actors["also_claimed_by"] = [found(value, "also_claimed_by") for value in fields.also_claimed_by or ()]
    return replace(fields, **actors)


def _actor(desk: Desk, new: NamedActor, visibility: str, *, by: User, now: datetime) -> Actor:
    """The actor of that name, or a new one, seen by whom the thing is seen by that names it."""
    name = " ".join(new.name.split())
    restricted = visibility == Visibility.RESTRICTED
    # A name that the person sees already is that actor: a second row would count as a second voice (decision 43).
    present = actor_called(by, desk.pk, name, restricted=restricted) if name and "\x00" not in name else None
    fields = ActorInput(
        name=name,
        kind=new.kind,
        visibility=visibility,
        part_of=new.speaks_for or UNCHANGED,
        speaks_for_checked=new.speaks_for_checked or UNCHANGED,
    )
    if present is not None:
        _refuse_another_answer(present, new)
    return present or create_actor(desk=desk, fields=fields, by=by, now=now)


def _refuse_another_answer(present: Actor, new: NamedActor) -> None:
    """Refuse an answer to whom the actor speaks for that its entry does not have: it would be lost. Raises Invalid."""
    is_another = new.speaks_for not in (None, present.part_of_id)
    is_new = new.speaks_for_checked and (present.part_of_id is not None or not present.speaks_for_checked)
    if is_another or is_new:
        message = _("“%(name)s” is already on the desk. Record on its page whom it speaks for, and leave this empty.")
        raise Invalid({"part_of": [message % {"name": present.name}]})


def _source(desk: Desk, carrier: CarrierInput, visibility: Given[str], *, by: User, now: datetime) -> Source:
    """Return the chosen source, or a new one, with the file kept."""
    given = carrier.new.given()
    described = bool(given.get("url") or given.get("title"))
    if carrier.source is not None:
        if described:
            raise Invalid({"source.id": [_("Choose an existing source or describe a new one, not both.")]})
        source = named_source(by, desk.pk, carrier.source, "source.id")
    else:
        if not described and carrier.file is None:
            raise Invalid({"source.url": [_("Enter a URL, add a file, or choose an existing source.")]})
        source = _new_source(desk, carrier, visibility, by=by, now=now)
    if carrier.file is not None:
        with _naming("source"):
            record_file(source=source, stored=carrier.file.stored, name=carrier.file.name, by=by, now=now)
    return source


def _new_source(desk: Desk, carrier: CarrierInput, given_visibility: Given[str], *, by: User, now: datetime) -> Source:
    """Create the source; it has the visibility that its evidence is given, or else the desk's."""
    visibility = Visibility.DESK.value if given_visibility is UNCHANGED else given_visibility or Visibility.DESK.value
    fields, given = replace(carrier.new, visibility=visibility), carrier.new.given()
    if not given.get("title") and not given.get("url") and carrier.file is not None:
        fields = replace(fields, title=carrier.file.name[:300])
    with _naming("source"):
        fields = _with_publisher(desk, fields, visibility, by=by, now=now)
        return create_source(desk=desk, fields=fields, by=by, now=now)


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Prefix the field of errors raised inside: `url` becomes `source.url`."""
    try:
        yield
    except Invalid as error:
        raise Invalid({f"{part}.{name}": texts for name, texts in error.errors.items()}) from error
