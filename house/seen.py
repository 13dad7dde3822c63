"""What the author of an edit saw of a row, in a form that can be compared with what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet


class Versioned(Protocol):
    """A row that people edit."""

    pk: UUID
    version: int


@dataclass(frozen=True, slots=True)
class SeenValues:
    """What the author of an edit saw of the row: its `version`, and the `values` of its fields as `plain` puts them.

    None: not known. Without either the edit is made on the row as it is. `is_exact`: it is wanted on that version only,
    whatever was changed since.
    """

    version: int | None = None
    values: Mapping[str, Any] | None = None
    is_exact: bool = False


ANYTHING = SeenValues()


def plain(value: Any) -> Any:
    """A field's value as JSON has it, so that what was seen and what is there can be compared; sets in one order."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):  # a choice too
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if value == int(value) else value
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted((plain(each) for each in value), key=str)
    return value
