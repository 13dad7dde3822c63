import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

TO_THE_REVIEWER = ("due_soon", "due", "overdue")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_fill_reminders")]

    operations = [
        migrations.AlterField(
            model_name="reminder",
            name="claim",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="claims.claim"
            ),
        ),
        migrations.AlterField(model_name="reminder", name="created_at", field=models.DateTimeField()),
        migrations.RemoveConstraint(model_name="reminder", name="reminder_once"),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=["claim", "assignment", "assessment", "recipient", "kind", "due_at"],
                condition=~Q(state="cancelled"),
                nulls_distinct=False,
                name="reminder_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=Q(
                    kind__in=(*TO_THE_REVIEWER, "escalation"), assignment__isnull=False, assessment__isnull=True
                )
                | Q(kind__in=("awaiting_decision",), assignment__isnull=True, assessment__isnull=False)
                | Q(kind__in=("support_lost", "recheck"), assignment__isnull=True, assessment__isnull=True),
                name="reminder_has_the_subject_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=Q(recipient__isnull=False) | ~Q(kind__in=TO_THE_REVIEWER),
                name="reminder_to_the_reviewer_names_them",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["claim"], condition=Q(state="pending"), name="reminder_pending_by_claim"),
        ),
    ]
