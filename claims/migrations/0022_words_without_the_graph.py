"""What stands in a claim's own row may be changed without the graph held: an approval locks that row before it reads it."""

from django.db import migrations

TOUCH = """
CREATE OR REPLACE FUNCTION claims_touch_grounds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    touched uuid;
    watched record;
    key bigint;
BEGIN
    FOR touched IN SELECT DISTINCT v FROM unnest(ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[0])::uuid END,
        CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[0])::uuid END
    ]) v WHERE v IS NOT NULL
    LOOP
        FOR watched IN
            SELECT DISTINCT c.desk_id FROM claims_groundswatch w JOIN claims_claim c ON c.id = w.claim_id
            WHERE w.subjects @> ARRAY[touched]
        LOOP
            key := hashtextextended('second-source graph ' || watched.desk_id, 0);
            IF {of_others}NOT EXISTS (
                SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.mode = 'ExclusiveLock' AND l.granted
                    AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = key
            ) THEN
                RAISE EXCEPTION '% changes what an assessment or a verdict rests on without the graph held alone',
                    TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = 'grounds_change_with_the_graph_held';
            END IF;
            INSERT INTO claims_groundstouch (subject) VALUES (touched);
        END LOOP;
    END LOOP;
    RETURN NULL;
END $$;
"""
BEFORE = TOUCH.replace("{of_others}", "")
AFTER = TOUCH.replace("{of_others}", "TG_TABLE_NAME <> 'claims_claim' AND ")


class Migration(migrations.Migration):
    dependencies = [("claims", "0021_verdicts_of_before")]

    operations = [migrations.RunSQL(AFTER, BEFORE)]
