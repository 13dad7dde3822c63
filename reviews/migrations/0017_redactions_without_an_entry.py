"""Redactions that left no entry when they were done get one: `reviews.bringing_in` says how."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

from reviews.redaction_backfill import bring_in_redactions


def forwards(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    bring_in_redactions(schema_editor.connection, now=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0016_redactions_reach_further"),
        ("accounts", "0006_acts"),
        ("ledger", "0008_daily_stamps"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
