"""Second factors of people in tests, added through the actions that people use."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.actions.factors import add_totp
from accounts.codes import PERIOD, new_secret, totp
from accounts.models import User


@dataclass(frozen=True)
class App:
    """An authenticator app: it has the secret, and the person got recovery codes with it."""

    secret: str
    codes: list[str]

    def code(self, *, at: datetime | None = None) -> str:
        """What it shows at a moment; not the one that was used to add it."""
        return code_of(self.secret, at or timezone.now() + timedelta(seconds=PERIOD))


def app(user: User, *, now: datetime | None = None) -> App:
    """Adds an authenticator app to the account."""
    secret, now = new_secret(), now or timezone.now()
    return App(secret, add_totp(secret=secret, code=code_of(secret, now), by=user, now=now))


def code_of(secret: str, at: datetime) -> str:
    """The code that an app with this secret shows at a moment."""
    return totp(secret, int(at.astimezone(UTC).timestamp()) // PERIOD)
