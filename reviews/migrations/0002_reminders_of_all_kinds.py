import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("due_soon", "due soon"),
    ("due", "due"),
    ("overdue", "overdue"),
    ("escalation", "not done in time"),
    ("awaiting_decision", "waits for a decision"),
    ("support_lost", "support lost"),
    ("recheck", "excerpt to look at again"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0007_reworded"),
        ("reviews", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="claim",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="claims.claim",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="assessment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="reviews.assessment",
            ),
        ),
        migrations.AddField(model_name="reminder", name="created_at", field=models.DateTimeField(null=True)),
        migrations.AlterField(
            model_name="reminder",
            name="assignment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="reviews.assignment",
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="recipient",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="reminder", name="kind", field=models.CharField(choices=KINDS, max_length=24)
        ),
    ]
