"""The lock of a desk's graph: who changes what claims rest on holds it alone, who decides on that holds it shared."""

from uuid import UUID

from django.db import connection


def lock_graph(desk_id: UUID, *, shared: bool = False) -> None:
    """Hold the desk's graph until the transaction ends: alone to change it, shared to decide on it."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"second-source graph {desk_id}"])
