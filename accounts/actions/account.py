"""Actions of people on their own account."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import end_access, known_zone, strong_password
from accounts.actions.mails import forget_links, write_mail
from accounts.edits import merge_values
from accounts.ledger_entries import account_recorded
from accounts.links import mail_of_link
from accounts.models import Mail, MailKind, User
from house.errors import Invalid
from house.fields import check_fields, optional_text
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction

# Enough of a tag to tell languages apart: the language and its subtags (RFC 5646, section 2.1).
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
OWN = ("name", "time_zone", "language", "reads", "reminders_by_mail", "away_from", "away_until")


def change_preferences(*, changes: Mapping[str, Any], seen: SeenValues = ANYTHING, by: User) -> User:
    """Change the person's own settings (`OWN`); `reads` lists language tags, and both days of absence go together.

    Fields changed in another window after they were `seen` keep that change. Raises Invalid, EditConflict.
    """
    with recorded_transaction():
        user = _lock(by)
        for field in changes:
            if field not in OWN:
                raise Invalid({field: [_("This field cannot be changed here.")]})
        changed = merge_values(changes, present={field: getattr(user, field) for field in OWN}, seen=seen)
        if not changed:
            return user
        for field, value in changed.items():
            setattr(user, field, value)
        user.name = " ".join(user.name.split())
        user.reads = list(dict.fromkeys(user.reads))
        check_fields(user, exclude=("password",))
        known_zone(user.time_zone)
        if not all(LANGUAGE_TAG.fullmatch(tag) for tag in user.reads):
            raise Invalid({"reads": [_("Enter language tags separated by commas, such as uk or ko-KP.")]})
        if user.language not in dict(settings.LANGUAGES):
            raise Invalid({"language": [_("The pages are not available in this language.")]})
        _away_in_order(user)
        user.save(update_fields=list(OWN))
    return user


def _lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _away_in_order(user: User) -> None:
    if (user.away_from is None) != (user.away_until is None):
        missing = "away_until" if user.away_until is None else "away_from"
        raise Invalid({missing: [_("Enter both days or neither.")]})
    if user.away_from is not None and user.away_until is not None and user.away_until < user.away_from:
        raise Invalid({"away_until": [_("The last day must not be before the first.")]})


def change_address(*, email: str, by: User, now: datetime | None = None) -> None:
    """Send a link to a new e-mail address, which is used once its owner follows the link.

    An empty address takes effect at once, and the old address is notified. The page asks for the password first: the
    owner of the address can reset it. Raises Invalid.
    """
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        email = optional_text(email, field="email")
        if email:
            _usable(email)
        if email == user.email:
            raise Invalid({"email": [_("This is already your address.")]})
        forget_links(MailKind.CONFIRM_ADDRESS, user=user, now=now)
        if email:
            write_mail(MailKind.CONFIRM_ADDRESS, email, user=user, now=now)
        else:
            _use_address(user, "", now)
            account_recorded("account_changed", user, by=user, now=now, fields=["email"], committed={"email": ""})


def _usable(email: str) -> None:
    try:
        Mail._meta.get_field("to").run_validators(email)
    except ValidationError as error:
        raise Invalid({"email": error.messages}) from error


def confirm_address(*, token: str, by: User, now: datetime | None = None) -> User:
    """Use the address that a link was sent to, and notify the old one. Raises NotFound for an unknown link."""
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        mail = mail_of_link(token, MailKind.CONFIRM_ADDRESS, now=now, user=by)
        Mail.objects.filter(pk=mail.pk).update(used_at=now)
        forget_links(MailKind.CONFIRM_ADDRESS, user=user, now=now)
        _use_address(user, mail.to, now)
        account_recorded("account_changed", user, by=user, now=now, fields=["email"], committed={"email": mail.to})
    return user


def _use_address(user: User, email: str, now: datetime) -> None:
    """Set a locked account's address; links in the old mailbox stop working."""
    if user.email:
        write_mail(MailKind.ADDRESS_CHANGED, user.email, user=user, now=now)
    forget_links(MailKind.RESET, user=user, now=now)
    user.email = email
    user.save(update_fields=["email"])


def ask_for_password(*, email: str, now: datetime | None = None) -> None:
    """Request a link that sets a new password.

    Only the worker looks up the account, so that the answer takes the same time for every address. Raises Invalid for a
    malformed address.
    """
    email = optional_text(email, field="email")
    _usable(email)
    with recorded_transaction():
        write_mail(MailKind.RESET_ASKED, email, now=now or timezone.now())


def set_password(*, token: str, password: str, now: datetime | None = None) -> User:
    """Set a new password through a mailed link, which works once.

    Every session and token of the person ends: another person may know the old password. Raises NotFound for an invalid
    or expired link, Invalid for a weak password.
    """
    now = now or timezone.now()
    with recorded_transaction():
        found = mail_of_link(token, MailKind.RESET, now=now).user
        assert found is not None  # the table's constraint says so
        user = _lock(found)
        mail = mail_of_link(token, MailKind.RESET, now=now, user=user)  # another request may have used the link first
        Mail.objects.filter(pk=mail.pk).update(used_at=now)
        # The link proves no session: no one is signed in, and tokens end with the sessions.
        _use_password(user, password, now)
    return user


def change_password(*, password: str, session: str, by: User, now: datetime | None = None) -> User:
    """Change the password of a person who has just given the present one.

    Every token and other session ends; the session with the key `session` continues once the page gives it the new
    hash. Raises Invalid for a weak password.
    """
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        _use_password(user, password, now, besides=session)
    return user


def _use_password(user: User, password: str, now: datetime, *, besides: str = "") -> None:
    strong_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    end_access(user, besides=besides)
    forget_links(MailKind.RESET, user=user, now=now)
    account_recorded("account_changed", user, by=user, now=now, fields=["password"])
