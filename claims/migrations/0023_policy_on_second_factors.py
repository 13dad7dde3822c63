"""Whether members need a second factor is policy of a desk, and changed as openly as the rest of it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_second_factors'),
        ('claims', '0022_words_without_the_graph'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='policychange',
            name='policy_change_field_known',
        ),
        migrations.AlterField(
            model_name='policychange',
            name='field',
            field=models.CharField(choices=[('min_independence', 'independent voices needed'), ('days_to_review', 'days to review'), ('days_to_look_again', 'days to look again'), ('second_factor_days', 'days to add a second factor')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='policychange',
            constraint=models.CheckConstraint(condition=models.Q(('field__in', ['min_independence', 'days_to_review', 'days_to_look_again', 'second_factor_days'])), name='policy_change_field_known'),
        ),
    ]
