"""Statements written by hand, where one answers what the ORM would ask several for."""

from collections.abc import Mapping
from typing import Any

from django.db import connection


def read_rows(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement with its named values."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
