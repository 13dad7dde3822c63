"""Who asks: a request of somebody who is signed in, and their roles, read once for each request."""

from collections.abc import Callable

from django.http import HttpRequest

from accounts.models import Membership, User


class PersonsRequest(HttpRequest):
    """A request of somebody who is signed in: LoginRequiredMiddleware lets no other reach a view."""

    user: User


def own_memberships(request: HttpRequest) -> list[Membership]:
    """What the person who asks is on which desk, read once for each request with what else the head shows of them.

    None for nobody. `config.middleware.PersonsTimeZone` says how it is read: the head's other parts are of rooms above.
    """
    read: Callable[[HttpRequest], list[Membership]] = request.reads_memberships  # type: ignore[attr-defined]  # see there
    return read(request)
