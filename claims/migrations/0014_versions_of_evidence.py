from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0013_bundles'),
    ]

    operations = [
        migrations.AddField(
            model_name='evidence',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
