"""What may be erased, and how: only what the log says was erased, and by no statement of the application's own.

Functions run as the owner of the tables and name their schema. Who may call `ledger_erase` is in `config/grants.py`.
"""

from django.db import migrations

# A sealed entry says in its committed content what an open one says in its body.
ERASURE = """
CREATE FUNCTION ledger_check_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    said record;
    body jsonb;
    hashed text;
BEGIN
    SELECT e.kind, convert_from(e.leaf, 'UTF8')::jsonb -> 'body' AS body INTO said
        FROM ledger_entry e WHERE e.id = NEW.said_in_id;
    body := said.body;
    IF said.kind = 'sealed' THEN
        SELECT convert_from(s.value, 'UTF8')::jsonb -> 'body' INTO body
            FROM ledger_secret s JOIN ledger_secret k ON k.entry_id = s.entry_id AND k.name = 'kind'
            WHERE s.entry_id = NEW.said_in_id AND s.name = 'content' AND convert_from(k.value, 'UTF8') = '"redacted"';
    ELSIF said.kind <> 'redacted' THEN
        body := NULL;
    END IF;
    SELECT encode(e.leaf_hash, 'hex') INTO hashed FROM ledger_entry e WHERE e.id = NEW.entry_id;
    IF coalesce(body -> 'fields' -> hashed ? NEW.name, false) OR coalesce(body -> 'rows' ? NEW.row, false) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'entry % says of no redaction of this', NEW.said_in_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'erasure_is_in_the_log';
END $$;
CREATE TRIGGER ledger_erasure_is_checked BEFORE INSERT ON ledger_erasure
    FOR EACH ROW EXECUTE FUNCTION ledger_check_erasure();
CREATE TRIGGER ledger_erasure_only_grows BEFORE UPDATE OR DELETE ON ledger_erasure
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_erasure_is_not_emptied BEFORE TRUNCATE ON ledger_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
NO_ERASURE = """
DROP TRIGGER ledger_erasure_is_not_emptied ON ledger_erasure;
DROP TRIGGER ledger_erasure_only_grows ON ledger_erasure;
DROP TRIGGER ledger_erasure_is_checked ON ledger_erasure;
DROP FUNCTION ledger_check_erasure();
"""

SECRET = """
DROP TRIGGER ledger_secret_is_not_rewritten ON ledger_secret;
CREATE TRIGGER ledger_secret_is_not_rewritten BEFORE UPDATE ON ledger_secret
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_check_erased() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_erasure x WHERE x.entry_id = OLD.entry_id AND x.name = OLD.name) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'no redaction names % of entry %', OLD.name, OLD.entry_id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_secret_is_erased_by_redactions BEFORE DELETE ON ledger_secret
    FOR EACH ROW EXECUTE FUNCTION ledger_check_erased();

CREATE FUNCTION ledger_erase(said bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM ledger_secret s USING ledger_erasure x
        WHERE x.said_in_id = said AND s.entry_id = x.entry_id AND s.name = x.name;
$$;
REVOKE ALL ON FUNCTION ledger_erase(bigint) FROM PUBLIC;
"""
NO_SECRET = """
DROP FUNCTION ledger_erase(bigint);
DROP TRIGGER ledger_secret_is_erased_by_redactions ON ledger_secret;
DROP FUNCTION ledger_check_erased();
DROP TRIGGER ledger_secret_is_not_rewritten ON ledger_secret;
CREATE TRIGGER ledger_secret_is_not_rewritten BEFORE UPDATE OR DELETE ON ledger_secret
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_erasures")]

    operations = [
        migrations.RunSQL(ERASURE, NO_ERASURE),
        migrations.RunSQL(SECRET, NO_SECRET),
    ]
