"""The authors of changes to kept grounds: who made each change, and who acted on its row since, also while it was not
part of the grounds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import Act, FieldChange
from claims.models import Claim, Evidence, Grounds, GroundsChange, GroundsCheck
from claims.verdicts.grounds import Content, Difference, differences
from claims.verdicts.grounds_watch import kept_content
from ledger.entries import read_entry
from sources.models import Actor, Attachment, Relay, Source, Visibility

By = tuple[UUID, str, datetime]
"""A person: their id, their user name, and when they did it."""

Place = tuple[str, str, str]

_Created = Claim | Evidence | Source | Relay | Attachment | Actor

# The model of each kind of row, and how the kinds of acts that change one begin. A claim and its elements are always
# part of the grounds; its desk's threshold is not while the claim has its own.
_KINDS: dict[str, tuple[type[_Created], tuple[str, ...]]] = {
    "claim": (Claim, ("policy_changed",)),
    "evidence": (Evidence, ("evidence_",)),
    "contrary": (Evidence, ("evidence_",)),
    "source": (Source, ("source_",)),
    "relay": (Relay, ("relay_",)),
    "file": (Attachment, ("attachment_", "capture_")),
    "actor": (Actor, ("actor_",)),
}


@dataclass(frozen=True)
class Authors:
    """`people`: all who made a difference or acted on its row. `known`: whether each difference has a known author."""

    people: frozenset[UUID] = frozenset()
    known: bool = True
    by_place: Mapping[Place, tuple[By, ...]] = field(default_factory=dict)


def authors_of(kept: Grounds, now: Content) -> Authors:
    """The authors of the differences between kept and present grounds.

    A released row also counts as a change by the person who added it, and by all who acted on it before. Where a
    redaction erased the kept grounds, anything present may differ, and an unknown person may have made it so.
    """
    then = kept_content(kept)
    changed = differences(then or {}, now=now)
    since, changes = _since(kept)
    by_place: dict[Place, list[By]] = {}
    for change in changes:
        for place in change.fields:
            if change.by is not None:
                by_place.setdefault(tuple(place), []).append((change.by.pk, change.by.username, change.at))
    acted = _acted_on(changed, then or {}, now=now, since=since, kept=kept)
    edits = _edits(changed, since)
    made = {
        # The field's own edits say most, then changes that were followed, then everyone who acted on the row.
        each.place: tuple(edits.get(each.place) or by_place.get(each.place) or acted.get(each.place, ()))
        for each in changed
    }
    known = then is not None and all(made.values())
    people = {change.by_id for change in changes if change.by_id is not None}
    people |= {by for rows in acted.values() for by, _name, _at in rows}
    # Changes that a worker has not read yet belong to all who made one: they cannot be told apart (decision 86).
    people |= set(GroundsCheck.objects.filter(watch=kept.pk, by__isnull=False).values_list("by", flat=True))
    if not known:  # an erasure outside the grounds is in no row's stream
        erasing = Act.objects.filter(kind="redacted", desk=kept.claim.desk_id, at__gt=since, by__isnull=False)
        people |= set(erasing.values_list("by", flat=True))
    return Authors(frozenset(people), known, made)


def _edits(changed: Iterable[Difference], since: datetime) -> dict[Place, tuple[By, ...]]:
    """The editors of each differing field since, also while its row was not part of the grounds."""
    wanted = {(UUID(each.subject), each.field): each.place for each in changed if each.field}
    found: dict[Place, tuple[By, ...]] = {}
    rows = FieldChange.objects.filter(row__in={row for row, _name in wanted}, at__gt=since, by__isnull=False)
    for change in rows.select_related("by").order_by("version"):
        for name in change.fields:
            place = wanted.get((change.row, name))
            if place is not None and change.by is not None:
                found[place] = (*found.get(place, ()), (change.by.pk, change.by.username, change.at))
    return found


def _since(kept: Grounds) -> tuple[datetime, list[GroundsChange]]:
    """The changes that make the difference, oldest first, and their beginning: changes that were undone entirely no
    longer count.
    """
    since, found = kept.kept_at, list[GroundsChange]()
    for change in GroundsChange.objects.filter(grounds=kept).select_related("by").order_by("pk"):
        # Changed back to what was kept: nothing is left of this change and those before it.
        if change.digest == kept.digest:
            since, found = change.at, []
        else:
            found.append(change)
    return since, found


def _acted_on(
    changed: Iterable[Difference], then: Content, *, now: Content, since: datetime, kept: Grounds
) -> dict[Place, tuple[By, ...]]:
    """The people who acted on the row of each difference since, whatever its part in the grounds was then."""
    wanted = [(each, _streams(each, then, now=now, kept=kept)) for each in changed if each.kind in _KINDS]
    if not wanted:
        return {}
    acts = _acts_about({stream for _each, streams in wanted for stream in streams}, kept)
    creators = _creators(each for each, _named in wanted)
    found: dict[Place, tuple[By, ...]] = {}
    for each, streams in wanted:
        all_of_it = [act for stream in streams for act in acts.get(stream, ())]
        # Of the row's kind only: a source's stream also has acts on its files and relays.
        own = [act for act in all_of_it if act.kind.startswith(_KINDS[each.kind][1])]
        rows = [(act.by.pk, act.by.username, act.at) for act in own if act.by and act.at > since]
        if _came(each) and any(act.kind.endswith("_released") and act.at > since for act in all_of_it):
            # A file and a relay share a source's stream with others: earlier acts on them are their creator's alone.
            before = own if each.kind not in ("file", "relay") else []
            rows = [(act.by.pk, act.by.username, act.at) for act in before if act.by and act.at <= since] + rows
            rows = [*creators.get(each.subject, ()), *rows]
        found[each.place] = tuple(dict.fromkeys(rows))
    return found


def _came(each: Difference) -> bool:
    """Whether the kept grounds had nothing of the row except, of restricted evidence, that it is restricted."""
    if each.kind == "evidence" and each.field == "visibility":
        return bool(each.then == Visibility.RESTRICTED)
    return not each.field and each.then is None


def _acts_about(streams: Iterable[str], kept: Grounds) -> dict[str, list[Act]]:
    """The acts in these streams that change a row, oldest first.

    Acts on evidence that was not restricted are in its claim's stream, and are returned by the evidence that they name.
    """
    changes = reduce(or_, (Q(kind__startswith=prefix) for _model, prefixes in _KINDS.values() for prefix in prefixes))
    found: dict[str, list[Act]] = {}
    wanted = set(streams)
    of_claim = f"claim:{kept.claim_id}"
    named_there = {of_claim} if any(stream.startswith("evidence:") for stream in wanted) else set()
    rows = Act.objects.filter(changes, about__in=wanted | named_there, by__isnull=False)
    for act in rows.select_related("by", "entry").order_by("pk"):
        about = act.about
        if about == of_claim:
            if not act.kind.startswith("evidence_"):
                continue
            about = f"evidence:{read_entry(bytes(act.entry.leaf)).body['evidence']}"
        found.setdefault(about, []).append(act)
    return found


def _streams(each: Difference, then: Content, *, now: Content, kept: Grounds) -> list[str]:
    """The ledger streams that hold acts on a row; those of evidence as `_acts_about` returns them."""
    if each.kind == "claim":
        return [f"desk:{kept.claim.desk_id}"] if each.field == "threshold" else []
    if each.kind not in ("relay", "file"):
        return [f"{'evidence' if each.kind == 'contrary' else each.kind}:{each.subject}"]
    row: Any = now.get(each.kind, {}).get(each.subject) or then.get(each.kind, {}).get(each.subject) or {}
    return [f"source:{row[name]}" for name in ("source", "downstream", "upstream") if name in row]


def _creators(changed: Iterable[Difference]) -> dict[str, tuple[By, ...]]:
    """The creators of the added rows, by row id."""
    found: dict[str, tuple[By, ...]] = {}
    came = [each for each in changed if _came(each)]
    for kind in {each.kind for each in came}:
        rows = _KINDS[kind][0]._default_manager.filter(pk__in=[each.subject for each in came if each.kind == kind])
        for row in rows.select_related("created_by").order_by():
            found[str(row.pk)] = ((row.created_by.pk, row.created_by.username, row.created_at),)
    return found
