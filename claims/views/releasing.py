"""Pages that release a thing to more people: first its content and new readers, then the act."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Desk
from accounts.queries import members_of
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.actions.releasing import (
    release_actor,
    release_attachment,
    release_capture,
    release_evidence,
    release_source,
)
from claims.forms.releasing import ReleaseForm
from claims.queries import attachments_of, captures_of, get_attachment, get_capture, get_claim, get_evidence, get_source
from claims.reading.actor_queries import get_actor
from claims.record.reads import note_shown
from claims.views.asking import consent
from house.errors import NotFound
from house.pages import CleanedData, form_page, sent, show_form
from sources.models import Visibility
from sources.permissions import may_release

Facts = Sequence[tuple[str, object]]


def _what_stays(files: int, *, captures: int) -> str:
    """The files and captures that remain restricted after the release of a source."""
    named = {
        "files": ngettext("%(count)d file", "%(count)d files", files) % {"count": files},
        "captures": ngettext("%(count)d capture", "%(count)d captures", captures) % {"count": captures},
    }
    if files and captures:
        line = _("Its %(files)s and %(captures)s, and evidence based on it, stay as restricted as they are.")
    elif files:
        line = _("Its %(files)s, and evidence based on it, stay as restricted as they are.")
    elif captures:
        line = _("Its %(captures)s, and evidence based on it, stay as restricted as they are.")
    else:
        line = _("Evidence based on it stays as restricted as it is.")
    return line % named


@asks_again("POST")
@form_page
def release_source_page(request: PersonsRequest, source_id: UUID) -> HttpResponse:
    row = get_source(request.user, source_id)
    files, captures = attachments_of(request.user, row), captures_of(request.user, row)
    facts = [
        (_("Title"), row.title),
        (_("Address"), row.url),
        (_("Publisher"), row.publisher or ""),
        (_("Reason for the basis"), row.basis_reason),
    ]
    return _page(
        request,
        _Release(
            row=row,
            desk_id=row.desk_id,
            name=row.title,
            back=reverse("source", args=[row.pk]),
            facts=facts,
            lines=[_what_stays(len(files), captures=len(captures))],
        ),
        lambda given: release_source(source=row, effects=consent(request), by=request.user, **given),
    )


@asks_again("POST")
@form_page
def release_actor_page(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    row = get_actor(request.user, actor_id)
    facts = [
        (_("Name"), row.name),
        (_("Speaks for"), row.part_of or ""),
        (_("Owned by"), row.owned_by or ""),
        (_("Why it is editorially independent"), row.stands_alone_because),
    ]
    return _page(
        request,
        _Release(
            row=row,
            desk_id=row.desk_id,
            name=row.name,
            back=reverse("actor", args=[row.pk]),
            facts=facts,
            lines=[_("Its sources stay as restricted as they are.")],
        ),
        lambda given: release_actor(actor=row, effects=consent(request), by=request.user, **given),
    )


@asks_again("POST")
@form_page
def release_evidence_page(request: PersonsRequest, reference: str, evidence_id: UUID) -> HttpResponse:
    claim = get_claim(request.user, reference)
    row = get_evidence(request.user, claim, evidence_id)
    row.claim = claim
    facts = [
        (_("Source"), row.source.title),
        (_("Bearing on the claim"), row.get_stance_display()),
        (_("Quote"), row.excerpt),
        (_("Page, paragraph or timestamp"), row.locator),
        (_("Reason for this basis"), row.basis_reason),
        (_("Admission against interest of"), row.against_interest or ""),
        (_("Why it is an admission"), row.against_interest_reason),
    ]
    return _page(
        request,
        _Release(
            row=row,
            desk_id=claim.desk_id,
            name=row.source.title,
            back=reverse("claim", args=[reference]),
            facts=facts,
            lines=[_("From then on it counts for the claim.")],
            about=claim,
        ),
        lambda given: release_evidence(evidence=row, effects=consent(request), by=request.user, **given),
    )


@asks_again("POST")
@form_page
def release_attachment_page(request: PersonsRequest, attachment_id: UUID) -> HttpResponse:
    row = get_attachment(request.user, attachment_id)
    return _page(
        request,
        _Release(
            row=row,
            desk_id=row.source.desk_id,
            name=row.name,
            back=reverse("source", args=[row.source_id]),
            facts=[(_("File"), row.name), (_("Source"), row.source.title)],
            lines=[_("Its capture becomes visible with it.")],
        ),
        lambda given: release_attachment(attachment=row, by=request.user, **given),
    )


@asks_again("POST")
@form_page
def release_capture_page(request: PersonsRequest, source_id: UUID, *, capture_id: UUID) -> HttpResponse:
    row = get_capture(request.user, get_source(request.user, source_id), capture_id)
    return _page(
        request,
        _Release(
            row=row,
            desk_id=row.source.desk_id,
            name=row.url,
            back=reverse("source", args=[source_id]),
            facts=[(_("Address"), row.url), (_("Answered from"), row.final_url), (_("Source"), row.source.title)],
            lines=[_("Its file becomes visible with it.")],
        ),
        lambda given: release_capture(capture=row, by=request.user, **given),
    )


@dataclass(frozen=True, kw_only=True)
class _Release:
    """A row to be released, the desk whose members may know of it, and its page: name, facts, lines, the way back."""

    row: Any
    desk_id: UUID | None
    name: str
    back: str
    facts: Facts
    lines: Sequence[str]
    about: object = None


def _page(
    request: PersonsRequest,
    release: _Release,
    act: Callable[[CleanedData], object],
) -> HttpResponse:
    """The page of a release: the facts that become visible, to whom, and the form. Afterwards it returns to the row."""
    row, desk_id = release.row, release.desk_id
    may_release(request.user, desk_id)
    if row.visibility == Visibility.PUBLIC:
        raise NotFound(_("Everyone can already see this."))
    note_shown(request.user, [row])
    form = ReleaseForm(**sent(request), present=row.visibility)
    if form.submitted(act):
        return redirect(release.back)
    return show_form(
        request,
        form,
        title=_("Release “%(name)s”") % {"name": release.name},
        button=_("Release"),
        back=release.back,
        about=release.about,
        lines=[*release.lines, _("A release cannot be undone: people may read it at once.")],
        template="claims/release.html",
        facts=[(label, value) for label, value in release.facts if value],
        people=_people(desk_id),
    )


def _people(desk_id: UUID | None) -> list[str]:
    """The user names of the desk's members."""
    return [user.username for user in members_of(Desk(pk=desk_id))] if desk_id else []
