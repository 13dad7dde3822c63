"""Pages of sources: their fields, files and captures, relays, and the claims that rest on them."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonsRequest
from claims.actions.composing import change_source_with_publisher
from claims.actions.sources import SourceOutcome, add_relay, correct_source, remove_relay, retract_source
from claims.forms.sources import ConfirmForm, FileForm, ReasonForm, RelayForm, SearchForm, SourceForm
from claims.queries import (
    attachments_of,
    captures_of,
    claims_resting_on_source,
    get_relay,
    get_source,
    relays_of,
    search_sources,
    visible_sources,
)
from claims.reading.paging import BY_CREATION, find_order, read_page
from claims.record.reads import note_shown
from claims.verdicts.side_effects import Effects
from claims.views.asking import consent
from claims.views.listing import PAGE_SIZE, neighbours
from house.errors import Invalid
from house.pages import ActForm, CleanedData, form_page, may, sent, show_form
from sources.actions import attach_file, request_capture
from sources.inputs import SourceInput
from sources.models import CaptureState, Source
from sources.permissions import may_change_source, may_retract


def searched(request: PersonsRequest) -> tuple[SearchForm, str]:
    """The search form of a list, and its words. Raises Invalid."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form, form.cleaned_data["q"]


@dataclass(frozen=True, kw_only=True)
class _PageTexts:
    """The title of a form's page, the label of its button, and the line above the form."""

    title: str
    button: str
    line: str


@require_safe
def sources(request: PersonsRequest) -> HttpResponse:
    """The sources that the person may see, newest first."""
    form, q = searched(request)
    page = read_page(
        search_sources(visible_sources(request.user), q),
        order=find_order("-created", BY_CREATION),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "sources", "q": q},
        size=PAGE_SIZE,
    )
    note_shown(request.user, page.rows)
    context = {"form": form, "rows": page.rows, **neighbours(request, page)}
    return render(request, "sources/list.html", context)


def _shown(request: PersonsRequest, source_id: UUID) -> Source:
    """A source that the person may see; a restricted one is recorded as read. Raises NotFound."""
    row = get_source(request.user, source_id)
    note_shown(request.user, [row])
    return row


@require_safe
def source_page(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    """One source with everything of it that the person may see."""
    row = _shown(request, source_id)
    upstream, downstream = relays_of(request.user, row)
    captures = list(captures_of(request.user, row))
    attachments = list(attachments_of(request.user, row))
    note_shown(request.user, [*upstream, *downstream, *captures, *attachments])
    may_change = may(may_change_source, request.user, row)
    context = {
        "source": row,
        "upstream": upstream,
        "downstream": downstream,
        "captures": captures,
        "waits": any(capture.state == CaptureState.PENDING for capture in captures),
        "attachments": attachments,
        "resting": claims_resting_on_source(request.user, row),
        "may_change": may_change,
        "may_retract": may(may_retract, request.user, row),
        "relay_form": RelayForm(user=request.user, source=row) if may_change else None,
    }
    return render(request, "sources/source.html", context)


@form_page
def edit_source(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    row = _shown(request, source_id)
    may_change_source(request.user, row)
    form = SourceForm(**sent(request), user=request.user, source=row)
    return _one_act(
        request,
        row,
        form,
        lambda given: change_source_with_publisher(
            source=row,
            fields=SourceInput(**form.changes()),
            seen=form.what_was_seen,
            effects=consent(request),
            by=request.user,
        ),
        _PageTexts(
            title=_("Edit “%(title)s”") % {"title": row.title},
            button=_("Save source"),
            line=_("Every claim that relies on it is recounted."),
        ),
    )


@form_page
def retract(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    return _retract_or_correct(
        request,
        source_id,
        act=retract_source,
        hint=_("Who retracted it, when and where."),
        texts=_PageTexts(
            title=_("Record a retraction of “%(title)s”"),
            button=_("Record retraction"),
            line=_("It no longer counts for any claim. Verdicts that relied on it are flagged “support lost”."),
        ),
    )


@form_page
def correct(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    return _retract_or_correct(
        request,
        source_id,
        act=correct_source,
        hint=_("What was corrected, when and where."),
        texts=_PageTexts(
            title=_("Record a correction of “%(title)s”"),
            button=_("Record correction"),
            line=_("It counts as before. The quotes in the claims below need a re-check."),
        ),
    )


def _retract_or_correct(
    request: PersonsRequest, source_id: UUID, *, act: Callable[..., SourceOutcome], hint: str, texts: _PageTexts
) -> HttpResponse:
    """Retract or correct a source in two steps: a dry run that shows the effects on claims, then the act itself."""
    row = _shown(request, source_id)
    may_retract(request.user, row)
    form = ReasonForm(**sent(request), hint=hint)
    dry_run = "confirmed" not in request.POST
    effects = Effects(dry_run=dry_run)
    tried = form.submitted(lambda given: act(source=row, reason=given["reason"], effects=effects, by=request.user))
    if tried and not dry_run:
        return redirect("source", source_id)
    return show_form(
        request,
        form,
        title=texts.title % {"title": row.title},
        button=texts.button if tried else _("Preview impact"),
        back=reverse("source", args=[source_id]),
        lines=[texts.line],
        template="sources/retract_or_correct.html",
        tried=effects if tried else None,
        resting=claims_resting_on_source(request.user, row),
    )


@form_page
def attach_to_source(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    """Attach a file to a source."""
    row = _shown(request, source_id)
    may_change_source(request.user, row)
    form = FileForm(**sent(request), user=request.user)

    def keep(given: CleanedData) -> object:
        upload = given["file"]
        visibility = given["visibility"] or None
        return attach_file(source=row, chunks=upload.chunks(), name=upload.name, visibility=visibility, by=request.user)

    return _one_act(
        request,
        row,
        form,
        keep,
        _PageTexts(
            title=_("Attach a file to “%(title)s”") % {"title": row.title},
            button=_("Attach file"),
            line=_("A screenshot, a document or a saved page. Its digest will show later that it is unchanged."),
        ),
    )


def _one_act(
    request: PersonsRequest,
    row: Source,
    form: ActForm,
    act: Callable[[CleanedData], object],
    texts: _PageTexts,
) -> HttpResponse:
    """The page of one act on a source; afterwards it returns to the source."""
    at = reverse("source", args=[row.pk])
    if form.submitted(act):
        return redirect(at)
    return show_form(request, form, title=texts.title, button=texts.button, back=at, lines=[texts.line])


@form_page
def capture_page(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    """Request another capture of a source's address."""
    row = _shown(request, source_id)
    may_change_source(request.user, row)
    return _one_act(
        request,
        row,
        ConfirmForm(**sent(request)),
        lambda given: request_capture(source=row, by=request.user),
        _PageTexts(
            title=_("Capture “%(title)s” again") % {"title": row.title},
            button=_("Capture page"),
            line=_("The page as it is now is kept beside the earlier captures."),
        ),
    )


@form_page
def new_relay(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    """Record the source that another is based on."""
    row = _shown(request, source_id)
    may_change_source(request.user, row)
    return _one_act(
        request,
        row,
        RelayForm(**sent(request), user=request.user, source=row),
        lambda given: add_relay(downstream=row, effects=consent(request), by=request.user, **given),
        _PageTexts(
            title=_("What “%(title)s” is based on") % {"title": row.title},
            button=_("Add relay"),
            line=_("Every claim that relies on it is recounted."),
        ),
    )


@form_page
def end_relay(request: PersonsRequest, source_id: UUID, *, relay_id: UUID) -> HttpResponse:
    """Remove a relay that was recorded by mistake."""
    row = _shown(request, source_id)
    relay = get_relay(request.user, row, relay_id)
    note_shown(request.user, [relay])
    may_change_source(request.user, row)
    line = _("“%(below)s” will no longer be based on “%(above)s”. Every claim that relies on it will be recounted.")
    return _one_act(
        request,
        row,
        ConfirmForm(**sent(request)),
        lambda given: remove_relay(relay=relay, effects=consent(request), by=request.user),
        _PageTexts(
            title=_("Remove the relay"),
            button=_("Remove relay"),
            line=line % {"below": row.title, "above": relay.upstream.title},
        ),
    )
