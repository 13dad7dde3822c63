"""A leaf that is not the canonical bytes (RFC 8785) of a well-formed entry is refused before it gets its place.

Once placed it could never be taken out again, and the log would fail every check from then on. Reading as `jsonb`
drops a key that stands twice, so the bytes are written anew from what was read, and compared.
"""

from django.db import migrations

# Keys go by their UTF-16 code units. UTF-8 has what lies above U+FFFF behind all else, UTF-16 has it before U+E000:
# a sign that none comes behind is put before those, and U+10FFFF itself is told from it by what follows it.
# `to_json` escapes a string as the RFC does.
CANONICAL = r"""
CREATE FUNCTION ledger_canonical(value jsonb, depth integer DEFAULT 0) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    kind text := jsonb_typeof(value);
    written text;
BEGIN
    IF kind = 'string' THEN
        RETURN to_json(value #>> '{}')::text;
    ELSIF kind = 'number' THEN
        written := value::text;
        IF written !~ '^-?(0|[1-9][0-9]{0,15})$' OR abs(written::numeric) > 9007199254740991 THEN
            RAISE EXCEPTION 'the number % is no integer up to 2^53 - 1', left(written, 20)
                USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_canonical';
        END IF;
        RETURN written;
    ELSIF kind IN ('object', 'array') AND depth >= 32 THEN
        RAISE EXCEPTION 'nested more than 32 deep'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_canonical';
    ELSIF kind = 'object' THEN
        SELECT string_agg(to_json(m.key)::text || ':' || ledger_canonical(m.value, depth + 1), ',' ORDER BY convert_to(
            CASE WHEN octet_length(m.key) = length(m.key) THEN m.key ELSE regexp_replace(
                replace(m.key, chr(1114111), chr(1114111) || chr(1)), '([\uE000-\uFFFF])', chr(1114111) || '\1', 'g'
            ) END, 'UTF8'))
        INTO written FROM jsonb_each(value) m;
        RETURN '{' || coalesce(written, '') || '}';
    ELSIF kind = 'array' THEN
        SELECT string_agg(ledger_canonical(m.value, depth + 1), ',' ORDER BY m.place)
        INTO written FROM jsonb_array_elements(value) WITH ORDINALITY AS m (value, place);
        RETURN '[' || coalesce(written, '') || ']';
    END IF;
    RETURN value::text;
END $$;
"""
NO_CANONICAL = "DROP FUNCTION ledger_canonical(jsonb, integer);"

CHECK_ENTRY = """
CREATE OR REPLACE FUNCTION ledger_check_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before_it record;{declared}
BEGIN
    IF NEW.leaf_hash IS DISTINCT FROM sha256('\\x00'::bytea || NEW.leaf) THEN
        RAISE EXCEPTION 'entry % % has the hash of other bytes', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_hash_is_of_its_bytes';
    END IF;{canonical}
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
"""
# The form of each field is what `ledger.verifier.check_entry` asks of it.
CANONICAL_ENTRY = r"""
    written := convert_from(NEW.leaf, 'UTF8');
    said := written::jsonb;
    IF octet_length(NEW.leaf) > 65535 OR ledger_canonical(said) IS DISTINCT FROM written THEN
        RAISE EXCEPTION 'entry % % is not canonical JSON of at most 65,535 bytes', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_canonical';
    END IF;
    IF jsonb_typeof(said) <> 'object' OR NOT coalesce(
        (SELECT array_agg(k ORDER BY k COLLATE "C") FROM jsonb_object_keys(said) k)
            = ARRAY['at', 'body', 'c', 'kind', 'prev', 'seq', 'stream', 'v']
        AND said -> 'v' = '1'
        AND length(NEW.stream) <= 255 AND NEW.stream ~ '^[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)+$'
        AND NEW.kind ~ '^[a-z][a-z0-9_]{0,63}$'
        AND jsonb_typeof(said -> 'body') = 'object' AND jsonb_typeof(said -> 'c') = 'object' AND said -> 'c' <> '{}'
        AND NOT EXISTS (
            SELECT FROM jsonb_each(said -> 'c') m
            WHERE m.key !~ '^[a-z][a-z0-9_]{0,63}$' OR jsonb_typeof(m.value) <> 'string'
                OR (m.value #>> '{}') !~ '^[0-9a-f]{64}$'
        )
        AND CASE WHEN NEW.kind = 'sealed' OR NEW.stream LIKE 'sealed:%%' THEN
            NEW.kind = 'sealed' AND NEW.stream ~ '^sealed:[0-9a-f]{32}$' AND said -> 'body' = '{}'
            AND (said -> 'c') ?& ARRAY['kind', 'content']
            AND (SELECT count(*) FROM jsonb_object_keys(said -> 'c')) = 2
        ELSE true END,
        false
    ) THEN
        RAISE EXCEPTION 'entry % % has not the form of an entry', NEW.stream, NEW.seq
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_has_the_form_of_one';
    END IF;"""
DECLARED = "\n    written text;\n    said jsonb;"
BEFORE = CHECK_ENTRY.replace("{declared}", "").replace("{canonical}", "")
AFTER = CHECK_ENTRY.replace("{declared}", DECLARED).replace("{canonical}", CANONICAL_ENTRY.replace("%%", "%"))
AFTER = AFTER.replace("convert_from(NEW.leaf, 'UTF8')::jsonb @>", "said @>")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_erasing")]

    operations = [
        migrations.RunSQL(CANONICAL, NO_CANONICAL),
        migrations.RunSQL(AFTER, BEFORE),
    ]
