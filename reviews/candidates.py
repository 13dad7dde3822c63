"""Possible reviewers of a claim, ranked, with the reasons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from accounts.models import Role, User
from accounts.queries import members_of
from claims.access.conflicts import conflicts_told
from claims.models import Claim
from reviews.models import Assignment, AssignmentState
from sources.models import Actor


@dataclass(frozen=True)
class Candidate:
    """A possible reviewer, with their workload and the reasons for and against.

    `reads_it`: reads the language of its original wording. `on_its_topics`: claims of the desk on one of its topics
    that they completed. `conflict`: the actor of the claim that their conflict of interest touches, as far as the
    reader may know of it; they cannot be assigned.
    """

    person: User
    open_assignments: int
    reported_it: bool
    has_it: bool
    reads_it: bool
    on_its_topics: int
    is_away: bool
    conflict: Actor | None

    @property
    def place(self) -> tuple[Any, ...]:
        """Their rank: availability first, then workload, language and topics."""
        cannot = (self.conflict is not None, self.has_it)
        return (*cannot, self.reported_it, self.is_away, self.open_assignments, not self.reads_it, -self.on_its_topics)


def candidates_for(claim: Claim, *, to: User, now: datetime) -> list[Candidate]:
    """All reviewers of the claim's desk, as shown `to` a person, the best first.

    The reporter, people already assigned, and people with a conflict come last.
    """
    completed = Q(
        assignments__state=AssignmentState.COMPLETED,
        assignments__claim__desk=claim.desk_id,
        assignments__claim__topics__in=claim.topics.all(),
    )
    people = members_of(claim.desk, Role.REVIEWER, Role.EDITOR).annotate(
        open_work=Count("assignments", filter=Q(assignments__ended_at__isnull=True), distinct=True),
        on_its_topics=Count("assignments__claim", filter=completed, distinct=True),
    )
    holding = set(Assignment.objects.filter(claim=claim, ended_at__isnull=True).values_list("reviewer_id", flat=True))
    conflicts = conflicts_told(claim, [person.pk for person in people], to=to)
    found = [
        Candidate(
            person=person,
            open_assignments=person.open_work,
            reported_it=person.pk == claim.created_by_id,
            has_it=person.pk in holding,
            reads_it=_reads(person, claim.language),
            on_its_topics=person.on_its_topics,
            is_away=person.is_away(now.astimezone(ZoneInfo(person.time_zone)).date()),
            conflict=conflicts.get(person.pk),
        )
        for person in people
    ]
    return sorted(found, key=lambda one: (*one.place, one.person.username))


def _reads(person: User, language: str) -> bool:
    """Whether the person reads a language, whatever its region or script: `ru-UA` is `ru`."""
    return bool(language) and _tongue(language) in {_tongue(tag) for tag in person.reads}


def _tongue(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].lower()
