"""Pages of actors: who they are, for whom they speak, what they published."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.pages import PersonsRequest, form_page, may, sent, show_form
from accounts.queries import memberships_of
from claims.actions.sources import change_actor
from claims.forms.actors import ActorForm
from claims.paging import BY_CREATION, find_order, read_page
from claims.queries import published_by
from claims.views.asking import consent
from claims.views.listing import PAGE_SIZE, neighbours
from claims.views.sources import searched
from claims.views.writing import chosen_desk
from sources.actions import create_actor
from sources.permissions import WRITERS, may_change_actor, may_write
from sources.queries import chain_of, get_actor, parts_of, search_actors, visible_actors


@require_safe
def actors(request: PersonsRequest) -> HttpResponse:
    """The actors that the person may see, newest first."""
    form, q = searched(request)
    page = read_page(
        search_actors(visible_actors(request.user), q),
        order=find_order("-created", BY_CREATION),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "actors", "q": q},
        size=PAGE_SIZE,
    )
    writes = any(row.role in WRITERS for row in memberships_of(request.user))
    context = {"form": form, "rows": page.rows, "may_write": writes, **neighbours(request, page)}
    return render(request, "sources/actors.html", context)


@require_safe
def actor(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    """One actor: the chain up to its voice, its parts, and what it published."""
    row = get_actor(request.user, actor_id)
    context = {
        "actor": row,
        "chain": chain_of(request.user, row),
        "parts": parts_of(request.user, row),
        "published": published_by(request.user, row)[:PAGE_SIZE],
        "may_change": may(may_change_actor, request.user, row),
    }
    return render(request, "sources/actor.html", context)


@form_page
def new_actor(request: PersonsRequest) -> HttpResponse:
    desk = chosen_desk(request)
    if desk is None:
        own = [row.desk for row in memberships_of(request.user) if row.role in WRITERS]
        return render(request, "claims/choose_desk.html", {"desks": own})
    may_write(request.user, desk)
    form = ActorForm(**sent(request), user=request.user, desk=desk)
    if form.handed_in(lambda given: create_actor(desk=desk, fields=given, by=request.user)):
        return redirect("actor", form.outcome.pk)
    return show_form(
        request,
        form,
        title=_("New actor"),
        button=_("Save actor"),
        back=reverse("actors"),
        template="sources/actor_form.html",
    )


@form_page
def edit_actor(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    row = get_actor(request.user, actor_id)
    may_change_actor(request.user, row)
    form = ActorForm(**sent(request), user=request.user, desk=row.desk, actor=row)
    if form.handed_in(lambda given: change_actor(actor=row, fields=given, effects=consent(request), by=request.user)):
        return redirect("actor", actor_id)
    return show_form(
        request,
        form,
        title=_("Edit %(name)s") % {"name": row.name},
        button=_("Save actor"),
        back=reverse("actor", args=[actor_id]),
        lines=[_("Every claim that it, or a part of it, bears on is counted anew.")],
        template="sources/actor_form.html",
    )
