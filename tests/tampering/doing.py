"""Doing what the table says to a desk's database: past triggers, foreign keys and the tables' own rules."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import connection
from psycopg import sql

from tests.tampering.world import TamperedDesk

# What statements are short for.
SHORT = {
    ":change ": "UPDATE claims_statuschange SET ",
    ":text ": "UPDATE claims_statuschangetext SET ",
    ":claim ": "UPDATE claims_claim SET ",
    ":evidence ": "UPDATE claims_evidence SET ",
    ":source ": "UPDATE sources_source SET ",
    ":actor ": "UPDATE sources_actor SET ",
    ":file ": "UPDATE sources_attachment SET ",
    ":assignment ": "UPDATE reviews_assignment SET ",
    ":assessment ": "UPDATE reviews_assessment SET ",
    ":decision ": "UPDATE reviews_decision SET ",
    ":opening ": "DELETE FROM ledger_secret WHERE entry_id = :entry_id AND name = ",
    ":value ": "UPDATE ledger_secret SET value = convert_to('\"Forged.\"', 'UTF8')"
    " WHERE entry_id = :entry_id AND name = ",
    ":second": "WHERE claim_id = :claim_id AND seq = 2",
    ":this": "WHERE id = :claim_id",
    ":denied_one": "WHERE id = :denied_id",
    ":open_one": "WHERE id = :open_id",
    ":open_id": "(SELECT id FROM claims_claim WHERE statement = 'The harbour was closed.')",
    ":spoken": "WHERE id = :evidence(A radio talk)",
    ":entry_id": "(SELECT max(id) FROM ledger_entry WHERE stream = 'claim:' || :claim_id AND kind = 'status_changed')",
    ":denied_id": "(SELECT id FROM claims_claim WHERE state = 'denied' ORDER BY created_at DESC LIMIT 1)",
    ":supporting_id": "(SELECT evidence[1] FROM claims_statuschange :second)",
    ":assessment_id": "(SELECT id FROM reviews_assessment WHERE claim_id = :claim_id)",
    ":assignment_id": "(SELECT id FROM reviews_assignment WHERE claim_id = :claim_id ORDER BY created_at LIMIT 1)",
    ":file_id": "(SELECT id FROM sources_attachment WHERE name = 'witness.txt')",
    ":desk_id": "(SELECT id FROM accounts_desk WHERE prefix = 'UKR')",
}
# Rows by a name: `:source(A letter)`.
NAMED = {
    "user": "SELECT id FROM accounts_user WHERE username = '{}'",
    "source": "SELECT id FROM sources_source WHERE title = '{}'",
    "actor": "SELECT id FROM sources_actor WHERE name = '{}'",
    "evidence": "SELECT e.id FROM claims_evidence e JOIN sources_source s ON s.id = e.source_id WHERE s.title = '{}'",
}


def in_full(statement: str, desk: TamperedDesk) -> str:
    """The statement as PostgreSQL takes it."""
    while True:
        before = statement
        for short, long in SHORT.items():
            statement = statement.replace(short, long)
        if statement == before:
            break
    statement = re.sub(
        r":(user|source|actor|evidence)\(([^)]*)\)",
        lambda found: f"({NAMED[found[1]].format(found[2].replace(chr(39), chr(39) * 2))})",
        statement,
    )
    return statement.replace(":claim_id", f"'{desk.claim.pk}'::uuid")


def do(statements: Iterable[str], desk: TamperedDesk) -> None:
    """Run the statements past all guards. Each has to change something."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            if statement.startswith(":unchecked "):
                drop_rules(statement.removeprefix(":unchecked "))
                continue
            cursor.execute(in_full(statement, desk))
            assert cursor.rowcount > 0, statement
        cursor.execute("SET LOCAL session_replication_role = origin")


def drop_rules(table: str) -> None:
    """No rule of the table is left, nor what keeps its rows apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'u', 'f', 'x')",
            [table],
        )
        for (name,) in cursor.fetchall():
            statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {} CASCADE")
            cursor.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
