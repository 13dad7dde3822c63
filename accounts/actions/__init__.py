"""Actions on people, desks, roles and tokens. Each action is one transaction."""

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.mails import forget_links
from accounts.edits import count_edit, merge, merge_values
from accounts.inputs import AccountInput
from accounts.ledger_entries import account_recorded, desk_recorded, role_granted
from accounts.models import Desk, MailKind, Membership, Role, Session, Token, TokenScope, User
from accounts.queries import role_in
from house.errors import Conflict, Forbidden, Invalid, NotFound
from house.fields import check_fields
from house.inputs import FieldValues
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction

POLICY_FIELDS = ("min_independence", "days_to_review", "days_to_look_again", "second_factor_days")
OF_AN_ACCOUNT = ("email", "time_zone", "is_active", "is_staff")  # what an administrator changes of one
LONGEST_TOKEN_LIFETIME = timedelta(days=365)
TO_THE_HOUR = timedelta(hours=1)


def may_administer(by: User | None) -> None:
    """Refuse everyone but administrators; None stands for the machine's own command line. Raises Forbidden."""
    if by is not None and not (by.is_active and by.is_staff):
        raise Forbidden(_("Only administrators can do this."))


def _plain_name(username: str) -> None:
    """Refuse a name that NFKC would change: its owner could not sign in by typing it. Raises Invalid."""
    composed = unicodedata.normalize("NFC", username)
    if unicodedata.normalize("NFKC", composed) != composed:
        raise Invalid({"username": [_("Use plain characters: some here are look-alikes, such as ² for 2.")]})


def create_user(
    *,
    account: AccountInput,
    check_password: bool = True,
    invitation: UUID | None = None,
    by: User | None,
    now: datetime | None = None,
) -> User:
    """Create an account; `invitation`: the one that its person accepted.

    Raises Invalid for a name already taken or a weak password, Forbidden for anyone but an administrator.
    """
    with recorded_transaction():
        may_administer(by)
        _plain_name(account.username)
        user = User(
            username=account.username,
            email=account.email,
            time_zone=account.time_zone,
            name=account.name,
            is_staff=account.is_administrator,
            is_superuser=account.is_administrator,
        )
        check_fields(user, exclude=("password",))
        if User.objects.filter(username__iexact=account.username).exists():
            raise Invalid({"username": [_("This user name is taken. Choose another.")]})
        known_zone(account.time_zone)
        if check_password and account.password is not None:
            strong_password(account.password, user)
        user.set_password(account.password)
        user.save()
        account_recorded(
            *("account_made", user),
            by=by,
            now=now or timezone.now(),
            administrator=user.is_staff,
            invitation=str(invitation) if invitation else None,
            committed={"email": user.email},
        )
    return user


def strong_password(password: str, user: User) -> None:
    """Refuse a password that is easy to guess. Raises Invalid."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": error.messages}) from error


def change_user(
    *,
    user: User,
    changes: FieldValues,
    password: str = "",
    seen: SeenValues = ANYTHING,
    by: User,
    now: datetime | None = None,
) -> User:
    """Change an account's e-mail, time zone, open or closed state, administrator right, or `password`.

    A new password or closing the account ends its sessions and tokens for good. Fields that another person changed
    after they were `seen` keep that change. Raises Invalid, Forbidden, EditConflict; Conflict if no administrator would
    remain.
    """
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        user = User.objects.select_for_update().get(pk=user.pk)
        for field in changes:
            if field not in OF_AN_ACCOUNT:
                raise Invalid({field: [_("This field cannot be changed here.")]})
        changes = merge_values(changes, present={field: getattr(user, field) for field in OF_AN_ACCOUNT}, seen=seen)
        if not changes and not password:
            return user
        # Links sent to the old address, or for the change just made, must stop working.
        forget_links(MailKind.CONFIRM_ADDRESS, MailKind.RESET, user=user, now=timezone.now())
        for field, value in changes.items():
            setattr(user, field, value)
        user.is_superuser = user.is_staff  # the administration pages check both
        check_fields(user, exclude=("password",))
        known_zone(user.time_zone)
        if password:
            strong_password(password, user)
            user.set_password(password)
        if password or not user.is_active:
            # A sign-in under way holds the old hash; reopening the account must not revive it.
            user.sessions_ended_at = now
            end_access(user)
        user.save()
        if not User.objects.filter(is_active=True, is_staff=True).exists():
            raise Conflict(_("At least one person must be able to manage accounts."))
        account_recorded(
            *("account_changed", user),
            by=by,
            now=now,
            fields=sorted([*changes, *(["password"] if password else [])]),
            open=user.is_active,
            administrator=user.is_staff,
            committed={"email": user.email},
        )
    return user


def known_zone(name: str) -> None:
    """Refuse anything but an IANA time zone. Raises Invalid."""
    if name not in available_timezones():
        raise Invalid({"time_zone": [_("Unknown time zone. Use a name such as Europe/Kyiv.")]})


def create_desk(*, name: str, prefix: str, by: User | None, now: datetime | None = None, **policy: Any) -> Desk:
    """Create a desk; `policy` may set any of POLICY_FIELDS. Raises Invalid, Forbidden."""
    with recorded_transaction():
        may_administer(by)
        desk = Desk(name=name, prefix=prefix, created_at=now or timezone.now(), **policy)
        desk.second_factor_since = desk.created_at if desk.second_factor_days else None
        check_fields(desk)
        if Desk.objects.filter(prefix=prefix).exists():
            raise Invalid({"prefix": [_("Another desk has this prefix. Choose another.")]})
        desk.save()
        begins_with = {name: getattr(desk, name) for name in sorted(POLICY_FIELDS)}
        desk_recorded("desk_made", desk, by=by, now=desk.created_at, policy=begins_with)
    return desk


def change_desk(
    *, desk: Desk, changes: FieldValues, seen: SeenValues = ANYTHING, by: User, now: datetime | None = None
) -> Desk:
    """Change a desk's name, as an editor of the desk or an administrator.

    `claims.actions.desks.change_policy` changes its policy, since claims rest on it. Raises NotFound, Forbidden,
    Invalid, EditConflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        desk = Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        may_change_desk(desk, by)
        for field in changes:
            if field != "name":
                raise Invalid({field: [_("This field cannot be changed here.")]})
        if not merge(desk, changes, present={"name": desk.name}, seen=seen):
            return desk
        desk.name = changes["name"]
        check_fields(desk)
        count_edit(desk, ["name"], by=by, now=now)
        desk.save()
        desk_recorded("desk_changed", desk, by=by, now=now)
    return desk


def may_change_desk(desk: Desk, by: User) -> None:
    """Refuse everyone but editors of the desk and administrators. Raises NotFound, Forbidden."""
    role = role_in(by, desk.pk)
    if by.is_active and (by.is_staff or role == Role.EDITOR):
        return
    if role is None:
        raise NotFound(_("Desk not found."))
    raise Forbidden(_("Only editors and administrators can change a desk."))


def set_role(
    *,
    desk: Desk,
    user: User,
    role: str | None,
    seen: SeenValues = ANYTHING,
    by: User | None,
    now: datetime | None = None,
) -> Membership | None:
    """Give a person a role on a desk, change it, or remove them (None); return their present role.

    `seen` is the role that the form showed; a role left as shown changes nothing. Raises Invalid, Forbidden;
    EditConflict if another person changed it meanwhile; Conflict if no editor would remain.
    """
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        if role is not None and role not in Role.values:
            raise Invalid({"role": [_("Choose one of: %(roles)s.") % {"roles": ", ".join(Role.values)}]})
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)  # two at once would each see the editors of before
        membership = Membership.objects.filter(desk=desk, user=user).first()
        if not merge_values({"role": role}, present={"role": membership.role if membership else None}, seen=seen):
            return membership
        if role != Role.EDITOR:
            _keep_an_editor(desk, user)
        role_granted(desk, user, role, by=by, now=now)
        if role is None:
            Membership.objects.filter(desk=desk, user=user).delete()
            return None
        if membership is None:
            return Membership.objects.create(desk=desk, user=user, role=role, created_at=now)
        membership.role = role
        membership.save(update_fields=["role"])
    return membership


def _keep_an_editor(desk: Desk, user: User) -> None:
    """Refuse to remove the last editor of a locked desk: no one could decide its assessments. Raises Conflict."""
    editors = Membership.objects.filter(desk=desk, role=Role.EDITOR, user__is_active=True)
    if editors.filter(user=user).exists() and not editors.exclude(user=user).exists():
        message = _("%(person)s is the last editor of this desk. Make another member an editor first.")
        raise Conflict(message % {"person": user.username})


def end_access(user: User, *, besides: str = "") -> None:
    """End every token of a locked account, and every session except the one with the key `besides`.

    The caller's transaction also changes their hash, so that a sign-in under way fails.
    """
    Session.objects.filter(user=user).exclude(session_key=besides).delete()
    Token.objects.filter(user=user).delete()


def create_token(
    *,
    user: User,
    name: str = "",
    lifetime: timedelta = timedelta(days=30),
    scopes: Collection[str] = TokenScope.values,
    by: User | None = None,
    now: datetime | None = None,
) -> tuple[Token, str]:
    """Create an API token for `scopes` (`read`, `write`); return the row and the token, which is shown only once.

    `by` is None for a command. Raises Invalid for missing or unknown scopes, a lifetime out of range, or an unusable
    name.
    """
    if not scopes or not set(scopes) <= set(TokenScope.values):
        raise Invalid({"scopes": [_("Choose at least one of: %(scopes)s.") % {"scopes": ", ".join(TokenScope.values)}]})
    if not timedelta(0) < lifetime <= LONGEST_TOKEN_LIFETIME:
        raise Invalid({"lifetime_days": [_("Enter a lifetime of 1 to 365 days.")]})
    with recorded_transaction():
        row, token = Token.objects.create(user=user, expiry=lifetime)
        row.name, row.scopes = name.strip(), sorted(set(scopes))
        check_fields(row, exclude=("name",) if not row.name else ())
        row.save(update_fields=["name", "scopes"])
        account_recorded(
            *("token_made", user),
            by=by,
            now=now or timezone.now(),
            token=str(row.id),
            lifetime_days=lifetime.days,
            scopes=row.scopes,
            committed={"name": row.name},
        )
    return row, token


def note_use(token: Token, *, now: datetime | None = None) -> None:
    """Note the last use of a token, to the hour: reading then costs at most one write an hour."""
    now = now or timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - TO_THE_HOUR:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke_token(*, token_id: UUID, by: User, now: datetime | None = None) -> None:
    """Revoke one of the person's own tokens. Raises NotFound."""
    with recorded_transaction():
        ended, _rows = Token.objects.filter(user=by, id=token_id).delete()
        if not ended:
            raise NotFound(_("Token not found."))
        account_recorded("token_revoked", by, by=by, now=now or timezone.now(), token=str(token_id))
