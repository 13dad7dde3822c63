from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0005_erased_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='actor',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='source',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
