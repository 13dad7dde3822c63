"""Load the demonstration data through the same actions that people use, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.actions import create_desk, create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Desk, Role, User
from claims.actions.claims import publish_claim, report_claim
from claims.actions.evidence import attach_evidence, change_evidence
from claims.actions.sources import add_relay, retract_source
from claims.inputs import ClaimInput, ElementInput, EvidenceInput
from claims.models import Claim, Evidence
from demonstration.desk import actors, drones, open_work, reporting, shells
from demonstration.desk.shapes import (
    Accept,
    Act,
    Assign,
    At,
    Attach,
    Decide,
    DemoActor,
    DemoClaim,
    DemoClose,
    DemoEvidence,
    DemoSource,
    Find,
    NameDecider,
    Publish,
    Retract,
    Supersede,
)
from ledger.recording import older_acts
from reviews.actions.assessments import approve, reject, submit_assessment
from reviews.actions.assignments import accept_assignment, assign, close_claim, name_decider
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, AssessmentState, Assignment
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Source

ZONE = "Europe/Kyiv"
ON_THE_DESK = {
    "reporter": Role.REPORTER,
    "reviewer": Role.REVIEWER,
    "reviewer2": Role.REVIEWER,
    "editor": Role.EDITOR,
    "auditor": Role.AUDITOR,
}
LOGINS = (*ON_THE_DESK, "admin", "stranger")
_FOUNDED = datetime(2022, 10, 24, 8, tzinfo=UTC)


def password_of(name: str) -> str:
    return f"demo-{name}"


def load_demonstration(*, now: datetime) -> None:
    """Create people, desks and claims, with open work due around `now`.

    Raises Invalid if one of the user names or prefixes is taken.
    """
    with transaction.atomic(), older_acts():
        people = {name: _person(name) for name in LOGINS}
        desk = _desk("Ukraine desk", prefix="UKR", members={people[name]: role for name, role in ON_THE_DESK.items()})
        demo_actors = (*actors.ACTORS, *open_work.ACTORS)
        demo_sources = (*reporting.SOURCES, *open_work.SOURCES)
        main = _Loader(desk, people, now, demo_sources)
        main.write_actors(demo_actors, by="reporter", now=_FOUNDED)
        main.write_claims((*shells.CLAIMS, *drones.CLAIMS, *open_work.CLAIMS))
        other_desk = _desk("Strait desk", prefix="STR", members={people["stranger"]: Role.EDITOR})
        other = _Loader(other_desk, people, now, open_work.OTHER_SOURCES)
        other.write_actors(open_work.OTHER_ACTORS, by="stranger", now=_FOUNDED)
        other.write_claims(open_work.OTHER_CLAIMS)


def _person(name: str) -> User:
    return create_user(
        account=AccountInput(
            username=name,
            password=password_of(name),
            email=f"{name}@example.org",
            time_zone=ZONE,
            is_administrator=name == "admin",
        ),
        check_password=False,
        by=None,
    )


def _desk(name: str, *, prefix: str, members: dict[User, Role]) -> Desk:
    desk = create_desk(name=name, prefix=prefix, is_demonstration=True, by=None, now=_FOUNDED)
    for user, role in members.items():
        set_role(desk=desk, user=user, role=role, by=None, now=_FOUNDED)
    return desk


@dataclass
class _Loader:
    """The rows of one desk by key, as they are created."""

    desk: Desk
    people: dict[str, User]
    now: datetime
    demo_sources: Iterable[DemoSource]
    actors: dict[str, Actor] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    def moment(self, at: At) -> datetime:
        return self.now - at if isinstance(at, timedelta) else at

    def due(self, due: At | str | None) -> datetime | None:
        """The due time: 17:00 if it is counted from the loading, or the end of the loader's day."""
        zone = ZoneInfo(ZONE)
        if due == "today":
            tomorrow = self.now.astimezone(zone).date() + timedelta(days=1)
            return datetime.combine(tomorrow, time.min, zone) - timedelta(seconds=1)
        if isinstance(due, timedelta):
            return datetime.combine(self.moment(due).astimezone(zone).date(), time(17), zone)
        return due if isinstance(due, datetime) else None

    def write_actors(self, rows: Iterable[DemoActor], *, by: str, now: datetime) -> None:
        for row in rows:
            fields = ActorInput(
                **row.fields,
                name=row.name or row.key,
                kind=row.kind,
                visibility=row.visibility,
                part_of=self.actors[row.part_of].pk if row.part_of else None,
                speaks_for_checked=True,
            )
            self.actors[row.key] = create_actor(desk=self.desk, fields=fields, by=self.people[by], now=now)

    def source(self, key: str, *, by: User, now: datetime) -> Source:
        """The source, created with its relays on its first use."""
        if key in self.sources:
            return self.sources[key]
        row = next(each for each in self.demo_sources if each.key == key)
        fields = SourceInput(
            **row.fields,
            title=row.title,
            kind=row.kind,
            basis=row.basis,
            publisher=self.actors[row.publisher].pk if row.publisher else None,
            published_at=self.moment(row.published) if row.published else None,
        )
        source = create_source(desk=self.desk, fields=fields, by=by, capture=False, now=now)
        self.sources[key] = source
        for above, quote in row.upstream.items():
            upstream = self.source(above, by=by, now=now)
            add_relay(downstream=source, upstream=upstream.pk, quote=quote, by=by, now=now)
        return source

    def write_claims(self, rows: Iterable[DemoClaim]) -> None:
        for row in rows:
            claim = self._report(row)
            for step in row.steps:
                self._do(claim, step.act, by=self.people[step.by], now=self.moment(step.at))

    def _report(self, row: DemoClaim) -> Claim:
        by, now = self.people[row.by], self.moment(row.at)
        fields = {
            **row.fields,
            "statement": row.statement,
            "claimant": self.actors[row.claimant].pk if row.claimant else None,
            "parties": [self.actors[party].pk for party in row.parties],
            "claimed_on": row.claimed_on,
            "elements": [ElementInput(text=text) for text in row.elements],
            "topics": row.topics,
        }
        evidence = [self._piece(piece, piece.elements, by, now) for piece in row.evidence]
        return report_claim(
            desk=self.desk, fields=ClaimInput(**fields), evidence=evidence, by=by, reason=row.reason, now=now
        )

    def _piece(self, piece: DemoEvidence, elements: Sequence[Any], by: User, now: datetime) -> EvidenceInput:
        return EvidenceInput(
            **piece.fields,
            source=self.source(piece.source, by=by, now=now).pk,
            stance=piece.stance,
            excerpt=piece.excerpt,
            elements=elements,
            against_interest=self.actors[piece.against_interest].pk if piece.against_interest else None,
        )

    def _do(self, claim: Claim, act: Act, *, by: User, now: datetime) -> None:
        match act:
            case Attach(piece):
                elements = list(claim.elements.values_list("pk", flat=True))
                fields = self._piece(piece, [elements[number] for number in piece.elements], by, now)
                attach_evidence(claim=claim, fields=fields, by=by, now=now)
            case Supersede(earlier, later):
                item = Evidence.objects.get(pk=self._evidence(claim, earlier))
                elements = list(item.elements.values_list("pk", flat=True))
                changes = EvidenceInput(superseded_by=self._evidence(claim, later), elements=elements)
                change_evidence(evidence=item, fields=changes, by=by, now=now)
            case Assign(reviewer, due):
                assign(claim=claim, reviewer=self.people[reviewer], due_at=self.due(due), by=by, now=now)
            case Accept():
                accept_assignment(
                    assignment=Assignment.objects.get(claim=claim, reviewer=by, ended_at=None), by=by, now=now
                )
            case NameDecider(person):
                name_decider(claim=claim, user=self.people[person], by=by, now=now)
            case Find():
                self._find(claim, act, by, now)
            case Decide():
                self._decide(claim, act, by, now)
            case Publish():
                publish_claim(claim=claim, by=by, now=now)
            case Retract(source, reason):
                retract_source(source=self.sources[source], reason=reason, by=by, now=now)
            case DemoClose(reason, note):
                close_claim(claim=claim, reason=reason, note=note, by=by, now=now)

    def _evidence(self, claim: Claim, source: str) -> UUID:
        return claim.evidence.get(source=self.sources[source]).pk

    def _find(self, claim: Claim, act: Find, by: User, now: datetime) -> None:
        submit_assessment(
            claim=claim,
            fields=AssessmentInput(
                proposed_state=act.state,
                rationale=act.rationale,
                evidence=[self._evidence(claim, source) for source in act.evidence],
                answers=[
                    AnswerInput(evidence=self._evidence(claim, source), text=text)
                    for source, text in act.answers.items()
                ],
                elements=[
                    ElementLine(element=element.pk, text=text)
                    for element, text in zip(claim.elements.all(), act.lines, strict=bool(act.lines))
                ],
                seen_version=_version(claim),
            ),
            by=by,
            now=now,
        )

    def _decide(self, claim: Claim, act: Decide, by: User, now: datetime) -> None:
        waiting = Assessment.objects.get(claim=claim, state=AssessmentState.WAITING)
        decide = approve if act.approve else reject
        decide(assessment=waiting, reason=act.reason, seen_version=_version(claim), by=by, now=now)


def _version(claim: Claim) -> int:
    """The present version: people in the story have just read the page."""
    return Claim.objects.values_list("version", flat=True).get(pk=claim.pk)
