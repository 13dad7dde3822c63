"""The guard of the last status change reads the tables of this schema, whatever stands before it in the search path.

A temporary table is found before all others: one named like the status changes would have answered in their place.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("claims", "0005_revision_note")]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION claims_check_last_seq() SET search_path = public, pg_temp",
            "ALTER FUNCTION claims_check_last_seq() RESET search_path",
        ),
    ]
