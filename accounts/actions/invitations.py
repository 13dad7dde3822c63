"""Invitations: an administrator sends one, and the invited person creates an account through its link."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import create_user, may_administer, set_role
from accounts.actions.mails import forget_links, write_mail
from accounts.inputs import AccountInput
from accounts.ledger_entries import invitation_recorded
from accounts.links import invitation_of_link
from accounts.models import Desk, Invitation, MailKind, User
from house.errors import Conflict, Invalid
from house.fields import check_fields, given_text
from house.transactions import recorded_transaction


def invite(*, desk: Desk, role: str, name: str, email: str, by: User, now: datetime | None = None) -> Invitation:
    """Invite a person without an account to a desk; a worker sends the mail.

    Raises Forbidden, Invalid (`email` already has an account), Conflict (already invited to this desk).
    """
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        name = " ".join(given_text(name, field="name", message=_("Enter their name.")).split())
        invitation = Invitation(desk=desk, role=role, name=name, email=email, invited_by=by, created_at=now)
        check_fields(invitation)
        taken = User.objects.filter(email__iexact=email, is_active=True).order_by("username").first()
        if taken is not None:
            message = _("%(person)s already has an account with this address. Give them a role on the desk instead.")
            raise Invalid({"email": [message % {"person": taken.username}]})
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)  # two administrators may invite at once
        rows = Invitation.objects.filter(desk=desk, email__iexact=email)
        if rows.filter(accepted_at__isnull=True, revoked_at__isnull=True).exists():
            raise Conflict(_("This address already has an invitation to this desk. Send that one again."))
        invitation.save()
        write_mail(MailKind.INVITATION, email, invitation=invitation, now=now)
        invitation_recorded("invited", invitation, by=by, now=now)
    return invitation


def resend_invitation(*, invitation: Invitation, by: User, now: datetime | None = None) -> Invitation:
    """Send another mail with a new link and term; the earlier link stops working. Raises Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        invitation = _lock_open(invitation)
        forget_links(MailKind.INVITATION, invitation=invitation, now=now)
        write_mail(MailKind.INVITATION, invitation.email, invitation=invitation, now=now)
    return invitation


def revoke_invitation(*, invitation: Invitation, by: User, now: datetime | None = None) -> Invitation:
    """Withdraw an invitation; its link stops working. Raises Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        invitation = _lock_open(invitation)
        forget_links(MailKind.INVITATION, invitation=invitation, now=now)
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        invitation_recorded("invitation_revoked", invitation, by=by, now=now)
    return invitation


def _lock_open(invitation: Invitation) -> Invitation:
    row = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if row.accepted_at is not None:
        raise Conflict(_("This invitation has already been accepted."))
    if row.revoked_at is not None:
        raise Conflict(_("This invitation has already been withdrawn."))
    return row


def accept_invitation(
    *,
    token: str,
    username: str,
    password: str,
    name: str = "",
    time_zone: str = "UTC",
    now: datetime | None = None,
) -> User:
    """Create the account that a link invites to, with the desk and role of the invitation. The link works once.

    Raises NotFound for an invalid or expired link, Invalid for a user name already taken or a weak password.
    """
    now = now or timezone.now()
    with recorded_transaction():
        Invitation.objects.select_for_update(no_key=True).get(pk=invitation_of_link(token, now=now).pk)
        invitation = invitation_of_link(token, now=now)  # it may have been accepted or withdrawn meanwhile
        user = create_user(
            account=AccountInput(
                username=username, password=password, email=invitation.email, time_zone=time_zone, name=name
            ),
            invitation=invitation.pk,
            by=None,
            now=now,
        )
        set_role(desk=invitation.desk, user=user, role=invitation.role, by=None, now=now)
        forget_links(MailKind.INVITATION, invitation=invitation, now=now)
        invitation.accepted_at, invitation.accepted_by = now, user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return user
