"""Actors that proved to be the same, and names that are alike (pg_trgm, which a database's owner may install)."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0002_declared_conflicts'),
    ]

    operations = [
        TrigramExtension(),
        migrations.AddField(
            model_name='actor',
            name='merged_into',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='sources.actor'),
        ),
        migrations.AddIndex(
            model_name='actor',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='actor_names'),
        ),
        migrations.AddConstraint(
            model_name='actor',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(models.Q(('merged_into', models.F('id')), _negated=True), models.Q(('visibility', 'restricted'), _negated=True), ('owned_by__isnull', True), ('part_of__isnull', True)), _connector='OR'), name='actor_merged_is_nothing_more'),
        ),
    ]
