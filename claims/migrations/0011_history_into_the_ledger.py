"""Status changes from before the ledger become entries of it: `claims.bringing_in` says how."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from claims.record.backfill import bring_in


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    bring_in(schema_editor.connection, now=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("claims", "0010_indexes_of_lists"), ("ledger", "0002_guards"), ("accounts", "0006_acts")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
