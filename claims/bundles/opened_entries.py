"""Exports of the ledger's acts: each entry with its proof, opened as far as the reader may see it.

Editors read what their desk's pages show, sealed or not; auditors what is not restricted, without assessments,
decisions and redactions; administrators what belongs to no desk. Whatever names a row hidden from the person now stays
closed (`claims.bundles.history_proofs.without_hidden`). Restricted material that is opened is recorded as read before
it is sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Act, Desk, Membership, Role, User
from accounts.queries import AuditedAct, acts_of
from claims.access.scopes import SCOPES
from claims.access.withheld import ids_in
from claims.bundles.history_proofs import without_hidden
from claims.models import Evidence
from claims.record.entry_labels import READ_BY_ADMINISTRATORS, READ_BY_EDITORS, READ_BY_EDITORS_ALONE
from claims.record.reads import note_shown
from ledger.canonical import canonical
from ledger.entries import Broken, read_entry
from ledger.exporting import OpenedLeaf
from ledger.models import Checkpoint, Entry, Erasure
from ledger.proofs import ProvenLeaf
from ledger.reading import prove
from sources.models import Actor, Attachment, Capture, Source, Visibility

AT_ONCE = 500  # entries
# Models with rows that can be restricted, and whose reads are recorded.
MATERIAL = (Source, Evidence, Actor, Attachment, Capture)


@dataclass(frozen=True)
class Reader:
    """A person who exports acts, with their present roles."""

    user: User

    @cached_property
    def roles(self) -> dict[UUID, str]:
        """The person's roles by desk."""
        return dict(Membership.objects.filter(user=self.user).values_list("desk_id", "role"))

    @property
    def may_audit(self) -> bool:
        """Whether the person may see any acts."""
        return self.user.is_staff or any(role in (Role.AUDITOR, Role.EDITOR) for role in self.roles.values())

    @property
    def audits_every_desk(self) -> bool:
        """Whether the person may have the entries as they are in the log."""
        auditing = [desk for desk, role in self.roles.items() if role == Role.AUDITOR]
        return bool(auditing) and not Desk.objects.exclude(pk__in=auditing).exists()

    def reads(self, act: Act) -> bool:
        """Whether the person may read an act's committed values, as far as they name nothing hidden."""
        if act.kind in READ_BY_ADMINISTRATORS or act.desk_id is None:
            return self.user.is_staff
        role = self.roles.get(act.desk_id)
        if role == Role.EDITOR:
            return act.kind in READ_BY_EDITORS
        return role == Role.AUDITOR and not act.sealed and act.kind in READ_BY_EDITORS - READ_BY_EDITORS_ALONE


def opened_acts(
    reader: Reader, acts: Sequence[Act], checkpoint: Checkpoint, among: QuerySet[Act]
) -> Iterator[OpenedLeaf]:
    """The entries of these acts from `acts_of`, in the order of the log, without those that the checkpoint lacks.

    An entry that names something hidden is given by its hash alone. `among`: the acts in the file; what a redaction
    among them erased is named.
    """
    entries = Entry.objects.filter(pk__in=[act.entry_id for act in acts])
    yield from _opened(reader, {act.entry_id: act for act in acts}, entries, checkpoint, among)


def whole_log(reader: Reader, checkpoint: Checkpoint) -> Iterator[OpenedLeaf]:
    """Every entry of the log for an auditor of every desk: as in the log, and opened where they may read the act."""
    for first in range(0, checkpoint.size, AT_ONCE):
        placed = Entry.objects.filter(place__index__gte=first, place__index__lt=first + AT_ONCE)
        acts = {act.entry_id: act for act in acts_of(reader.user).filter(entry__in=placed.values("pk"))}
        for one in _opened(reader, acts, placed, checkpoint, acts_of(reader.user)):
            # This reader has all leaves with all open names, so an entry that names something hidden is simply not
            # opened.
            leaf = replace(one.leaf, withheld=False, openings={} if one.leaf.withheld else one.leaf.openings)
            yield OpenedLeaf(leaf, one.erased)


def acts_told(reader: Reader, checkpoint: Checkpoint) -> Iterator[OpenedLeaf]:
    """The entries of all acts that the person may see, opened."""
    told = acts_of(reader.user)
    for batch in in_log_order(told, checkpoint):
        yield from opened_acts(reader, batch, checkpoint, told)


def in_log_order(acts: QuerySet[AuditedAct], checkpoint: Checkpoint) -> Iterator[list[AuditedAct]]:
    """The acts from `acts_of` that the checkpoint holds, in the order of the log, in batches of a few hundred."""
    last, rows = -1, acts.filter(entry__place__index__lt=checkpoint.size).order_by("entry__place__index")
    while batch := list(rows.filter(entry__place__index__gt=last)[:AT_ONCE]):
        yield batch
        index = batch[-1].log_index
        assert index is not None  # the filter above
        last = index


def _opened(
    reader: Reader, acts: Mapping[int, Act], entries: QuerySet[Entry], checkpoint: Checkpoint, among: QuerySet[Act]
) -> Iterator[OpenedLeaf]:
    rows = entries.filter(place__index__lt=checkpoint.size).order_by("place__index")
    proven = prove(rows, checkpoint)
    ids = list(rows.values_list("pk", flat=True))
    readable = [pk in acts and reader.reads(acts[pk]) for pk in ids]
    closed = [one if may else replace(one, openings={}) for may, one in zip(readable, proven, strict=True)]
    leaves = without_hidden(reader.user, closed)
    _note_reads(reader.user, leaves)
    erased = _erased(reader, ids, checkpoint, among)
    for pk, leaf in zip(ids, leaves, strict=True):
        yield OpenedLeaf(leaf, erased.get(pk, ()))


def _note_reads(user: User, leaves: Sequence[ProvenLeaf]) -> None:
    """Record the restricted material that was opened as read."""
    opened = [canonical(one.value).decode() for leaf in leaves for one in leaf.openings.values() if one]
    named = ids_in(
        *opened, *(leaf.leaf.decode(errors="replace") for leaf in leaves if leaf.openings and not leaf.withheld)
    )
    for model in MATERIAL if named else ():
        scope, rows = SCOPES[model](user), model._default_manager.all()
        note_shown(user, rows.filter(scope, pk__in=named, visibility=Visibility.RESTRICTED))


def _erased(
    reader: Reader, entries: Sequence[int], checkpoint: Checkpoint, among: QuerySet[Act]
) -> dict[int, set[str]]:
    """The names of fields that redactions among these acts erased, by entry, as far as the person may know of them."""
    rows = list(
        Erasure.objects.filter(entry__in=entries, said_in__place__index__lt=checkpoint.size).values_list(
            "entry_id", "name", "said_in_id"
        )
    )
    told = _told(reader, {said_in for _entry, _name, said_in in rows}, among) if rows else set()
    found: dict[int, set[str]] = {}
    for entry, name, said_in in rows:
        if said_in in told:
            found.setdefault(entry, set()).add(name)
    return found


def _told(reader: Reader, said_in: set[int], among: QuerySet[Act]) -> set[int]:
    """Those of these entries that are among the acts, and whose subject the person may read."""
    acts = list(among.filter(entry__in=said_in))
    leaves = [ProvenLeaf(0, bytes(act.entry.leaf), []) for act in acts]
    hidden = [one.withheld for one in without_hidden(reader.user, leaves)]
    return {
        act.entry_id
        for act, is_hidden in zip(acts, hidden, strict=True)
        if not is_hidden and (reader.reads(act) or _is_open(act))
    }


def _is_open(act: Act) -> bool:
    """Whether the entry states its kind openly."""
    try:
        return read_entry(bytes(act.entry.leaf)).kind == act.kind
    except Broken:
        return False
