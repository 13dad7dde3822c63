import uuid
from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

LONGEST = timedelta(days=14)  # what sessions lasted until now, from their last change on
AT_ONCE = 500


def keep(apps, schema_editor):
    """Everybody who is signed in stays so. Of who left, neither sessions nor tokens wait for the account to be opened."""
    alias = schema_editor.connection.alias
    users = apps.get_model("accounts", "User").objects.using(alias)
    before = apps.get_model("sessions", "Session").objects.using(alias)
    sessions = apps.get_model("accounts", "Session").objects.using(alias)
    may_sign_in = {str(pk) for pk in users.filter(is_active=True).values_list("pk", flat=True)}
    now, rows = timezone.now(), []
    for row in before.filter(expire_date__gt=now).iterator():
        user = SessionStore().decode(row.session_data).get(SESSION_KEY)
        if user is None or user in may_sign_in:
            rows.append(
                sessions.model(
                    session_key=row.session_key,
                    session_data=row.session_data,
                    expire_date=row.expire_date,
                    user_id=uuid.UUID(user) if user else None,
                    created_at=row.expire_date - LONGEST,
                    last_used_at=now,
                    is_of_before=True,
                )
            )
    sessions.bulk_create(rows, batch_size=AT_ONCE)
    before.all().delete()
    apps.get_model("accounts", "Token").objects.using(alias).filter(user__is_active=False).delete()


def put_back(apps, schema_editor):
    alias = schema_editor.connection.alias
    before = apps.get_model("sessions", "Session").objects.using(alias)
    rows = apps.get_model("accounts", "Session").objects.using(alias).filter(expire_date__gt=timezone.now())
    kept = rows.values_list("session_key", "session_data", "expire_date")
    before.bulk_create([before.model(*each) for each in kept], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_sessions_and_scopes"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(keep, put_back)]
