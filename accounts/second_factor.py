"""Who needs a second factor and from when, by the rules of desks and installation.

`accounts.sessions` reads the needed columns with the person, so that pages need no query for them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Greatest

from accounts.models import Membership, User

Row = TypeVar("Row", bound=Model)
View = TypeVar("View", bound=Callable[..., Any])
# Recovery codes replace one of these, but are no factor themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
READ_WITH_PERSON = ("has_factor", "factor_due_at")  # added by `with_second_factor`

_DAYS = ExpressionWrapper(
    F("desk__second_factor_days") * Value(timedelta(days=1), DurationField()), output_field=DurationField()
)
_FROM = Greatest(F("desk__second_factor_since"), F("created_at"))


def with_second_factor(rows: QuerySet[Row], person: str = "pk") -> QuerySet[Row]:
    """The rows with `has_factor` and `factor_due_at`, the earliest deadline set by the person's desks.

    `person` is the field with the person's id. Both come in the same statement.
    """
    asked = (
        Membership.objects.filter(user=OuterRef(person), desk__second_factor_since__isnull=False)
        .annotate(due_at=ExpressionWrapper(_FROM + _DAYS, output_field=DateTimeField()))
        .order_by("due_at")
        .values("due_at")[:1]
    )
    has = Authenticator.objects.filter(user=OuterRef(person), type__in=FACTORS)
    found: QuerySet[Row] = rows.annotate(has_factor=Exists(has), factor_due_at=Subquery(asked))  # type: ignore[assignment]  # the stubs lose the model
    return found


def due_for(user: User) -> datetime | None:
    """The deadline after which the person needs a second factor; None if they have one or none is required."""
    read = user if hasattr(user, "has_factor") else with_second_factor(User.objects.filter(pk=user.pk)).get()
    if read.has_factor:  # type: ignore[attr-defined]  # as `with_second_factor` adds it
        return None
    ends = [read.factor_due_at, _due_here(user)]  # type: ignore[attr-defined]
    return min((end for end in ends if end is not None), default=None)


def is_required(user: User) -> bool:
    """Whether a desk or the installation requires a second factor of the person, now or later."""
    read = with_second_factor(User.objects.filter(pk=user.pk)).get()
    return read.factor_due_at is not None or _due_here(user) is not None  # type: ignore[attr-defined]


def open_without_factor(view: View) -> View:
    """Mark a page as open to people whose second factor is overdue: to add one, or to sign out."""
    view.open_without_factor = True  # type: ignore[attr-defined]  # read by config.middleware.NeedsSecondFactor
    return view


def _due_here(user: User) -> datetime | None:
    """The installation's deadline: its days counted from its start date, or from the account's creation if later."""
    if settings.REQUIRE_SECOND_FACTOR is None:
        return None
    since = datetime.combine(settings.REQUIRE_SECOND_FACTOR, time(), UTC)
    return max(since, user.date_joined) + timedelta(days=settings.SECOND_FACTOR_DAYS)
