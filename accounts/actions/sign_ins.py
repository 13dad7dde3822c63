"""Wrong passwords slow down the network they come from; guessing by others locks no one out.

A try is counted before the password is checked, so that a hundred at once count as a hundred; the right password
uncounts it. docs/decisions/0094-wrong-passwords.md gives the reasons.
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

# Wrong passwords without a wait: of an address (or IPv6 /64), and of the wider network around it.
FREE = (5, 50)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)  # doubled at each try
FORGIVEN_EVERY = timedelta(minutes=15)  # one try at a time
# Tries for one name from everywhere, after which each network has one free try; its first is always checked.
GUESSED_AT = 20
KEPT_FOR = timedelta(days=1)


class TooSoon(Exception):
    """The network has to wait for this many `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Try:
    """A counted try under way: the rows before it, and the name it is for."""

    before: tuple[tuple[str, int, datetime], ...]
    name: str
    now: datetime


def begin_try(*, networks: Sequence[str], name: str, now: datetime | None = None) -> Try:
    """Count a try from these networks, narrowest first, for the typed name. Raises TooSoon."""
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
    """Uncount a try with the right password; other tries from there still count."""
    for key, tries, at in begun.before:
        row = SignInTries.objects.filter(key=key)
        if not row.filter(at=begun.now, tries=tries + 1).update(tries=tries, at=at):
            row.filter(tries__gt=0).update(tries=F("tries") - 1)


def end_badly(begun: Try) -> bool:
    """Count a wrong password against the name; returns whether the name has now become a target."""
    with transaction.atomic():
        (row,) = _locked([_key("name", value=begun.name)], begun.now)
        row.tries, row.at = _left(row, begun.now) + 1, begun.now
        row.save(update_fields=["tries", "at"])
    return row.tries == GUESSED_AT


def forget_old_tries(*, now: datetime | None = None) -> int:
    """Delete counts forgiven long ago; returns how many rows."""
    return SignInTries.objects.filter(at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]


def _key(kind: str, *, value: str) -> str:
    """The keyed digest of a row: the table reveals neither addresses nor typed names."""
    return salted_hmac(f"accounts.sign_ins.{kind}", value.casefold(), algorithm="sha256").hexdigest()


def _locked(keys: list[str], now: datetime) -> list[SignInTries]:
    """The rows with these keys, created where missing, locked in one order."""
    new = [SignInTries(key=key, tries=0, at=now) for key in sorted(keys)]
    SignInTries.objects.bulk_create(new, ignore_conflicts=True)
    return list(SignInTries.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("key"))


def _is_guessed_at(name: str, now: datetime) -> bool:
    row = SignInTries.objects.filter(key=_key("name", value=name)).first()
    return row is not None and _left(row, now) >= GUESSED_AT


def _left(row: SignInTries, now: datetime) -> int:
    """The number of tries not yet forgiven."""
    return max(0, row.tries - int((now - row.at) / FORGIVEN_EVERY))


def _wait(row: SignInTries, free: int, now: datetime) -> timedelta:
    """The time the network still has to wait; zero or less if it may try now."""
    beyond = _left(row, now) - free
    if beyond < 0:
        return timedelta(0)
    whole: timedelta = min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
    left: timedelta = whole - (now - row.at)
    return left
