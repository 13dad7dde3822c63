"""The two SQL statements that write an entry, free of Django, so that `bench.ledger` uses the same."""

from functools import cache

HEAD = "SELECT seq, leaf_hash, at FROM ledger_head(%s)"


@cache
def insert(openings: int) -> str:
    """The statement that writes an entry with so many openings and returns its database id.

    Takes single values: arrays cost both sides more than everything else in it.
    """
    entry = (
        "INSERT INTO ledger_entry (stream, seq, prev, kind, at, leaf, leaf_hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"
    )
    if not openings:
        return entry
    rows = ", ".join(["(%s, %s::bytea, %s::bytea)"] * openings)
    return (
        f"WITH entry AS ({entry}), kept AS (INSERT INTO ledger_secret (entry_id, name, salt, value)"  # noqa: S608 - ours
        f" SELECT entry.id, one.name, one.salt, one.value FROM entry, (VALUES {rows}) AS one (name, salt, value))"
        " SELECT id FROM entry"
    )
