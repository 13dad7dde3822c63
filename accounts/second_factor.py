"""Who needs a second factor and from when, by the rules of desks and installation.

`accounts.sessions` reads the needed columns with the person, so that pages need no query for them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, TypeGuard, TypeVar, cast

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


class FactorColumns(TypedDict):
    """The columns that `with_second_factor` adds to a row. `factor_due_at`: None where no desk sets a deadline."""

    has_factor: bool
    factor_due_at: datetime | None


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    PersonWithFactor = WithAnnotations[User, FactorColumns]
else:  # the stubs are no dependency of the running program
    PersonWithFactor = User

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
    read = user if _is_read(user) else _read(user)
    if read.has_factor:
        return None
    ends = [read.factor_due_at, _due_here(user)]
    return min((end for end in ends if end is not None), default=None)


def is_required(user: User) -> bool:
    """Whether a desk or the installation requires a second factor of the person, now or later."""
    return _read(user).factor_due_at is not None or _due_here(user) is not None


def _is_read(user: User) -> TypeGuard[PersonWithFactor]:
    """Whether the columns were read with the person, as at sign-in and by token."""
    return hasattr(user, "has_factor")


def _read(user: User) -> PersonWithFactor:
    # `with_second_factor` takes rows of several models, and mypy cannot name the added columns of them all.
    return cast(PersonWithFactor, with_second_factor(User.objects.filter(pk=user.pk)).get())


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
