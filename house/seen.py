"""The values that the author of an edit saw, in a form that can be compared with the present row."""

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
    """The row as the author of an edit saw it: its `version`, and the `values` of its fields as `plain` returns them.

    None: unknown; without either, the edit applies to the present row. `is_exact`: the edit applies to that version
    only, whichever fields have changed since.
    """

    version: int | None = None
    values: Mapping[str, Any] | None = None
    is_exact: bool = False


ANYTHING = SeenValues()


def plain(value: Any) -> Any:
    """Return a field's value in its JSON form, for the comparison of seen and present values; sets are sorted."""
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
    # Sorted: parties and topics are sets, and their order is no change (decision 87).
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted((plain(each) for each in value), key=str)
    return value
