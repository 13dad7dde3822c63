"""A claim's own page: its evidence, how it stands, who has it, and what can be done with it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.pages import PersonsRequest, may
from claims.graphs import last_change
from claims.models import Claim
from claims.permissions import Part, is_assigned, may_assess, may_edit_as_editor, may_edit_claim
from claims.queries import deciders_of, evidence_of, get_claim, open_tasks_of, withheld_evidence
from claims.sentences import sentence_of
from claims.standing import Standing
from claims.views.heading import claim_context
from claims.views.lines import Line, Link, grouped, lines_of
from claims.ways import ways_from
from reviews.models import AssessmentState
from reviews.queries import assignments_of, findings_listed


@dataclass(frozen=True)
class Party:
    name: str
    url: str
    role: str


@require_safe
def claim(request: PersonsRequest, reference: str) -> HttpResponse:
    """One claim with its evidence."""
    user = request.user
    row = get_claim(user, reference)
    evidence = list(evidence_of(user, row))
    context = claim_context(row, "claim", evidence)
    standing: Standing = context["standing"]
    lines = lines_of(user, evidence, standing)
    part = Part(user, row)
    if row.closed_at is None and may(may_edit_claim, user, row, part):
        _offer_changes(row, lines)  # whoever may edit the claim may edit what they see of its evidence
    findings = findings_listed(row, 10)
    assignments = list(assignments_of(row))
    edits = may(may_edit_as_editor, user, row, "", part)
    context |= {
        "sentence": sentence_of(standing),
        "groups": grouped(lines),
        "withdrawn": [line for line in lines if line.withdrawn],
        "withheld": withheld_evidence(user, row) if part.role == Role.AUDITOR else 0,
        "ways": ways_from(row.state, standing, last_change(row)),
        "parties": _parties(row),
        "mine": next((each for each in assignments if each.reviewer_id == user.pk), None),
        "assignments": assignments,
        "deciders": deciders_of(row),
        "findings": findings,
        "waiting": [finding for finding in findings if finding.state == AssessmentState.WAITING],
        "lines_on_parts": _lines_on_parts(row, findings),
        "edits": edits,
        "tasks": open_tasks_of(user, row) if row.closed_at is None else [],
        "may_confirm": edits or is_assigned(user, row),
        **_acts(part, edits),
    }
    return render(request, "reviews/claim.html", context)


def _offer_changes(row: Claim, lines: list[Line]) -> None:
    for line in lines:
        if not line.withdrawn:
            line.acts = [Link(_("Change…"), reverse("evidence", args=[row.reference, line.evidence.pk]))]


def _parties(row: Claim) -> list[Party]:
    """The claimant and the parties, each once, with what they are to the claim."""
    claimants = [row.claimant] if row.claimant else []
    parties = list(row.parties.all())
    found = []
    for actor in dict.fromkeys([*claimants, *row.also_claimed_by.all(), *parties]):
        roles = [_("claimant")] if actor in claimants else []
        roles += [_("claims the same")] if actor in row.also_claimed_by.all() else []
        roles += [_("party")] if actor in parties else []
        found.append(Party(actor.name, reverse("actor", args=[actor.pk]), ", ".join(roles)))
    return found


def _lines_on_parts(row: Claim, findings: list[Any]) -> list[tuple[Any, str]]:
    """What the last finding with a say on the claim says of each part; empty where nobody has looked."""
    telling = (AssessmentState.APPROVED, AssessmentState.RECORDED, AssessmentState.ENACTED)
    last = next((finding for finding in findings if finding.state in telling), None)
    parts = list(row.elements.all())
    texts = {line.element_id: line.text for line in last.elements.all()} if last and parts else {}
    return [(part, texts.get(part.pk, "")) for part in parts]


def _acts(part: Part, edits: bool) -> dict[str, Any]:
    """What the person is offered to do with the claim, by who may; whether it is possible the actions say."""
    user, row = part.user, part.claim
    writes = may(may_edit_claim, user, row, part)
    is_open = row.closed_at is None
    more: list[tuple[str, str]] = []
    if writes:
        more.append((_("Edit the claim"), "edit-claim"))
    if edits:
        more.append((_("Unpublish…"), "unpublish") if row.published_at else (_("Publish…"), "publish"))
        more.append((_("Set the threshold…"), "threshold"))
        more.append((_("Name a second person…"), "name-decider"))
        more.append((_("Close…"), "close-claim") if is_open else (_("Open again…"), "open-claim"))
    assesses = is_open and may(may_assess, user, row, part)
    return {
        "may_attach": writes and is_open,
        "may_assign": edits and is_open,
        "more": [Link(label, reverse(name, args=[row.reference])) for label, name in more],
        "assess_url": reverse("assess", args=[row.reference]) if assesses else "",
    }
