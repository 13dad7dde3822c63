"""How often something may be tried, counted as sign-ins are; and how much is sent."""

from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request


def limited(request: HttpRequest, action: str, **counted: Any) -> HttpResponse | None:
    """The answer to who tries too often, None to everybody else.

    `action` is one of ACCOUNT_RATE_LIMITS; `counted`: the `user`, or the `key`, that its limits are for.
    """
    answer: HttpResponse | None = ratelimit.consume_or_429(request, action=action, **counted)
    return answer


def stated_length(request: HttpRequest | Request) -> int:
    """How many bytes the body has by its own account; 0 for what is no number, as Django takes it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
