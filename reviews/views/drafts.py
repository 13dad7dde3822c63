"""One's own draft of an assessment: its text, the parts without a place by now, and discarding it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import PersonsRequest
from claims.forms.sources import ConfirmForm
from claims.models import Claim, StateChoices
from claims.queries import get_claim
from claims.reading.page_queries import evidence_shown
from claims.verdicts.graph_loading import load_evidence_graph
from claims.views.lines import EvidenceLine, evidence_lines
from house.pages import form_page, sent, show_form
from ledger.canonical import JsonObject
from reviews.actions.drafts import drop_draft
from reviews.forms import AssessmentForm, as_it_stands, draft_version_in
from reviews.models import AssessmentDraft
from reviews.queries import get_draft


@dataclass(frozen=True)
class DraftPart:
    """A part of a draft: its subject and its text."""

    about: str
    text: str


@form_page
def drop(request: PersonsRequest, reference: str) -> HttpResponse:
    """Show one's draft again, and discard it. Also for people who may no longer assess the claim."""
    claim = get_claim(request.user, reference)
    draft = get_draft(request.user, claim)
    form = ConfirmForm(**sent(request))
    if form.submitted(lambda given: drop_draft(claim=claim, by=request.user)):
        return redirect("claim", reference)
    return show_form(
        request,
        form,
        title=_("Discard your draft"),
        button=_("Discard draft"),
        back=reverse("claim", args=[reference]),
        about=claim,
        lines=[_("The draft is deleted. No one else has seen it.")],
        template="reviews/draft.html",
        draft=draft,
        said=draft_in_words(
            draft,
            claim,
            evidence_lines(request.user, claim, evidence_shown(request.user, claim), load_evidence_graph(claim)),
        ),
    )


def draft_in_words(draft: AssessmentDraft, claim: Claim, lines: Sequence[EvidenceLine]) -> list[DraftPart]:
    """All texts of a draft, in the order of the form. `lines`: the evidence visible to its assessor."""
    content = draft.content
    numbers = {str(line.evidence.pk): line.number for line in lines}
    elements = {str(element.pk): element.text for element in claim.elements.all()}
    said = [
        DraftPart(
            _("Proposed"), str(StateChoices(content["proposed_state"]).label) if content["proposed_state"] else ""
        ),
        DraftPart(_("Relies on"), ", ".join(numbers[pk] for pk in content["evidence"] if pk in numbers)),
        *(DraftPart(elements.get(item["element"], ""), item["text"]) for item in content["elements"]),
        *(DraftPart(_answer_to(numbers.get(item["evidence"])), item["text"]) for item in content["answers"]),
        DraftPart(_("Rationale"), content["rationale"]),
    ]
    return [part for part in said if part.text]


def _answer_to(number: str | None) -> str:
    if number is None:
        return _("Answer to evidence you can no longer see")
    return _("Answer to %(number)s") % {"number": number}


def typed_in(form: AssessmentForm, draft: AssessmentDraft | None) -> JsonObject:
    """The posted form in the fields of a draft, with the draft's texts that the form has no field for."""
    assert isinstance(form.data, QueryDict)
    written = as_it_stands(form.data)
    kept = draft.content if draft is not None and draft.version == draft_version_in(form.data) else {}
    answers = {item["evidence"]: item["text"] for item in kept.get("answers", ())}
    answers |= {str(item.evidence): item.text for item in written.answers}
    return {
        "proposed_state": written.proposed_state,
        "evidence": [str(pk) for pk in written.evidence],
        "answers": [{"evidence": pk, "text": text} for pk, text in answers.items() if text.strip()],
    }


def no_longer_named(content: Mapping[str, Any], form: AssessmentForm, lines: Sequence[EvidenceLine]) -> list[DraftPart]:
    """The parts of a draft without a place in the form, since the claim or its evidence changed."""
    by_id = {str(line.evidence.pk): line for line in lines}
    answers = {
        item["evidence"]: item["text"] for item in content["answers"] if f"answer_{item['evidence']}" not in form.fields
    }
    gone = [
        DraftPart(_why_gone(by_id.get(pk)), answers.get(pk, ""))
        for pk in dict.fromkeys([*content["evidence"], *answers])
        if pk not in form.offered_evidence or pk in answers
    ]
    if content["proposed_state"] in StateChoices.values and content["proposed_state"] not in form.offered_states:
        state = StateChoices(content["proposed_state"]).label
        gone.append(
            DraftPart(
                _("It proposes “%(state)s”, which is not possible from the present state.") % {"state": state}, ""
            )
        )
    return gone


def _why_gone(line: EvidenceLine | None) -> str:
    if line is None:
        return _("You can no longer see a piece of evidence.")
    facts = {"number": line.number, "title": line.title}
    if line.withdrawn:
        return _("%(number)s, “%(title)s”, has been withdrawn.") % facts
    if line.restricted:
        return _("%(number)s, “%(title)s”, is now restricted: an assessment cannot rely on it.") % facts
    return _("%(number)s, “%(title)s”, no longer needs an answer.") % facts
