"""Rights of the database roles: the application changes rows and only adds to append-only tables; the ledger's
sequencer gives entries their places. Neither has the other's rights.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

# These tables hold decisions and their times. Triggers refuse changes to them as well, for every role.
APPEND_ONLY = (
    "accounts_act",
    "accounts_fieldchange",
    "claims_statuschange",
    "claims_statuschangetext",
    "claims_statuschangegraph",
    "claims_policychange",
    "claims_grounds",
    "claims_groundschange",
    "claims_statuschangegrounds",
    "claims_actormerge",
    "ledger_entry",
    "ledger_erasure",
    "ledger_outbox",
    "ledger_sealedstream",
    "ledger_secret",
    "reviews_answer",
    "reviews_assessment_evidence",
    "reviews_assessmentelement",
    "reviews_assessmentgrounds",
    "reviews_decision",
)
# Rows of which only these columns may change; triggers limit from which value to which.
ONLY_ADVANCED = {
    "reviews_assessment": ("state",),
    "ledger_dailystamp": ("tried_at", "error", "token", "before", "signer"),
}
# These functions erase, as the tables' owner, the rows that a redaction in the log names; the application alone cannot.
ERASING = ("ledger_erase(bigint)", "claims_erase(bigint)", "reviews_erase(bigint)")
# Written by the sequencer, read by the application.
READ_ONLY = (
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_key",
    "ledger_leaf",
    "ledger_node",
    "ledger_witnessedcheckpoint",
)
OF_THE_SEQUENCER = {
    "ledger_entry": "SELECT",
    "ledger_outbox": "SELECT, DELETE",
    **dict.fromkeys(READ_ONLY, "SELECT, INSERT"),
}


def application_role() -> str:
    """Return the user of DATABASE_URL."""
    return str(connections[DEFAULT_DB_ALIAS].settings_dict["USER"])


def owner_role() -> str:
    """Return the user of DATABASE_OWNER_URL."""
    return str(connections["owner"].settings_dict["USER"])


def sequencer_role() -> str:
    """Return the user of DATABASE_SEQUENCER_URL."""
    return str(urlsplit(settings.LEDGER_SEQUENCER_URL).username or "")


def rights_of(role: str, *, table: str) -> str:
    """Return the rights of a role on a table, "" for none. One role may be both application and sequencer."""
    rights = []
    if role == application_role():
        only_added = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        if table in ONLY_ADVANCED:
            only_added = ", ".join(["SELECT, INSERT", *(f"UPDATE ({column})" for column in ONLY_ADVANCED[table])])
        rights.append("SELECT" if table in READ_ONLY else only_added)
    if role == sequencer_role():
        rights.append(OF_THE_SEQUENCER.get(table, ""))
    return ", ".join(sorted({right for each in rights for right in each.split(", ") if right}))


def grant_roles() -> bool:
    """Grant each role exactly its rights in schema public and revoke all others. Repeatable.

    Returns False, with nothing changed, if one role is both owner and application.
    """
    if application_role() == owner_role():
        return False
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = sql.Identifier(cursor.fetchone()[0])
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted(name for (name,) in cursor.fetchall())
        for role in sorted({application_role(), sequencer_role()}):
            for template in (
                "REVOKE ALL ON SCHEMA public FROM PUBLIC, {role}",
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}",
                "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {role}",
                "GRANT CONNECT ON DATABASE {database} TO {role}",
                "GRANT USAGE ON SCHEMA public TO {role}",
            ):
                cursor.execute(sql.SQL(template).format(role=sql.Identifier(role), database=database).as_string())
            for table in tables:
                if rights := rights_of(role, table=table):
                    grant = sql.SQL("GRANT {} ON {} TO {}")
                    parts = (sql.SQL(rights), sql.Identifier(table), sql.Identifier(role))
                    cursor.execute(grant.format(*parts).as_string())
        for function in ERASING:
            for template in ("REVOKE ALL ON FUNCTION {} FROM PUBLIC", "GRANT EXECUTE ON FUNCTION {} TO {}"):
                statement = sql.SQL(template).format(sql.SQL(function), sql.Identifier(application_role()))
                cursor.execute(statement.as_string())
        use = sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}")
        cursor.execute(use.format(sql.Identifier(application_role())).as_string())
    return True
