"""A claim's own page: its evidence, its state, its assignments, and the actions on it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.requests import PersonsRequest, own_memberships
from claims.access.conflicts import is_offered
from claims.access.permissions import ClaimAccess, may_assess, may_edit_as_editor, may_edit_claim
from claims.mappings import TemplateContext
from claims.models import Claim
from claims.queries import withheld_evidence
from claims.reading.page_queries import claim_shown, deciders_shown, evidence_shown, open_tasks_shown
from claims.shown_rows import ShownClaim
from claims.verdicts.evidence_graph import ElementView, EvidenceGraph
from claims.verdicts.graph_loading import last_change
from claims.verdicts.possible_moves import ways_from
from claims.verdicts.sentences import sentence_of
from claims.views.heading import claim_context, named
from claims.views.lines import EvidenceLine, Link, evidence_lines, grouped
from house.pages import may
from reviews.grounds_shown import of_verdict
from reviews.models import AssessmentState
from reviews.queries import assessments_shown, assignments_shown
from reviews.views.form_drafts import own_drafts_on
from sources.models import Visibility


@dataclass(frozen=True)
class Party:
    name: str
    url: str
    role: str


@require_safe
def claim(request: PersonsRequest, reference: str) -> HttpResponse:
    """One claim with its evidence."""
    user = request.user
    row = claim_shown(user, reference)
    evidence = evidence_shown(user, row)
    context = claim_context(row, "claim", evidence)
    graph: EvidenceGraph = context["graph"]
    lines = evidence_lines(user, row, evidence, graph)
    access = ClaimAccess(user, row, own_memberships(request))
    if row.closed_at is None and may(may_edit_claim, user, row, access):
        _offer_changes(row, lines, access)  # people who may edit the claim may edit the evidence they see
    assessments = assessments_shown(row)
    assignments = assignments_shown(row)
    edits = may(may_edit_as_editor, user, row, "", access)
    context |= {
        "sentence": sentence_of(graph),
        "groups": grouped(lines),
        "withdrawn": [line for line in lines if line.withdrawn],
        "withheld": withheld_evidence(user, row) if access.role == Role.AUDITOR else 0,
        "ways": ways_from(row.state, graph, last_change(row)),
        "parties": _parties(row, graph),
        "mine": next((each for each in assignments if each.reviewer_id == user.pk), None),
        "assignments": assignments,
        "approvers": deciders_shown(row),
        "assessments": assessments,
        "waiting": [assessment for assessment in assessments if assessment.state == AssessmentState.WAITING],
        "element_lines": _element_lines(graph, assessments),
        "edits": edits,
        "verdict": of_verdict(user, row) if row.changed_since_verdict else None,
        "drafts": [] if row.closed_at is None else own_drafts_on(user, row),
        "tasks": open_tasks_shown(user, row) if row.closed_at is None else [],
        "may_confirm": edits or bool(access.reviews),
        **_acts(access, edits),
    }
    return render(request, "reviews/claim.html", context)


def _offer_changes(row: Claim, lines: list[EvidenceLine], access: ClaimAccess) -> None:
    for line in lines:
        if line.withdrawn:
            continue
        at = [row.reference, line.evidence.pk]
        line.acts = [Link(_("Change…"), reverse("evidence", args=at))]
        if access.role == Role.EDITOR and line.evidence.visibility != Visibility.PUBLIC:
            line.acts.append(Link(_("Release…"), reverse("release-evidence", args=at)))


def _parties(row: ShownClaim, graph: EvidenceGraph) -> list[Party]:
    """The claimant and the parties, each once, with their role in the claim."""
    claimants = named(filter(None, [row.claimant_id]), graph)
    also = named(row.also_ids, graph)
    parties = named(graph.parties, graph)
    found = []
    for actor in dict.fromkeys([*claimants, *also, *parties]):
        roles = [_("claimant")] if actor in claimants else []
        roles += [_("also claims it")] if actor in also else []
        roles += [_("party")] if actor in parties else []
        pk, name = actor
        found.append(Party(name, reverse("actor", args=[pk]), ", ".join(roles)))
    return found


def _element_lines(graph: EvidenceGraph, assessments: list[Any]) -> list[tuple[ElementView, str]]:
    """Each element with its line in the last assessment that counts; empty where none was written."""
    telling = (AssessmentState.APPROVED, AssessmentState.RECORDED, AssessmentState.ENACTED)
    last = next((assessment for assessment in assessments if assessment.state in telling), None)
    texts = {str(line.element_id): line.text for line in last.elements.all()} if last and graph.elements else {}
    return [(element, texts.get(element.id or "", "")) for element in graph.elements]


def _acts(access: ClaimAccess, edits: bool) -> TemplateContext:
    """The actions offered to the person, by permission; the actions themselves check whether they are possible."""
    user, row = access.user, access.claim
    writes = may(may_edit_claim, user, row, access)
    is_open = row.closed_at is None
    more: list[tuple[str, str]] = []
    if writes:
        more.append((_("Edit the claim"), "edit-claim"))
    if edits:
        more.append((_("Unpublish…"), "unpublish") if row.published_at else (_("Publish…"), "publish"))
        more.append((_("Set the threshold…"), "threshold"))
        more.append((_("Add an approver…"), "name-decider"))
        more.append((_("Close…"), "close-claim") if is_open else (_("Reopen…"), "open-claim"))
    assesses = is_open and is_offered(may_assess, user, row, access)
    return {
        "may_attach": writes and is_open,
        "may_assign": edits and is_open,
        "more": [Link(label, reverse(name, args=[row.reference])) for label, name in more],
        "assess_url": reverse("assess", args=[row.reference]) if assesses else "",
    }
