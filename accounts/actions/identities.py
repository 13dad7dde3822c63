"""Identities at an organisation, linked to accounts so that people can sign in through it."""

from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import create_user, set_role
from accounts.actions.mails import forget_links, write_mail
from accounts.inputs import AccountInput, IdentityInput
from accounts.ledger_entries import account_recorded
from accounts.models import Invitation, MailKind, User
from house.errors import Conflict, NotFound
from house.transactions import recorded_transaction


def join_by_identity(
    *,
    identity: IdentityInput,
    username: str,
    name: str = "",
    time_zone: str = "UTC",
    now: datetime | None = None,
) -> User:
    """Create an account without a password for the identity's invited address, and link it to the identity.

    The newest of several invitations is accepted. Raises NotFound without an open invitation, Invalid for a user name
    already taken, Conflict if the identity has an account.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = Invitation.objects.select_for_update(of=("self",), no_key=True).select_related("desk")
        invitation = rows.filter(email__iexact=identity.email, revoked_at=None, accepted_at=None).first()
        if invitation is None:
            raise NotFound(_("This address has no invitation. Ask an administrator for one."))
        user = create_user(
            account=AccountInput(
                username=username, password=None, email=invitation.email, time_zone=time_zone, name=name
            ),
            invitation=invitation.pk,
            by=None,
            now=now,
        )
        set_role(desk=invitation.desk, user=user, role=invitation.role, by=None, now=now)
        forget_links(MailKind.INVITATION, invitation=invitation, now=now)
        invitation.accepted_at, invitation.accepted_by = now, user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        _link(user, identity.provider, subject=identity.subject, now=now)
    return user


def link_identity(*, provider: str, subject: str, by: User, now: datetime | None = None) -> None:
    """Link this identity to the person's account. Raises Conflict if either is already linked."""
    now = now or timezone.now()
    with recorded_transaction():
        user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if SocialAccount.objects.filter(user=user, provider=provider).exists():
            raise Conflict(_("Your account is already linked to your organisation."))
        _link(user, provider, subject=subject, now=now)
        _tell(user, now)


def _link(user: User, provider: str, *, subject: str, now: datetime) -> None:
    if SocialAccount.objects.filter(provider=provider, uid=subject).exists():
        raise Conflict(_("Another account of yours is linked to your organisation."))
    SocialAccount.objects.create(user=user, provider=provider, uid=subject)
    account_recorded("identity_linked", user, by=user, now=now, provider=provider, committed={"subject": subject})


def unlink_identity(*, provider: str, by: User, now: datetime | None = None) -> None:
    """Unlink the person's account from the organisation. Raises NotFound; Conflict without a password."""
    now = now or timezone.now()
    with recorded_transaction():
        user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
        row = SocialAccount.objects.filter(user=user, provider=provider).first()
        if row is None:
            raise NotFound(_("Your account is not linked to an organisation."))
        if not user.has_usable_password():
            raise Conflict(_("Set a password first, using a link by mail. Without one you could no longer sign in."))
        row.delete()
        committed = {"subject": row.uid}
        account_recorded("identity_unlinked", user, by=user, now=now, provider=provider, committed=committed)
        _tell(user, now)


def _tell(user: User, now: datetime) -> None:
    if user.email:
        write_mail(MailKind.FACTORS_CHANGED, user.email, user=user, now=now)
