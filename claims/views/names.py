"""Suggestions for form fields: actors and sources that the person may see, found by name while typing."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonsRequest
from claims.reading.names import ActorNames, Names, SourceNames
from house.errors import Invalid


@require_safe
def actor_names(request: PersonsRequest) -> HttpResponse:
    """Actors with `q` in their names. `desk`: its own and the shared ones; empty: the shared ones alone."""
    return _found(request, ActorNames)


@require_safe
def source_names(request: PersonsRequest) -> HttpResponse:
    """Sources of a desk (`desk`) with `q` in their titles."""
    return _found(request, SourceNames)


def _found(request: PersonsRequest, kind: type[Names]) -> HttpResponse:
    desk, without = _id(request.GET.get("desk", ""), name="desk"), _id(request.GET.get("without", ""), name="without")
    names = kind(request.user, desk, everywhere="desk" not in request.GET, without=without)
    found = names.like(request.GET.get("q", "")[:200])
    return JsonResponse({"names": [{"name": one.name, "also": one.also} for one in found]})


def _id(text: str, *, name: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid({name: [_("This is not an id.")]}) from error
