"""Second factors: adding, removing and checking them, and an administrator's reset after a lost device."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import end_access, may_administer
from accounts.actions.mails import write_mail
from accounts.codes import digest_of_code, digests_of, new_recovery_codes, period_of
from accounts.ledger_entries import account_recorded
from accounts.models import MailKind, User
from accounts.sealing import seal_anew, seal_secret, unseal
from accounts.second_factor import FACTORS, is_required
from house.errors import Conflict, Invalid, NotFound
from house.fields import given_text
from house.transactions import recorded_transaction

logger = logging.getLogger(__name__)
TYPE = Authenticator.Type


def add_totp(*, secret: str, code: str, by: User, now: datetime | None = None) -> list[str]:
    """Add an authenticator app whose first code proves its secret.

    Returns new recovery codes, shown only once, if the person had none. Raises Invalid, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        if _factors(user).filter(type=TYPE.TOTP).exists():
            raise Conflict(_("You already have an authenticator app. Remove it first."))
        period = period_of(secret, code=code, now=now)
        if period is None:
            raise Invalid(
                {"code": [_("Wrong code. Check the device’s clock, then enter the code that the app shows now.")]}
            )
        _add(user, TYPE.TOTP, {"secret": seal_secret(secret), "period": period}, now)
        return _codes_if_none(user, now)


def add_passkey(*, name: str, credential: Mapping[str, Any], by: User, now: datetime | None = None) -> list[str]:
    """Add a passkey whose registration was checked; returns the same as `add_totp`. Raises Invalid."""
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        name = given_text(name, field="name", message=_("Enter a name by which you will recognise it."))
        _add(user, TYPE.WEBAUTHN, {"name": name[:80], "credential": credential}, now)
        return _codes_if_none(user, now)


def _lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _factors(user: User) -> Any:
    return Authenticator.objects.filter(user=user)


def _add(user: User, kind: str, data: Mapping[str, Any], now: datetime) -> None:
    Authenticator.objects.create(user=user, type=kind, data=data, created_at=now)
    account_recorded("factor_added", user, by=user, now=now, factor=str(kind))
    _tell(user, now)


def _tell(user: User, now: datetime) -> None:
    if user.email:
        write_mail(MailKind.FACTORS_CHANGED, user.email, user=user, now=now)


def _codes_if_none(user: User, now: datetime) -> list[str]:
    return [] if _factors(user).filter(type=TYPE.RECOVERY_CODES).exists() else _make_codes(user, now)


def _make_codes(user: User, now: datetime) -> list[str]:
    codes = new_recovery_codes()
    _factors(user).filter(type=TYPE.RECOVERY_CODES).delete()
    data = {"digests": digests_of(codes)}
    Authenticator.objects.create(user=user, type=TYPE.RECOVERY_CODES, data=data, created_at=now)
    account_recorded("recovery_codes_made", user, by=user, now=now, codes=len(codes))
    return codes


def renew_recovery_codes(*, by: User, now: datetime | None = None) -> list[str]:
    """Replace the recovery codes; the new ones are shown only once. Raises Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        if not _factors(user).filter(type__in=FACTORS).exists():
            raise Conflict(_("Recovery codes replace a second factor. Add a second factor first."))
        codes = _make_codes(user, now)
        _tell(user, now)
    return codes


def remove_factor(*, factor_id: int, by: User, now: datetime | None = None) -> None:
    """Remove one of the person's own second factors; recovery codes go with the last one.

    Raises NotFound; Conflict for the last one if the person must have one.
    """
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        row = _factors(user).filter(pk=factor_id, type__in=FACTORS).first()
        if row is None:
            raise NotFound(_("Second factor not found."))
        others = _factors(user).filter(type__in=FACTORS).exclude(pk=row.pk).exists()
        if not others and is_required(user):
            raise Conflict(_("You must have a second factor. Add another before you remove this one."))
        row.delete()
        if not others:
            _factors(user).delete()
        account_recorded("factor_removed", user, by=user, now=now, factor=str(row.type))
        _tell(user, now)


def reset_factors(*, user: User, reason: str, by: User | None, now: datetime | None = None) -> User:
    """Remove all second factors of a person who lost theirs, end their sessions and tokens, and notify them.

    `by` is an administrator other than the person, or None for the machine's command line. Raises Forbidden, Invalid
    without a reason, Conflict for an account without factors or the administrator's own.
    """
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        if by is not None and by.pk == user.pk:
            raise Conflict(_("Remove your own second factors on your account page."))
        reason = given_text(reason, field="reason", message=_("Give a reason. It is recorded."))
        user = _lock(user)
        if not _factors(user).exists():
            raise Conflict(_("%(person)s has no second factor.") % {"person": user.username})
        kinds = sorted(_factors(user).values_list("type", flat=True))
        _factors(user).delete()
        user.sessions_ended_at = now
        user.save(update_fields=["sessions_ended_at"])
        end_access(user)  # the lost device may hold tokens
        committed = {"reason": reason}
        account_recorded("factors_reset", user, by=by, now=now, factors=kinds, committed=committed)
        _tell(user, now)
    return user


def use_code(*, user: User, code: str, now: datetime | None = None) -> Authenticator | None:
    """Use a code once; returns its factor (an app or the recovery codes), or None for a wrong code."""
    now = now or timezone.now()
    with recorded_transaction():
        _lock(user)  # of two requests with the same code, only one may pass
        app = _factors(user).filter(type=TYPE.TOTP).first()
        if app is not None:
            period = _period_of(app, code, now)
            if period is not None:
                return _used(app, {**app.data, "period": period}, now)
        kept = _factors(user).filter(type=TYPE.RECOVERY_CODES).first()
        digest = digest_of_code(code)
        if kept is None or digest not in kept.data["digests"]:
            return None
        left = [one for one in kept.data["digests"] if one != digest]
        account_recorded("recovery_code_used", user, by=user, now=now, left=len(left))
        _tell(user, now)
        return _used(kept, {"digests": left}, now)


def _period_of(app: Authenticator, code: str, now: datetime) -> int | None:
    try:
        return period_of(unseal(app.data["secret"]), code=code, now=now, after=app.data["period"])
    except InvalidToken:  # its key is gone; a recovery code still works
        logger.error("the secret of authenticator %s opens with no key that is set", app.pk)
        return None


def _used(row: Authenticator, data: Mapping[str, Any], now: datetime) -> Authenticator:
    row.data, row.last_used_at = data, now
    row.save(update_fields=["data", "last_used_at"])
    return row


def reseal_secrets() -> tuple[int, int]:
    """Encrypt all app secrets with the present SECRET_KEY; returns how many, and how many no key opens."""
    done = lost = 0
    with recorded_transaction():
        for row in Authenticator.objects.select_for_update().filter(type=TYPE.TOTP).order_by("pk"):
            try:
                row.data["secret"] = seal_anew(row.data["secret"])
            except InvalidToken:
                lost += 1
                continue
            row.save(update_fields=["data"])
            done += 1
    return done, lost
