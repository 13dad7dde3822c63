"""Wrong passwords slow down the network that they come from. Nobody is locked out because others guess.

A try is counted before the password is looked at, so that a hundred at once are a hundred; the right password takes it
back. docs/decisions/0094-wrong-passwords.md says why it is the network, and what a guessed-at account changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import SignInTries

# So many wrong passwords cost nothing: of an address (or the /64 of IPv6), and of the wider network around it.
FREE = (5, 50)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)  # doubled from try to try
FORGIVEN_EVERY = timedelta(minutes=15)  # one try after the other
# So many for one name, from wherever, and each network has one free try at it. Its first one is always looked at.
GUESSED_AT = 20
KEPT_FOR = timedelta(days=1)


class TooSoon(Exception):
    """The network has to wait for so many `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Try:
    """One that is under way, counted already: the rows as they were before, and what name it is for."""

    before: tuple[tuple[str, int, datetime], ...]
    name: str
    now: datetime


def begin_try(*, networks: Sequence[str], name: str, now: datetime | None = None) -> Try:
    """Count a try from these networks, the narrowest first, for the name that was typed. Raises TooSoon."""
    now = now or timezone.now()
    free = (1, *FREE[1:]) if _is_guessed_at(name, now) else FREE
    keys = {_key("network", value=network): most for network, most in zip(networks, free, strict=False)}
    with transaction.atomic():
        rows = _locked(list(keys), now)
        wait = max(_wait(row, keys[row.key], now) for row in rows)
        if wait > timedelta(0):
            raise TooSoon(ceil(wait.total_seconds()))
        before = tuple((row.key, _left(row, now), row.at) for row in rows)
        for row in rows:
            row.tries, row.at = _left(row, now) + 1, now
        SignInTries.objects.bulk_update(rows, ["tries", "at"])
    return Try(before, name, now)


def end_well(begun: Try) -> None:
    """The password was right: the try is taken back, and what others tried from there meanwhile stays counted."""
    for key, tries, at in begun.before:
        row = SignInTries.objects.filter(key=key)
        if not row.filter(at=begun.now, tries=tries + 1).update(tries=tries, at=at):
            row.filter(tries__gt=0).update(tries=F("tries") - 1)


def end_badly(begun: Try) -> bool:
    """The password was wrong: that it was for this name is counted, too. Whether the name is guessed at since now."""
    with transaction.atomic():
        (row,) = _locked([_key("name", value=begun.name)], begun.now)
        row.tries, row.at = _left(row, begun.now) + 1, begun.now
        row.save(update_fields=["tries", "at"])
    return row.tries == GUESSED_AT


def forget_old_tries(*, now: datetime | None = None) -> int:
    """Delete what is forgiven long since; how many rows."""
    return SignInTries.objects.filter(at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]


def _key(kind: str, *, value: str) -> str:
    """What a row is found by: who reads the table learns neither addresses nor what was typed for a name."""
    return salted_hmac(f"accounts.sign_ins.{kind}", value.casefold(), algorithm="sha256").hexdigest()


def _locked(keys: list[str], now: datetime) -> list[SignInTries]:
    """The rows with these keys, made where they are missing, locked in one order."""
    new = [SignInTries(key=key, tries=0, at=now) for key in sorted(keys)]
    SignInTries.objects.bulk_create(new, ignore_conflicts=True)
    return list(SignInTries.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("key"))


def _is_guessed_at(name: str, now: datetime) -> bool:
    row = SignInTries.objects.filter(key=_key("name", value=name)).first()
    return row is not None and _left(row, now) >= GUESSED_AT


def _left(row: SignInTries, now: datetime) -> int:
    """How many tries are not forgiven yet."""
    return max(0, row.tries - int((now - row.at) / FORGIVEN_EVERY))


def _wait(row: SignInTries, free: int, now: datetime) -> timedelta:
    """How long a network has to wait from now on; nothing, or less, where it has not."""
    beyond = _left(row, now) - free
    if beyond < 0:
        return timedelta(0)
    whole: timedelta = min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
    left: timedelta = whole - (now - row.at)
    return left
