"""What the application's database role may do: change rows, and only add to the append-only tables."""

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

# Rows of these tables are what was decided, and when. They also refuse changes by triggers, whoever asks.
APPEND_ONLY = (
    "claims_statuschange",
    "claims_statuschangetext",
    "claims_statuschangegraph",
    "claims_policychange",
    "claims_actormerge",
)


def application_role() -> str:
    """The user of DATABASE_URL."""
    return str(connections[DEFAULT_DB_ALIAS].settings_dict["USER"])


def owner_role() -> str:
    """The user of DATABASE_OWNER_URL."""
    return str(connections["owner"].settings_dict["USER"])


def grant_roles() -> bool:
    """Gives the application's role exactly its rights in schema public and takes every other. Repeatable.

    Returns False, with nothing changed, where one role is both owner and application.
    """
    if application_role() == owner_role():
        return False
    role = sql.Identifier(application_role())
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = sql.Identifier(cursor.fetchone()[0])
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted(name for (name,) in cursor.fetchall())
        for template in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC, {role}",
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}",
            "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {role}",
            "GRANT CONNECT ON DATABASE {database} TO {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            cursor.execute(sql.SQL(template).format(role=role, database=database).as_string())
        for table in tables:
            rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
            grant = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(table), role)
            cursor.execute(grant.as_string())
    return True
