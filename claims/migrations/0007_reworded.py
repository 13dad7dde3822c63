from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0006_guards_read_the_real_tables'),
    ]

    operations = [
        migrations.AlterField(
            model_name='revision',
            name='kind',
            field=models.CharField(choices=[('reported', 'reported'), ('edited', 'edited'), ('reworded', 'reworded'), ('attached', 'evidence attached'), ('changed', 'evidence changed'), ('withdrawn', 'evidence withdrawn'), ('moved', 'status changed')], max_length=16),
        ),
    ]
