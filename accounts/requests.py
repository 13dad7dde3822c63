"""Requests of signed-in people, and their roles, read once for each request."""

from collections.abc import Callable

from django.http import HttpRequest

from accounts.models import Membership, User


class PersonsRequest(HttpRequest):
    """A request of a signed-in person: LoginRequiredMiddleware lets no other reach a view."""

    user: User


def own_memberships(request: HttpRequest) -> list[Membership]:
    """The person's memberships, read once for each request with the rest of the page head; empty without a person.

    `config.middleware.PersonsTimeZone` supplies the reader, since the head needs rooms above this one.
    """
    read: Callable[[HttpRequest], list[Membership]] = request.reads_memberships  # type: ignore[attr-defined]  # see there
    return read(request)
