"""Actors, their sources, the relays between sources, and the files that prove them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk


class Visibility(models.TextChoices):
    """Who may see a row, from least to most strict. A file or relay is at least as strict as its source."""

    # In this order: `strictness` counts by it.
    PUBLIC = "public", _("public")
    DESK = "desk", _("the desk")
    RESTRICTED = "restricted", _("restricted")

    @property
    def strictness(self) -> int:
        """0 for public, 1 for desk, 2 for restricted."""
        return list(Visibility).index(self)


class Reliability(models.TextChoices):
    """The track record of a source (Admiralty code, NATO STANAG 2511)."""

    A = "A", _("completely reliable")
    B = "B", _("usually reliable")
    C = "C", _("fairly reliable")
    D = "D", _("not usually reliable")
    # A source graded E supports nothing (docs/provenance.md); F is no grade, and counts.
    E = "E", _("unreliable")
    F = "F", _("cannot be judged")


class Basis(models.TextChoices):
    """How close a source is to the events that it reports."""

    FIRSTHAND = "firsthand", _("firsthand")
    SECONDHAND = "secondhand", _("secondhand")
    # A value of its own: such a source is an origin in the upper figure of a count only (docs/provenance.md).
    UNKNOWN = "unknown", _("unknown")


class ActorKind(models.TextChoices):
    """The type of an actor."""

    PERSON = "person", _("person")
    ORGANISATION = "organisation", _("organisation")
    STATE = "state", _("state")
    OUTLET = "outlet", _("outlet")


# A state speaks for itself; an outlet under somebody's orders is entered with whom it speaks for.
CHECKED_FROM_THE_START = (ActorKind.STATE, ActorKind.OUTLET)


class SourceKind(models.TextChoices):
    """The type of a source."""

    ARTICLE = "article", _("article")
    STATEMENT = "statement", _("statement")
    DOCUMENT = "document", _("document")
    IMAGE = "image", _("image")
    VIDEO = "video", _("video")
    DATASET = "dataset", _("dataset")
    INTERVIEW = "interview", _("interview")
    POST = "post", _("post")


# Choices bind forms only; the constraint also binds SQL and imports.
def _known(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)


class Actor(models.Model):
    """A person or body that makes claims, publishes sources or is the subject of claims."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(
        Desk,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="actors",
        help_text=_("None: shared with all desks."),
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=ActorKind)
    # All actors of one `part_of` chain count as a single voice, on the days that the dates cover.
    part_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    part_of_from = models.DateField(_("speaks for it from"), null=True, blank=True)
    part_of_to = models.DateField(_("speaks for it until"), null=True, blank=True)
    # Until then its voice counts in the upper figure alone: an official entered under a new name must not corroborate
    # their own government (docs/provenance.md).
    speaks_for_checked = models.BooleanField(_("whom it speaks for is checked"))
    # Why a chain ends here, for a body that would otherwise be one voice with its state.
    stands_alone_because = models.TextField(
        _("why it is editorially independent"),
        blank=True,
        help_text=_("For a court, an auditor or an editorially independent broadcaster."),
    )
    # For information: an outlet and its owner remain separate voices.
    owned_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="owns")
    # The default for its sources; a source may have a grade of its own.
    reliability = models.CharField(_("reliability"), max_length=1, choices=Reliability, default=Reliability.F)
    visibility = models.CharField(_("visibility"), max_length=16, choices=Visibility, default=Visibility.DESK)
    # Set on a duplicate: every reference now points to that actor, and search still finds it by this name.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)  # grows with each edit: refuses stale forms
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        indexes: ClassVar = [
            models.Index(fields=["desk", "created_at", "id"], name="actor_by_desk"),
            # Upper case because `icontains` compares so: one index serves search and the list of similar names.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="actor_names"),
        ]
        constraints: ClassVar = [
            _known("kind", ActorKind, "actor_kind_known"),
            _known("reliability", Reliability, "actor_reliability_known"),
            _known("visibility", Visibility, "actor_visibility_known"),
            models.CheckConstraint(condition=~Q(part_of=F("id")), name="actor_not_part_of_itself"),
            models.CheckConstraint(
                condition=Q(part_of_to__isnull=True)
                | Q(part_of_from__isnull=True)
                | Q(part_of_to__gte=F("part_of_from")),
                name="actor_part_of_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(speaks_for_checked=True)
                | (Q(part_of__isnull=True, stands_alone_because="") & ~Q(kind__in=[*CHECKED_FROM_THE_START])),
                name="actor_checked_where_said",
            ),
            # Only its creator and the desk's editors see a restricted actor; a shared one has no desk.
            models.CheckConstraint(
                condition=Q(desk__isnull=False) | ~Q(visibility=Visibility.RESTRICTED),
                name="actor_shared_not_restricted",
            ),
            # A merged actor keeps its name only, so that no chain runs through it any more.
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | (
                    ~Q(merged_into=F("id"))
                    & ~Q(visibility=Visibility.RESTRICTED)
                    & Q(part_of__isnull=True, owned_by__isnull=True)
                ),
                name="actor_merged_is_nothing_more",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """One published or collected item: an article, a document, an interview, a post …"""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="sources")
    kind = models.CharField(_("kind"), max_length=16, choices=SourceKind, default=SourceKind.ARTICLE)
    title = models.CharField(_("title"), max_length=300)
    url = models.URLField(_("address"), max_length=2000, blank=True)
    # Null: unknown. Never the platform that carried it, and never the desk itself.
    publisher = models.ForeignKey(Actor, models.PROTECT, null=True, blank=True, related_name="published")
    # Voices are taken at this day, or at the day it was added: a spokesman may have left since.
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    # Unknown until someone looks, so that nothing counts as firsthand by default.
    basis = models.CharField(_("basis"), max_length=16, choices=Basis, default=Basis.UNKNOWN)
    basis_reason = models.TextField(
        _("reason for the basis"),
        blank=True,
        help_text=_("Needed if an examiner got the material from a party: why tampering is excluded."),
    )
    language = models.CharField(_("language"), max_length=16, blank=True)
    reliability = models.CharField(
        _("reliability"), max_length=1, choices=Reliability, blank=True, help_text=_("None: its publisher’s.")
    )
    visibility = models.CharField(_("visibility"), max_length=16, choices=Visibility, default=Visibility.DESK)
    # A retracted source stops counting; a corrected one still counts and is marked.
    retracted_at = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # Retracted and not deleted: losing an upstream must not turn what rests on it into unknown lineage.
    retracted_reason = models.TextField(blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    corrected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    corrected_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # Stored, because building the vector for each search would read every row.
    words = models.GeneratedField(
        expression=SearchVector("title", "url", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes: ClassVar = [
            # Lists page by this key, never by offset (decision 2).
            models.Index(fields=["desk", "created_at", "id"], name="source_by_desk"),
            GinIndex(fields=["words"], name="source_words"),
            # For search as one types: any part of a title matches.
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="source_titles"),
        ]
        constraints: ClassVar = [
            _known("kind", SourceKind, "source_kind_known"),
            _known("basis", Basis, "source_basis_known"),
            _known("visibility", Visibility, "source_visibility_known"),
            models.CheckConstraint(
                condition=Q(reliability__in=["", *Reliability.values]), name="source_reliability_known"
            ),
            models.CheckConstraint(
                condition=Q(retracted_at__isnull=True, retracted_by__isnull=True)
                | Q(retracted_at__isnull=False, retracted_by__isnull=False),
                name="source_retraction_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def effective_reliability(self) -> str:
        """The grade of the source, else of its publisher, else F. Needs `publisher` loaded."""
        return self.reliability or (self.publisher.reliability if self.publisher else Reliability.F.value)

    @property
    def counts(self) -> bool:
        """Whether the source supports anything: not retracted, and not graded E."""
        return source_counts(is_retracted=self.retracted_at is not None, reliability=self.effective_reliability)


def source_counts(*, is_retracted: bool, reliability: str | None) -> bool:
    """Whether a source supports anything: not retracted and not graded E. `reliability`: its own or its publisher's."""
    return not is_retracted and reliability != Reliability.E


class Relay(models.Model):
    """One source based on another, with the quote that shows it. Removed relays keep their row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    downstream = models.ForeignKey(Source, models.PROTECT, related_name="upstream_relays")
    upstream = models.ForeignKey(Source, models.PROTECT, related_name="downstream_relays")
    quote = models.TextField(_("quote that shows it"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # Removed and not deleted: `verify` compares the row with the ledger's entries of it (decision 98).
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # Among current relays only: a removed one may be added again.
            models.UniqueConstraint(
                fields=["downstream", "upstream"], condition=Q(removed_at__isnull=True), name="relay_once"
            ),
            models.CheckConstraint(condition=~Q(downstream=F("upstream")), name="relay_not_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.downstream_id} ← {self.upstream_id}"


class Attachment(models.Model):
    """A file kept byte for byte, reached by its random id only, never by its digest.

    After a redaction the row remains, without name, digest and size.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="attachments")
    visibility = models.CharField(_("visibility"), max_length=16, choices=Visibility, default=Visibility.DESK)
    # Not unique: the same file may belong to several sources, and is stored once.
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # Set by a redaction, which empties the row and keeps its id, by which the ledger names it.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        constraints: ClassVar = [
            _known("visibility", Visibility, "attachment_visibility_known"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True, sha256__regex=r"^[0-9a-f]{64}$")
                # An erased file keeps no digest: a digest of a known file would give it away.
                | Q(erased_at__isnull=False, sha256="", size=0),
                name="attachment_digest_form",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChosenFile(models.Model):
    """A file chosen in a form that was not completed, kept for that person until it is, or for some days.

    `desk`: the desk that the form belongs to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Redactions of the desk search it, and `verify` knows its file (decision 89).
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, blank=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255)
    chosen_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "chosen_at"], name="chosen_file_by_person"),
            models.Index(fields=["chosen_at"], name="chosen_file_by_age"),
            # Asked before a file's bytes are deleted: another row may still need them.
            models.Index(fields=["sha256"], name="chosen_file_by_digest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="chosen_file_digest_form"),
        ]

    def __str__(self) -> str:
        return self.name


class FileErasure(models.Model):
    """A file due for deletion, as no row names it any more. A worker deletes the file, then this row."""

    # A row first, since deleting bytes cannot be undone if the transaction fails (decision 79).
    sha256 = models.CharField(max_length=64, primary_key=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk[:8]}… since {self.asked_at}"


class CaptureState(models.TextChoices):
    """How far a capture has got."""

    PENDING = "pending", _("waiting")
    DONE = "done", _("captured")
    FAILED = "failed", _("failed")


class Capture(models.Model):
    """A fetch of a source's address and its answer. The row exists from the request on, before any fetch."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="captures")
    # Of its own: a capture may be stricter than its source, and is released together with its file (decision 84).
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.DESK)
    # Kept here: the file came from this address, and the source's may be edited later.
    url = models.URLField(max_length=2000)
    state = models.CharField(max_length=16, choices=CaptureState, default=CaptureState.PENDING)
    # A worker writes its result only while the attempt is its own (decision 7).
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)  # when a worker last leased it; orders the queue
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    final_url = models.URLField(max_length=2000, blank=True)
    headers = models.JSONField(default=list)
    redirects = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)
    attachment = models.OneToOneField(Attachment, models.PROTECT, null=True, blank=True, related_name="capture")

    class Meta:
        ordering: ClassVar = ["-requested_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["requested_at"], condition=Q(state=CaptureState.PENDING), name="capture_waiting"),
            # Whose last capture is longest ago comes first: one person's thousand cost others one place (decision 91).
            models.Index(fields=["requested_by", "-taken_at"], name="captures_taken_for"),
        ]
        constraints: ClassVar = [
            _known("visibility", Visibility, "capture_visibility_known"),
            _known("state", CaptureState, "capture_state_known"),
            # A finished capture without its file could not be checked.
            models.CheckConstraint(
                condition=~Q(state=CaptureState.DONE) | Q(attachment__isnull=False),
                name="capture_done_has_file",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class DeclaredConflict(models.Model):
    """A conflict of interest that a person declared with an actor: they may not judge claims that name it.

    Ended conflicts keep their row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="declared_conflicts")
    actor = models.ForeignKey(Actor, models.PROTECT, related_name="declared_conflicts")
    declared_at = models.DateTimeField()
    # Ended and not deleted: one that was withdrawn while an assessment waited still counts (decision 85).
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # Among open ones only: it may be declared again.
            models.UniqueConstraint(
                fields=["user", "actor"], condition=Q(ended_at__isnull=True), name="declared_conflict_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.actor_id}"
