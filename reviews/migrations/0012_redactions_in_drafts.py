"""Whether a redaction erased words in drafts, too: how many and whose is told to nobody."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reviews", "0011_erasing_takes_two")]

    operations: ClassVar = [
        migrations.AddField(model_name="redaction", name="in_drafts", field=models.BooleanField(default=False)),
    ]
