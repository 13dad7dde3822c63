"""Following changes of what assessments that wait, and verdicts, rest on: whoever makes them, by whichever act.

The database notes each change (migration 0020); the last step of every action reads what it touches again, in the same
transaction. A verdict whose grounds are not what they were is marked, and somebody else is asked to look.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from claims.models import (
    Claim,
    Grounds,
    GroundsChange,
    GroundsCheck,
    GroundsTouch,
    GroundsWatch,
    StatusChange,
    StatusChangeGrounds,
    TaskKind,
)
from claims.states import VERDICTS
from claims.verdicts.grounds import Content, PresentGrounds, RestsOn, differences, keep_grounds, now_of
from claims.verdicts.re_checks import end_tasks, open_grounds_task
from house.transactions import Noted

AT_ONCE = 50  # watched grounds that a change has read again at once; the others get a row and are read after it


@dataclass(frozen=True, slots=True)
class Followed:
    """A change of watched grounds: those kept with this id, by an act of this kind. `changed`: whether they are now
    other than kept."""

    claim: Claim
    grounds: UUID
    by: UUID | None
    kind: str
    at: datetime
    of_verdict: bool
    changed: bool


def follow(acts: Sequence[Noted]) -> list[Followed]:
    """Read again what the present transaction has touched; whose change it was, the last act that it recorded says.

    Raises RuntimeError where none was recorded: nobody changes what others stand for off the record.
    """
    subjects = _take_touches()
    if not subjects:
        return []
    if not acts:
        raise RuntimeError("what an assessment or a verdict rests on was changed, and no act was recorded")
    touched = GroundsWatch.objects.filter(subjects__overlap=list(subjects)).order_by("-of_verdict", "claim", "pk")
    ids = list(touched.values_list("pk", flat=True))
    who = acts[-1]
    GroundsCheck.objects.bulk_create(
        [GroundsCheck(watch_id=pk, by_id=who.by, kind=who.kind, at=who.at) for pk in ids[AT_ONCE:]], batch_size=5000
    )
    return _look_at(ids[:AT_ONCE], who)


def _take_touches() -> set[UUID]:
    """The rows that this transaction has changed. Those of others are not to be seen: they are gone when these end."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {GroundsTouch._meta.db_table} RETURNING subject")  # noqa: S608 - our own table
        return {subject for (subject,) in cursor.fetchall()}


def _look_at(ids: Collection[UUID], who: Noted) -> list[Followed]:
    claims = _locked_claims(GroundsWatch.objects.filter(pk__in=ids).values_list("claim", flat=True))
    watches = GroundsWatch.objects.filter(pk__in=ids).select_related("grounds").order_by("claim", "pk")
    return [change for watch in watches for change in look_again(watch, claims[watch.claim_id], [who])]


def _locked_claims(ids: Iterable[UUID]) -> dict[UUID, Claim]:
    """The claims, locked row by row in the order in which they are locked everywhere."""
    rows = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("desk")
    return {claim.pk: claim for claim in rows.filter(pk__in=list(ids)).order_by("pk")}


def look_again(watch: GroundsWatch, claim: Claim, who: Sequence[Noted]) -> list[Followed]:
    """Read the watched grounds of a locked claim again; nothing where they are as they were when last read.

    What differs is of all of `who`, and of whoever made a change that still waits to be read: nobody can tell them
    apart any more.
    """
    waiting = list(GroundsCheck.objects.filter(watch=watch).order_by("pk"))
    GroundsCheck.objects.filter(pk__in=[check.pk for check in waiting]).delete()
    who = [*who, *(Noted(check.kind, check.by_id, check.at) for check in waiting)]
    kept = watch.grounds
    found = now_of(claim, kept)
    if found.digest == watch.digest:
        if found.subjects != frozenset(watch.subjects):
            watch.subjects = sorted(found.subjects)
            watch.save(update_fields=["subjects"])
        return []
    before = watch.content if watch.content is not None else kept_content(kept)
    changed = differences(before, now=found.content) if before is not None else []
    by_person = {each.by: each for each in who}
    for each in by_person.values():
        GroundsChange.objects.create(
            grounds=kept,
            by_id=each.by,
            kind=each.kind,
            at=each.at,
            fields=[list(one.place) for one in changed],
            digest=found.digest,
        )
    watch.digest, watch.subjects = found.digest, sorted(found.subjects)
    watch.content = None if found.digest == kept.digest else found.content
    watch.save(update_fields=["digest", "subjects", "content"])
    last = max(each.at for each in who)
    if watch.of_verdict:
        _mark(claim, changed=watch.content is not None, now=last)
    return [
        Followed(claim, kept.pk, each.by, each.kind, each.at, watch.of_verdict, watch.content is not None)
        for each in by_person.values()
    ]


def _mark(claim: Claim, *, changed: bool, now: datetime) -> None:
    """Say on a locked claim whether its verdict's grounds are others now; undone, nothing is left to look at."""
    if changed == claim.changed_since_verdict:
        return
    claim.grounds_changed_at = now if changed else None
    claim.save(update_fields=["grounds_changed_at"])
    if changed:
        open_grounds_task(claim, now=now)
    else:
        end_tasks(now=now, claim=claim, kind=TaskKind.GROUNDS_CHANGED)


def kept_content(grounds: Grounds) -> Content | None:
    """What was kept; None once a redaction erased it."""
    return grounds.content if isinstance(grounds.content, dict) else None


def watch_grounds(grounds: Grounds, subjects: Iterable[UUID], *, of_verdict: bool = False) -> None:
    """Watch grounds that were kept in this transaction, or that are as they were kept."""
    GroundsWatch.objects.create(
        grounds=grounds,
        claim_id=grounds.claim_id,
        of_verdict=of_verdict,
        subjects=sorted(subjects),
        digest=grounds.digest,
    )


def keep_and_watch(claim: Claim, asked: RestsOn, *, now: datetime) -> Grounds:
    """Keep the grounds of an assessment that waits from now on."""
    grounds, found = keep_grounds(claim, asked, now=now)
    watch_grounds(grounds, found.subjects)
    return grounds


def stop_watching(**which: Any) -> None:
    """Nobody stands for these grounds any more."""
    GroundsWatch.objects.filter(**which).delete()


def rest_on(claim: Claim, change: StatusChange, grounds: Grounds | None) -> None:
    """A locked claim has moved, on grounds that a second person approved or (None) by one person alone.

    What its last verdict rested on concerns nobody any more; those of a new one are watched from now on.
    """
    if change.from_state in VERDICTS:
        stop_watching(claim=claim, of_verdict=True)
        _mark(claim, changed=False, now=change.at)
    if grounds is None:
        return
    StatusChangeGrounds(claim=claim, seq=change.seq, grounds=grounds).save(force_insert=True)
    # Watched anew, as they are: a change that still waits to be read was undone by now, as the approval has found.
    stop_watching(grounds=grounds)
    if change.to_state in VERDICTS:
        watch_grounds(grounds, now_of(claim, grounds).subjects, of_verdict=True)


def verdict_watch(claim: Claim) -> GroundsWatch | None:
    """What a claim's verdict rests on, and whether it still does; None where it is in no verdict."""
    return GroundsWatch.objects.filter(claim=claim, of_verdict=True).select_related("grounds").first()


def stand_for_now(claim: Claim, kept: Grounds, found: PresentGrounds, *, now: datetime) -> Grounds:
    """A locked claim's verdict rests on what was found from now on: somebody who did not change it has looked."""
    grounds = Grounds.objects.create(
        claim=claim,
        state=kept.state,
        digest=found.digest,
        content=found.content,
        named=kept.named,
        answered=kept.answered,
        kept_at=now,
    )
    stop_watching(claim=claim, of_verdict=True)
    watch_grounds(grounds, found.subjects, of_verdict=True)
    claim.grounds_changed_at = None
    claim.save(update_fields=["grounds_changed_at"])
    return grounds
