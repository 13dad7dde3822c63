from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations

BEFORE = "allauth.account.auth_backends.AuthenticationBackend"
NOW = "accounts.sessions.SignIn"


def stay_signed_in(apps, schema_editor):
    """Sessions name what let the person in: under the name of before nobody would be signed in any longer."""
    sessions = apps.get_model("sessions", "Session").objects.using(schema_editor.connection.alias)
    store = SessionStore()
    for row in sessions.iterator():
        said = store.decode(row.session_data)
        if said.get(BACKEND_SESSION_KEY) == BEFORE:
            row.session_data = store.encode({**said, BACKEND_SESSION_KEY: NOW})
            row.save(update_fields=["session_data"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_restricted_reads"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(stay_signed_in, migrations.RunPython.noop)]
