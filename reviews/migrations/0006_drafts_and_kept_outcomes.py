import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0008_tasks_and_recomputations"),
        ("reviews", "0005_notifications"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AssessmentDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("seen_version", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("kept_at", models.DateTimeField()),
                (
                    "assessor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="claims.claim"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["assessor", "claim"], name="draft_one_a_person_and_claim")
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptOutcome",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("method", models.CharField(max_length=8)),
                ("path", models.TextField()),
                ("key", models.CharField(max_length=255)),
                ("body_digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("at", models.TextField(blank=True)),
                ("effects", models.JSONField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="kept_outcome_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["user", "key", "method", "path"], name="kept_outcome_once"
                    )
                ],
            },
        ),
    ]
