"""What a desk agreed on and when, and which actors proved to be the same: two more tables that only grow."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("claims_policychange", "claims_actormerge")
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION claims_refuse_change();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION claims_refuse_change();
"""
    for table in TABLES
)
NO_GUARDS = "\n".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};" for table in TABLES
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_invitations_and_mails'),
        ('claims', '0008_tasks_and_recomputations'),
        ('sources', '0003_merged_actors'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ActorMerge',
            fields=[
                ('actor', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='merge', serialize=False, to='sources.actor')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.actor')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('into', models.F('actor')), _negated=True), name='actor_merge_of_two'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='actor_merge_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='PolicyChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('field', models.CharField(choices=[('min_independence', 'independent voices needed'), ('days_to_review', 'days to review'), ('days_to_look_again', 'days to look again')], max_length=24)),
                ('before', models.PositiveSmallIntegerField()),
                ('after', models.PositiveSmallIntegerField()),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('desk', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policy_changes', to='accounts.desk')),
            ],
            options={
                'indexes': [models.Index(fields=['desk', '-id'], name='policy_change_by_desk')],
                'constraints': [models.CheckConstraint(condition=models.Q(('field__in', ['min_independence', 'days_to_review', 'days_to_look_again'])), name='policy_change_field_known'), models.CheckConstraint(condition=models.Q(('before', models.F('after')), _negated=True), name='policy_change_changes')],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
