"""A person's role on a row's desk, as query conditions."""

from django.db.models import Exists, OuterRef

from accounts.models import Membership, Role, User


def is_member(user: User, desk: str = "desk") -> Exists:
    """Whether the person is on the row's desk; `desk` is the path from the row to its desk."""
    return Exists(Membership.objects.filter(user=user, desk=OuterRef(desk)))


def is_editor(user: User, desk: str = "desk") -> Exists:
    return Exists(Membership.objects.filter(user=user, desk=OuterRef(desk), role=Role.EDITOR))


def is_auditor(user: User, desk: str = "desk") -> Exists:
    return Exists(Membership.objects.filter(user=user, desk=OuterRef(desk), role=Role.AUDITOR))
