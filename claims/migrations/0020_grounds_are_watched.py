"""The database notes every change of what kept grounds rest on, and lets none pass that nobody followed.

A row of watched grounds that changes is noted in `claims_groundstouch`; `claims.watching` reads the grounds again and
takes the note away before the transaction ends. What goes past it is refused, and so is a change without the desk's
graph held alone: an approval could pass it unseen.
"""

from django.db import migrations

TOUCH = """
CREATE FUNCTION claims_touch_grounds() RETURNS trigger
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
            IF NOT EXISTS (
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

CREATE FUNCTION claims_check_touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM claims_groundstouch t WHERE t.id = NEW.id) THEN
        RAISE EXCEPTION 'what an assessment or a verdict rests on was changed, and nobody followed it: %', NEW.subject
            USING ERRCODE = 'check_violation', CONSTRAINT = 'grounds_change_is_followed';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER grounds_change_is_followed AFTER INSERT ON claims_groundstouch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claims_check_touch();
"""
NO_TOUCH = """
DROP TRIGGER grounds_change_is_followed ON claims_groundstouch;
DROP FUNCTION claims_check_touch();
DROP FUNCTION claims_touch_grounds();
"""

# Table, the column with the row of the grounds that it is part of, the columns that are read, whether rows come and go.
WATCHED = (
    (
        "claims_claim", "id",
        "statement original_statement language claimant_id claimed_on happened_from happened_to place"
        " threshold_override threshold_reason", False,
    ),
    ("claims_claim_parties", "claim_id", "claim_id actor_id", True),
    ("claims_claim_also_claimed_by", "claim_id", "claim_id actor_id", True),
    ("claims_element", "claim_id", "claim_id text essential", True),
    (
        "claims_evidence", "id",
        "source_id stance basis basis_reason excerpt locator credibility against_interest_id against_interest_reason"
        " superseded_by_id visibility withdrawn_at withdrawn_reason", False,
    ),
    ("claims_evidence_elements", "evidence_id", "evidence_id element_id", True),
    (
        "sources_source", "id",
        "kind title url publisher_id published_at basis basis_reason language reliability visibility retracted_at"
        " retracted_reason corrected_at corrected_reason", False,
    ),
    ("sources_relay", "downstream_id", "downstream_id upstream_id quote removed_at", True),
    ("sources_attachment", "source_id", "source_id visibility sha256 size media_type name erased_at", True),
    (
        "sources_actor", "id",
        "name kind part_of_id part_of_from part_of_to stands_alone_because reliability visibility", False,
    ),
    ("accounts_desk", "id", "min_independence", False),
)  # fmt: skip
# A capture says where its file came from; before it has one it is nothing that anything rests on.
CAPTURES = "source_id visibility url status final_url attachment_id"


def _changed(columns: str) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns.split()) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


def _triggers() -> tuple[str, str]:
    made, gone = [], []

    def add(table: str, event: str, subject: str, when: str = "") -> None:
        name = f"{table}_{event.split()[0].lower()}_is_noted"
        made.append(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}"
            f" EXECUTE FUNCTION claims_touch_grounds('{subject}');"
        )
        gone.append(f"DROP TRIGGER {name} ON {table};")

    for table, subject, columns, comes_and_goes in WATCHED:
        add(table, f"UPDATE OF {', '.join(columns.split())}", subject, f"WHEN ({_changed(columns)})")
        if comes_and_goes:
            add(table, "INSERT", subject)
            add(table, "DELETE", subject)
    kept = "attachment_id IS NOT NULL"
    columns = f"UPDATE OF {', '.join(CAPTURES.split())}"
    add("sources_capture", columns, "source_id", f"WHEN ((OLD.{kept} OR NEW.{kept}) AND {_changed(CAPTURES)})")
    add("sources_capture", "INSERT", "source_id", f"WHEN (NEW.{kept})")
    add("sources_capture", "DELETE", "source_id", f"WHEN (OLD.{kept})")
    return "\n".join(made), "\n".join(gone)


MADE, GONE = _triggers()

OF_A_CHANGE = """
ALTER TABLE claims_statuschangegrounds
    ADD CONSTRAINT status_change_grounds_of_a_change
        FOREIGN KEY (claim_id, seq) REFERENCES claims_statuschange (claim_id, seq) DEFERRABLE INITIALLY DEFERRED;
"""
NOT_OF_A_CHANGE = "ALTER TABLE claims_statuschangegrounds DROP CONSTRAINT status_change_grounds_of_a_change;"

# As 0012 has it, for one table more. What is not of this room another function erases.
ERASE = """
CREATE OR REPLACE FUNCTION claims_check_redaction() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    key text;
    changed record;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD THEN
        key := CASE TG_TABLE_NAME
            WHEN 'claims_statuschangetext' THEN (to_jsonb(OLD) ->> 'claim_id') || '/' || (to_jsonb(OLD) ->> 'seq')
            WHEN 'claims_policychange' THEN to_jsonb(OLD) ->> 'id'{grounds_key}
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

CREATE OR REPLACE FUNCTION claims_erase(said bigint) RETURNS void
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
                    USING erased.key::uuid;{grounds_erased}
        END CASE;
    END LOOP;
END $$;
"""
GROUNDS_KEY = "\n            WHEN 'claims_grounds' THEN to_jsonb(OLD) ->> 'id'"
GROUNDS_ERASED = """
            WHEN 'claims_grounds' THEN
                UPDATE claims_grounds SET content = '"[redacted]"' WHERE id = erased.key::uuid;
            ELSE NULL;"""
WITH_GROUNDS = ERASE.replace("{grounds_key}", GROUNDS_KEY).replace("{grounds_erased}", GROUNDS_ERASED)
WITHOUT_GROUNDS = ERASE.replace("{grounds_key}", "").replace("{grounds_erased}", "")

CHECKED_BY = {
    "claims_grounds": "claims_check_redaction",
    "claims_statuschangegrounds": "claims_refuse_change",
    "claims_groundschange": "claims_refuse_change",
}
GUARDS = "\n".join(
    f"""
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {check}();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION claims_refuse_change();
"""
    for table, check in CHECKED_BY.items()
)
NO_GUARDS = "\n".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table}; DROP TRIGGER {table}_only_grows ON {table};"
    for table in CHECKED_BY
)


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0019_grounds"),
        ("sources", "0005_erased_files"),
        ("accounts", "0008_sessions_of_sign_in"),
        ("ledger", "0005_erasing"),
    ]

    operations = [
        migrations.RunSQL(TOUCH, NO_TOUCH),
        migrations.RunSQL(MADE, GONE),
        migrations.RunSQL(OF_A_CHANGE, NOT_OF_A_CHANGE),
        migrations.RunSQL(WITH_GROUNDS, WITHOUT_GROUNDS),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
