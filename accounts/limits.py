"""How often something may be done, by whom and from where; and how much is sent.

Signing in is counted by allauth (`limited`), everything else by `spend`, in the database: it survives restarts, and
holds for all web processes together. What a request counts as is said by `config.route_limits` and the API's views.
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

_FORGOTTEN_AFTER = timedelta(hours=1)  # since it was last asked for: by then everything is allowed again
_NETWORK_OF_ONE = 64  # bits of an IPv6 address that are its network's: whoever has one has all that begin like it


def limited(request: HttpRequest, action: str, **counted: Any) -> HttpResponse | None:
    """The answer to who tries too often, None to everybody else.

    `action` is one of ACCOUNT_RATE_LIMITS; `counted`: the `user`, or the `key`, that its limits are for.
    """
    answer: HttpResponse | None = ratelimit.consume_or_429(request, action=action, **counted)
    return answer


def tell_to_wait(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer; with 429 and `Retry-After` where a password was tried too soon, and not looked at.

    `config.adapter` says so of the request.
    """
    if seconds := getattr(request, "seconds_to_wait", 0):
        response.status_code = 429
        response["Retry-After"] = str(seconds)
    return response


def slowed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page of `view`, on which a password is asked for: see `tell_to_wait`."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        return tell_to_wait(request, view(request, *args, **named))

    return answer


# Each row is when a key's allowance would be whole again (the generic cell rate algorithm, ITU-T I.371). Written by one
# statement, in one order of the keys, so that two at once neither overtake nor wait for each other in a circle. What a
# crash forgets of it does no harm: it is not waited for the disk.
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
    """Count one request of these kinds (of RATE_LIMITS) for the person, if there is one, and for the address.

    Raises TooMany where one of them is used up, PermissionDenied where it cannot be told where the request comes from.
    """
    rates = {
        _key(kind, whose=whose, user=user, request=request): rate
        for kind in kinds
        for whose, rate in settings.RATE_LIMITS[kind].items()
        if whose != "user" or user is not None
    }
    if not rates:
        return
    # All may come at once, and each comes free again evenly.
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
    """Who or what is counted, so that no row tells of an address or of a person."""
    subject = f"user:{user.pk}" if whose == "user" and user is not None else f"ip:{_network(request)}"
    told = f"limit:{kind}:{subject}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()[:32]


def _network(request: HttpRequest | Request) -> str:
    """The address that a request comes from; of IPv6, its network. See `config.adapter` and TRUSTED_PROXIES."""
    address: str = get_adapter().get_client_ip(request)
    try:
        if ip_address(address).version == 6:
            return str(ip_network(f"{address.partition('%')[0]}/{_NETWORK_OF_ONE}", strict=False))
    except ValueError:
        return address
    return address


def forget_spent(now: datetime | None = None) -> int:
    """Delete what was counted and is whole again since long; how many rows."""
    then = (now or timezone.now()) - _FORGOTTEN_AFTER
    return Spending.objects.filter(asked_at__lt=then, whole_at__lt=then).delete()[0]


def stated_length(request: HttpRequest | Request) -> int:
    """How many bytes the body has by its own account; 0 for what is no number, as Django takes it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
