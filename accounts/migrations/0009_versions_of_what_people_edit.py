import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE TRIGGER accounts_fieldchange_only_grows BEFORE UPDATE OR DELETE ON accounts_fieldchange
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER accounts_fieldchange_is_not_emptied BEFORE TRUNCATE ON accounts_fieldchange
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
NO_GUARDS = """
DROP TRIGGER accounts_fieldchange_is_not_emptied ON accounts_fieldchange;
DROP TRIGGER accounts_fieldchange_only_grows ON accounts_fieldchange;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_sessions_of_sign_in'),
        ('ledger', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='desk',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.CreateModel(
            name='FieldChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('row', models.UUIDField()),
                ('version', models.PositiveIntegerField()),
                ('fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), size=None)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('row', 'version'), name='field_change_once_a_version'), models.CheckConstraint(condition=models.Q(('fields__len__gt', 0)), name='field_change_names_fields')],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
