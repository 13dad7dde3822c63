"""What the database itself holds of states.md: the chain of status changes, and that no row of it is ever altered.

Plain SQL: a trigger library that a session setting can switch off is no guard.
"""

from django.db import migrations

CHAIN = """
ALTER TABLE claims_statuschange
    ADD CONSTRAINT status_change_follows_the_one_before
        FOREIGN KEY (claim_id, prev, from_state) REFERENCES claims_statuschange (claim_id, seq, to_state);
ALTER TABLE claims_claim
    ADD CONSTRAINT claim_state_is_its_last_status_change
        FOREIGN KEY (id, last_seq, state) REFERENCES claims_statuschange (claim_id, seq, to_state)
        DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE claims_statuschangetext
    ADD CONSTRAINT status_change_text_of_a_change
        FOREIGN KEY (claim_id, seq) REFERENCES claims_statuschange (claim_id, seq);
ALTER TABLE claims_statuschangegraph
    ADD CONSTRAINT status_change_graph_of_a_change
        FOREIGN KEY (claim_id, seq) REFERENCES claims_statuschange (claim_id, seq);
"""
UNCHAIN = """
ALTER TABLE claims_statuschangegraph DROP CONSTRAINT status_change_graph_of_a_change;
ALTER TABLE claims_statuschangetext DROP CONSTRAINT status_change_text_of_a_change;
ALTER TABLE claims_claim DROP CONSTRAINT claim_state_is_its_last_status_change;
ALTER TABLE claims_statuschange DROP CONSTRAINT status_change_follows_the_one_before;
"""

# A deferred trigger is handed the row as it was when it was queued, so it reads the claim again.
LAST_SEQ = """
CREATE FUNCTION claims_check_last_seq() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked uuid;
    last integer;
    highest integer;
BEGIN
    IF TG_TABLE_NAME = 'claims_claim' THEN checked := NEW.id; ELSE checked := NEW.claim_id; END IF;
    SELECT last_seq INTO last FROM claims_claim WHERE id = checked;
    SELECT max(seq) INTO highest FROM claims_statuschange WHERE claim_id = checked;
    IF last IS DISTINCT FROM highest THEN
        RAISE EXCEPTION 'claim % says its last status change is %, and it is %', checked, last, highest
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'claim_last_seq_is_the_highest';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER claim_last_seq_is_the_highest
    AFTER INSERT OR UPDATE OF last_seq, state ON claims_claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claims_check_last_seq();
CREATE CONSTRAINT TRIGGER status_change_is_the_claims_last
    AFTER INSERT ON claims_statuschange
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claims_check_last_seq();
"""
NO_LAST_SEQ = """
DROP TRIGGER status_change_is_the_claims_last ON claims_statuschange;
DROP TRIGGER claim_last_seq_is_the_highest ON claims_claim;
DROP FUNCTION claims_check_last_seq();
"""

APPEND_ONLY = """
CREATE FUNCTION claims_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""
NO_APPEND_ONLY = "DROP FUNCTION claims_refuse_change();"

TABLES = ("claims_statuschange", "claims_statuschangetext", "claims_statuschangegraph")
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION claims_refuse_change();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION claims_refuse_change();
"""
    for table in TABLES
)
NO_GUARDS = "\n".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};" for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial")]

    operations = [
        migrations.RunSQL(CHAIN, UNCHAIN),
        migrations.RunSQL(LAST_SEQ, NO_LAST_SEQ),
        migrations.RunSQL(APPEND_ONLY, NO_APPEND_ONLY),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
