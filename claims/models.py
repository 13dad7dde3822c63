"""The tables of claims, their evidence, their status changes, and the work that they cause."""

import uuid
from datetime import UTC, date, datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import NullIf
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk
from claims.states import MOVES, OPEN, VERDICTS, Deciders, State
from sources.models import Actor, Basis, Source, Visibility

# The due date of a claim that has none: keyset paging needs a value that is never null.
NEVER_DUE = datetime(9999, 1, 1, tzinfo=UTC)


class StateChoices(models.TextChoices):
    REPORTED = State.REPORTED.value, _("Reported")
    CORROBORATED = State.CORROBORATED.value, _("Corroborated")
    DENIED = State.DENIED.value, _("Denied")
    REFUTED = State.REFUTED.value, _("Refuted")


class Stance(models.TextChoices):
    SUPPORTS = "supports", _("supports")
    # Apart on purpose: a denial is what a party says, a refutation is what evidence shows.
    DENIES = "denies", _("denies")
    REFUTES = "refutes", _("refutes")
    CONTEXT = "context", _("context")


class Credibility(models.IntegerChoices):
    """How well a piece of information is confirmed (Admiralty code, NATO STANAG 2511)."""

    CONFIRMED = 1, _("confirmed by other sources")
    PROBABLE = 2, _("probably true")
    POSSIBLE = 3, _("possibly true")
    DOUBTFUL = 4, _("doubtful")
    # Evidence graded 5 counts for nothing; 6 is no grade, and counts (docs/provenance.md).
    IMPROBABLE = 5, _("improbable")
    UNJUDGED = 6, _("cannot be judged")


class CloseReason(models.TextChoices):
    DUPLICATE = "duplicate", _("a duplicate")
    MOOT = "moot", _("moot")
    UNCHECKABLE = "uncheckable", _("cannot be checked")
    MISTAKE = "mistake", _("entered by mistake")


class Topic(models.Model):
    """A topic under which a desk files claims."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="topics")
    name = models.CharField(max_length=80)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["desk", "name"], name="topic_once_a_desk")]

    def __str__(self) -> str:
        return self.name


class Claim(models.Model):
    """One checkable assertion in fixed wording, and its state.

    Only `claims.transitions` and the actions of this room write `state`, `last_seq` and `version`. `contested`,
    `independence_*`, `threshold` and `support_lost_at` restate what the unrestricted evidence shows, so that lists are
    fast to read. Every change that could alter them recomputes them in its own transaction, or leaves a
    `Recomputation`. Decisions read the evidence graph itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="claims")
    reference = models.CharField(_("reference"), max_length=24, unique=True)
    statement = models.TextField(_("statement"), max_length=2000)
    # Kept beside a translation, so that it can be checked.
    original_statement = models.TextField(_("original wording"), max_length=2000, blank=True)
    language = models.CharField(_("language of the original"), max_length=16, blank=True)
    # Null: not known who said it first.
    claimant = models.ForeignKey(Actor, models.PROTECT, null=True, blank=True, related_name="claimed")
    also_claimed_by = models.ManyToManyField(Actor, blank=True, related_name="also_claimed")
    # Actors with a stake in the claim: their voices do not count for it.
    parties = models.ManyToManyField(Actor, blank=True, related_name="party_to")
    claimed_on = models.DateField(_("date of claim"), null=True, blank=True)
    happened_from = models.DateField(_("alleged date"), null=True, blank=True)
    happened_to = models.DateField(_("until"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="claims")
    # Set by an editor, with a reason that is printed beside the verdict; it comes before all rules (decision 21).
    threshold_override = models.PositiveSmallIntegerField(null=True, blank=True)
    threshold_reason = models.TextField(blank=True)
    threshold_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=StateChoices)
    # A deferred foreign key leads to the status change with this number and state: neither changes alone.
    last_seq = models.PositiveIntegerField()
    # Restricted evidence does not raise it: its number would reveal that there is some (decision 22).
    version = models.PositiveIntegerField(default=1)
    contested = models.BooleanField(default=False)
    independence_min = models.PositiveSmallIntegerField(default=0)
    independence_max = models.PositiveSmallIntegerField(default=0)
    # False: the numbers are bounds, since the sources are too tangled to count in time (decision 42).
    independence_exact = models.BooleanField(default=True, db_default=True)
    threshold = models.PositiveSmallIntegerField(default=2)
    support_lost_at = models.DateTimeField(null=True, blank=True)
    grounds_changed_at = models.DateTimeField(null=True, blank=True)  # when the grounds of its verdict changed
    # The least due time of its open assignments, kept here so that lists page by it along an index.
    due_at = models.DateTimeField(default=NEVER_DUE)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(max_length=16, choices=CloseReason, blank=True)
    closed_note = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # Only ever grows, so that programs can follow changes by it (decision 89).
    changed_at = models.DateTimeField()
    # Stored, because a search would build it for every row; `simple` is for references and other languages.
    words = models.GeneratedField(
        expression=SearchVector("statement", "place", config="english")
        + SearchVector("reference", "statement", "original_statement", "place", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes: ClassVar = [
            # Each ends with `id`: lists page by key, and a key must be unique (decision 47).
            models.Index(fields=["desk", "created_at", "id"], name="claim_by_creation"),
            models.Index(fields=["desk", "changed_at", "id"], name="claim_by_change"),
            models.Index(fields=["desk", "due_at", "id"], name="claim_by_due"),
            models.Index(fields=["desk", "state", "created_at", "id"], name="claim_by_state"),
            models.Index(
                # For the list of unassigned claims, which are few among all; the name stays as the database has it.
                fields=["desk", "created_at", "id"],
                condition=Q(due_at=NEVER_DUE, state__in=sorted(OPEN), closed_at__isnull=True),
                name="claim_given_to_nobody",
            ),
            GinIndex(fields=["words"], name="claim_words"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=StateChoices.values), name="claim_state_known"),
            models.CheckConstraint(condition=~Q(statement=""), name="claim_has_a_statement"),
            models.CheckConstraint(condition=Q(last_seq__gte=1), name="claim_has_a_status_change"),
            models.CheckConstraint(
                condition=Q(happened_to__isnull=True)
                | Q(happened_from__isnull=True)
                | Q(happened_to__gte=F("happened_from")),
                name="claim_happened_in_order",
            ),
            models.CheckConstraint(
                condition=Q(threshold_override__isnull=True, threshold_by__isnull=True)
                | (Q(threshold_override__range=(1, 5), threshold_by__isnull=False) & ~Q(threshold_reason="")),
                name="claim_threshold_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_reason="")
                | Q(closed_at__isnull=False, closed_reason__in=CloseReason.values),
                name="claim_closed_with_a_reason",
            ),
        ]

    @property
    def day(self) -> date:
        """The day the claim was made, or else the day it was added (UTC)."""
        return self.claimed_on or self.created_at.astimezone(UTC).date()

    def __str__(self) -> str:
        return self.reference

    @property
    def support_lost(self) -> bool:
        return self.support_lost_at is not None

    @property
    def changed_since_verdict(self) -> bool:
        return self.grounds_changed_at is not None


class Element(models.Model):
    """A separately checkable part of a claim."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="elements")
    text = models.CharField(_("element"), max_length=300)
    essential = models.BooleanField(_("essential"), default=True)
    # Order alone: an element is reworded or made not essential, and never removed (decision 20).
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["claim", "position"], name="element_position_once"),
            models.CheckConstraint(condition=~Q(text=""), name="element_has_text"),
        ]

    def __str__(self) -> str:
        return self.text


class Evidence(models.Model):
    """A source attached to a claim, with its bearing on the claim."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="evidence")
    source = models.ForeignKey(Source, models.PROTECT, related_name="evidence")
    stance = models.CharField(_("stance"), max_length=16, choices=Stance)
    # None named: it bears on all, so that attaching needs a source and a stance only.
    elements = models.ManyToManyField(Element, blank=True, related_name="evidence")
    # A source can be firsthand for one claim and not for another.
    basis = models.CharField(_("basis"), max_length=16, choices=Basis, blank=True, help_text=_("None: the source’s."))
    basis_reason = models.TextField(_("reason for the basis"), blank=True)
    excerpt = models.TextField(_("quote"), max_length=4000, blank=True)
    locator = models.CharField(_("page, paragraph or timestamp"), max_length=200, blank=True)
    # Never demanded: a breaking story must not wait for a grade.
    credibility = models.PositiveSmallIntegerField(_("credibility"), choices=Credibility, null=True, blank=True)
    # The actor whose voice admits something: that voice then counts on this path, although it is a party's.
    against_interest = models.ForeignKey(Actor, models.PROTECT, null=True, blank=True, related_name="+")
    against_interest_reason = models.TextField(blank=True)
    # A recantation or an abandoned denial: the older statement stays readable and counts no more.
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="supersedes")
    visibility = models.CharField(_("visibility"), max_length=16, choices=Visibility, default=Visibility.DESK)
    # Withdrawn and not deleted: verdicts and the ledger name it.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Whether the person was an editor of the desk at the time: it decides which restricted evidence reviewers may see.
    placed_by_editor = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stance__in=Stance.values), name="evidence_stance_known"),
            models.CheckConstraint(condition=Q(basis__in=["", *Basis.values]), name="evidence_basis_known"),
            models.CheckConstraint(
                condition=Q(credibility__isnull=True) | Q(credibility__range=(1, 6)),
                name="evidence_credibility_1_to_6",
            ),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="evidence_visibility_known"),
            models.CheckConstraint(
                # An admission makes a party's voice count, so that each has to say why it is one.
                condition=Q(against_interest__isnull=True) | ~Q(against_interest_reason=""),
                name="evidence_against_interest_has_a_reason",
            ),
            models.CheckConstraint(condition=~Q(superseded_by=F("id")), name="evidence_not_superseded_by_itself"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="evidence_withdrawal_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.stance}"

    @property
    def live(self) -> bool:
        """Whether the evidence is neither withdrawn nor superseded."""
        return self.withdrawn_at is None and self.superseded_by_id is None

    @property
    def effective_basis(self) -> str:
        """The evidence's own basis for this claim, or else its source's. Needs `source` loaded."""
        return self.basis or self.source.basis

    @property
    def counts(self) -> bool:
        """Whether the evidence is live, its source counts and its credibility is not 5.

        Needs `source` and its publisher loaded.
        """
        return evidence_counts(is_live=self.live, source=self.source.counts, credibility=self.credibility)


def evidence_counts(*, is_live: bool, source: bool, credibility: int | None) -> bool:
    """Whether evidence counts: live, of credibility other than 5, and its source counts (`source`)."""
    return is_live and source and credibility != Credibility.IMPROBABLE


class RevisionKind(models.TextChoices):
    REPORTED = "reported", _("reported")
    EDITED = "edited", _("edited")
    REWORDED = "reworded", _("reworded")
    ATTACHED = "attached", _("evidence attached")
    CHANGED = "changed", _("evidence changed")
    WITHDRAWN = "withdrawn", _("evidence withdrawn")
    MOVED = "moved", _("status changed")
    CONFIRMED = "confirmed", _("assessment confirmed again")


class Revision(models.Model):
    """A change that raised a claim's version, kept so that an editor who saves later can be told of it."""

    id = models.BigAutoField(primary_key=True)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="revisions")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=RevisionKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Restricted evidence has no row here at all (decision 22).
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)  # the reason, where the author gave one
    closed_as = models.CharField(max_length=16, choices=CloseReason, blank=True)  # the reason for closing

    class Meta:
        # Two changes of one version: one of them was made on a state that its author had not seen.
        constraints: ClassVar = [models.UniqueConstraint(fields=["claim", "version"], name="revision_once_a_version")]

    def __str__(self) -> str:
        return f"{self.claim_id} v{self.version}: {self.kind}"


class ParticipantRole(models.TextChoices):
    REVIEWER = "reviewer", _("reviewer")
    DECIDER = "decider", _("approver")


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def now(self, role: ParticipantRole) -> "ParticipantQuerySet":
        """Those who take part in this role now."""
        return self.filter(role=role, until__isnull=True)


def now_sql(participants: str, role: ParticipantRole) -> str:
    """`Participant.objects.now` as SQL, for a row of `claims_participant` under this alias."""
    return f"{participants}.role = '{role}' AND {participants}.until IS NULL"


class Participant(models.Model):
    """A person who works on a claim or was named to decide it, and until when.

    All that claims know of assignments; the actions of `reviews` write it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="participants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="participations")
    role = models.CharField(max_length=16, choices=ParticipantRole)
    # Being offered a claim is enough to see it: one has to know the material before accepting (decision 83).
    accepted = models.BooleanField(default=False)
    since = models.DateTimeField()
    # Ended and not deleted, so that `verify` can compare it with the assignments and the ledger.
    until = models.DateTimeField(null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # Asked for by nearly every condition of who may see what.
            models.Index(fields=["user", "role"], condition=Q(until__isnull=True), name="participant_now"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["claim", "user", "role"], condition=Q(until__isnull=True), name="participant_once"
            ),
            models.CheckConstraint(condition=Q(role__in=ParticipantRole.values), name="participant_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.claim_id}"


class TaskKind(models.TextChoices):
    SUPPORT_LOST = "support_lost", _("support lost")
    RECHECK = "recheck", _("quote to re-check")
    GROUNDS_CHANGED = "grounds_changed", _("changed since the verdict")


class Task(models.Model):
    """A re-check that is due: a claim that lost its support, an excerpt, or a verdict whose grounds changed.

    Written in the transaction of the change that causes it. A correction of its source opens the task of an excerpt
    (`evidence`). `reminders_follow`: whether the reminders match the task as it is now. This room knows nothing of
    reminders, so `reviews` plans or cancels them for tasks where it is false.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16, choices=TaskKind)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="tasks")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(_("due"))
    ended_at = models.DateTimeField(null=True, blank=True)
    # Null where a recomputation ended it: the support came back by itself.
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)
    reminders_follow = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=Q(ended_at__isnull=True), name="task_open_by_due"),
            models.Index(fields=["opened_at"], condition=Q(reminders_follow=False), name="task_without_reminders"),
        ]
        constraints: ClassVar = [
            # One open task for one thing: a second loss must not remind people twice.
            models.UniqueConstraint(
                fields=["claim"], condition=Q(kind="support_lost", ended_at__isnull=True), name="task_support_lost_once"
            ),
            models.UniqueConstraint(
                fields=["claim"],
                condition=Q(kind="grounds_changed", ended_at__isnull=True),
                name="task_grounds_changed_once",
            ),
            models.UniqueConstraint(
                fields=["evidence"], condition=Q(kind="recheck", ended_at__isnull=True), name="task_recheck_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["support_lost", "grounds_changed"], evidence__isnull=True)
                | Q(kind="recheck", evidence__isnull=False),
                name="task_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.kind}"


class Recomputation(models.Model):
    """A claim whose numbers are still to be recomputed after a change that affects very many claims.

    Written in the transaction of the change, deleted in the one that recomputes the claim.
    """

    # The key, so that a second change finds the row there: one recomputation serves both (decision 30).
    claim = models.OneToOneField(Claim, models.PROTECT, primary_key=True, related_name="recomputation")
    asked_at = models.DateTimeField()
    # Makes each lease longer than the one before; a claim is never given up, since its numbers are wrong.
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asked_at", "claim"], name="recomputation_by_age")]

    def __str__(self) -> str:
        return f"{self.claim_id} since {self.asked_at}"


class BundleState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("in progress")
    DONE = "done", _("ready")
    FAILED = "failed", _("failed")


class Bundle(models.Model):
    """An evidence bundle that a person asked for: its progress, and the parts that it consists of.

    The zip itself is never stored: it is assembled from the parts while it is sent. `shown`: the ids of the rows that
    its reader could see when it was made. Rows and parts are deleted a day after the request.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="bundles")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=BundleState, default=BundleState.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)  # attempts since the last part that was read
    lease_until = models.DateTimeField(null=True, blank=True)
    # One for all proofs, so that the bundle can be checked against one signature.
    checkpoint = models.BigIntegerField(null=True, blank=True)  # size of the checkpoint that all proofs are against
    parts_done = models.PositiveIntegerField(default=0)
    parts_all = models.PositiveIntegerField(default=0)
    # The download checks them again: a person who may see less by then gets none (decision 78).
    shown = models.JSONField(default=dict)
    size = models.PositiveBigIntegerField(default=0)  # of the zip, in bytes
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at", "id"], condition=Q(state__in=["waiting", "running"]), name="bundle_to_make"
            ),
        ]
        constraints: ClassVar = [
            # A second request meanwhile is the same one (decision 78).
            models.UniqueConstraint(
                fields=["claim", "by"], condition=Q(state__in=["waiting", "running"]), name="bundle_made_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=BundleState.values), name="bundle_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="bundle_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} for {self.by_id}: {self.state}"


class BundlePart(models.Model):
    """A file in a bundle: generated `content`, or an `attachment` whose file is sent.

    The attachment's digest is checked when the file is read; until then `crc` is None.
    """

    # CASCADE, because a bundle is a copy: forgetting it is deleting its rows (decision 78).
    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    path = models.CharField(max_length=200)
    attachment = models.UUIDField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    # A zip names it before the file, so it is known only once the file was read.
    crc = models.PositiveBigIntegerField(null=True, blank=True)
    content = models.BinaryField(null=True)

    class Meta:
        ordering: ClassVar = ["bundle", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bundle", "attachment"], name="bundle_part_once"),
            models.CheckConstraint(
                condition=Q(attachment__isnull=True, content__isnull=False, crc__isnull=False)
                | Q(attachment__isnull=False, content__isnull=True),
                name="bundle_part_of_one_sort",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id}: {self.path}"


def _pairs(moves: list[tuple[State | None, State]]) -> Q:
    """A condition that a row is one of these moves. Never NULL, since a check constraint lets NULL pass."""
    condition = Q()
    for before, after in moves:
        condition |= (
            Q(from_state__isnull=False, from_state=before.value, to_state=after.value)
            if before
            else Q(from_state__isnull=True, to_state=after.value)
        )
    return condition


_ALL_PAIRS = [(move.before, move.after) for move in MOVES]
_SECOND_PAIRS = [(move.before, move.after) for move in MOVES if move.deciders is Deciders.SECOND]
_LONE_PAIRS = [(move.before, move.after) for move in MOVES if move.deciders is not Deciders.SECOND]
_NEEDING_EVIDENCE = [(move.before, move.after) for move in MOVES if move.needs_evidence]


class StatusChange(models.Model):
    """A move that a claim made. Never edited and never deleted: the application's role may only insert and read.

    Rows form a chain: `(claim, prev, from_state)` has to be an earlier row's `(claim, seq, to_state)`. The migration
    after the one that creates the table adds this as a foreign key, with the guards against UPDATE, DELETE and
    TRUNCATE.
    """

    # Says so to readers; triggers and the rights in config/grants.py hold it, also against raw SQL (decision 4).
    append_only = True

    pk = models.CompositePrimaryKey("claim", "seq")
    # DO_NOTHING: the database refuses by itself to delete a claim that has status changes.
    claim = models.ForeignKey(Claim, models.DO_NOTHING, related_name="status_changes")
    seq = models.PositiveIntegerField()
    # Generated, so that no writer can name another row as the one before.
    prev = models.GeneratedField(
        expression=NullIf(F("seq") - 1, 0), output_field=models.IntegerField(null=True), db_persist=True
    )
    from_state = models.CharField(max_length=16, null=True)  # null in a claim's first row
    to_state = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Beside `by`: the constraints below demand two people for every verdict.
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    # An array and no relation: a constraint can demand it, and it keeps what was named at the time (decision 21).
    evidence = ArrayField(models.UUIDField())
    stance = models.CharField(max_length=16, choices=Stance)
    # As counted then: later changes of the graph must not change what the verdict rested on.
    independence_min = models.PositiveSmallIntegerField()
    independence_max = models.PositiveSmallIntegerField()
    independence_exact = models.BooleanField(default=True, db_default=True)  # False: the numbers are bounds
    threshold = models.PositiveSmallIntegerField()
    graph_digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["claim", "seq"]
        constraints: ClassVar = [
            # More than the key already says, because the chain's foreign keys need these three columns to be unique.
            models.UniqueConstraint(fields=["claim", "seq", "to_state"], name="status_change_chain"),
            # Made from the table of moves, so that Python and the database cannot drift apart (decision 4).
            models.CheckConstraint(condition=_pairs(_ALL_PAIRS), name="status_change_is_a_move"),
            models.CheckConstraint(
                condition=Q(seq=1, from_state__isnull=True) | Q(seq__gt=1, from_state__isnull=False),
                name="status_change_first_from_nothing",
            ),
            models.CheckConstraint(
                condition=~_pairs(_SECOND_PAIRS) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("by"))),
                name="status_change_second_person",
            ),
            models.CheckConstraint(
                condition=~_pairs(_LONE_PAIRS) | Q(decided_by__isnull=True), name="status_change_alone"
            ),
            models.CheckConstraint(
                condition=~_pairs(_NEEDING_EVIDENCE) | Q(evidence__len__gt=0),
                name="status_change_rests_on_evidence",
            ),
            models.CheckConstraint(
                condition=Q(graph_digest__regex=r"^[0-9a-f]{64}$"), name="status_change_digest_form"
            ),
            models.CheckConstraint(
                condition=Q(independence_min__lte=F("independence_max")),
                name="status_change_interval_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.seq}: {self.from_state} → {self.to_state}"

    @property
    def is_verdict(self) -> bool:
        return self.to_state in VERDICTS


class StatusChangeText(models.Model):
    """The free text of a status change, in a table of its own so that a redaction can erase it and the row remains."""

    append_only = True

    pk = models.CompositePrimaryKey("claim", "seq")
    claim = models.ForeignKey(Claim, models.DO_NOTHING, related_name="+")
    seq = models.PositiveIntegerField()
    # Only '[redacted]' can replace it, and only where the ledger names the erasure (decision 79).
    reason = models.TextField()
    decision_reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.claim_id} {self.seq}"


class StatusChangeGraph(models.Model):
    """The evidence graph that a status change was decided on: canonical JSON (RFC 8785), whose SHA-256 the change
    keeps.
    """

    append_only = True

    pk = models.CompositePrimaryKey("claim", "seq")
    claim = models.ForeignKey(Claim, models.DO_NOTHING, related_name="+")
    seq = models.PositiveIntegerField()
    # Text and not JSON: jsonb re-serialises, and the digest is of these bytes.
    graph = models.TextField()

    def __str__(self) -> str:
        return f"{self.claim_id} {self.seq}"


class PolicyField(models.TextChoices):
    """A setting of a desk's policy; each is a field of Desk."""

    MIN_INDEPENDENCE = "min_independence", _("independent voices needed")
    DAYS_TO_REVIEW = "days_to_review", _("days to review")
    DAYS_TO_LOOK_AGAIN = "days_to_look_again", _("days to re-check")
    SECOND_FACTOR_DAYS = "second_factor_days", _("days to add a second factor")


class PolicyChange(models.Model):
    """A change of a desk's policy: old and new value, person, time and reason. Never edited, never deleted."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="policy_changes")
    field = models.CharField(max_length=24, choices=PolicyField)
    # Today's threshold explains today's flags, and the one of that day its verdicts (decision 44).
    before = models.PositiveSmallIntegerField()
    after = models.PositiveSmallIntegerField()
    # May be empty: the page demands it, and the API took changes without one before (decision 44).
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["desk", "-id"], name="policy_change_by_desk")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(field__in=PolicyField.values), name="policy_change_field_known"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="policy_change_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.desk_id}: {self.field} {self.before} → {self.after}"


class ActorMerge(models.Model):
    """An actor merged into another: the person, the time and the reason. Never edited, never deleted, never undone."""

    append_only = True

    # The key: an actor is merged once and for good (decision 43).
    actor = models.OneToOneField(Actor, models.PROTECT, primary_key=True, related_name="merge")
    into = models.ForeignKey(Actor, models.PROTECT, related_name="+")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(into=F("actor")), name="actor_merge_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="actor_merge_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_id} → {self.into_id}"


class Grounds(models.Model):
    """The grounds of an assessment or a verdict as they were at one moment (claims.verdicts.grounds).

    Never edited, never deleted. `digest` is the SHA-256 of `content` in canonical JSON (RFC 8785). `state`: the state
    that they support; `named` and `answered`: the evidence relied on and answered. A redaction can erase the content;
    the digest stays.
    """

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="grounds")
    state = models.CharField(max_length=16, choices=StateChoices)
    digest = models.CharField(max_length=64)
    # One value and not rows, so that a redaction erases all of it at once (decision 85).
    content = models.JSONField()
    # Kept beside the content, which a redaction may erase: the present grounds are read by these.
    named = ArrayField(models.UUIDField())
    answered = ArrayField(models.UUIDField())
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="grounds_digest_form"),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.digest[:8]}…"


class StatusChangeGrounds(models.Model):
    """The grounds that a second person approved with a status change."""

    append_only = True

    pk = models.CompositePrimaryKey("claim", "seq")
    claim = models.ForeignKey(Claim, models.DO_NOTHING, related_name="+")
    seq = models.PositiveIntegerField()
    grounds = models.ForeignKey(Grounds, models.PROTECT, related_name="approved_with")

    def __str__(self) -> str:
        return f"{self.claim_id} {self.seq}"


class GroundsWatch(models.Model):
    """Whether grounds are still as they were kept: those of an assessment under review, or (`of_verdict`) of the
    claim's verdict.

    `subjects`: the ids of the rows that they are read from now; the database notes any change of these rows. `digest`
    is that of the grounds as they are now. `content` is set only where they differ from those kept.
    """

    grounds = models.OneToOneField(Grounds, models.PROTECT, primary_key=True, related_name="watch")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="watches")
    of_verdict = models.BooleanField(default=False)
    # Restricted rows are among them: once released, they are part of the grounds (decision 86).
    subjects = ArrayField(models.UUIDField())
    digest = models.CharField(max_length=64)
    content = models.JSONField(null=True)

    class Meta:
        # The triggers ask it for every changed row: one that no grounds rest on must cost one lookup (decision 86).
        indexes: ClassVar = [GinIndex(fields=["subjects"], name="watch_by_subject")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["claim"], condition=Q(of_verdict=True), name="watch_one_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.digest[:8]}…"


class GroundsChange(models.Model):
    """A change of kept grounds: the fields and rows changed, and the act that changed them. Holds no values."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    grounds = models.ForeignKey(Grounds, models.PROTECT, related_name="changes")
    # Null where the system made the change.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=64)  # of the act, as in the ledger
    at = models.DateTimeField()
    fields = models.JSONField()  # [kind of row, its id, field]; the field is "" for a row added or removed
    digest = models.CharField(max_length=64)  # of the grounds after the change

    def __str__(self) -> str:
        return f"{self.grounds_id} by {self.by_id}"


class GroundsTouch(models.Model):
    """A row of watched grounds that this transaction has changed.

    Written by triggers, deleted before the transaction ends.
    """

    id = models.BigAutoField(primary_key=True)
    # A row and not a variable of the session, so that a deferred constraint can refuse a commit with some left.
    subject = models.UUIDField()

    def __str__(self) -> str:
        return str(self.subject)


class GroundsToKeep(models.Model):
    """A claim whose verdict is older than kept grounds: a worker keeps its grounds when it reaches the claim."""

    # Written at the upgrade only: verdicts from before are kept as they are then (decision 86).
    claim = models.OneToOneField(Claim, models.PROTECT, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.claim_id)


class GroundsCheck(models.Model):
    """Watched grounds still to be read after a change that affects very many, and the person who made the change."""

    id = models.BigAutoField(primary_key=True)
    # CASCADE: where watching ends, there is nothing left to read again.
    watch = models.ForeignKey(GroundsWatch, models.CASCADE, related_name="checks")
    # With the row, since a worker that reads it later has no other way to know the author (decision 86).
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.watch_id} since {self.at}"
