"""Second factors: what a desk asks for, and the mail that says that somebody's were changed."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0014_sign_in_tries'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='mail',
            name='mail_about_one',
        ),
        migrations.AddField(
            model_name='desk',
            name='second_factor_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='How long members have to add a second factor, 1 to 90 days. 0: none is required.', validators=[django.core.validators.MaxValueValidator(90)], verbose_name='days to add a second factor'),
        ),
        migrations.AddField(
            model_name='desk',
            name='second_factor_since',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='mail',
            name='kind',
            field=models.CharField(choices=[('invitation', 'invitation'), ('confirm_address', 'confirmation of an address'), ('address_changed', 'word of a changed address'), ('reset_asked', 'question for a new password'), ('reset', 'link for a new password'), ('factors_changed', 'word of changed second factors')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='desk',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second_factor_days', 0), ('second_factor_since__isnull', True)), models.Q(('second_factor_days__range', (1, 90)), ('second_factor_since__isnull', False)), _connector='OR'), name='desk_second_factor_since'),
        ),
        migrations.AddConstraint(
            model_name='mail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invitation__isnull', False), ('kind', 'invitation'), ('user__isnull', True)), models.Q(('invitation__isnull', True), ('kind', 'reset_asked'), ('user__isnull', True)), models.Q(('invitation__isnull', True), ('kind__in', ['confirm_address', 'address_changed', 'reset', 'factors_changed']), ('user__isnull', False)), _connector='OR'), name='mail_about_one'),
        ),
    ]
