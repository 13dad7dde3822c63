"""What was submitted and decided stays as it is, and a verdict has its decision and its entry in the ledger.

An assessment is whole once its grounds are kept; afterwards its state alone goes on, from waiting to what became of it.
A status change that a second person decided is refused at the commit without the approved decision of the same moment,
and without its entry; an approved decision without its status change. Rows from before are not asked.
"""

from django.db import migrations

REDACTED = """
CREATE FUNCTION reviews_check_redaction() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        FOR changed IN
            SELECT n.key AS name, o.value AS before, n.value AS value FROM jsonb_each_text(to_jsonb(NEW)) n
            JOIN jsonb_each_text(to_jsonb(OLD)) o ON o.key = n.key WHERE n.value IS DISTINCT FROM o.value
        LOOP
            CONTINUE WHEN TG_TABLE_NAME = 'reviews_assessment' AND changed.name = 'state'
                AND changed.before = 'waiting' AND changed.value IN ('approved', 'rejected', 'replaced');
            IF changed.value IS DISTINCT FROM '[redacted]' OR NOT EXISTS (
                SELECT FROM ledger_erasure x
                WHERE x.row = TG_TABLE_NAME || ':' || (to_jsonb(OLD) ->> 'id') || ':' || changed.name
            ) THEN
                RAISE EXCEPTION '% only grows: no redaction names % of %', TG_TABLE_NAME, changed.name,
                    to_jsonb(OLD) ->> 'id' USING ERRCODE = 'restrict_violation';
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION reviews_erase(said bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    erased record;
BEGIN
    FOR erased IN
        SELECT split_part(x.row, ':', 1) AS kept_in, split_part(x.row, ':', 2) AS key, split_part(x.row, ':', 3) AS name
        FROM ledger_erasure x WHERE x.said_in_id = said AND x.row <> ''
    LOOP
        IF erased.kept_in IN (
            'reviews_assessment', 'reviews_assessmentelement', 'reviews_answer', 'reviews_decision'
        ) THEN
            EXECUTE format('UPDATE %I SET %I = ''[redacted]'' WHERE id = $1', erased.kept_in, erased.name)
                USING erased.key::uuid;
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION reviews_erase(bigint) FROM PUBLIC;
"""
NOT_REDACTED = """
DROP FUNCTION reviews_erase(bigint);
DROP FUNCTION reviews_check_redaction();
"""

WHOLE = """
CREATE FUNCTION reviews_check_whole() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM reviews_assessmentgrounds g WHERE g.assessment_id = NEW.assessment_id) THEN
        RAISE EXCEPTION 'assessment % was submitted: nothing is added to it', NEW.assessment_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
NOT_WHOLE = "DROP FUNCTION reviews_check_whole();"

PARTS = ("reviews_assessment_evidence", "reviews_assessmentelement", "reviews_answer")
GROWING = ("reviews_assessment", *PARTS, "reviews_decision", "reviews_assessmentgrounds")
GUARDS = "\n".join(
    [
        f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_check_redaction();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION claims_refuse_change();
"""
        for table in GROWING
    ]
    + [
        f"""
CREATE TRIGGER {table}_is_whole BEFORE INSERT ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_check_whole();
"""
        for table in PARTS
    ]
)
NO_GUARDS = "\n".join(
    [f"DROP TRIGGER {table}_is_whole ON {table};" for table in PARTS]
    + [
        f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};"
        for table in GROWING
    ]
)

# Deferred: all three rows are written by one act, the entry last.
DECIDED = """
CREATE FUNCTION reviews_check_decided() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM reviews_decision d JOIN reviews_assessment a ON a.id = d.assessment_id
        WHERE d.approved AND a.state = 'approved' AND a.claim_id = NEW.claim_id AND a.assessor_id = NEW.by_id
            AND d.assessor_id = NEW.by_id AND d.decided_by_id = NEW.decided_by_id AND d.at = NEW.at
            AND a.from_state = NEW.from_state AND a.proposed_state = NEW.to_state
    ) THEN
        RAISE EXCEPTION 'status change % of claim % has no approved decision', NEW.seq, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'status_change_has_its_decision';
    END IF;
    IF NOT EXISTS (
        SELECT FROM ledger_entry e
        WHERE e.stream = 'claim:' || NEW.claim_id AND e.kind = 'status_changed'
            AND convert_from(e.leaf, 'UTF8')::jsonb -> 'body' @> jsonb_build_object(
                'number', NEW.seq, 'from', NEW.from_state, 'to', NEW.to_state
            )
    ) THEN
        RAISE EXCEPTION 'status change % of claim % has no entry in the ledger', NEW.seq, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'status_change_has_its_entry';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER status_change_has_its_decision AFTER INSERT ON claims_statuschange
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.decided_by_id IS NOT NULL)
    EXECUTE FUNCTION reviews_check_decided();

CREATE FUNCTION reviews_check_enacted() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM claims_statuschange s JOIN reviews_assessment a ON a.claim_id = s.claim_id
        WHERE a.id = NEW.assessment_id AND s.by_id = NEW.assessor_id AND s.decided_by_id = NEW.decided_by_id
            AND s.at = NEW.at AND s.from_state = a.from_state AND s.to_state = a.proposed_state
    ) THEN
        RAISE EXCEPTION 'approval % moved nothing', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_has_its_status_change';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER approval_has_its_status_change AFTER INSERT ON reviews_decision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.approved) EXECUTE FUNCTION reviews_check_enacted();
"""
NOT_DECIDED = """
DROP TRIGGER approval_has_its_status_change ON reviews_decision;
DROP FUNCTION reviews_check_enacted();
DROP TRIGGER status_change_has_its_decision ON claims_statuschange;
DROP FUNCTION reviews_check_decided();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0013_assessment_grounds"),
        ("claims", "0020_grounds_are_watched"),
        ("ledger", "0005_erasing"),
    ]

    operations = [
        migrations.RunSQL(REDACTED, NOT_REDACTED),
        migrations.RunSQL(WHOLE, NOT_WHOLE),
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunSQL(DECIDED, NOT_DECIDED),
    ]
