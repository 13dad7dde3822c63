"""One claim of each kind found on a desk, made through the actions that people use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from claims.actions.claims import move_alone, report_claim
from claims.actions.evidence import attach_evidence, withdraw_evidence
from claims.actions.sources import add_relay, retract_source
from claims.inputs import ClaimInput, ElementInput, EvidenceInput, MoveInput
from claims.models import Claim, Evidence
from demonstration.scale.people import ScaleCast
from reviews.actions.assessments import approve, submit_assessment
from reviews.actions.assignments import accept_assignment, assign, close_claim
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, Assignment
from sources.actions import create_source
from sources.inputs import SourceInput
from sources.models import Actor, Source

# Placeholders in the specimen, replaced by words of each copy's own.
STATEMENT, PLACE, TITLE = "scale-statement", "scale-place", "scale-title"


@dataclass
class Specimen:
    """One claim in the making, on a day that advances with each step."""

    cast: ScaleCast
    at: datetime
    sources: int = 0
    step: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        statement = self.source(self.cast.spokesman, "statement", basis="firsthand")
        article = self.source(self.cast.outlet, "article", basis="secondhand")
        add_relay(
            downstream=article,
            upstream=statement.pk,
            quote="The spokesman said so.",
            by=self.cast.reporter,
            now=self.at,
        )
        self.claim: Claim = report_claim(
            desk=self.cast.desk,
            fields=ClaimInput(
                statement=STATEMENT,
                place=PLACE,
                claimant=self.cast.claimant.pk,
                parties=[self.cast.claimant.pk, self.cast.accused.pk],
                claimed_on=self.at.date(),
                topics=self.cast.topics,
                elements=[
                    ElementInput(text="It was moved"),
                    ElementInput(text="in that number", essential=False),
                ],
            ),
            evidence=[
                EvidenceInput(source=statement.pk, stance="supports", excerpt="We know of it.", credibility=3),
                EvidenceInput(source=article.pk, stance="supports", locator="paragraph 2"),
            ],
            by=self.cast.reporter,
            now=self.at,
        )

    def source(self, publisher: Actor, kind: str, *, basis: str) -> Source:
        """A source of the specimen's day, published at noon in UTC."""
        self.sources += 1
        return create_source(
            desk=self.cast.desk,
            fields=SourceInput(
                title=f"{TITLE}, item {self.sources}",
                url=f"https://example.org/{TITLE}/{self.sources}",
                kind=kind,
                basis=basis,
                publisher=publisher.pk,
                published_at=self.at.replace(hour=12, minute=0, second=0, microsecond=0),
                language="en",
            ),
            by=self.cast.reporter,
            capture=False,
            now=self.at,
        )

    def attach(self, publisher: Actor, stance: str, *, kind: str = "document") -> Evidence:
        source = self.source(publisher, kind, basis="firsthand")
        fields = EvidenceInput(source=source.pk, stance=stance, excerpt="This is what was seen.", credibility=2)
        return attach_evidence(claim=self.claim, fields=fields, by=self.cast.reviewer, now=self.at)

    def witnesses(self, stance: str) -> None:
        for witness in self.cast.witnesses:
            self.attach(witness, stance)

    def denial(self) -> Evidence:
        return self.attach(self.cast.agency, "denies", kind="statement")

    def named(self, stance: str) -> list[Any]:
        return list(self.claim.evidence.filter(stance=stance, withdrawn_at=None).values_list("pk", flat=True))

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)

    def assign(self, *, days: float = 7, accepted: bool = True) -> Assignment:
        row = assign(
            claim=self.claim,
            reviewer=self.cast.reviewer,
            due_at=self.at + timedelta(days=days),
            by=self.cast.editor,
            now=self.at,
        )
        return accept_assignment(assignment=row, by=self.cast.reviewer, now=self.at) if accepted else row

    def find(self, state: str, evidence: list[Any], *, answers: list[Any] = ()) -> Assessment:  # type: ignore[assignment]
        self.claim.refresh_from_db()
        return submit_assessment(
            claim=self.claim,
            fields=AssessmentInput(
                proposed_state=state,
                rationale="Two who do not depend on each other saw the same, and nothing speaks against it.",
                evidence=evidence,
                answers=[
                    AnswerInput(evidence=pk, text="It gives no detail and relies on the claimant.") for pk in answers
                ],
                elements=[ElementLine(element=element.pk, text="Borne out.") for element in self.claim.elements.all()],
                seen_version=self.claim.version,
            ),
            by=self.cast.reviewer,
            now=self.at,
        )

    def agree(self, assessment: Assessment) -> None:
        self.claim.refresh_from_db()
        approve(
            assessment=assessment,
            reason="I read both and agree.",
            seen_version=self.claim.version,
            by=self.cast.second_editor,
            now=self.at,
        )

    def move(self, to: str, evidence: list[Any]) -> None:
        self.claim.refresh_from_db()
        move_alone(
            claim=self.claim,
            fields=MoveInput(
                to=to, reason="That is what the party says.", evidence=evidence, seen_version=self.claim.version
            ),
            by=self.cast.editor,
            now=self.at,
        )

    def verdict(self, state: str, *, stance: str, answers: str = "") -> None:
        """Assign, assess and decide, in one `step` each."""
        self.assign()
        self.at += self.step
        assessment = self.find(state, self.named(stance), answers=self.named(answers) if answers else [])
        self.at += self.step
        self.agree(assessment)
        self.at += self.step


def reported(one: Specimen) -> None:
    """A claim as it was reported."""


def closed(one: Specimen) -> None:
    one.assign()
    one.later(days=2)
    close_claim(claim=one.claim, reason="uncheckable", note="Nobody can get there.", by=one.cast.editor, now=one.at)


def deniable(one: Specimen) -> None:
    """Reported, with a party's denial attached: an editor can record it."""
    one.denial()


def denied(one: Specimen) -> None:
    denial = one.denial()
    one.assign()
    one.later(days=1)
    one.find("denied", [denial.pk])


def corroborated(one: Specimen) -> None:
    one.witnesses("supports")
    one.verdict("corroborated", stance="supports")


def specimen_contested(one: Specimen) -> None:
    corroborated(one)
    one.denial()


def refuted(one: Specimen) -> None:
    one.witnesses("refutes")
    one.verdict("refuted", stance="refutes", answers="supports")


def moved_often(one: Specimen) -> None:
    """Six status changes: denied, the denial withdrawn, corroborated, withdrawn, corroborated again."""
    denial = one.denial()
    one.move("denied", [denial.pk])
    one.later(days=1)
    withdraw_evidence(evidence=denial, reason="It spoke of another day.", by=one.cast.reviewer, now=one.at)
    one.move("reported", [])
    one.witnesses("supports")
    one.verdict("corroborated", stance="supports")
    one.verdict("reported", stance="supports")
    one.verdict("corroborated", stance="supports")


def offered(one: Specimen) -> None:
    one.assign(accepted=False)


def accepted(one: Specimen) -> None:
    one.assign(days=9)


def specimen_waiting(one: Specimen) -> None:
    """An assessment waits for a second person."""
    one.witnesses("supports")
    one.assign()
    one.find("corroborated", one.named("supports"))


def specimen_support_lost(one: Specimen) -> None:
    one.step = timedelta(hours=1)  # no work of today is finished tomorrow
    corroborated(one)
    retract_source(
        source=one.claim.evidence.get(source__publisher=one.cast.witnesses[0]).source,
        reason="The examiner took it back.",
        by=one.cast.editor,
        now=one.at,
    )


@dataclass(frozen=True)
class ClaimSpecimen:
    """A kind of claim. `share`: of a thousand past ones; `open_for_each`: the number of today's open ones for each
    reviewer."""

    make: Callable[[Specimen], None]
    share: int = 0
    open_for_each: int = 0


# Most claims of a desk are never assigned.
KINDS = (
    ClaimSpecimen(reported, share=600),
    ClaimSpecimen(closed, share=110),
    ClaimSpecimen(deniable, share=70),
    ClaimSpecimen(denied, share=70),
    ClaimSpecimen(corroborated, share=90),
    ClaimSpecimen(specimen_contested, share=20),
    ClaimSpecimen(refuted, share=30),
    ClaimSpecimen(moved_often, share=10),
    ClaimSpecimen(offered, open_for_each=4),
    ClaimSpecimen(accepted, open_for_each=14),
    ClaimSpecimen(specimen_waiting, open_for_each=3),
    ClaimSpecimen(specimen_support_lost, open_for_each=1),
)
