"""What the database itself holds of the ledger: streams without gaps, bytes that say what the columns say, no changes.

Plain SQL: a trigger library that a session setting can switch off is no guard. Functions name their schema, as a
temporary table would be found before all others.
"""

from django.db import migrations

# The lock is taken by a statement of its own, so that the next one sees what the lock's last holder committed.
HEAD = """
CREATE FUNCTION ledger_head(name text, OUT seq integer, OUT leaf_hash bytea, OUT at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger/' || name, 0));
    SELECT e.seq, e.leaf_hash, e.at INTO seq, leaf_hash, at
        FROM ledger_entry e WHERE e.stream = name ORDER BY e.seq DESC LIMIT 1;
END $$;
"""
NO_HEAD = "DROP FUNCTION ledger_head(text);"

ENTRY = """
CREATE FUNCTION ledger_check_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before_it record;
BEGIN
    IF NEW.leaf_hash IS DISTINCT FROM sha256('\\x00'::bytea || NEW.leaf) THEN
        RAISE EXCEPTION 'entry % % has the hash of other bytes', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_hash_is_of_its_bytes';
    END IF;
    IF NOT convert_from(NEW.leaf, 'UTF8')::jsonb @> jsonb_build_object(
        'v', 1, 'stream', NEW.stream, 'seq', NEW.seq, 'prev', encode(NEW.prev, 'hex'), 'kind', NEW.kind,
        'at', to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ) THEN
        RAISE EXCEPTION 'entry % % says other things than its bytes', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_says_what_its_bytes_say';
    END IF;
    SELECT e.leaf_hash, e.at INTO before_it FROM ledger_entry e WHERE e.stream = NEW.stream AND e.seq = NEW.seq - 1;
    IF NEW.prev IS DISTINCT FROM before_it.leaf_hash OR (NEW.seq = 1) <> (NEW.prev IS NULL) OR NEW.at < before_it.at
    THEN
        RAISE EXCEPTION 'entry % % does not follow the one before it', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_follows_the_one_before';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_is_checked BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_check_entry();

CREATE FUNCTION ledger_put_in_outbox() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_outbox (entry_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_waits_for_its_place AFTER INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_put_in_outbox();
"""
NO_ENTRY = """
DROP TRIGGER ledger_entry_waits_for_its_place ON ledger_entry;
DROP FUNCTION ledger_put_in_outbox();
DROP TRIGGER ledger_entry_is_checked ON ledger_entry;
DROP FUNCTION ledger_check_entry();
"""

LEAF = """
CREATE FUNCTION ledger_check_leaf() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.index IS DISTINCT FROM coalesce((SELECT max(l.index) + 1 FROM ledger_leaf l), 0)
        OR NEW.hash IS DISTINCT FROM (SELECT e.leaf_hash FROM ledger_entry e WHERE e.id = NEW.entry_id)
    THEN
        RAISE EXCEPTION 'leaf % is not the next one, or has another hash than its entry', NEW.index
            USING ERRCODE = 'check_violation', CONSTRAINT = 'leaf_is_the_next_one';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_leaf_is_checked BEFORE INSERT ON ledger_leaf
    FOR EACH ROW EXECUTE FUNCTION ledger_check_leaf();
"""
NO_LEAF = """
DROP TRIGGER ledger_leaf_is_checked ON ledger_leaf;
DROP FUNCTION ledger_check_leaf();
"""

REFUSE = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
"""
NO_REFUSE = "DROP FUNCTION ledger_refuse_change();"

TABLES = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_sealedstream", "ledger_key")
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
    for table in TABLES
)
NO_GUARDS = "\n".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};" for table in TABLES
)
# A secret is never rewritten; that it may be erased is the matter of redactions.
SECRETS = """
CREATE TRIGGER ledger_secret_is_not_rewritten BEFORE UPDATE OR DELETE ON ledger_secret
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_secret_is_not_emptied BEFORE TRUNCATE ON ledger_secret
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_outbox_is_not_rewritten BEFORE UPDATE ON ledger_outbox
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_outbox_is_not_emptied BEFORE TRUNCATE ON ledger_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
NO_SECRETS = """
DROP TRIGGER ledger_outbox_is_not_emptied ON ledger_outbox;
DROP TRIGGER ledger_outbox_is_not_rewritten ON ledger_outbox;
DROP TRIGGER ledger_secret_is_not_emptied ON ledger_secret;
DROP TRIGGER ledger_secret_is_not_rewritten ON ledger_secret;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(HEAD, NO_HEAD),
        migrations.RunSQL(ENTRY, NO_ENTRY),
        migrations.RunSQL(LEAF, NO_LEAF),
        migrations.RunSQL(REFUSE, NO_REFUSE),
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunSQL(SECRETS, NO_SECRETS),
    ]
