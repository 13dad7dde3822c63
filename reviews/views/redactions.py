"""Pages of redactions: proposals, their matches, and the second person's decision."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.queries import get_desk, person_named
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.mappings import TemplateContext
from claims.reading.actor_queries import get_actor
from house.pages import ActForm, CleanedData, form_page, may, sent, show_form
from reviews.actions.redactions import (
    MOST_WORDS,
    look_for,
    look_for_in_shared,
    name_second,
    other_editors,
    preview_of,
    propose_redaction,
    propose_shared_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.models import Redaction, RedactionState
from reviews.permissions import may_decide_redaction, may_redact, may_redact_shared
from reviews.queries import get_redaction, get_redaction_elsewhere, redactions_elsewhere, redactions_on
from reviews.redaction_matches import Matches
from reviews.redactions_shown import ShownText, show_matches


class ProposalForm(ActForm):
    """The words to erase, or the file named by a source's page, with the reason."""

    words = forms.CharField(
        label=gettext_lazy("Words"),
        required=False,
        max_length=MOST_WORDS,
        help_text=gettext_lazy("Exact spelling; upper and lower case are treated alike."),
    )
    file = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=gettext_lazy("Recorded. Leave out the words to be erased."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["words"].required = not self["file"].value()


class ActorProposalForm(ActForm):
    """The words to erase about a shared actor, with the reason."""

    words = forms.CharField(
        label=gettext_lazy("Words"),
        max_length=MOST_WORDS,
        help_text=gettext_lazy("Exact spelling; upper and lower case are treated alike."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=gettext_lazy("Recorded. Leave out the words to be erased."),
    )


class RedactionDecisionForm(ActForm):
    """The decision on a redaction, after seeing the matches."""

    decision = forms.ChoiceField(
        choices=[("erase", ""), ("refuse", ""), ("withdraw", ""), ("ask", "")],
        error_messages={"required": gettext_lazy("Choose an action.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    person = forms.CharField(
        label=gettext_lazy("User name of an editor of another desk"),
        required=False,
        max_length=150,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("They see the matches of this redaction, nothing else, until it ends."),
    )


@dataclass(frozen=True)
class RedactionLine:
    """One text that would change: its place, and its text around the words."""

    label: str
    about: str
    url: str
    parts: tuple[str, ...]
    whole: bool


@require_safe
def redactions(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """The redactions of a desk, the newest first."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    return render(request, "reviews/redactions.html", {"desk": desk, "redactions": redactions_on(request.user, desk)})


@asks_again("POST")
@form_page
def new_redaction(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """Propose a redaction in two steps: the matches, then the proposal, on which another editor decides."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    form = ProposalForm(**sent(request), initial={"file": request.GET.get("file")})
    confirmed = request.POST.get("confirmed", "")

    def propose(given: CleanedData) -> tuple[Matches, Redaction | None]:
        words, _digest, found = look_for(desk=desk, words=given["words"], file=given["file"], by=request.user)
        # Only previewed words are proposed: others are previewed first.
        if confirmed != f"{given['file'] or ''} {words}":
            return found, None
        what = {"words": words, "file": given["file"], "reason": given["reason"]}
        return found, propose_redaction(desk=desk, **what, by=request.user)

    tried = form.submitted(propose)
    found, made = form.outcome if tried else (None, None)
    if made is not None:
        return redirect("redaction", desk_id, made.pk)
    given = form.cleaned_data if tried else {}
    return show_form(
        request,
        form,
        title=_("Redact words or a file"),
        button=_("Propose redaction") if tried else _("Preview matches"),
        back=reverse("redactions", args=[desk_id]),
        lines=[
            _("A second editor decides. Erased text cannot be restored."),
            _("The history stays and shows when and by whom text was erased."),
        ],
        template="reviews/new_redaction.html",
        confirming=f"{given['file'] or ''} {given['words'].strip()}" if tried else "",
        names_file=bool(form["file"].value()),
        **(_shown(found, request.user) if found else {}),
    )


@asks_again("POST")
@form_page
def redaction(request: PersonsRequest, desk_id: UUID, *, redaction_id: UUID) -> HttpResponse:
    """One redaction: while it is open with its present matches, and the actions open to the person."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    row = get_redaction(request.user, desk, redaction_id)
    form = RedactionDecisionForm(**sent(request))
    if form.submitted(lambda given: _decide(row, request.user, given)):
        return redirect("redaction", desk_id, redaction_id)
    row = get_redaction(request.user, desk, redaction_id)
    is_open = row.state == RedactionState.PROPOSED
    found = preview_of(redaction=row, by=request.user) if is_open else None
    return show_form(
        request,
        form,
        title=_("Redaction"),
        button="",
        back=reverse("redactions", args=[desk_id]),
        template="reviews/redaction.html",
        desk=desk,
        redaction=row,
        is_open=is_open,
        own=row.proposed_by_id == request.user.pk,
        asks=is_open and row.second is None and not other_editors(desk, request.user),
        **(_shown(found, request.user) if found else {}),
    )


@require_safe
def redactions_of_others(request: PersonsRequest) -> HttpResponse:
    """Redactions beyond the person's desks: of shared actors, and those they were asked to decide on."""
    return render(request, "reviews/redactions_elsewhere.html", {"redactions": redactions_elsewhere(request.user)})


@asks_again("POST")
@form_page
def redact_actor(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    """Propose a redaction of a shared actor, in the same two steps."""
    row = get_actor(request.user, actor_id)
    may_redact_shared(row, request.user)
    form = ActorProposalForm(**sent(request))
    confirmed = request.POST.get("confirmed", "")

    def propose(given: CleanedData) -> tuple[Matches, Redaction | None]:
        words, found = look_for_in_shared(actor=row, words=given["words"], by=request.user)
        if confirmed != words:
            return found, None
        return found, propose_shared_redaction(actor=row, words=words, reason=given["reason"], by=request.user)

    tried = form.submitted(propose)
    found, made = form.outcome if tried else (None, None)
    if made is not None:
        return redirect("redaction-elsewhere", made.pk)
    return show_form(
        request,
        form,
        title=_("Redact words of %(name)s") % {"name": row.name},
        button=_("Propose redaction") if tried else _("Preview matches"),
        back=reverse("actor", args=[actor_id]),
        lines=[
            _("It takes an administrator and an editor of a desk that uses this actor (of any desk, if none does)."),
            _("One proposes, the other decides."),
            _("Texts by the desks about this actor stay: each desk redacts its own."),
        ],
        template="reviews/new_redaction.html",
        confirming=form.cleaned_data["words"].strip() if tried else "",
        **(_shown(found, request.user, outside=True) if found else {}),
    )


@asks_again("POST")
@form_page
def redaction_elsewhere(request: PersonsRequest, redaction_id: UUID) -> HttpResponse:
    """One redaction beyond the person's desks: its present matches, and the actions open to the person."""
    row = get_redaction_elsewhere(request.user, redaction_id)
    form = RedactionDecisionForm(**sent(request))
    if form.submitted(lambda given: _decide(row, request.user, given)):
        # A person asked from another desk can no longer see it.
        return redirect("redaction-elsewhere", redaction_id) if row.actor_id else redirect("redactions-elsewhere")
    row = get_redaction_elsewhere(request.user, redaction_id)
    is_open = row.state == RedactionState.PROPOSED
    found = preview_of(redaction=row, by=request.user) if is_open else None
    return show_form(
        request,
        form,
        title=_("Redaction"),
        button="",
        back=reverse("redactions-elsewhere"),
        template="reviews/redaction.html",
        redaction=row,
        is_open=is_open,
        own=row.proposed_by_id == request.user.pk,
        may_decide=may(may_decide_redaction, row, request.user),
        **(_shown(found, request.user, outside=True) if found else {}),
    )


def _decide(row: Redaction, by: User, given: CleanedData) -> Redaction:
    if given["decision"] == "erase":
        return redact(redaction=row, seen=given["seen"], by=by)
    if given["decision"] == "ask":
        return name_second(redaction=row, user=person_named(given["person"]), by=by)
    act = refuse_redaction if given["decision"] == "refuse" else withdraw_redaction
    return act(redaction=row, by=by)


def _shown(found: Matches, user: User, *, outside: bool = False) -> TemplateContext:
    """The template values of the matches."""
    shown = show_matches(found, user, outside=outside)
    return {
        "found": found,
        "outside": outside,
        "texts": [_line(one) for one in shown.texts],
        "sorts": shown.fields,
        "seen": shown.seen,
    }


def _line(one: ShownText) -> RedactionLine:
    about, url = "", ""
    if one.claim:
        about, url = one.claim, reverse("claim", args=[one.claim])
    elif one.source:
        about, url = _("source"), reverse("source", args=[one.source])
    return RedactionLine(one.name, about, url, one.parts, one.whole)
