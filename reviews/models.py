"""Assignments, assessments, decisions and reminders: people's work on claims, and when it is due."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk
from claims.models import Claim, Element, Evidence, Grounds, StateChoices
from sources.models import Actor, Source


class AssignmentState(models.TextChoices):
    OFFERED = "offered", _("offered")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    # Keeps its older name, which the API and ledger entries have (decision 111).
    HANDED_OVER = "handed_over", _("reassigned")
    WITHDRAWN = "withdrawn", _("withdrawn")
    COMPLETED = "completed", _("completed")


OPEN_ASSIGNMENTS = (AssignmentState.OFFERED, AssignmentState.ACCEPTED)
ENDED_ASSIGNMENTS = tuple(state for state in AssignmentState if state not in OPEN_ASSIGNMENTS)


class Assignment(models.Model):
    """The duty of a reviewer to assess a claim by a due time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="assignments")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments")
    # Told when the reviewer declines; after a reassignment it is the reviewer who passed the claim on.
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(max_length=16, choices=AssignmentState, default=AssignmentState.OFFERED)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # May be empty: only declining demands a reason.
    ended_reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            # For *My work*, which lists open assignments by due time; ended ones are many and never asked for there.
            models.Index(
                fields=["reviewer", "due_at", "id"],
                condition=Q(ended_at__isnull=True),
                name="assignment_open_by_person",
            ),
        ]
        constraints: ClassVar = [
            # Among open ones only: the same person may be assigned again.
            models.UniqueConstraint(
                fields=["claim", "reviewer"], condition=Q(ended_at__isnull=True), name="assignment_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_ASSIGNMENTS, ended_at__isnull=True)
                | (Q(ended_at__isnull=False) & Q(state__in=ENDED_ASSIGNMENTS)),
                name="assignment_ended_or_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} for {self.reviewer_id}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class AssessmentState(models.TextChoices):
    WAITING = "waiting", _("awaiting a decision")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    REPLACED = "replaced", _("replaced")
    RECORDED = "recorded", _("recorded")
    # The two last never wait: no second person is asked if none is needed (decision 21).
    ENACTED = "enacted", _("no approval needed")


class Assessment(models.Model):
    """A reviewer's result: a proposed state, with evidence, answers, lines on elements and a rationale.

    `recorded`: it proposed no change, so it needs no decision. `enacted`: it proposed a move that one person may make,
    which was made at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="assessments")
    assessor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assessments")
    # Null for an editor, who may assess without one.
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, blank=True, related_name="assessments")
    # Kept, because an assessment of a claim that has moved since cannot be approved.
    from_state = models.CharField(max_length=16, choices=StateChoices)
    proposed_state = models.CharField(max_length=16, choices=StateChoices)
    rationale = models.TextField(_("rationale"))
    evidence = models.ManyToManyField(Evidence, blank=True, related_name="assessments")
    # A refutation may be reopened for a mistake of our own, although nothing new is known (docs/states.md).
    recorded_mistake = models.BooleanField(default=False)
    # The version that its author saw: an assessment of an older wording is made again (decision 21).
    seen_version = models.PositiveIntegerField()
    # The one column that may still change, and only from `waiting`: a trigger refuses all else (decision 86).
    state = models.CharField(max_length=16, choices=AssessmentState)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            # Waiting assessments are few among all that were ever submitted.
            models.Index(fields=["created_at", "id"], condition=Q(state="waiting"), name="assessment_waiting"),
        ]
        constraints: ClassVar = [
            # A new submission replaces the one that waits, so that approvers never choose between two.
            models.UniqueConstraint(
                fields=["claim", "assessor"], condition=Q(state="waiting"), name="assessment_one_waits"
            ),
            models.CheckConstraint(condition=Q(state__in=AssessmentState.values), name="assessment_state_known"),
            models.CheckConstraint(condition=~Q(rationale=""), name="assessment_has_a_rationale"),
            models.CheckConstraint(
                condition=Q(proposed_state=F("from_state"), state=AssessmentState.RECORDED)
                | (~Q(proposed_state=F("from_state")) & ~Q(state=AssessmentState.RECORDED)),
                name="assessment_recorded_leaves_the_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.proposed_state}"


class AssessmentGrounds(models.Model):
    """The grounds of an assessment at submission (number 1) and at each confirmation. The last one counts.

    `assignment`: the one that the assessor had then, if any.
    """

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="stood_for")
    number = models.PositiveSmallIntegerField()
    # Rows and not a column: which grounds the assessor confirmed, and when, stays on record (decision 85).
    grounds = models.OneToOneField(Grounds, models.PROTECT, related_name="stood_for")
    # If this one ends, the assessor confirms again before anyone approves (decision 85).
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "number"], name="assessment_grounds_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.number}"


class AssessmentElement(models.Model):
    """The assessor's line on one element."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="elements")
    # A verdict needs a line on every element of the claim, essential or not.
    element = models.ForeignKey(Element, models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "element"], name="assessment_element_once")
        ]

    def __str__(self) -> str:
        return self.text


class Answer(models.Model):
    """The assessor's answer to one piece of contrary evidence."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="answers")
    # By name: a verdict answers each piece of contrary evidence, not all of them at once (docs/states.md).
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["assessment", "evidence"], name="answer_once")]

    def __str__(self) -> str:
        return self.text


class Decision(models.Model):
    """Approval or rejection of an assessment by a second person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # One to one: a rejected assessment is not decided again, its author submits another.
    assessment = models.OneToOneField(Assessment, models.PROTECT, related_name="decision")
    # A copy, because a check constraint reads its own row alone: the two people have to differ here.
    assessor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved = models.BooleanField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(decided_by=F("assessor")), name="decision_by_a_second_person"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id}: {'approved' if self.approved else 'rejected'}"


class ReminderKind(models.TextChoices):
    DUE_SOON = "due_soon", _("due soon")
    DUE = "due", _("due")
    OVERDUE = "overdue", _("overdue")
    ESCALATION = "escalation", _("missed its due time")
    AWAITING_DECISION = "awaiting_decision", _("awaiting a decision")
    SUPPORT_LOST = "support_lost", _("support lost")
    RECHECK = "recheck", _("quote to re-check")
    GROUNDS_CHANGED = "grounds_changed", _("changed since the verdict")


class ReminderState(models.TextChoices):
    PENDING = "pending", _("pending")
    SENT = "sent", _("sent")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


TO_THE_REVIEWER = (ReminderKind.DUE_SOON, ReminderKind.DUE, ReminderKind.OVERDUE)
OF_ASSIGNMENTS = (*TO_THE_REVIEWER, ReminderKind.ESCALATION)
OF_ASSESSMENTS = (ReminderKind.AWAITING_DECISION,)
OF_CLAIMS = (ReminderKind.SUPPORT_LOST, ReminderKind.RECHECK, ReminderKind.GROUNDS_CHANGED)


class Reminder(models.Model):
    """A mail that is due at a known time; the row exists as soon as that time is known.

    Its subject is the assignment or the assessment if one is named, else the claim. Without a `recipient` it is for
    everyone with the role when it is due: it is then replaced by a row for each of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="reminders")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, blank=True, related_name="reminders")
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, blank=True, related_name="reminders")
    # Null: a role, whose people are looked up when it is due; they may have changed by then (decision 23).
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="reminders"
    )
    kind = models.CharField(max_length=24, choices=ReminderKind)
    # This reminder's own moment, not that of the assignment.
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=ReminderState, default=ReminderState.PENDING)
    # A worker ends the row only while the attempt is its own, so that each row ends once (decision 23).
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The type of the error alone: its text may hold an address (decision 58).
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            # The tick asks every two seconds which are due, and must not read past those that have ended.
            models.Index(fields=["due_at", "id"], condition=Q(state="pending"), name="reminder_pending_by_due"),
            models.Index(fields=["recipient", "due_at", "id"], name="reminder_by_person"),
            models.Index(
                fields=["recipient", "-ended_at", "id"], condition=Q(state="sent"), name="reminder_sent_by_person"
            ),
            # Closing a claim cancels all its pending ones by this.
            models.Index(fields=["claim"], condition=Q(state="pending"), name="reminder_pending_by_claim"),
            # The metrics count what was given up in a day (decision 60).
            models.Index(fields=["ended_at"], condition=Q(state="failed"), name="reminder_failed_by_end"),
        ]
        constraints: ClassVar = [
            # Nulls count as equal: most rows lack some of these, and must be unique all the same.
            models.UniqueConstraint(
                fields=["claim", "assignment", "assessment", "recipient", "kind", "due_at"],
                condition=~Q(state="cancelled"),
                nulls_distinct=False,
                name="reminder_once",
            ),
            models.CheckConstraint(
                # Every row has the claim besides, by which readers are limited and closing cancels (decision 23).
                condition=Q(kind__in=OF_ASSIGNMENTS, assignment__isnull=False, assessment__isnull=True)
                | Q(kind__in=OF_ASSESSMENTS, assignment__isnull=True, assessment__isnull=False)
                | Q(kind__in=OF_CLAIMS, assignment__isnull=True, assessment__isnull=True),
                name="reminder_has_the_subject_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | ~Q(kind__in=TO_THE_REVIEWER),
                name="reminder_to_the_reviewer_names_them",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at__isnull=True)
                | (Q(ended_at__isnull=False) & Q(state__in=["sent", "cancelled", "failed"])),
                name="reminder_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.recipient_id or 'the people with the role'}"


class NotificationKind(models.TextChoices):
    DUE_SOON = "due_soon", _("due soon")
    DUE = "due", _("due")
    OVERDUE = "overdue", _("overdue")
    ESCALATION = "escalation", _("missed its due time")
    AWAITING_DECISION = "awaiting_decision", _("awaiting a decision")
    SUPPORT_LOST = "support_lost", _("support lost")
    RECHECK = "recheck", _("quote to re-check")
    GROUNDS_CHANGED = "grounds_changed", _("changed since the verdict")
    ASSIGNED = "assigned", _("assigned to you")
    # Keeps its older name, which the API has (decision 111).
    HANDED_OVER = "handed_over", _("reassigned to you")
    APPROVED = "approved", _("your assessment was approved")
    REJECTED = "rejected", _("your assessment was rejected")
    NAMED_DECIDER = "named_decider", _("named as approver")
    DECLINED = "declined", _("declined")
    REASSIGNED = "reassigned", _("reassigned")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DEPARTED = "departed", _("reviewer left")
    APPROVER_ENDED = "approver_ended", _("no longer an approver")
    APPROVER_DEPARTED = "approver_departed", _("approver left")
    DUE_CHANGED = "due_changed", _("due time changed")
    CLOSED = "closed", _("claim closed")
    OPENED = "opened", _("claim reopened")


class Notification(models.Model):
    """A message in the application, written in the transaction of the act, or with the end of a reminder."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notifications")
    # No text: sentences are made when it is shown, to a person who may know of the claim then (decision 32).
    kind = models.CharField(max_length=24, choices=NotificationKind)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="notifications")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, blank=True, related_name="+")
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, blank=True, related_name="+")
    # Null for a reminder: a moment came, and no one did anything.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["recipient", "at", "id"], name="notification_by_person"),
            # For the number in the head of every page (decision 32).
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="notification_unread"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=NotificationKind.values), name="notification_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.recipient_id}"


class AssessmentDraft(models.Model):
    """The unsubmitted text of an assessment. Only its assessor can read it.

    It is kept as typed: policy is asked at submission, which ends the draft. `version` grows with each save, so that
    two windows do not overwrite each other unseen.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="drafts")
    assessor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="drafts")
    # Begins at a random number: a window with a draft that ended must not pass for one with the next (decision 34).
    version = models.PositiveIntegerField()
    seen_version = models.PositiveIntegerField()
    # JSON and not columns: half a text, or one on evidence hidden since, must be keepable as well.
    content = models.JSONField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            # One: a text that cannot be it becomes a draft of the form beside it (decision 89).
            models.UniqueConstraint(fields=["assessor", "claim"], name="draft_one_a_person_and_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} by {self.assessor_id}"


class FormDraft(models.Model):
    """The unsubmitted text of one form. Only its author can read it.

    `content`: the form's fields as a browser sends them, in pairs of name and value; no file, consent or password.
    `path` is the form's address, `name` that address's name; the other references are its subject. A window that has
    not seen the last save overwrites nothing: its save becomes a separate draft. `window` and `step` say which window
    saved last, after how many changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="form_drafts")
    name = models.CharField(max_length=40)
    # The form's address is its key, so that any form can have a draft without code of its own (decision 89).
    path = models.CharField(max_length=300)
    # The subject: a draft is shown only while its author may see it, and ends when they leave the desk.
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, blank=True, related_name="+")
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.ForeignKey(Actor, models.PROTECT, null=True, blank=True, related_name="+")
    content = models.JSONField()
    version = models.PositiveIntegerField()
    # A random name of the browser's window: copies are never compared by clocks (decision 89).
    window = models.CharField(max_length=40, blank=True)
    step = models.PositiveIntegerField(default=0)
    kept_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["author", "path", "-kept_at"], name="form_draft_by_form"),
            models.Index(fields=["kept_at"], name="form_draft_by_age"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(path=""), name="form_draft_of_a_form"),
        ]

    def __str__(self) -> str:
        return f"{self.path} by {self.author_id}"


class KeptOutcome(models.Model):
    """The outcome of a request with an `Idempotency-Key`, written in the transaction of the request.

    It refers to the row that was created or changed (`at`), without its content: a repeated request is answered with
    the row as it is then, if the person may still see it. `effects`: the effects on claims, in references and numbers,
    which no row keeps; null if there are none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    method = models.CharField(max_length=8)
    path = models.TextField()
    # Of one person, method and address: with another of these it is another key.
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    # An address and no answer: kept answers would be a second copy of confidential words (decision 35).
    at = models.TextField(blank=True)
    effects = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="kept_outcome_by_age")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key", "method", "path"], name="kept_outcome_once"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"


class RedactionState(models.TextChoices):
    PROPOSED = "proposed", _("awaiting a second person")
    DONE = "done", _("done")
    REFUSED = "refused", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Redaction(models.Model):
    """A proposal to erase words or a file everywhere on a desk; a second person decides.

    Or words about a shared `actor`, on no desk: one of the two is then an administrator. `second`: an editor of another
    desk asked to decide, until it ends.

    `words` and `sha256` (of a file) are what it searches for; they are deleted with the decision, whatever it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Null for a shared actor, which is on no desk (decision 105).
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, related_name="redactions")
    actor = models.ForeignKey(Actor, models.PROTECT, null=True, related_name="redactions")
    words = models.CharField(_("words"), max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    reason = models.TextField(_("reason"))
    # Must still be entitled when it is erased, so that no one acts as both people (decision 105).
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=RedactionState, default=RedactionState.PROPOSED)
    # For a desk with one editor, whose proposals nobody could decide otherwise (decision 105).
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    erased = models.PositiveIntegerField(default=0)  # places
    in_drafts = models.BooleanField(default=False)  # including drafts, which only their authors can read

    class Meta:
        indexes: ClassVar = [models.Index(fields=["desk", "-proposed_at"], name="redaction_by_desk")]
        constraints: ClassVar = [
            # The reason stays for good; the action sees to it that the words are not in it (decision 79).
            models.CheckConstraint(condition=~Q(reason=""), name="redaction_has_a_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="redaction_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=(Q(state="proposed", decided_by__isnull=True, ended_at__isnull=True))
                | Q(state__in=["done", "refused"], decided_by__isnull=False, ended_at__isnull=False)
                | Q(state="withdrawn", decided_by__isnull=True, ended_at__isnull=False),
                name="redaction_ends_once",
            ),
            models.CheckConstraint(
                # The words it searches for are what must not be known: they go with the decision, whatever it is.
                condition=(Q(state="proposed") & ~Q(words="", sha256=""))
                | (~Q(state="proposed") & Q(words="", sha256="")),
                name="redaction_keeps_no_words",
            ),
            models.CheckConstraint(
                condition=Q(desk__isnull=False, actor__isnull=True)
                | Q(desk__isnull=True, actor__isnull=False, second__isnull=True, sha256=""),
                name="redaction_of_a_desk_or_a_shared_actor",
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True, second_at__isnull=True)
                | (Q(second__isnull=False, second_at__isnull=False) & ~Q(second=F("proposed_by"))),
                name="redaction_second_is_another_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.desk_id or self.actor_id}: {self.state}"
