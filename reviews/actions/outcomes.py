"""What idempotency keys stand for: found and kept inside the transaction of the act, forgotten after a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from accounts.models import User
from accounts.transactions import act
from reviews.models import KeptOutcome

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """What a key counts for: the same key of another person, method or address is another."""

    user: User
    method: str
    path: str
    key: str

    def as_fields(self) -> dict[str, Any]:
        return {"user": self.user, "method": self.method, "path": self.path, "key": self.key}


def outcome_of(request: KeyedRequest) -> KeptOutcome | None:
    """What the key stands for already, with the key held alone until the transaction around this ends.

    Raises Conflict while another request with the key is being worked on: it may be done or fail yet.
    """
    name = f"second-source key {request.user.pk} {request.method} {request.path} {request.key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        (alone,) = cursor.fetchone()
    if not alone:
        raise Conflict(_("A request with this key is being worked on. Send it again in a moment."))
    return KeptOutcome.objects.filter(**request.as_fields()).first()


def keep_outcome(
    request: KeyedRequest,
    *,
    body_digest: str,
    status: int,
    at: str,
    effects: dict[str, Any] | None,
    now: datetime | None = None,
) -> None:
    """Write down what the key stands for from now on. Call it in the transaction of the act."""
    KeptOutcome.objects.create(
        **request.as_fields(),
        body_digest=body_digest,
        status=status,
        at=at,
        effects=effects,
        created_at=now or timezone.now(),
    )


def forget_outcomes(*, now: datetime | None = None) -> int:
    """Forget keys that are a day old: whoever repeats a request does so sooner. How many were forgotten."""
    now = now or timezone.now()
    with act():
        forgotten, _rows = KeptOutcome.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return forgotten
