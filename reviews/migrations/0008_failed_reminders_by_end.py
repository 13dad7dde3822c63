from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_what_was_open_before")]

    operations = [
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["ended_at"], condition=Q(state="failed"), name="reminder_failed_by_end"),
        ),
    ]
