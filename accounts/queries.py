"""Memberships, people, tokens and sessions. Scoping and fetching are one step: an invisible row is NotFound."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import (
    Act,
    Desk,
    Invitation,
    Mail,
    MailKind,
    MailState,
    Membership,
    RestrictedRead,
    Role,
    Session,
    Token,
    User,
)
from house.errors import Invalid, NotFound
from house.kept_queries import kept_values
from house.transactions import Noted
from ledger.keys import LONGEST_DELAY


def memberships_of(user: User) -> QuerySet[Membership]:
    """The person's memberships with their desks, by the desk's name."""
    return Membership.objects.filter(user=user).select_related("desk").order_by("desk__name", "desk_id")


def desks_of(user: User) -> QuerySet[Desk]:
    """The person's desks; for an administrator, all desks."""
    return Desk.objects.all() if user.is_staff else Desk.objects.filter(memberships__user=user)


def memberships_on(desk: Desk) -> QuerySet[Membership]:
    """The memberships of a desk (already scoped), by user name, without closed accounts."""
    return Membership.objects.filter(desk=desk, user__is_active=True).select_related("user").order_by("user__username")


def get_membership(desk: Desk, membership_id: UUID) -> Membership:
    """A person's membership of a desk (already scoped). Raises NotFound."""
    found = memberships_on(desk).filter(pk=membership_id).first()
    if found is None:
        raise NotFound(_("No such person on this desk."))
    return found


def people_not_on(desk: Desk) -> QuerySet[User]:
    """The active people who could join a desk, by user name. For administrators."""
    return User.objects.filter(is_active=True).exclude(memberships__desk=desk).order_by("username")


def get_desk(user: User, desk_id: UUID) -> Desk:
    """One of the person's desks. Raises NotFound."""
    desk = desks_of(user).filter(pk=desk_id).first()
    if desk is None:
        raise NotFound(_("Desk not found."))
    return desk


def desk_for(user: User, desk_id: UUID | None) -> Desk:
    """The desk on which a person creates something: the named one, or their only one.

    Raises Invalid for `desk` if it is not theirs, or if they are on several and name none.
    """
    own = [membership.desk for membership in memberships_of(user)]
    if desk_id is None:
        if len(own) == 1:
            return own[0]
        raise Invalid(
            {"desk": [_("Choose a desk: you belong to several.") if own else _("You do not belong to a desk.")]}
        )
    for desk in own:
        if desk.pk == desk_id:
            return desk
    raise Invalid({"desk": [_("Desk not found.")]})


def role_in(user: User, desk_id: UUID | None) -> Role | None:
    """The person's present role on this desk, read from the database; None for an outsider."""
    if desk_id is None:
        return None
    roles = _roles(user, desk_id)
    return Role(roles[0]) if roles else None


@kept_values(User, UUID)
def _roles(user: User, desk_id: UUID) -> QuerySet[Membership, str]:
    return Membership.objects.filter(user=user, desk_id=desk_id, user__is_active=True).values_list("role", flat=True)


def members_of(desk: Desk, *roles: Role) -> QuerySet[User]:
    """The active people of a desk by name, limited to `roles` if given."""
    people = User.objects.filter(memberships__desk=desk, is_active=True)
    if roles:
        people = people.filter(memberships__desk=desk, memberships__role__in=roles)
    return people.distinct().order_by("username")


def person_named(username: str) -> User | None:
    """The active person with this user name, or None."""
    return User.objects.filter(username=username.strip(), is_active=True).first() if "\x00" not in username else None


def account_named(username: str) -> User | None:
    """The account, open or closed, that this typed name signs in to, or None."""
    name = username.strip()
    return User.objects.filter(username__iexact=name).first() if name and "\x00" not in name else None


def get_person(user: User, user_id: UUID) -> User:
    """Any account, for administrators. Raises NotFound."""
    rows = User.objects.all() if user.is_active and user.is_staff else User.objects.none()
    found = rows.filter(pk=user_id).first()
    if found is None:
        raise NotFound(_("Person not found."))
    return found


def has_account(email: str) -> bool:
    """Whether an open account has this address."""
    return User.objects.filter(email__iexact=email, is_active=True).exists()


def is_invited(email: str) -> bool:
    """Whether an invitation to this address is open."""
    return Invitation.objects.filter(email__iexact=email, revoked_at=None, accepted_at=None).exists()


def tokens_of(user: User) -> QuerySet[Token]:
    """The person's own tokens, newest first."""
    tokens: QuerySet[Token] = Token.objects.filter(user=user).order_by("-created", "digest")
    return tokens


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of a person's sessions; `is_this`: the one that asks."""

    row: Session
    is_this: bool


def sessions_of(user: User, *, this: str | None) -> list[OwnSession]:
    """The person's lasting sessions, the one with the key `this` first, then those last used."""
    now = timezone.now()
    lasting = Session.objects.filter(user=user, expire_date__gt=now, last_used_at__gt=now - settings.SESSION_IDLE)
    found = [OwnSession(row, row.session_key == this) for row in lasting.order_by("-last_used_at", "id")]
    return sorted(found, key=lambda one: not one.is_this)


def address_to_confirm(user: User, *, now: datetime) -> str:
    """The new address that awaits confirmation; "" for none."""
    rows = Mail.objects.filter(user=user, kind=MailKind.CONFIRM_ADDRESS, used_at__isnull=True)
    waits = rows.filter(Q(state=MailState.PENDING) | (Q(link_until__gt=now) & ~Q(digest="")))
    return waits.order_by("-created_at").values_list("to", flat=True).first() or ""


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Every invitation with its mails, newest first, for administrators; otherwise none."""
    rows = Invitation.objects.all() if user.is_active and user.is_staff else Invitation.objects.none()
    mails = Prefetch("mails", Mail.objects.order_by("-created_at"))
    return (
        rows.select_related("desk", "invited_by", "accepted_by").prefetch_related(mails).order_by("-created_at", "id")
    )


def get_invitation(user: User, invitation_id: UUID) -> Invitation:
    """One invitation. Raises NotFound."""
    found = invitations_for(user).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound(_("Invitation not found."))
    return found


def is_demonstration() -> bool:
    """Whether this installation holds the demonstration desk."""
    return bool(_demonstration_desk())


@kept_values()
def _demonstration_desk() -> QuerySet[Desk, UUID]:
    return Desk.objects.filter(is_demonstration=True).values_list("pk", flat=True)[:1]


def recorded_reads(user: User, day: date, subjects: Collection[str]) -> set[str]:
    """The restricted subjects whose reading by the person on that day is already recorded."""
    rows = RestrictedRead.objects.filter(user=user, day=day, subject__in=list(subjects))
    return set(rows.values_list("subject", flat=True))


class LogPlace(TypedDict):
    """The index of an act's entry in the log; None until it has its place there."""

    log_index: int | None


class AuditColumns(LogPlace):
    """With `withheld`: whether the act is sealed, and its content hidden from an auditor."""

    withheld: bool


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    PlacedAct = WithAnnotations[Act, LogPlace]
    AuditedAct = WithAnnotations[Act, AuditColumns]
else:  # a row of the model, with the columns that its query adds
    PlacedAct = AuditedAct = Act


def acts_of(user: User) -> QuerySet[AuditedAct]:
    """The acts on desks that the person audits as auditor or editor.

    Administrators also get acts without a desk: accounts, the log's keys, exports, shared actors. `withheld` marks
    sealed acts, whose content auditors do not see. `log_index` is None until the act has its place in the log.
    """
    own = Membership.objects.filter(user=user, role__in=[Role.EDITOR, Role.AUDITOR])
    editing = own.filter(role=Role.EDITOR, desk=OuterRef("desk"))
    of_no_desk = Q(desk__isnull=True) if user.is_active and user.is_staff else Q()
    return (
        Act.objects.filter(Q(desk__in=own.values("desk")) | of_no_desk)
        .annotate(withheld=Q(sealed=True) & ~Exists(editing), log_index=F("entry__place__index"))
        .select_related("by", "entry")
    )


# Kinds that an act may cause on desks the person is not on: changes of claims and evidence that name a merged actor,
# and ended assignments of a person who leaves. Their number stays hidden from the person.
FOLLOWING = frozenset({"assignment_ended", "claim_edited", "evidence_changed"})


MOST_RECEIPTS = 40  # named by one address or cookie; the list shows all


def receipts_of(user: User) -> QuerySet[PlacedAct]:
    """The person's own acts that carry receipts, with their entries.

    Left out: consequences on desks that are not theirs, and restricted evidence of a desk they do not edit that names
    an actor they merged. `log_index` as in `acts_of`.
    """
    own = Membership.objects.filter(user=user)
    elsewhere = Q(kind__in=FOLLOWING) & ~Q(desk__in=own.values("desk"))
    merged = Act.objects.filter(by=user, kind="actor_merged", desk__isnull=True, at=OuterRef("at"))
    unseen = Q(kind="evidence_changed", sealed=True) & ~Q(desk__in=own.filter(role=Role.EDITOR).values("desk"))
    return (
        Act.objects.filter(by=user)
        .exclude(elsewhere)
        .exclude(unseen & Q(Exists(merged)))
        .annotate(log_index=F("entry__place__index"))
        .select_related("entry")
    )


def receipts_given(user: User, acts: Iterable[Noted]) -> list[bytes]:
    """The leaf hashes of those acts that `receipts_of` includes, in order; queries only where it may differ."""
    own = [one for one in acts if one.by == user.pk]
    if not any(one.kind in FOLLOWING for one in own):
        return [one.leaf_hash for one in own]
    found = receipts_of(user).filter(entry__leaf_hash__in=[one.leaf_hash for one in own])
    told = {bytes(leaf_hash) for leaf_hash in found.values_list("entry__leaf_hash", flat=True)}
    return [one.leaf_hash for one in own if one.leaf_hash in told]


def late_for(user: User, now: datetime) -> datetime | None:
    """Since when a visible act has waited longer than receipts promise; None if none has.

    `ledger.reading.late_since` covers all acts; here acts of other desks stay hidden.
    """
    waiting = acts_of(user).filter(entry__waiting__isnull=False, at__lte=now - timedelta(seconds=LONGEST_DELAY))
    return waiting.order_by("entry").values_list("at", flat=True).first()
