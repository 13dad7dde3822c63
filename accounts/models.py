"""Who: people, desks, and what a person is on a desk."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox types its own manager as Any
    """A person with a login. Never deleted: when they leave, they are anonymised and their acts stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=16, default="en")


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
        help_text=_("Stands before the number of every claim, as in UKR-42."),
    )
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
        help_text=_("The due time of an assignment when none is given."),
    )
    last_claim_number = models.PositiveIntegerField(default=0, editable=False)
    is_demonstration = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(min_independence__range=(1, 5)), name="desk_min_independence_1_to_5"
            ),
            models.CheckConstraint(condition=models.Q(prefix__regex=r"^[A-Z][A-Z0-9]{1,7}$"), name="desk_prefix_form"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one person is on one desk."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
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


class Token(AbstractAuthToken):
    """A key for the API. Only its digest is kept; it ends at `expiry`."""

    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, default="")

    class Meta:
        swappable = "KNOX_TOKEN_MODEL"
