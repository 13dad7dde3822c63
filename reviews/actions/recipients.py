"""The recipients of a reminder at this moment, and whether there is still a reason to send it."""

from datetime import datetime

from accounts.models import Role, User
from accounts.queries import members_of, role_in
from claims.access.conflicts import is_offered
from claims.access.permissions import is_assigned, may_decide_move
from claims.access.scopes import evidence_for
from claims.models import Evidence, ParticipantRole, Task, TaskKind
from reviews.actions.grounds import may_confirm
from reviews.actions.telling import people_of_the_verdict
from reviews.models import (
    TO_THE_REVIEWER,
    AssessmentState,
    Notification,
    NotificationKind,
    Reminder,
    ReminderKind,
    ReminderState,
)


def people_for(row: Reminder) -> list[User]:
    """Everyone with the role that a reminder without a recipient addresses, by name."""
    editors = members_of(row.claim.desk, Role.EDITOR)
    if row.kind == ReminderKind.AWAITING_DECISION:
        named = User.objects.filter(
            pk__in=row.claim.participants.now(ParticipantRole.DECIDER).values("user"), is_active=True
        )
        everybody = {person.pk: person for person in [*editors, *named]}.values()
        return sorted((person for person in everybody if _decides(person, row)), key=lambda person: person.username)
    # Authors of a change do not re-check it; if no one else is left, the editors have to find another person.
    if row.kind == ReminderKind.GROUNDS_CHANGED:
        fit = [person for person in [*editors, *people_of_the_verdict(row.claim)] if _looks_again(person, row)]
        return list(dict.fromkeys(fit)) or list(editors)
    # A quote may be restricted: a reviewer who cannot see it cannot compare it.
    if row.kind == ReminderKind.RECHECK:
        reviewers = members_of(row.claim.desk, Role.REVIEWER, Role.EDITOR).filter(
            pk__in=row.claim.participants.now(ParticipantRole.REVIEWER).filter(accepted=True).values("user")
        )
        return [person for person in reviewers if _sees_an_excerpt(person, row)] or list(editors)
    if row.kind == ReminderKind.SUPPORT_LOST:
        return sorted({*editors, *_of_the_verdict(row)}, key=lambda person: person.username)
    if row.kind == ReminderKind.ESCALATION:
        return list(editors)
    raise ValueError(f"Nobody is named for reminders of the kind {row.kind}.")


def _of_the_verdict(row: Reminder) -> list[User]:
    """The assessor and approver of a verdict that lost its support, notified once: the editors decide what to do."""
    told = Notification.objects.filter(
        claim=row.claim, kind=NotificationKind.SUPPORT_LOST, at__gte=row.claim.support_lost_at
    ).values_list("recipient", flat=True)
    return [person for person in people_of_the_verdict(row.claim) if person.pk not in set(told)]


def _sees_an_excerpt(person: User, row: Reminder) -> bool:
    """Whether the person may see a quote of the claim that needs a re-check."""
    seen = Evidence.objects.filter(evidence_for(person)).values("pk")
    tasks = Task.objects.filter(claim=row.claim, kind=TaskKind.RECHECK, ended_at__isnull=True)
    return tasks.filter(evidence__in=seen).exists()


def _looks_again(person: User, row: Reminder) -> bool:
    """Whether they may re-check the verdict: authors of the changes may not."""
    return is_offered(may_confirm, person, row.claim)


def _decides(person: User, row: Reminder) -> bool:
    assert row.assessment is not None
    return is_offered(may_decide_move, person, row.claim, row.assessment.assessor)


def has_reason(row: Reminder, now: datetime) -> bool:
    """Whether its subject is still open, its recipient still the right one, and no later reminder says the same."""
    # Asked when it is sent: days may lie between the row and its moment (decision 7).
    return _is_open(row) and (row.recipient is None or _concerns(row.recipient, row)) and not _said_later(row, now)


def _is_open(row: Reminder) -> bool:
    if row.assignment is not None:
        return row.assignment.is_open
    if row.claim.closed_at is not None:
        return False
    if row.assessment is not None:
        return row.assessment.state == AssessmentState.WAITING
    if row.kind == ReminderKind.SUPPORT_LOST:
        return row.claim.support_lost
    if row.kind == ReminderKind.GROUNDS_CHANGED:
        return row.claim.changed_since_verdict
    if row.kind == ReminderKind.RECHECK:
        return Task.objects.filter(claim=row.claim, kind=TaskKind.RECHECK, ended_at__isnull=True).exists()
    raise ValueError(f"Nothing says when a reminder of the kind {row.kind} is no longer needed.")


def _concerns(person: User, row: Reminder) -> bool:
    # A person who left the desk must not learn that the claim goes on.
    role = role_in(person, row.claim.desk_id)
    if row.kind in TO_THE_REVIEWER:
        return role in (Role.REVIEWER, Role.EDITOR)
    if row.kind == ReminderKind.AWAITING_DECISION:
        return person.is_active and _decides(person, row)
    if row.kind == ReminderKind.GROUNDS_CHANGED:
        return role == Role.EDITOR or (person.is_active and _looks_again(person, row))
    if row.kind == ReminderKind.RECHECK:
        reviews = role == Role.REVIEWER and is_assigned(person, row.claim)
        return role == Role.EDITOR or (reviews and _sees_an_excerpt(person, row))
    if row.kind == ReminderKind.SUPPORT_LOST:
        return role is not None and (role == Role.EDITOR or person in people_of_the_verdict(row.claim))
    if row.kind == ReminderKind.ESCALATION:
        return role == Role.EDITOR
    raise ValueError(f"Nothing says whom reminders of the kind {row.kind} concern.")


def _said_later(row: Reminder, now: datetime) -> bool:
    """Whether a later reminder to the same person is due as well: several mails about one thing at once help no one."""
    same = TO_THE_REVIEWER if row.kind in TO_THE_REVIEWER else (row.kind,)
    later = Reminder.objects.filter(
        claim=row.claim,
        assignment=row.assignment,
        assessment=row.assessment,
        recipient=row.recipient,
        kind__in=same,
        state=ReminderState.PENDING,
        due_at__lte=now,
        due_at__gt=row.due_at,
    )
    return later.exists()
