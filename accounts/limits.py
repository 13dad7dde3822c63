"""How often something may be tried, counted as sign-ins are: by address, by person, by what is tried."""

from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse


def limited(request: HttpRequest, action: str, **counted: Any) -> HttpResponse | None:
    """The answer to who tries too often, None to everybody else.

    `action` is one of ACCOUNT_RATE_LIMITS; `counted`: the `user`, or the `key`, that its limits are for.
    """
    answer: HttpResponse | None = ratelimit.consume_or_429(request, action=action, **counted)
    return answer
