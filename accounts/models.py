"""People, desks, and a person's role on a desk."""

import unicodedata
import uuid
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


def normalised(password: str) -> str:
    """A password in one Unicode spelling (NFKC): keyboards write the same letters in several ways."""
    return unicodedata.normalize("NFKC", password)


class RemindersByMail(models.TextChoices):
    """Whether reminders also go out by mail. The application always shows them."""

    IMMEDIATE = "immediate", _("immediately")
    NONE = "none", _("never")


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox types its own manager as Any
    """A person with a login. Never deleted: on leaving they are anonymised, and their work stays."""

    # Random in all rooms: an identifier must not reveal how many rows there are, or in which order they came.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Free and changeable; the ledger records actions under the user name, which never changes (decision 39).
    name = models.CharField(_("name"), max_length=120, blank=True)
    # For days and due times on pages: 'due today' is the person's today. The database has UTC only.
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=16, default="en")
    # To rank reviewers: people who read a claim's original language come first (decision 40).
    reads = ArrayField(
        models.CharField(max_length=16), verbose_name=_("languages they read"), default=list, blank=True, size=20
    )
    reminders_by_mail = models.CharField(max_length=16, choices=RemindersByMail, default=RemindersByMail.IMMEDIATE)
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    # Part of each session's hash, so that signing out everywhere needs no list of sessions (decision 39).
    sessions_ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            # Choices bind forms only; SQL and imports come past them.
            models.CheckConstraint(
                condition=Q(reminders_by_mail__in=RemindersByMail.values), name="user_reminders_by_mail_known"
            ),
            models.CheckConstraint(
                condition=Q(away_from__isnull=True, away_until__isnull=True)
                | Q(away_from__isnull=False, away_until__gte=F("away_from")),
                name="user_away_in_order",
            ),
        ]

    def set_password(self, raw_password: str | None) -> None:
        """Keep the hash of a password in its normalised spelling."""
        super().set_password(None if raw_password is None else normalised(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password; hashes older than normalisation are also checked as typed."""
        one = None if raw_password is None else normalised(raw_password)
        return super().check_password(one) or (one != raw_password and super().check_password(raw_password))

    @property
    def shown_name(self) -> str:
        """The name with the user name beside it: names may repeat, user names cannot."""
        return f"{self.name} ({self.username})" if self.name else self.username

    @property
    def address_for_reminders(self) -> str:
        """The address for reminders by mail; "" for none."""
        return self.email if self.reminders_by_mail == RemindersByMail.IMMEDIATE else ""

    def is_away(self, day: date) -> bool:
        """Whether the person is away on `day`; both ends of the absence count."""
        return self.away_from is not None and self.away_until is not None and self.away_from <= day <= self.away_until

    def get_session_auth_hash(self) -> str:
        """The hash that each session holds; a new password or `sessions_ended_at` changes it and so ends them."""
        return self._hash_for_sessions(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same hashes with the earlier keys."""
        return (self._hash_for_sessions(secret) for secret in settings.SECRET_KEY_FALLBACKS)

    def _hash_for_sessions(self, secret: str | bytes) -> str:
        """Django's hash with the moment added; without a moment it is Django's, so that an upgrade signs no one out."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        ended = self.sessions_ended_at.isoformat() if self.sessions_ended_at else ""
        return salted_hmac(salt, self.password + ended, secret=secret, algorithm="sha256").hexdigest()


class Session(AbstractBaseSession):
    """A browser session of a person, or of a visitor with a form open; deleted when it ends.

    Its addresses are not kept: only the security log has addresses, for a while.
    """

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # for pages: the key is a credential
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField()
    # Precise to five minutes, so that reading a page is not a write (decision 95).
    last_used_at = models.DateTimeField()
    # Two words without a version: a list of devices would endanger threatened people (decision 95).
    browser = models.CharField(max_length=60, blank=True)
    # From a release with another cookie name, which is accepted for it too.
    is_of_before = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["last_used_at"], name="sessions_by_last_use")]

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from accounts.sessions import SessionStore  # imported late: it needs this model

        return SessionStore


class SignInTries(models.Model):
    """How many recent wrong passwords came from a network, or for a name; `key` is a digest and reveals neither."""

    key = models.CharField(max_length=64, primary_key=True)  # HMAC-SHA-256, with SECRET_KEY
    tries = models.PositiveIntegerField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key[:8]


class Role(models.TextChoices):
    REPORTER = "reporter", _("reporter")
    REVIEWER = "reviewer", _("reviewer")
    EDITOR = "editor", _("editor")
    AUDITOR = "auditor", _("auditor")


class Desk(models.Model):
    """A team with its members, claims, actors, sources and policy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(
        _("prefix"),
        max_length=8,
        unique=True,
        validators=[
            RegexValidator(r"\A[A-Z][A-Z0-9]{1,7}\Z", _("Two to eight capital letters or digits, a letter first."))
        ],
        help_text=_("Precedes the number of every claim, as in UKR-42."),
    )
    # Five at most, because counts above five are not told apart (docs/provenance.md).
    min_independence = models.PositiveSmallIntegerField(
        _("independent voices needed"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("How many independent voices a verdict needs, 1 to 5."),
    )
    days_to_review = models.PositiveSmallIntegerField(
        _("days to review"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("The default time allowed for an assignment."),
    )
    # Keeps its older name, which the API and ledger entries have (decision 111).
    days_to_look_again = models.PositiveSmallIntegerField(
        _("days to re-check"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("The time allowed for a re-check after a claim loses its support or a source is corrected."),
    )
    # An edit names the version that its author saw, so that none is overwritten unseen (decision 87).
    version = models.PositiveIntegerField(default=1, editable=False)
    second_factor_days = models.PositiveSmallIntegerField(
        _("days to add a second factor"),
        default=0,
        validators=[MaxValueValidator(90)],
        help_text=_("How long members have to add a second factor, 1 to 90 days. 0: not required."),
    )
    # The days count from this moment, or from the person's joining if later.
    second_factor_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Counted under this row's lock, so that two new claims at once get two references (decision 90).
    last_claim_number = models.PositiveIntegerField(default=0, editable=False)
    is_demonstration = models.BooleanField(default=False, editable=False)
    # No auto_now_add in any room: actions take `now`, so that all rows and the entry of one action have one time.
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(min_independence__range=(1, 5)), name="desk_min_independence_1_to_5"
            ),
            models.CheckConstraint(condition=models.Q(prefix__regex=r"^[A-Z][A-Z0-9]{1,7}$"), name="desk_prefix_form"),
            models.CheckConstraint(
                condition=Q(second_factor_days=0, second_factor_since__isnull=True)
                | Q(second_factor_days__range=(1, 90), second_factor_since__isnull=False),
                name="desk_second_factor_since",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role on one desk."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # PROTECT for all that is recorded: people and desks are never deleted, so that the history stays readable.
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["desk", "user"], name="membership_one_role_a_desk"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}, {self.desk})"


class TokenScope(models.TextChoices):
    READ = "read", _("read")
    WRITE = "write", _("write")


def all_scopes() -> list[str]:
    """The scopes of a token created without a choice."""
    return list(TokenScope.values)


class Token(AbstractAuthToken):
    """An API token, kept as its digest; it expires at `expiry` and grants its `scopes` alone."""

    # Knox's own primary key is the digest of the secret, which addresses and lists must not show.
    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, default="")
    # Precise to the hour, so that reading by the API is not a write each time (decision 39).
    last_used_at = models.DateTimeField(null=True, blank=True)
    scopes = ArrayField(models.CharField(max_length=16, choices=TokenScope), default=all_scopes, size=len(TokenScope))

    class Meta:
        swappable = "KNOX_TOKEN_MODEL"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=TokenScope.values, scopes__len__gt=0), name="token_scopes_known"
            ),
        ]


class Invitation(models.Model):
    """An invitation of a person without an account to a desk. Its mailed link creates the account, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, models.PROTECT, related_name="invitations")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"))
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="invitation")

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        constraints: ClassVar = [
            # One open invitation of an address to a desk, in any spelling of its letters (decision 39).
            models.UniqueConstraint(
                "desk",
                Lower("email"),
                condition=Q(revoked_at__isnull=True, accepted_at__isnull=True),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at__isnull=True),
                name="invitation_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.role}, {self.desk})"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.accepted_at is None


class MailKind(models.TextChoices):
    INVITATION = "invitation", _("invitation")
    CONFIRM_ADDRESS = "confirm_address", _("address confirmation")
    ADDRESS_CHANGED = "address_changed", _("notice of a changed address")
    RESET_ASKED = "reset_asked", _("password reset request")  # becomes one `reset` for each account with the address
    RESET = "reset", _("password reset link")
    FACTORS_CHANGED = "factors_changed", _("notice of changed second factors")


class MailState(models.TextChoices):
    PENDING = "pending", _("waiting")
    SENT = "sent", _("sent")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class Mail(models.Model):
    """A mail about an account, sent by a worker, with a link that works once.

    The link's random part is made when the mail is sent; only its SHA-256 is kept. The link works until `link_until`,
    unless it is used or a newer mail has replaced it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=MailKind)
    # Kept beside `user`: the notice of a changed address goes to the old one (decision 38).
    to = models.EmailField()
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="mails")
    invitation = models.ForeignKey(Invitation, models.PROTECT, null=True, blank=True, related_name="mails")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=MailState, default=MailState.PENDING)
    # Grows with each lease: a worker marks the row only if the attempt is still its own (decision 7).
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    # A reader of the database must not be able to follow the link, so the link itself is not kept (decision 38).
    digest = models.CharField(max_length=64, blank=True)
    link_until = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            # The tick looks for waiting mails every two seconds, and should not read past those that were sent.
            models.Index(fields=["created_at", "id"], condition=Q(state="pending"), name="mail_pending"),
        ]
        constraints: ClassVar = [
            # Only a mail with a link has a digest; the empty ones may repeat.
            models.UniqueConstraint(fields=["digest"], condition=~Q(digest=""), name="mail_link_once"),
            models.CheckConstraint(
                condition=Q(kind=MailKind.INVITATION, invitation__isnull=False, user__isnull=True)
                # No user yet: the request must not reveal whether an account has the address (decision 38).
                | Q(kind=MailKind.RESET_ASKED, invitation__isnull=True, user__isnull=True)
                | Q(
                    kind__in=[
                        MailKind.CONFIRM_ADDRESS,
                        MailKind.ADDRESS_CHANGED,
                        MailKind.RESET,
                        MailKind.FACTORS_CHANGED,
                    ],
                    invitation__isnull=True,
                    user__isnull=False,
                ),
                name="mail_about_one",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at__isnull=True)
                | (Q(ended_at__isnull=False) & Q(state__in=["sent", "cancelled", "failed"])),
                name="mail_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Act(models.Model):
    """An index of ledger entries for auditors: who did what on which desk.

    The entry itself hides person and reason. `about` is the stream, by its internal name if the entry is sealed.
    """

    entry = models.OneToOneField("ledger.Entry", models.PROTECT, primary_key=True, related_name="act")
    # Null for what is on no desk, such as accounts and shared actors: administrators read these.
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, related_name="acts", db_index=False)
    # Null where a program acts by itself. The index of a person's acts serves the key too (decision 104).
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=64)
    about = models.CharField(max_length=255)
    at = models.DateTimeField()
    # Auditors read only that something is withheld, and filters leave these rows out (decision 74).
    sealed = models.BooleanField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["desk", "-entry"], name="acts_of_a_desk"),
            models.Index(fields=["about", "entry"], name="acts_about_a_subject"),
            # For a person's own list of receipts (decision 104).
            models.Index(fields=["by", "-at", "-entry"], name="acts_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class FieldChange(models.Model):
    """The fields that an edit changed, with version, person and time, but never the values.

    `row` is the id of a desk, actor, source, claim or piece of evidence. A second editor learns from it what changed
    meanwhile. Never edited, never deleted.
    """

    append_only = True

    id = models.BigAutoField(primary_key=True)
    # No foreign key: rows of five tables are meant, and their random ids do not collide.
    row = models.UUIDField()
    version = models.PositiveIntegerField()
    # No values: the ledger has them, and a second copy would have to be redacted with them (decision 87).
    fields = ArrayField(models.CharField(max_length=100))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["row", "version"], name="field_change_once_a_version"),
            models.CheckConstraint(condition=Q(fields__len__gt=0), name="field_change_names_fields"),
        ]

    def __str__(self) -> str:
        return f"{self.row} v{self.version}: {', '.join(self.fields)}"


class Spending(models.Model):
    """How much of one of RATE_LIMITS a person or address has used: the moment it is whole again.

    `key` is a keyed digest (`accounts.limits`); `refused` says whether the last request was refused.
    """

    key = models.CharField(max_length=32, primary_key=True)
    asked_at = models.DateTimeField()
    # One moment says how much is used; a list of times would be read and written in two steps (decision 91).
    whole_at = models.DateTimeField()
    span = models.DurationField()
    refused = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asked_at"], name="spending_by_age")]

    def __str__(self) -> str:
        return f"{self.key[:8]}… until {self.whole_at}"


class RestrictedRead(models.Model):
    """A person was shown restricted material on a day; written before it is shown, once a day.

    The ledger gets it with the next full hour (`entry`, empty until then): an entry for each read would reveal
    restricted work by its time and number. Rows without a desk are older and have entries of their own.
    """

    # Of two requests at once one writes and the other waits for it: one read a day (decision 81).
    pk = models.CompositePrimaryKey("user", "day", "subject")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    subject = models.CharField(max_length=60)  # source:<uuid>
    # Each desk has its own entry, so that no desk holds the commitment of another's reads (decision 84).
    desk = models.ForeignKey(Desk, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(null=True)
    entry = models.ForeignKey("ledger.Entry", models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["desk", "at"], condition=Q(entry__isnull=True, desk__isnull=False), name="read_not_in_ledger"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day} {self.subject}"


class ReadsOfDesk(models.Model):
    """The full hour up to which a desk's restricted reads are in the ledger."""

    desk = models.OneToOneField(Desk, models.PROTECT, primary_key=True, related_name="+")
    # Missed hours are made up for: each desk has one entry for each hour, with or without reads (decision 84).
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.desk_id} until {self.until}"
