"""Who placed evidence on a claim, as it was when they did: reviewers of the claim see by it what is restricted."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("claims", "0016_count_deep_graphs_anew")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="evidence", name="placed_by_editor", field=models.BooleanField(default=False, editable=False)
        ),
    ]
