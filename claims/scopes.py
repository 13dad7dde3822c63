"""Which rows a person may see, as conditions that the database applies while it fetches.

Restricted: the one who put it in, the claim's assigned reviewers, editors of the desk. Somebody of another desk who
was invited to decide sees that claim and its unrestricted evidence.
"""

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from accounts.scopes import is_editor, is_member
from claims.models import Evidence, Participant, ParticipantRole
from sources.models import Visibility


def takes_part(user: User, role: ParticipantRole, claim: str = "pk") -> Exists:
    """Whether the person takes part in the row's claim in this role now. `claim` is the path to the claim."""
    return Exists(Participant.objects.filter(user=user, role=role, until__isnull=True, claim=OuterRef(claim)))


def claims_for(user: User) -> Q:
    return Q(is_member(user)) | Q(takes_part(user, ParticipantRole.DECIDER))


def evidence_for(user: User) -> Q:
    """Evidence of claims that the person may see; the restricted of it only for who may."""
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    privileged = (
        Q(created_by=user) | Q(is_editor(user, "claim__desk")) | Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    )
    member = Q(is_member(user, "claim__desk"))
    invited = Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    return (member & (open_to_all | privileged)) | (invited & open_to_all)


def sources_for(user: User) -> Q:
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    given = Evidence.objects.filter(source=OuterRef("pk"), withdrawn_at__isnull=True).filter(
        Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    )
    shown = (
        Evidence.objects.filter(source=OuterRef("pk"), withdrawn_at__isnull=True)
        .exclude(visibility=Visibility.RESTRICTED)
        .filter(Q(takes_part(user, ParticipantRole.DECIDER, "claim")))
    )
    privileged = Q(created_by=user) | Q(is_editor(user)) | Q(Exists(given))
    return (Q(is_member(user)) & (open_to_all | privileged)) | (open_to_all & Q(Exists(shown)))


def material_for(user: User, by: str = "created_by") -> Q:
    """Attachments and captures: where their source may be seen, and they are not restricted more than it.

    `by` is the path from the row to the person who put it in.
    """
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    given = Evidence.objects.filter(source=OuterRef("source"), withdrawn_at__isnull=True).filter(
        Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    )
    return open_to_all | Q(**{by: user}) | Q(is_editor(user, "source__desk")) | Q(Exists(given))
