"""The page of one's desks."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.pages import PersonsRequest
from accounts.queries import desks_with_members


@require_safe
def desk(request: PersonsRequest) -> HttpResponse:
    """Who is on the person's desks, and what the desks have agreed."""
    return render(request, "accounts/desk.html", {"desks": desks_with_members(request.user)})
