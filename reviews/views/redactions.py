"""Pages of redactions: who asks for what to be erased, what that would erase, and the second person's decision."""

from collections import Counter
from collections.abc import Iterator
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
from accounts.pages import ActForm, PersonsRequest, form_page, sent, show_form
from accounts.queries import get_desk
from accounts.recent import asks_again
from claims.actions.reads import Shown, note_shown
from claims.models import Evidence
from reviews.actions.redactions import (
    MOST_WORDS,
    look_for,
    may_redact,
    preview_of,
    propose_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.models import Redaction, RedactionState
from reviews.queries import get_redaction, redactions_of
from reviews.redacting import Findings, Found
from sources.models import Actor, Attachment, Capture, Relay, Source

AROUND = 160  # characters shown before and after what would go


class ProposalForm(ActForm):
    """The words to erase, or the file that a source's page named, and why."""

    words = forms.CharField(
        label=gettext_lazy("Words"),
        required=False,
        max_length=MOST_WORDS,
        help_text=gettext_lazy(
            "As they are written. Large and small letters are alike; another spelling is not found."
        ),
    )
    file = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=gettext_lazy("It is kept. Do not name in it what is to be erased."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["words"].required = not self["file"].value()


class DecisionForm(ActForm):
    """What to do with a redaction, having seen what it would erase."""

    decision = forms.ChoiceField(
        choices=[("erase", ""), ("refuse", ""), ("withdraw", "")],
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Line:
    """One text that would change: where it stands, and its words around what would go."""

    label: str
    about: str
    url: str
    parts: tuple[str, ...]
    whole: bool


@require_safe
def redactions(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """What was asked to be erased on a desk, the newest first."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    return render(request, "reviews/redactions.html", {"desk": desk, "redactions": redactions_of(request.user, desk)})


@asks_again("POST")
@form_page
def new_redaction(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """Two steps: what it would erase; then the proposal, on which another editor decides."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    form = ProposalForm(**sent(request), initial={"file": request.GET.get("file")})
    confirmed = request.POST.get("confirmed", "")

    def propose(given: dict[str, Any]) -> tuple[Findings, Redaction | None]:
        words, _digest, found = look_for(desk=desk, words=given["words"], file=given["file"], by=request.user)
        # What was shown is what is proposed: other words are shown anew first.
        if confirmed != f"{given['file'] or ''} {words}":
            return found, None
        what = {"words": words, "file": given["file"], "reason": given["reason"]}
        return found, propose_redaction(desk=desk, **what, by=request.user)

    tried = form.handed_in(propose)
    found, made = form.outcome if tried else (None, None)
    if made is not None:
        return redirect("redaction", desk_id, made.pk)
    given = form.cleaned_data if tried else {}
    return show_form(
        request,
        form,
        title=_("Erase words or a file"),
        button=_("Propose redaction") if tried else _("Show what it would erase"),
        back=reverse("redactions", args=[desk_id]),
        lines=[
            _("A second editor decides. What is erased cannot be brought back, by anybody."),
            _("The history stays, and says that something was erased, when and by whom."),
        ],
        template="reviews/new_redaction.html",
        confirming=f"{given['file'] or ''} {given['words'].strip()}" if tried else "",
        names_file=bool(form["file"].value()),
        **(_shown(found, request.user) if found else {}),
    )


@asks_again("POST")
@form_page
def redaction(request: PersonsRequest, desk_id: UUID, redaction_id: UUID) -> HttpResponse:
    """One redaction: while it is open what it would erase now, and what the person may do with it."""
    desk = get_desk(request.user, desk_id)
    may_redact(desk, request.user)
    row = get_redaction(request.user, desk, redaction_id)
    form = DecisionForm(**sent(request))
    if form.handed_in(lambda given: _decide(row, request.user, given)):
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
        **(_shown(found, request.user) if found else {}),
    )


def _decide(row: Redaction, by: User, given: dict[str, Any]) -> Redaction:
    if given["decision"] == "erase":
        return redact(redaction=row, seen=given["seen"], by=by)
    act = refuse_redaction if given["decision"] == "refuse" else withdraw_redaction
    return act(redaction=row, by=by)


def _shown(found: Findings, user: User) -> dict[str, Any]:
    """What it would erase, as the page shows it. That restricted material was shown is recorded."""
    note_shown(user, [*_rows_of(found), *found.files])
    return {
        "found": found,
        "texts": [_line(one) for one in found.texts],
        "sorts": sorted(Counter(one.name.rpartition("/")[2] for one in found.fields).items()),
        "seen": found.seen,
    }


def _rows_of(found: Findings) -> Iterator[Shown]:
    """The rows of the texts that can be restricted."""
    for model in (Actor, Source, Evidence, Attachment, Capture, Relay):
        pks = {one.pk for one in found.texts if one.place.model is model}
        yield from model._default_manager.filter(pk__in=pks) if pks else ()


def _line(one: Found) -> Line:
    about, url = "", ""
    if one.claim:
        about, url = one.claim, reverse("claim", args=[one.claim])
    elif one.source:
        about, url = _("source"), reverse("source", args=[one.source])
    last = len(one.parts) - 1
    parts = tuple(_short(part, first=at == 0, last=at == last) for at, part in enumerate(one.parts))
    return Line(str(one.place.name), about, url, parts, one.place.grows)


def _short(text: str, *, first: bool, last: bool) -> str:
    """The text around what would go: its end where it stands before, its beginning after, both between two."""
    if len(text) <= AROUND or (len(text) <= 2 * AROUND and not first and not last):
        return text
    if first:
        return f"… {text[-AROUND:]}"
    return f"{text[:AROUND]} …" if last else f"{text[:AROUND]} … {text[-AROUND:]}"
