from django.db import migrations

# Data apart from the constraints: PostgreSQL alters no table with events of deferred constraints outstanding.
FILL = """
UPDATE reviews_reminder SET claim_id = a.claim_id, created_at = a.created_at
FROM reviews_assignment a WHERE a.id = reviews_reminder.assignment_id
"""
# The older form knows reminders of assignments to their reviewers alone.
DROP_OTHERS = "DELETE FROM reviews_reminder WHERE assignment_id IS NULL OR recipient_id IS NULL OR kind NOT IN ('due', 'overdue')"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_reminders_of_all_kinds")]

    operations = [migrations.RunSQL(FILL, DROP_OTHERS)]
