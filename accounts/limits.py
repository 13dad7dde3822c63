"""Rate limits: how often a person or address may do something.

allauth counts sign-ins (`limited`); `spend` counts everything else in the database, which survives restarts and serves
all web processes. `config.route_limits` and the API's views say which limit a request falls under.
"""

import hashlib
import hmac
import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext
from rest_framework.request import Request

from accounts.models import Spending, User
from house.errors import TooMany

_FORGOTTEN_AFTER = timedelta(hours=1)  # after the last request; by then every allowance is whole
_NETWORK_OF_ONE = 64  # network bits of an IPv6 address: its owner has them all


def limited(request: HttpRequest, action: str, **counted: Any) -> HttpResponse | None:
    """The answer to a person who tries too often, otherwise None.

    `action` is one of ACCOUNT_RATE_LIMITS; `counted` is the `user` or `key` that its limits apply to.
    """
    answer: HttpResponse | None = ratelimit.consume_or_429(request, action=action, **counted)
    return answer


def tell_to_wait(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer as 429 with `Retry-After` if `config.adapter` refused to check a password yet."""
    if seconds := getattr(request, "seconds_to_wait", 0):
        response.status_code = 429
        response["Retry-After"] = str(seconds)
    return response


def slowed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view that asks for a password in `tell_to_wait`."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        return tell_to_wait(request, view(request, *args, **named))

    return answer


# Each row has the moment at which a key's allowance is whole again (the generic cell rate algorithm, ITU-T I.371). One
# statement writes them in the order of the keys, so that two requests at once neither overtake nor deadlock. A crash
# may lose some without harm, so it does not wait for the disk.
_SPEND = """
INSERT INTO accounts_spending AS kept (key, asked_at, whole_at, span, refused)
SELECT asked.key, clock.now, clock.now + asked.step, asked.span, false
FROM unnest(%s::text[], %s::interval[], %s::interval[]) AS asked (key, step, span),
    (SELECT clock_timestamp() AS now, set_config('synchronous_commit', 'off', true)) AS clock
ORDER BY asked.key
ON CONFLICT (key) DO UPDATE SET
    asked_at = EXCLUDED.asked_at,
    span = EXCLUDED.span,
    refused = GREATEST(kept.whole_at, EXCLUDED.asked_at) + (EXCLUDED.whole_at - EXCLUDED.asked_at)
        > EXCLUDED.asked_at + EXCLUDED.span,
    whole_at = CASE
        WHEN GREATEST(kept.whole_at, EXCLUDED.asked_at) + (EXCLUDED.whole_at - EXCLUDED.asked_at)
            > EXCLUDED.asked_at + EXCLUDED.span
        THEN kept.whole_at
        ELSE GREATEST(kept.whole_at, EXCLUDED.asked_at) + (EXCLUDED.whole_at - EXCLUDED.asked_at)
    END
RETURNING key, refused, whole_at - asked_at
"""


def spend(request: HttpRequest | Request, kinds: Iterable[str], *, user: User | None) -> None:
    """Count one request of these kinds (of RATE_LIMITS) for the person, if any, and for the address.

    Raises TooMany when a limit is used up, PermissionDenied for a request of unknown origin.
    """
    rates = {
        _key(kind, whose=whose, user=user, request=request): rate
        for kind in kinds
        for whose, rate in settings.RATE_LIMITS[kind].items()
        if whose != "user" or user is not None
    }
    if not rates:
        return
    # All requests may come at once; they are regained evenly.
    steps = {key: timedelta(seconds=seconds / most) for key, (most, seconds) in rates.items()}
    spans = {key: timedelta(seconds=seconds) for key, (_most, seconds) in rates.items()}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [list(rates), list(steps.values()), list(spans.values())])
        answers: list[tuple[str, bool, timedelta]] = cursor.fetchall()
    waits = [ahead + steps[key] - spans[key] for key, refused, ahead in answers if refused]
    if waits:
        seconds = max(1, math.ceil(max(waits).total_seconds()))
        text = ngettext(
            "Too many requests at once. Try again in %(seconds)d second.",
            "Too many requests at once. Try again in %(seconds)d seconds.",
            seconds,
        )
        raise TooMany(text % {"seconds": seconds}, retry_after=seconds)


def _key(kind: str, *, whose: str, user: User | None, request: HttpRequest | Request) -> str:
    """The digest that identifies a count: a row reveals neither address nor person."""
    subject = f"user:{user.pk}" if whose == "user" and user is not None else f"ip:{_network(request)}"
    told = f"limit:{kind}:{subject}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()[:32]


def _network(request: HttpRequest | Request) -> str:
    """The address of a request, or its network for IPv6. See `config.adapter` and TRUSTED_PROXIES."""
    address: str = get_adapter().get_client_ip(request)
    try:
        if ip_address(address).version == 6:
            return str(ip_network(f"{address.partition('%')[0]}/{_NETWORK_OF_ONE}", strict=False))
    except ValueError:
        return address
    return address


def forget_spent(now: datetime | None = None) -> int:
    """Delete counts that became whole long ago; returns how many rows."""
    then = (now or timezone.now()) - _FORGOTTEN_AFTER
    return Spending.objects.filter(asked_at__lt=then, whole_at__lt=then).delete()[0]


def stated_length(request: HttpRequest | Request) -> int:
    """The length in bytes that the request states; 0 if it is not a number, as in Django."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
