"""Nothing is erased but by a redaction that one person proposed and another decided: the database asks at the commit.

An erasure's own entry says in its body which redaction it is of; a sealed one in its committed content.
"""

from django.db import migrations

TWO = """
CREATE FUNCTION reviews_check_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    said text;
BEGIN
    SELECT convert_from(e.leaf, 'UTF8')::jsonb #>> '{body,redaction}' INTO said
        FROM ledger_entry e WHERE e.id = NEW.said_in_id;
    IF said IS NULL THEN
        SELECT convert_from(s.value, 'UTF8')::jsonb #>> '{body,redaction}' INTO said
            FROM ledger_secret s WHERE s.entry_id = NEW.said_in_id AND s.name = 'content';
    END IF;
    IF EXISTS (
        SELECT FROM reviews_redaction r
        WHERE r.id::text = said AND r.state = 'done' AND r.decided_by_id <> r.proposed_by_id
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'no two persons redacted this'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'erasure_takes_two_persons';
END $$;
CREATE CONSTRAINT TRIGGER erasure_takes_two_persons AFTER INSERT ON ledger_erasure
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_check_erasure();
"""
NO_TWO = """
DROP TRIGGER erasure_takes_two_persons ON ledger_erasure;
DROP FUNCTION reviews_check_erasure();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_redactions"), ("ledger", "0005_erasing")]

    operations = [migrations.RunSQL(TWO, NO_TWO)]
