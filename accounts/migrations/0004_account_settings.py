"""What people say about themselves, when a token was used last, and when somebody ended their sessions."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_days_to_look_again'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='last_used_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='away_from',
            field=models.DateField(blank=True, null=True, verbose_name='away from'),
        ),
        migrations.AddField(
            model_name='user',
            name='away_until',
            field=models.DateField(blank=True, null=True, verbose_name='away until'),
        ),
        migrations.AddField(
            model_name='user',
            name='name',
            field=models.CharField(blank=True, max_length=120, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='user',
            name='reads',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, size=20, verbose_name='languages that they read'),
        ),
        migrations.AddField(
            model_name='user',
            name='reminders_by_mail',
            field=models.CharField(choices=[('immediate', 'at once'), ('none', 'not at all')], default='immediate', max_length=16),
        ),
        migrations.AddField(
            model_name='user',
            name='sessions_ended_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('reminders_by_mail__in', ['immediate', 'none'])), name='user_reminders_by_mail_known'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('away_from__isnull', True), ('away_until__isnull', True)), models.Q(('away_from__isnull', False), ('away_until__gte', models.F('away_from'))), _connector='OR'), name='user_away_in_order'),
        ),
    ]
