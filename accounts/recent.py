"""Whether it was shown lately that it is the person who sits there, and which addresses ask for it.

A page says so by `asks_again`, an operation of the API in its description. `config.middleware.AsksAgain` and
`api.view.ApiView` hold both to it. A token is asked nothing: it was made behind this.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.models import User
from accounts.second_factor import due_for

View = TypeVar("View", bound=Callable[..., Any])
# The organisation may answer out of a session that began this morning: what it says of the time counts, see below.
NO_SIGN_OF_PRESENCE = "socialaccount"
ORGANISATION = "organisation"  # the record that `accounts.views.organisation` adds beside it


def asks_again(*methods: str) -> Callable[[View], View]:
    """Marks a view whose `methods` are done only for who showed lately who they are."""

    def mark(view: View) -> View:
        view.asks_again = frozenset(methods)  # type: ignore[attr-defined]  # read by what this module's head names
        return view

    return mark


def note_authentication(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    """Write into the session that the person showed who they are; `at`: when, in seconds, if not now."""
    record_authentication(request, user, method, **more)


def is_recent(request: HttpRequest) -> bool:
    """Whether who is signed in showed within the last `RECENT_AUTHENTICATION` that it is them, at sign-in or since."""
    since = time.time() - settings.RECENT_AUTHENTICATION.total_seconds()
    records = get_authentication_records(request, request.user)
    return any(record["at"] > since for record in records if record["method"] != NO_SIGN_OF_PRESENCE)


def is_shut_out(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the person ought to have a second factor by now and has none.

    Where their organisation said that it asked for more than one, as far as this session goes, that is one.
    """
    due_at = due_for(request.user) if request.user.is_authenticated else None
    return due_at is not None and due_at <= now and not organisation_asked_for_two(request, request.user)


def organisation_asked_for_two(request: HttpRequest, user: User | AnonymousUser) -> bool:
    """Whether this session began with a sign-in through the organisation that rested on more than one factor."""
    records = get_authentication_records(request, user)
    return any(record["method"] == ORGANISATION and record.get("factors") for record in records)
