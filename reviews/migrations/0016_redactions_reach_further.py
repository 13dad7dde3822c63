"""Redactions of actors that all desks share, by an administrator and an editor who is none; and a second person of another
desk for a desk with one editor. The database asks at the commit who the two are.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION reviews_check_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    said text;
BEGIN
    SELECT convert_from(e.leaf, 'UTF8')::jsonb #>> '{{body,redaction}}' INTO said
        FROM ledger_entry e WHERE e.id = NEW.said_in_id;
    IF said IS NULL THEN
        SELECT convert_from(s.value, 'UTF8')::jsonb #>> '{{body,redaction}}' INTO said
            FROM ledger_secret s WHERE s.entry_id = NEW.said_in_id AND s.name = 'content';
    END IF;
    IF EXISTS (
        SELECT FROM reviews_redaction r {join}
        WHERE r.id::text = said AND r.state = 'done' AND r.decided_by_id <> r.proposed_by_id{also}
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'no two persons redacted this'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'erasure_takes_two_persons';
END $$;
"""
ONE_OF_EACH = FUNCTION.format(
    join="JOIN accounts_user p ON p.id = r.proposed_by_id JOIN accounts_user d ON d.id = r.decided_by_id",
    also=" AND (r.actor_id IS NULL OR p.is_staff <> d.is_staff)",
)
ANY_TWO = FUNCTION.format(join="", also="")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_second_factors'),
        ('reviews', '0015_kinds_and_drafts'),
        ('sources', '0008_chosen_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='redaction',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='sources.actor'),
        ),
        migrations.AddField(
            model_name='redaction',
            name='second',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='redaction',
            name='second_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='redaction',
            name='desk',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='accounts.desk'),
        ),
        migrations.AddConstraint(
            model_name='redaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('actor__isnull', True), ('desk__isnull', False)), models.Q(('actor__isnull', False), ('desk__isnull', True), ('second__isnull', True), ('sha256', '')), _connector='OR'), name='redaction_of_a_desk_or_a_shared_actor'),
        ),
        migrations.AddConstraint(
            model_name='redaction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second__isnull', True), ('second_at__isnull', True)), models.Q(('second__isnull', False), ('second_at__isnull', False), models.Q(('second', models.F('proposed_by')), _negated=True)), _connector='OR'), name='redaction_second_is_another_person'),
        ),
        migrations.RunSQL(ONE_OF_EACH, ANY_TWO),
    ]
