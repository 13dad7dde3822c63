"""Watching the grounds of open assessments and of verdicts for changes by any act.

Triggers note each changed row (migration 0020). The last step of every action reads the grounds affected again, in the
same transaction. A verdict whose grounds differ is flagged, and a re-check is opened for another person.
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

AT_ONCE = 50  # watched grounds that a change reads itself; a worker reads the others later


@dataclass(frozen=True, slots=True)
class Followed:
    """A change to the watched grounds kept with this id, by an act of this kind. `changed`: whether they now differ."""

    claim: Claim
    grounds: UUID
    by: UUID | None
    kind: str
    at: datetime
    of_verdict: bool
    changed: bool


def follow(acts: Sequence[Noted]) -> list[Followed]:
    """Read the grounds again whose rows the present transaction has changed, and attribute the change to its last
    recorded act.

    Raises RuntimeError where none was recorded: every change to watched grounds has to be on record.
    """
    subjects = _take_touches()
    if not subjects:
        return []
    # An action that changes grounds and records nothing is a fault of ours: nothing of it is kept.
    if not acts:
        raise RuntimeError("what an assessment or a verdict rests on was changed, and no act was recorded")
    # Verdicts first: they are marked at once, and waiting assessments are compared again at approval (decision 86).
    touched = GroundsWatch.objects.filter(subjects__overlap=list(subjects)).order_by("-of_verdict", "claim", "pk")
    ids = list(touched.values_list("pk", flat=True))
    # The entry that the same transaction recorded says whose change it is (decision 86).
    who = acts[-1]
    GroundsCheck.objects.bulk_create(
        [GroundsCheck(watch_id=pk, by_id=who.by, kind=who.kind, at=who.at) for pk in ids[AT_ONCE:]], batch_size=5000
    )
    return _look_at(ids[:AT_ONCE], who)


def _take_touches() -> set[UUID]:
    """Take the rows that this transaction has changed.

    Those of other transactions are invisible, and gone when they end.
    """
    with connection.cursor() as cursor:
        # Taken and not read: a deferred constraint refuses the commit while a row is left.
        cursor.execute(f"DELETE FROM {GroundsTouch._meta.db_table} RETURNING subject")  # noqa: S608 - our own table
        return {subject for (subject,) in cursor.fetchall()}


def _look_at(ids: Collection[UUID], who: Noted) -> list[Followed]:
    claims = _locked_claims(GroundsWatch.objects.filter(pk__in=ids).values_list("claim", flat=True))
    watches = GroundsWatch.objects.filter(pk__in=ids).select_related("grounds").order_by("claim", "pk")
    return [change for watch in watches for change in look_again(watch, claims[watch.claim_id], [who])]


def _locked_claims(ids: Iterable[UUID]) -> dict[UUID, Claim]:
    """Lock the claims row by row, in the order used everywhere."""
    rows = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("desk")
    return {claim.pk: claim for claim in rows.filter(pk__in=list(ids)).order_by("pk")}


def look_again(watch: GroundsWatch, claim: Claim, who: Sequence[Noted]) -> list[Followed]:
    """Read the watched grounds of a locked claim again; None where nothing changed since the last reading.

    A difference is attributed to all of `who` and to the authors of changes that still wait to be read, since they can
    no longer be told apart.
    """
    waiting = list(GroundsCheck.objects.filter(watch=watch).order_by("pk"))
    GroundsCheck.objects.filter(pk__in=[check.pk for check in waiting]).delete()
    who = [*who, *(Noted(check.kind, check.by_id, check.at) for check in waiting)]
    kept = watch.grounds
    found = now_of(claim, kept)
    if found.digest == watch.digest:
        # The same grounds may rest on other rows by now, such as a restricted one beside them: these are watched too.
        if found.subjects != frozenset(watch.subjects):
            watch.subjects = sorted(found.subjects)
            watch.save(update_fields=["subjects"])
        return []
    # Compared with the last reading, so that each change has its own author and not all that came before.
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
    """Flag a locked claim whose verdict's grounds differ, or clear the flag and its re-check where the change was
    undone.
    """
    if changed == claim.changed_since_verdict:
        return
    claim.grounds_changed_at = now if changed else None
    claim.save(update_fields=["grounds_changed_at"])
    if changed:
        open_grounds_task(claim, now=now)
    else:
        end_tasks(now=now, claim=claim, kind=TaskKind.GROUNDS_CHANGED)


def kept_content(grounds: Grounds) -> Content | None:
    """The kept grounds; None once a redaction has erased them."""
    return grounds.content if isinstance(grounds.content, dict) else None


def watch_grounds(grounds: Grounds, subjects: Iterable[UUID], *, of_verdict: bool = False) -> None:
    """Watch grounds that were kept in this transaction, or that are unchanged since."""
    GroundsWatch.objects.create(
        grounds=grounds,
        claim_id=grounds.claim_id,
        of_verdict=of_verdict,
        subjects=sorted(subjects),
        digest=grounds.digest,
    )


def keep_and_watch(claim: Claim, asked: RestsOn, *, now: datetime) -> Grounds:
    """Keep the grounds of an assessment under review, and watch them from now on."""
    grounds, found = keep_grounds(claim, asked, now=now)
    watch_grounds(grounds, found.subjects)
    return grounds


def stop_watching(**which: Any) -> None:
    """Stop watching grounds whose assessment is no longer open."""
    GroundsWatch.objects.filter(**which).delete()


def rest_on(claim: Claim, change: StatusChange, grounds: Grounds | None) -> None:
    """Keep the grounds that a second person approved with a move of a locked claim; (None) one person's move keeps
    none.

    Watching those of its last verdict ends; those of a new verdict are watched from now on.
    """
    # The mark was about a verdict that has ended.
    if change.from_state in VERDICTS:
        stop_watching(claim=claim, of_verdict=True)
        _mark(claim, changed=False, now=change.at)
    if grounds is None:
        return
    StatusChangeGrounds(claim=claim, seq=change.seq, grounds=grounds).save(force_insert=True)
    # Watch the present grounds: the approval found that any change still waiting to be read was undone.
    stop_watching(grounds=grounds)
    if change.to_state in VERDICTS:
        watch_grounds(grounds, now_of(claim, grounds).subjects, of_verdict=True)


def verdict_watch(claim: Claim) -> GroundsWatch | None:
    """The watch on a claim's verdict, with whether it changed; None where the claim is in no verdict."""
    return GroundsWatch.objects.filter(claim=claim, of_verdict=True).select_related("grounds").first()


def stand_for_now(claim: Claim, kept: Grounds, found: PresentGrounds, *, now: datetime) -> Grounds:
    """Make the present grounds those of a locked claim's verdict, checked by a person who did not change them."""
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
