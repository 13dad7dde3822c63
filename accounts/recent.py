"""Recent confirmation of identity, and the views that require it.

A page requires it by `asks_again`, an API operation in its description; `config.middleware.AsksAgain` and
`api.view.ApiView` enforce both. A token needs none: its creation required it.
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
# The organisation may answer from an old session, so its stated time counts; see below.
NO_SIGN_OF_PRESENCE = "socialaccount"
ORGANISATION = "organisation"  # the record that `accounts.views.organisation` adds beside it


def asks_again(*methods: str) -> Callable[[View], View]:
    """Mark a view whose `methods` require a recent confirmation of identity."""

    def mark(view: View) -> View:
        view.asks_again = frozenset(methods)  # type: ignore[attr-defined]  # read as this module's docstring says
        return view

    return mark


def note_authentication(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    """Note in the session that the person confirmed their identity; `at` in seconds, if not now."""
    record_authentication(request, user, method, **more)


def is_recent(request: HttpRequest) -> bool:
    """Whether the person confirmed their identity within the last `RECENT_AUTHENTICATION`, at sign-in or since."""
    since = time.time() - settings.RECENT_AUTHENTICATION.total_seconds()
    records = get_authentication_records(request, request.user)
    return any(record["at"] > since for record in records if record["method"] != NO_SIGN_OF_PRESENCE)


def is_shut_out(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the person's second factor is overdue.

    Several factors at their organisation count for the session that began there.
    """
    due_at = due_for(request.user) if request.user.is_authenticated else None
    return due_at is not None and due_at <= now and not organisation_asked_for_two(request, request.user)


def organisation_asked_for_two(request: HttpRequest, user: User | AnonymousUser) -> bool:
    """Whether this session began with a sign-in through the organisation that used more than one factor."""
    records = get_authentication_records(request, user)
    return any(record["method"] == ORGANISATION and record.get("factors") for record in records)
