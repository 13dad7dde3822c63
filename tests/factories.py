"""People, actors, sources and claims for tests, all made through the actions that people use.

    cast = factories.cast()
    claim = factories.claim(cast)                                # reported; its parties are claimant and accused
    factories.firsthand(cast, claim, 2)                          # two independent voices that support it
    assessment = factories.assessment(cast, claim, "corroborated")  # submitted by the reviewer, not yet decided
    claim = factories.claim_in(cast, "refuted")                  # any of the four states, by real moves

A factory does not reload the claim that it is given: its `version` and `state` are as read before.
`factories.fresh(row)` reads it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone

from accounts.actions import create_desk, create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Desk, Role, User
from claims.actions import releasing
from claims.actions.claims import move_alone, report_claim
from claims.actions.evidence import attach_evidence
from claims.actions.sources import add_relay
from claims.inputs import ClaimInput, ElementInput, EvidenceInput, MoveInput
from claims.models import Claim, Evidence
from claims.states import State
from reviews.actions.assessments import approve, submit_assessment
from reviews.actions.assignments import accept_assignment, assign
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, Assignment
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Relay, Source
from tests.kept import KeptRows

Row = TypeVar("Row", bound=Model)
_number = count(1)


@dataclass(frozen=True)
class Cast:
    """One person for each role on a desk, an administrator without a desk, and an editor of another desk."""

    desk: Desk
    other_desk: Desk
    reporter: User
    reviewer: User
    reviewer2: User
    editor: User
    auditor: User
    admin: User
    stranger: User


def cast() -> Cast:
    """The desk `UKR` with all its people, and the desk `OTH` with `stranger`. See `password_of`.

    Made by actions once per process and then restored from rows, as half of the tests begin with it.
    """
    return _kept_cast()


def _make_cast() -> Cast:
    desk = create_desk(name="Ukraine desk", prefix="UKR", by=None)
    other_desk = create_desk(name="Other desk", prefix="OTH", by=None)
    return Cast(
        desk=desk,
        other_desk=other_desk,
        reporter=person("reporter", Role.REPORTER, desk),
        reviewer=person("reviewer", Role.REVIEWER, desk),
        reviewer2=person("reviewer2", Role.REVIEWER, desk),
        editor=person("editor", Role.EDITOR, desk),
        auditor=person("auditor", Role.AUDITOR, desk),
        admin=person("admin", is_administrator=True),
        stranger=person("stranger", Role.EDITOR, other_desk),
    )


_kept_cast = KeptRows(_make_cast)


def person(name: str, role: str | None = None, desk: Desk | None = None, **fields: Any) -> User:
    """An account, with a role on a desk when both are given."""
    account = AccountInput(username=name, password=f"demo-{name}", email=f"{name}@example.org", **fields)
    user = create_user(account=account, check_password=False, by=None)
    if desk is not None:
        set_role(desk=desk, user=user, role=role, by=None)
    return user


def password_of(user: User) -> str:
    """The person's password."""
    return f"demo-{user.username}"


def fresh(row: Row) -> Row:
    """The row as it is in the database now."""
    return type(row)._default_manager.get(pk=row.pk)


def actor(cast: Cast, name: str = "", *, by: User | None = None, now: datetime | None = None, **fields: Any) -> Actor:
    """An actor of the desk, checked whom it speaks for; `part_of` and `owned_by` may be given as actors."""
    fields = {
        "kind": "organisation",
        "speaks_for_checked": True,
        **_ids(fields),
        "name": name or f"Actor {next(_number)}",
    }
    return create_actor(desk=cast.desk, fields=ActorInput(**fields), by=by or cast.reviewer, now=now)


def source(
    cast: Cast,
    title: str = "",
    *,
    publisher: Actor | None = None,
    by: User | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Source:
    """A source of the desk, of unknown basis unless `basis` says otherwise. Nothing is fetched."""
    fields = {"kind": "article", **_ids(fields | {"publisher": publisher}), "title": title or f"Item {next(_number)}"}
    return create_source(desk=cast.desk, fields=SourceInput(**fields), by=by or cast.reviewer, capture=False, now=now)


def released(row: Any, by: User, visibility: str = "desk") -> None:
    """Release a source, an actor, evidence, a file or a capture to more people."""
    name = type(row).__name__.lower()
    act = getattr(releasing, f"release_{name}")
    act(**{name: row}, visibility=visibility, reason="They agreed.", by=by)


def relay(cast: Cast, downstream: Source, upstream: Source, *, quote: str = "", now: datetime | None = None) -> Relay:
    """A relay: `downstream` is based on `upstream`."""
    row: Relay = add_relay(downstream=downstream, upstream=upstream.pk, quote=quote, by=cast.reviewer, now=now).row
    return row


def claim(
    cast: Cast,
    statement: str = "",
    *,
    claimant: Actor | None = None,
    anonymous: bool = False,
    parties: Sequence[Actor] | None = None,
    elements: Iterable[str] = (),
    evidence: Sequence[dict[str, Any]] | None = None,
    by: User | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Claim:
    """A reported claim.

    Without `claimant`, an actor is made as its claimant (with `anonymous`: no known one); without `parties`, that
    claimant and an accused are its parties; without `evidence`, it has the claimant's own statement, so that
    independence is 0. `elements`: texts, all essential.
    """
    by = by or cast.reporter
    number = next(_number)
    if claimant is None and not anonymous:
        claimant = actor(cast, f"Claimant {number}", by=by, kind="state", now=now)
    if parties is None:
        accused = actor(cast, f"Accused {number}", by=by, kind="state", now=now)
        parties = [claimant, accused] if claimant else [accused]
    if evidence is None:
        carrier = source(cast, f"Statement {number}", publisher=claimant, by=by, kind="statement", now=now)
        evidence = [{"source": carrier.pk, "stance": "supports"}]
    fields = {
        "statement": statement or f"Container {number} was unloaded at night.",
        "claimant": claimant.pk if claimant else None,
        "parties": [party.pk for party in parties],
        "elements": [ElementInput(text=text) for text in elements],
        **fields,
    }
    return report_claim(
        desk=cast.desk,
        fields=ClaimInput(**fields),
        evidence=[EvidenceInput(**each) for each in evidence],
        by=by,
        now=now,
    )


def report_as(by: User, desk: Desk, evidence: Sequence[dict[str, Any]], **fields: Any) -> Claim:
    """A claim as it is reported, nothing done for it before."""
    elements = {"elements": [ElementInput(**each) for each in fields["elements"]]} if "elements" in fields else {}
    return report_claim(
        desk=desk,
        fields=ClaimInput(**{"statement": "A ship came in.", **fields, **elements}),
        evidence=[EvidenceInput(**each) for each in evidence],
        by=by,
    )


def attach(
    cast: Cast,
    claim: Claim,
    source: Source,
    stance: str = "supports",
    *,
    by: User | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Evidence:
    """Attach a source to a claim; `elements` may be given as rows, `against_interest` as an actor."""
    fields = _ids(fields) | {"source": source.pk, "stance": stance}
    if "elements" in fields:
        fields["elements"] = [element.pk for element in fields["elements"]]
    return attach_evidence(claim=claim, fields=EvidenceInput(**fields), by=by or cast.reviewer, now=now)


def firsthand(
    cast: Cast,
    claim: Claim,
    voices: int,
    *,
    stance: str = "supports",
    by: User | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> list[Evidence]:
    """Several pieces of evidence, each from a separate voice with firsthand knowledge."""
    found = []
    for _ in range(voices):
        witness = actor(cast, f"Witness {next(_number)}", by=by, kind="person", now=now)
        item = source(cast, publisher=witness, by=by, basis="firsthand", now=now)
        found.append(attach(cast, claim, item, stance, by=by, now=now, **fields))
    return found


def party_denial(cast: Cast, claim: Claim, *, by: User | None = None, now: datetime | None = None) -> Evidence:
    """A denial by a party of the claim other than its claimant; the claim must have one."""
    others = claim.parties.exclude(pk=claim.claimant_id) if claim.claimant_id else claim.parties.all()
    accused = others.order_by("name")[0]
    item = source(cast, f"Denial {next(_number)}", publisher=accused, by=by, kind="statement", now=now)
    return attach(cast, claim, item, "denies", by=by, now=now)


def assigned(
    cast: Cast,
    claim: Claim,
    *,
    reviewer: User | None = None,
    due_at: datetime | None = None,
    accepted: bool = True,
    now: datetime | None = None,
) -> Assignment:
    """A claim assigned to a reviewer by the editor, and accepted unless `accepted` is False."""
    reviewer = reviewer or cast.reviewer
    row = assign(claim=claim, reviewer=reviewer, due_at=due_at, by=cast.editor, now=now)
    if accepted and row.accepted_at is None:
        row = accept_assignment(assignment=row, by=reviewer, now=now)
    return row


def assessment(
    cast: Cast,
    claim: Claim,
    proposed_state: str,
    *,
    evidence: Sequence[Evidence] | None = None,
    answers: Sequence[Evidence] | None = None,
    by: User | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Assessment:
    """An assessment submitted by the reviewer, to whom the claim is assigned first if necessary.

    Without `evidence`, it relies on all evidence of the stance that the proposed state needs; without `answers`, it
    answers everything contrary. Every element gets a line.
    """
    by = by or cast.reviewer
    claim = fresh(claim)
    if by != cast.editor and not claim.participants.filter(user=by, role="reviewer", until=None).exists():
        assigned(cast, claim, reviewer=by, now=now)
    if evidence is None:
        evidence = _all(claim, {"corroborated": "supports", "refuted": "refutes", "denied": "denies"}, proposed_state)
    if answers is None:
        answers = _all(claim, {"corroborated": "refutes", "refuted": "supports"}, proposed_state)
    return submit_as(by, claim, proposed_state, evidence, answers, now=now, **fields)


def submit_as(
    by: User,
    claim: Claim,
    proposed_state: str,
    evidence: Sequence[Evidence],
    answers: Sequence[Evidence] = (),
    **fields: Any,
) -> Assessment:
    """An assessment as it is submitted, nothing done for it before. `fields` replace those of the assessment."""
    named: dict[str, Any] = {name: fields.pop(name) for name in ("draft_version", "now") if name in fields}
    given = {
        "proposed_state": proposed_state,
        "rationale": "This is what the evidence shows.",
        "evidence": [item.pk for item in evidence],
        "answers": [AnswerInput(evidence=item.pk, text="Looked at: it does not hold.") for item in answers],
        "elements": [
            ElementLine(element=element.pk, text="The evidence bears on it.") for element in claim.elements.all()
        ],
        "seen_version": claim.version,
    }
    return submit_assessment(claim=claim, fields=AssessmentInput(**{**given, **fields}), by=by, **named)


def _all(claim: Claim, stances: dict[str, str], state: str) -> list[Evidence]:
    live = claim.evidence.filter(withdrawn_at=None, superseded_by=None).exclude(visibility="restricted")
    return list(live.filter(stance=stances.get(state, "")))


def approved(cast: Cast, assessment: Assessment, *, by: User | None = None, now: datetime | None = None) -> Claim:
    """The claim after the editor has approved an assessment."""
    version = fresh(assessment.claim).version
    approve(assessment=assessment, reason="I agree.", seen_version=version, by=by or cast.editor, now=now)
    return fresh(assessment.claim)


def denied(cast: Cast, claim: Claim, *, by: User | None = None, now: datetime | None = None) -> Claim:
    """The claim after its attached denials are recorded."""
    denials = _all(claim, {"denied": "denies"}, "denied")
    move_alone(
        claim=claim,
        fields=MoveInput(
            to=State.DENIED,
            reason="A party denied it.",
            evidence=[item.pk for item in denials],
            seen_version=fresh(claim).version,
        ),
        by=by or cast.editor,
        now=now,
    )
    return fresh(claim)


def claim_in(cast: Cast, state: str, *, now: datetime | None = None, **fields: Any) -> Claim:
    """A claim in one of the four states, moved there by permitted people."""
    row = claim(cast, now=now, **fields)
    if state == State.DENIED:
        party_denial(cast, row, now=now)
        return denied(cast, row, now=now)
    if state in (State.CORROBORATED, State.REFUTED):
        firsthand(cast, row, 2, stance="supports" if state == State.CORROBORATED else "refutes", now=now)
        return approved(cast, assessment(cast, row, state, now=now), now=now)
    return fresh(row)


def days_ago(days: float) -> datetime:
    """A time in the past, for `now=`."""
    return timezone.now() - timedelta(days=days)


def _ids(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with actors replaced by their ids, as the actions take them."""
    return {name: value.pk if isinstance(value, Actor) else value for name, value in fields.items()}
