"""The words of what only grows can be erased by a redaction that the log tells of, and in no other way.

A redaction names a row as `<table>:<key>:<column>`; all of the column then reads `[redacted]`. The function runs as the
owner of the tables; who may call it is in `config/grants.py`.
"""

from django.db import migrations

ERASE = """
CREATE FUNCTION claims_check_redaction() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    key text;
    changed record;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD THEN
        key := CASE TG_TABLE_NAME
            WHEN 'claims_statuschangetext' THEN (to_jsonb(OLD) ->> 'claim_id') || '/' || (to_jsonb(OLD) ->> 'seq')
            WHEN 'claims_policychange' THEN to_jsonb(OLD) ->> 'id'
            ELSE to_jsonb(OLD) ->> 'actor_id'
        END;
        FOR changed IN
            SELECT n.key AS name, n.value AS value FROM jsonb_each_text(to_jsonb(NEW)) n
            JOIN jsonb_each_text(to_jsonb(OLD)) o ON o.key = n.key WHERE n.value IS DISTINCT FROM o.value
        LOOP
            IF changed.value IS DISTINCT FROM '[redacted]' OR NOT EXISTS (
                SELECT FROM ledger_erasure x WHERE x.row = TG_TABLE_NAME || ':' || key || ':' || changed.name
            ) THEN
                RAISE EXCEPTION '% only grows: no redaction names % of %', TG_TABLE_NAME, changed.name, key
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION claims_erase(said bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    erased record;
BEGIN
    FOR erased IN
        SELECT split_part(x.row, ':', 1) AS kept_in, split_part(x.row, ':', 2) AS key, split_part(x.row, ':', 3) AS name
        FROM ledger_erasure x WHERE x.said_in_id = said AND x.row <> ''
    LOOP
        CASE erased.kept_in
            WHEN 'claims_statuschangetext' THEN
                EXECUTE format(
                    'UPDATE claims_statuschangetext SET %I = ''[redacted]'' WHERE claim_id = $1 AND seq = $2', erased.name
                ) USING split_part(erased.key, '/', 1)::uuid, split_part(erased.key, '/', 2)::integer;
            WHEN 'claims_policychange' THEN
                EXECUTE format('UPDATE claims_policychange SET %I = ''[redacted]'' WHERE id = $1', erased.name)
                    USING erased.key::bigint;
            WHEN 'claims_actormerge' THEN
                EXECUTE format('UPDATE claims_actormerge SET %I = ''[redacted]'' WHERE actor_id = $1', erased.name)
                    USING erased.key::uuid;
        END CASE;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION claims_erase(bigint) FROM PUBLIC;
"""
NO_ERASE = """
DROP FUNCTION claims_erase(bigint);
DROP FUNCTION claims_check_redaction();
"""

TABLES = ("claims_statuschangetext", "claims_policychange", "claims_actormerge")
GUARDS = "\n".join(
    f"""
DROP TRIGGER {table}_only_grows ON {table};
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION claims_check_redaction();
"""
    for table in TABLES
)
NO_GUARDS = "\n".join(
    f"""
DROP TRIGGER {table}_only_grows ON {table};
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION claims_refuse_change();
"""
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("claims", "0011_history_into_the_ledger"), ("ledger", "0005_erasing")]

    operations = [
        migrations.RunSQL(ERASE, NO_ERASE),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
