"""Evidence that comes to say otherwise than a verdict, or than what waits for a decision, is noted as a change of it.

Of rows that grounds are read from the triggers of 0020 note each change. What comes new is part of no grounds yet, so
that it is noted for the claim. The claim's row is held for it, which an approval locks before it reads, or the desk's
graph alone, which no approval passes; many rows at once may change under that, in whatever order.
"""

from django.db import migrations

TOUCH = """
CREATE FUNCTION claims_touch_contrary() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    key bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT hashtextextended('second-source graph ' || desk_id, 0) INTO key FROM claims_claim WHERE id = NEW.claim_id;
    END IF;
    IF key IS NULL OR NOT EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.mode = 'ExclusiveLock' AND l.granted
            AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = key
    ) THEN
        PERFORM FROM claims_claim WHERE id = NEW.claim_id FOR NO KEY UPDATE;
    END IF;
    IF EXISTS (
        SELECT FROM claims_groundswatch w JOIN claims_grounds g ON g.id = w.grounds_id
        WHERE w.claim_id = NEW.claim_id AND (g.state, NEW.stance) IN (('corroborated', 'refutes'), ('refuted', 'supports'))
    ) THEN
        INSERT INTO claims_groundstouch (subject) VALUES (NEW.claim_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER claims_evidence_insert_is_noted AFTER INSERT ON claims_evidence
    FOR EACH ROW WHEN (NEW.stance IN ('supports', 'refutes') AND NEW.visibility <> 'restricted')
    EXECUTE FUNCTION claims_touch_contrary();
CREATE TRIGGER claims_evidence_turn_is_noted
    AFTER UPDATE OF stance, superseded_by_id, visibility, withdrawn_at ON claims_evidence
    FOR EACH ROW WHEN (
        NEW.stance IN ('supports', 'refutes') AND NEW.visibility <> 'restricted' AND NEW.withdrawn_at IS NULL
        AND (
            OLD.stance <> NEW.stance OR OLD.visibility = 'restricted' OR OLD.withdrawn_at IS NOT NULL
            OR (OLD.superseded_by_id IS NOT NULL AND NEW.superseded_by_id IS DISTINCT FROM OLD.superseded_by_id)
        )
    )
    EXECUTE FUNCTION claims_touch_contrary();
"""
NO_TOUCH = """
DROP TRIGGER claims_evidence_turn_is_noted ON claims_evidence;
DROP TRIGGER claims_evidence_insert_is_noted ON claims_evidence;
DROP FUNCTION claims_touch_contrary();
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0023_policy_on_second_factors")]

    operations = [migrations.RunSQL(TOUCH, NO_TOUCH)]
