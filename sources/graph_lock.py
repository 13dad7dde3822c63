"""The lock of a desk's evidence graph: exclusive for changes to it, shared for decisions based on it."""

from uuid import UUID

from django.db import connection


def lock_graph(desk_id: UUID, *, shared: bool = False) -> None:
    """Lock the desk's graph until the transaction ends: exclusively to change it, shared to decide on it."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"second-source graph {desk_id}"])
