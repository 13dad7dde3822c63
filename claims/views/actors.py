"""Pages of actors: their chain, their parts and their publications."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.queries import memberships_of
from accounts.requests import PersonsRequest
from claims.actions.actors import merge_actors
from claims.actions.sources import change_actor
from claims.forms.actors import ActorForm, MergeForm, NewActorForm
from claims.inputs import MergeInput
from claims.queries import claims_naming, published_by
from claims.reading.actor_queries import chain_of, get_actor, parts_of, redacts_shared, shown_actors, survivor_of
from claims.reading.paging import BY_CREATION, find_order, read_page
from claims.record.reads import note_shown
from claims.verdicts.side_effects import Effects
from claims.views.asking import consent
from claims.views.listing import PAGE_SIZE, neighbours
from claims.views.sources import searched
from claims.views.writing import chosen_desk
from house.pages import form_page, may, sent, show_form
from sources.actions import create_actor
from sources.inputs import ActorInput
from sources.models import Visibility
from sources.permissions import WRITERS, may_change_actor, may_merge, may_release, may_write
from sources.queries import alike_actors, other_names_of, search_actors


@require_safe
def actors(request: PersonsRequest) -> HttpResponse:
    """The actors that the person may see, newest first."""
    form, q = searched(request)
    page = read_page(
        search_actors(request.user, shown_actors(request.user), q),
        order=find_order("-created", BY_CREATION),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "actors", "q": q},
        size=PAGE_SIZE,
    )
    note_shown(request.user, page.rows)
    writes = any(row.role in WRITERS for row in memberships_of(request.user))
    context = {"form": form, "rows": page.rows, "may_write": writes, **neighbours(request, page)}
    return render(request, "sources/actors.html", context)


@require_safe
def actor_page(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    """One actor: the chain up to its voice, its parts, and its publications. A merged actor redirects to the other."""
    survivor = survivor_of(request.user, actor_id)
    if survivor is not None:
        return redirect("actor", survivor.pk)
    row = get_actor(request.user, actor_id)
    chain, parts = chain_of(request.user, row), list(parts_of(request.user, row))
    published = list(published_by(request.user, row)[:PAGE_SIZE])
    note_shown(request.user, [row, *chain, *parts, *published])
    merges = may(may_merge, request.user, row) and row.visibility != Visibility.RESTRICTED
    context = {
        "actor": row,
        "other_names": other_names_of(request.user, row),
        "may_merge": merges,
        "may_redact": redacts_shared(request.user, row),
        "may_release": row.visibility != Visibility.PUBLIC and may(may_release, request.user, row.desk_id),
        "alike": alike_actors(request.user, row) if merges else [],
        "chain": chain,
        "may_check": may(may_change_actor, request.user, chain[-1]),
        "parts": parts,
        "published": published,
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
    form = NewActorForm(**sent(request), user=request.user, desk=desk)
    if form.submitted(lambda given: create_actor(desk=desk, fields=ActorInput(**given), by=request.user)):
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
    note_shown(request.user, [row])
    form = ActorForm(**sent(request), user=request.user, actor=row)
    if form.submitted(
        lambda given: change_actor(
            actor=row,
            fields=ActorInput(**form.changes()),
            seen=form.what_was_seen,
            effects=consent(request),
            by=request.user,
        )
    ):
        return redirect("actor", actor_id)
    return show_form(
        request,
        form,
        title=_("Edit %(name)s") % {"name": row.name},
        button=_("Save actor"),
        back=reverse("actor", args=[actor_id]),
        lines=[_("Every claim that it or an actor speaking for it bears on is recounted.")],
        template="sources/actor_form.html",
    )


@form_page
def merge_actor(request: PersonsRequest, actor_id: UUID) -> HttpResponse:
    """Merge an actor in two steps: a dry run that shows the effects on claims, then the act itself."""
    row = get_actor(request.user, actor_id)
    may_merge(request.user, row)
    form = MergeForm(**sent(request), user=request.user, actor=row, initial={"into": _asked_into(request)})
    # Only a previewed merge is carried out: with another actor or chain the preview comes first again.
    confirming = f"{form.cleaned_data.get('into', '')} {request.POST.get('chain', '')}" if form.is_valid() else ""
    dry_run = request.POST.get("confirmed") != confirming
    effects = Effects(dry_run=dry_run)
    tried = form.submitted(
        lambda given: merge_actors(actor=row, fields=MergeInput(**given), effects=effects, by=request.user)
    )
    if tried and not dry_run:
        return redirect("actor", form.outcome.row.pk)
    other = form.cleaned_data.get("into") if form.is_bound else _asked_into(request)
    both = [row, *shown_actors(request.user).filter(pk=other)] if other else [row]
    sources, parts = list(published_by(request.user, row)), list(parts_of(request.user, row))
    note_shown(request.user, [*both, *sources, *parts])
    return show_form(
        request,
        form,
        title=_("Merge “%(name)s” into another actor") % {"name": row.name},
        button=_("Merge actors") if tried else _("Preview impact"),
        back=reverse("actor", args=[actor_id]),
        lines=[
            _("Everything that names this actor will name the other. Searching this name will find the other."),
            _("A merge cannot be undone. You see a preview of the impact first."),
        ],
        template="sources/merge.html",
        actor=row,
        both=both,
        sources=sources,
        parts=parts,
        claims=claims_naming(request.user, row)[:PAGE_SIZE],
        tried=effects if tried else None,
        confirming=confirming,
    )


def _asked_into(request: PersonsRequest) -> UUID | None:
    """The actor suggested in the address, as the list of similar actors links to it."""
    try:
        return UUID(request.GET.get("into", ""))
    except ValueError:
        return None
