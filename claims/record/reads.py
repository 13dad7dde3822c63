"""Recording that a person was shown restricted material, before it is sent; where recording fails, the page fails."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.utils import timezone

from accounts.actions.reads import note_reads
from accounts.models import User
from accounts.queries import recorded_reads
from claims.access.withheld import withhold
from claims.models import Claim, Evidence
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility

# The fields by which a row names others that may be restricted too.
NAMING = ("source", "publisher", "against_interest", "superseded_by", "part_of", "owned_by", "attachment")

Shown = Actor | Source | Evidence | Attachment | Capture | Relay


def note_shown(by: User, rows: Iterable[Shown]) -> None:
    """Remove from these rows what is hidden from the person (`claims.access.withheld`), and record the restricted ones
    as read.

    Rows fetched along with them are recorded too. Runs no query where nothing is restricted.
    """
    rows = list(rows)
    withhold(by, rows)
    found = {f"{type(row).__name__.lower()}:{row.pk}": row for row in _restricted(rows)}
    if not found:
        return
    now = timezone.now()
    new = found.keys() - recorded_reads(by, now.date(), found)
    if new:
        note_reads(by=by, subjects=_desks({subject: found[subject] for subject in new}), now=now)


def _restricted(rows: Iterable[Shown]) -> Iterator[Shown]:
    for row in rows:
        if isinstance(row, Relay):
            # The query knows that neither end is restricted, and has then read no more of them.
            if not getattr(row, "plainly", False):
                yield from _restricted(_read(row, "upstream", "downstream"))
        elif row.visibility == Visibility.RESTRICTED:
            # Whatever belongs to a thing is as strict as it: nothing restricted belongs to an unrestricted thing.
            yield row
            yield from _restricted(_read(row, *NAMING))


def _read(row: Shown, *names: str) -> list[Shown]:
    """The rows fetched along with a row, by the names of its foreign keys."""
    cached = row._state.fields_cache
    return [cached[name] for name in names if cached.get(name) is not None]


def _desks(found: dict[str, Shown]) -> dict[str, UUID]:
    """The desk of each of these."""
    claims = {row.claim_id for row in found.values() if isinstance(row, Evidence)}
    sources = {row.source_id for row in found.values() if isinstance(row, Attachment | Capture)}
    own = {row.pk for row in found.values() if isinstance(row, Source)}
    desks = dict(Claim.objects.filter(pk__in=claims).values_list("pk", "desk_id")) if claims else {}
    if sources or own:
        desks |= dict(Source.objects.filter(pk__in=sources | own).values_list("pk", "desk_id"))
    return {subject: _desk(row, desks) for subject, row in found.items()}


def _desk(row: Shown, desks: dict[UUID, UUID]) -> UUID:
    if isinstance(row, Evidence):
        return desks[row.claim_id]
    if isinstance(row, Attachment | Capture):
        return desks[row.source_id]
    if isinstance(row, Source):
        return desks[row.pk]
    assert isinstance(row, Actor) and row.desk_id is not None  # a shared actor is never restricted
    return row.desk_id
