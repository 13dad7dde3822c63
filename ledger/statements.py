"""The two statements that write an entry: apart from Django, so that `bench.ledger` writes as `ledger.recording`."""

from functools import cache

HEAD = "SELECT seq, leaf_hash, at FROM ledger_head(%s)"


@cache
def insert(openings: int) -> str:
    """The statement that writes an entry with so many openings; answers its database id.

    Rows of single values: lists take both sides longer than all else of it.
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
