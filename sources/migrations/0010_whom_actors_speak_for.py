from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0009_words_of_labels")]

    operations = [
        # True for those that are there: their voices counted so far, and `check_voices` looks at them one by one.
        migrations.AddField(
            "actor",
            "speaks_for_checked",
            models.BooleanField(default=True, verbose_name="whom it speaks for is checked"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "actor",
            models.CheckConstraint(
                condition=models.Q(
                    ("speaks_for_checked", True),
                    models.Q(
                        ("part_of__isnull", True),
                        ("stands_alone_because", ""),
                        models.Q(("kind__in", ["state", "outlet"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="actor_checked_where_said",
            ),
        ),
    ]
