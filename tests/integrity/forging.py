"""Tampering that leaves the ledger whole: an entry says something else, and every hash and commitment fits again."""

from typing import Any
from uuid import uuid4

from django.db import connection

from ledger.canonical import canonical, read_canonical
from ledger.entries import commitment, leaf_hash

KIND, SEALED = "kind", "sealed"


def other(value: Any) -> Any:
    """Another value of the same sort."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return str(uuid4()) if len(value) == 36 and value.count("-") == 4 else f"{value} forged".strip()
    if isinstance(value, list):
        return value[:-1] if value else ["forged"]
    return {**value, "forged": 1} if isinstance(value, dict) else "forged"


def forge(entry: int, name: str, value: Any) -> None:
    """Let an entry say another value: of a field of its body, `body/<name>`, or one that it commits to.

    Whatever follows it in its stream is written anew behind it.
    """
    stream, seq, leaf = _one("SELECT stream, seq, leaf FROM ledger_entry WHERE id = %s", entry)
    said = read_canonical(bytes(leaf))
    if stream.startswith(SEALED):
        content = _value(entry, "content")
        _set(content, name, value, entry, "content/")
        said["c"]["content"] = _write_secret(entry, "content", content)
    else:
        _set(said, name, value, entry, "")
    _rewrite(stream, seq, canonical(said))


def _set(said: Any, name: str, value: Any, entry: int, prefix: str) -> None:
    if name.startswith("body/"):
        said["body"][name.removeprefix("body/")] = value
    else:
        said["c"][name] = _write_secret(entry, prefix + name, value)


def value_of(entry: int, name: str) -> Any:
    """What an entry says; KeyError where it does not, or where it was erased."""
    stream, leaf = _one("SELECT stream, leaf FROM ledger_entry WHERE id = %s", entry)
    said, prefix = read_canonical(bytes(leaf)), ""
    if stream.startswith(SEALED):
        said, prefix = _value(entry, "content"), "content/"
    if name.startswith("body/"):
        return said["body"][name.removeprefix("body/")]
    return _value(entry, prefix + name)


def _value(entry: int, name: str) -> Any:
    return read_canonical(
        bytes(_one("SELECT value FROM ledger_secret WHERE entry_id = %s AND name = %s", entry, name)[0])
    )


def _write_secret(entry: int, name: str, value: Any) -> str:
    """The commitment to another value, under the salt of the one that was there."""
    [salt] = _one(
        "UPDATE ledger_secret SET value = %s WHERE entry_id = %s AND name = %s RETURNING salt",
        *(canonical(value), entry, name),
    )
    return commitment(bytes(salt), name.removeprefix("content/"), value)


def _rewrite(stream: str, seq: int, leaf: bytes) -> None:
    """The bytes of an entry, and of all that follow it in its stream."""
    while True:
        hashed = leaf_hash(leaf)
        [entry] = _one(
            "UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE stream = %s AND seq = %s RETURNING id",
            *(leaf, hashed, stream, seq),
        )
        run("UPDATE ledger_leaf SET hash = %s WHERE entry_id = %s", hashed, entry)
        seq += 1
        rest = run("SELECT leaf FROM ledger_entry WHERE stream = %s AND seq = %s", stream, seq)
        if not rest:
            return
        leaf = canonical(read_canonical(bytes(rest[0][0])) | {"prev": hashed.hex()})
        run("UPDATE ledger_entry SET prev = %s WHERE stream = %s AND seq = %s", hashed, stream, seq)


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def drop_rules(table: str) -> None:
    """Whoever owns the table can take these off as well."""
    query = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f', 'p', 'u', 'x')"
    for (name,) in run(query, table):
        run(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
    for (name,) in run(
        "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE 'CREATE UNIQUE%%'", table
    ):
        run(f'DROP INDEX "{name}"')


def _one(statement: str, *values: Any) -> tuple[Any, ...]:
    found = run(statement, *values)
    if not found:
        raise KeyError(values)
    return found[0]
