"""Pages to submit an assessment, and to decide on one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.edits import last_changes
from accounts.models import User
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.access.conflicts import conflicts_told
from claims.access.permissions import may_assess, may_decide_move, may_edit_as_editor
from claims.mappings import TemplateContext
from claims.models import Claim, Evidence
from claims.queries import get_claim, visible_claims
from claims.reading.page_queries import evidence_shown
from claims.record.revisions import changes_since
from claims.verdicts.evidence_graph import EvidenceGraph
from claims.verdicts.graph_loading import last_change
from claims.verdicts.possible_moves import Way, ways_from
from claims.views.heading import graph_context
from claims.views.lines import EvidenceLine, evidence_lines
from house.pages import CleanedData, form_page, may, sent, show_form
from reviews.actions.assessments import approve, reject, submit_assessment
from reviews.actions.drafts import KeptElsewhere, keep_draft
from reviews.actions.grounds import barred
from reviews.forms import AssessmentForm, DecisionForm
from reviews.grounds_shown import of_assessment
from reviews.models import Assessment, AssessmentDraft, AssessmentState
from reviews.queries import (
    get_assessment,
    has_moved_since,
    last_own_assessment,
    may_be_decided_by,
    open_assignment,
    own_draft,
)
from reviews.views.drafting import AssessmentDrafts
from reviews.views.drafts import draft_in_words, no_longer_named, typed_in
from sources.models import Visibility


@dataclass(frozen=True)
class Tick:
    """The checkbox on a piece of evidence; see `parts/evidence.html`."""

    value: str
    checked: bool
    stance: str
    name: str = "evidence"
    form: str = "assessment"


@dataclass(frozen=True)
class ProposableState:
    """One state that can be proposed; `way` says whether the move is possible, and what is missing."""

    state: str
    checked: bool
    way: Way | None


@form_page
def assess(request: PersonsRequest, reference: str) -> HttpResponse:
    """Submit an assessment: evidence beside the form."""
    claim = get_claim(request.user, reference)
    may_assess(request.user, claim)
    rows = evidence_shown(request.user, claim)
    context = graph_context(claim)
    graph: EvidenceGraph = context["graph"]
    everything = evidence_lines(request.user, claim, rows, graph)
    lines = [line for line in everything if not line.withdrawn]
    ways = ways_from(claim.state, graph, last_change(claim))
    nameable = [line for line in lines if line.evidence.visibility != Visibility.RESTRICTED]
    draft = own_draft(request.user, claim)
    form = AssessmentForm(
        **sent(request),
        claim=claim,
        evidence=[(line.evidence.pk, line.title) for line in nameable],
        contrary=[(line.evidence.pk, _answer_label(line)) for line in nameable if _is_contrary(line.evidence)],
        states=[claim.state, *(way.to for way in ways)],
        before=last_own_assessment(request.user, claim),
        draft=draft,
    )
    if "keep" in request.POST:
        if form.kept(
            lambda fields, version: keep_draft(
                claim=claim, fields=fields, version=version, in_part=True, by=request.user
            )
        ):
            AssessmentDrafts(request).kept_as_assessment()
            return redirect("assess", claim.reference)
    elif form.submitted(
        lambda given: submit_assessment(
            claim=claim, fields=form.found(given), draft_version=given["draft_version"], by=request.user
        )
    ):
        return redirect("review", form.outcome.pk)
    ticked = {str(value) for value in form["evidence"].value() or ()}
    proposed = form["proposed_state"].value()
    context |= {
        "mine": open_assignment(request.user, claim),
        "items": [(line, _tick(line, ticked)) for line in lines],
        "choices": [
            ProposableState(state, state == proposed, way)
            for state, way in [(claim.state, None), *((way.to, way) for way in ways)]
        ],
        "missing_title": _("Not submitted. Still needed"),
        **_of_the_draft(claim, form, draft, everything),
    }
    return show_form(
        request,
        form,
        title=_("Assess"),
        button=_("Submit assessment"),
        back=reverse("claim", args=[claim.reference]),
        template="reviews/assess.html",
        **context,
    )


def _of_the_draft(
    claim: Claim, form: AssessmentForm, draft: AssessmentDraft | None, lines: list[EvidenceLine]
) -> TemplateContext:
    """The template values of the draft: when it was saved, changes since, and another window's draft."""
    context: TemplateContext = {"draft": draft}
    if isinstance(form.stale, KeptElsewhere):
        context["stale_title"] = str(form.stale)
        context["other"] = draft_in_words(draft, claim, lines) if draft else None
    elif form.restored:
        context["other"] = draft_in_words(draft, claim, lines) if draft else None
    elif draft is not None and not form.is_bound:
        context["draft_changes"] = changes_since(claim, draft.seen_version)
    if form.is_bound:
        context["gone"] = no_longer_named(typed_in(form, draft), form, lines)
    elif draft is not None:
        context["gone"] = no_longer_named(draft.content, form, lines)
    return context


def _is_contrary(row: Evidence) -> bool:
    """Whether an assessment may have to answer it: live supporting or refuting evidence."""
    return row.live and row.stance in ("supports", "refutes")


def _answer_label(line: EvidenceLine) -> str:
    return _("Answer to %(number)s, which %(stance)s it: %(title)s") % {
        "number": line.number,
        "stance": line.evidence.get_stance_display(),
        "title": line.title,
    }


def _tick(line: EvidenceLine, ticked: set[str]) -> Tick | None:
    """The checkbox of a piece of evidence; restricted ones have none."""
    if line.restricted:
        return None
    value = str(line.evidence.pk)
    return Tick(value, value in ticked, line.evidence.get_stance_display())


@asks_again("POST")
@form_page
def review(request: PersonsRequest, assessment_id: UUID) -> HttpResponse:
    """An assessment; for people who may decide on it, the form to do so."""
    assessment = get_assessment(request.user, assessment_id)
    claim = get_claim(request.user, assessment.claim.reference)
    grounds = of_assessment(request.user, assessment)
    form = DecisionForm(**sent(request), claim=claim, seen_grounds=grounds.kept if grounds else "")
    if request.method == "POST":
        may_decide_move(request.user, claim, assessment.assessor)
        if form.submitted(lambda given: _decide(request.user, assessment, given)):
            return _after_the_decision(request, assessment)
    rows = evidence_shown(request.user, claim)
    context = graph_context(claim)
    moved_on = assessment.state == AssessmentState.WAITING and has_moved_since(assessment)
    numbers = {line.evidence.pk: line for line in evidence_lines(request.user, claim, rows, context["graph"])}
    named = {item.pk for item in assessment.evidence.all()}
    decides = may_be_decided_by(request.user, assessment) or form.status != 200
    stands_against = barred(assessment) if decides and grounds is not None else ""
    context |= {
        "assessment": assessment,
        "rests_on": [line for pk, line in numbers.items() if pk in named],
        "answers": [
            (numbers[answer.evidence_id], answer.text)
            for answer in assessment.answers.all()
            if answer.evidence_id in numbers
        ],
        "others": _others(assessment, named, numbers.values()),
        "decision": getattr(assessment, "decision", None),
        # Also after another person has decided, so that the typed text stays readable.
        "may_decide": decides,
        "own": assessment.assessor_id == request.user.pk,
        "touched": conflicts_told(claim, [request.user.pk], to=request.user).get(request.user.pk),
        "edits": may(may_edit_as_editor, request.user, claim, ""),
        "changes": _changed_meanwhile(claim, assessment),
        "grounds": grounds,
        "moved_on": moved_on,
        "barred": stands_against,
        "may_be_approved": not (moved_on or stands_against or (grounds and grounds.to_confirm)),
        "missing_title": _("Not approved: the assessment no longer meets the policy"),
    }
    if form.stale is not None:
        context["stale_title"] = str(form.stale)
    return show_form(
        request,
        form,
        title=_("Assessment of %(reference)s") % {"reference": claim.reference},
        button="",
        back=reverse("claim", args=[claim.reference]),
        template="reviews/review.html",
        **context,
    )


def _others(assessment: Assessment, named: Collection[UUID], lines: Iterable[EvidenceLine]) -> list[EvidenceLine]:
    """For a waiting assessment, the evidence it neither relies on nor answers, with the last change of its bearing."""
    if assessment.state != AssessmentState.WAITING:
        return []
    answered = {answer.evidence_id for answer in assessment.answers.all()}
    others = [line for line in lines if line.evidence.pk not in {*named, *answered}]
    changes = last_changes([line.evidence.pk for line in others], "stance", "superseded_by")
    for line in others:
        line.stance = capfirst(line.evidence.get_stance_display())
        change = changes.get(line.evidence.pk)
        if change is not None and change.by is not None:
            told = {"person": change.by.username, "day": date_format(localtime(change.at), "j M Y")}
            line.notes.append(_("%(person)s changed its bearing on %(day)s") % told)
    return others


def _after_the_decision(request: PersonsRequest, assessment: Assessment) -> HttpResponse:
    """Redirect to the assessment; an approver invited from another desk can no longer see it, and goes to their
    work."""
    if visible_claims(request.user).filter(pk=assessment.claim_id).exists():
        return redirect("review", assessment.pk)
    told = _("Your decision on %(reference)s is recorded, and your invitation to that claim has ended.")
    messages.info(request, told % {"reference": assessment.claim.reference})
    return redirect("work")


def _decide(user: User, assessment: Assessment, given: CleanedData) -> Assessment:
    decision = {"assessment": assessment, "reason": given["reason"], "seen_version": given["seen_version"], "by": user}
    if given["decision"] == "approve":
        return approve(**decision, seen_grounds=given["seen_grounds"] or None)
    return reject(**decision)


def _changed_meanwhile(claim: Claim, assessment: Assessment) -> list[str]:
    """The changes to the claim since a waiting assessment was submitted."""
    return changes_since(claim, assessment.seen_version) if assessment.state == AssessmentState.WAITING else []
