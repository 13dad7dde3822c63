"""Reads of restricted material stand in the ledger by the hour: for each desk one entry, whatever was read."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0010_rate_limits"), ("ledger", "0005_erasing")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ReadsOfDesk",
            fields=[
                (
                    "desk",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.desk",
                    ),
                ),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="restrictedread",
            name="desk",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.desk",
            ),
        ),
        migrations.AddField(model_name="restrictedread", name="at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="restrictedread",
            name="entry",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
            ),
        ),
        migrations.AddIndex(
            model_name="restrictedread",
            index=models.Index(
                condition=models.Q(("desk__isnull", False), ("entry__isnull", True)),
                fields=["desk", "at"],
                name="read_not_in_ledger",
            ),
        ),
    ]
