"""Requests of signed-in people, and their roles, read once for each request."""

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Desk, Membership, User
from accounts.queries import memberships_of
from house.kept_queries import columns_of, kept_rows


class PersonsRequest(HttpRequest):
    """A request of a signed-in person: LoginRequiredMiddleware lets no other reach a view."""

    user: User


@kept_rows(User, columns=[*columns_of(Membership), *columns_of(Desk, "desk__")])
def _memberships(user: User) -> QuerySet[Membership]:
    return memberships_of(user)


def own_memberships(request: HttpRequest) -> list[Membership]:
    """The person's memberships with their desks, by the desk's name, read once for each request."""
    # A request refused early, such as one with a made-up host, has no `user`.
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    found: list[Membership] | None = getattr(request, "_memberships", None)
    if found is None:
        found = _memberships(user)
        for membership in found:
            membership.user = user
        request._memberships = found  # type: ignore[attr-defined]  # kept for the rest of this request
    return found
