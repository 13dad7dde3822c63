"""The template variable `page`: main navigation, the person's desks, the demonstration strip, the time zone."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Desk, Membership, Role, User
from accounts.queries import MOST_RECEIPTS, is_demonstration
from accounts.recent import organisation_asked_for_two
from accounts.requests import own_memberships
from accounts.second_factor import due_for
from config import words
from reviews.queries import (
    MOST_UNREAD,
    WaitingRedactions,
    unread_notifications,
    waiting_redactions,
    waits_elsewhere,
)


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the main navigation; `current` is its aria-current: "page", "true" (a page below it) or ""."""

    url: str
    label: str
    current: str


class PageContext:
    """Computes only the values that a template asks for, so that a page without a head costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def _person(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @property
    def _edited(self) -> list[Membership]:
        return [own for own in self.memberships if own.role == Role.EDITOR]

    @cached_property
    def _redactions(self) -> WaitingRedactions:
        if self._person is None:
            return WaitingRedactions(frozenset(), perhaps_elsewhere=False)
        return waiting_redactions(self._person, [own.desk_id for own in self._edited])

    @cached_property
    def demonstration(self) -> bool:
        """Whether this installation holds the demonstration data."""
        return is_demonstration()

    @cached_property
    def memberships(self) -> list[Membership]:
        """The person's memberships; empty when no one is signed in."""
        return own_memberships(self._request)

    @cached_property
    def unread(self) -> str:
        """The number of unread notifications: "3", "99+"; "" for none, and when no one is signed in."""
        user = self._person
        count = unread_notifications(user, [own.desk_id for own in self.memberships]) if user else 0
        return f"{MOST_UNREAD}+" if count > MOST_UNREAD else str(count or "")

    @cached_property
    def to_redact(self) -> list[Desk]:
        """The desks on which a redaction proposed by someone else awaits the person's decision."""
        return [own.desk for own in self._edited if own.desk_id in self._redactions.desks]

    @cached_property
    def redacts_elsewhere(self) -> bool:
        """Whether a redaction outside the person's desks awaits their decision."""
        return self._person is not None and self._redactions.perhaps_elsewhere and waits_elsewhere(self._person)

    @cached_property
    def receipts(self) -> str:
        """The address of the receipts just given: a file, or the list of all receipts; "" for none."""
        given = getattr(self._request, "receipts", None)
        hashes = given.all if given else []
        if given is None or not hashes:
            return ""
        given.are_shown = True
        return (
            f"{reverse('receipt-file')}?leaves={','.join(hashes)}"
            if len(hashes) <= MOST_RECEIPTS
            else reverse("receipts")
        )

    @property
    def organisation(self) -> str:
        """The name of the organisation through which people sign in; "" if none is configured."""
        return settings.OIDC_NAME

    @cached_property
    def factor_due_at(self) -> datetime | None:
        """The time by which the person must add a second factor; None if they need none or have one."""
        user = self._person
        return None if user is None or organisation_asked_for_two(self._request, user) else due_for(user)

    @property
    def places(self) -> list[NavigationItem]:
        """The main navigation, without "New claim" for auditors, who only read."""
        entries = [("/", _("My work")), ("/claims/", _("Claims"))]
        if any(membership.role != Role.AUDITOR for membership in self.memberships):
            entries.append(("/claims/new/", _("New claim")))
        audits = any(membership.role in (Role.AUDITOR, Role.EDITOR) for membership in self.memberships)
        if audits or (self._person is not None and self._person.is_staff):
            entries.append(("/ledger/", _("Ledger")))
        here = self._nearest([url for url, _label in entries])
        return [NavigationItem(url, label, self._current(url) if url == here else "") for url, label in entries]

    def _nearest(self, urls: list[str]) -> str:
        """Return the longest of `urls` that is the present address or above it; "/" is above none."""
        path = self._request.path
        above = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
        return max(above, key=len, default="")

    def _current(self, url: str) -> str:
        return "page" if self._request.path == url else "true"

    @property
    def zone_label(self) -> str:
        """The time zone of the page in words: "Times are Kyiv time (UTC+2)"."""
        return words.zone_label(timezone.get_current_timezone(), now=timezone.now())


def page(request: HttpRequest) -> dict[str, PageContext]:
    """Return the context processor's variables: `page` for every template."""
    return {"page": PageContext(request)}
