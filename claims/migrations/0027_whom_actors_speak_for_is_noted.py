"""Whom an actor speaks for is part of grounds: a change of it is noted, as 0020 notes the other fields."""

from django.db import migrations

NOTED = """
CREATE TRIGGER sources_actor_check_is_noted AFTER UPDATE OF speaks_for_checked ON sources_actor
    FOR EACH ROW WHEN (OLD.speaks_for_checked IS DISTINCT FROM NEW.speaks_for_checked)
    EXECUTE FUNCTION claims_touch_grounds('id');
"""
NOT_NOTED = "DROP TRIGGER sources_actor_check_is_noted ON sources_actor;"


class Migration(migrations.Migration):
    dependencies = [("claims", "0026_words_of_labels"), ("sources", "0010_whom_actors_speak_for")]

    operations = [migrations.RunSQL(NOTED, NOT_NOTED)]
