"""What witnesses cosigned, and which checkpoints a quorum of them did. Rows are added and never changed."""

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("ledger_cosignature", "ledger_witnessedcheckpoint")
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
    for table in TABLES
)
NO_GUARDS = "\n".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};" for table in TABLES
)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_canonical_leaves'),
    ]

    operations = [
        migrations.CreateModel(
            name='WitnessedCheckpoint',
            fields=[
                ('checkpoint', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='witnessed', serialize=False, to='ledger.checkpoint')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Cosignature',
            fields=[
                ('pk', models.CompositePrimaryKey('checkpoint', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.TextField()),
                ('at', models.DateTimeField()),
                ('line', models.TextField()),
                ('checkpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cosignatures', to='ledger.checkpoint')),
            ],
            options={
                'indexes': [models.Index(fields=['key', '-checkpoint'], name='cosignatures_of_a_witness')],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
