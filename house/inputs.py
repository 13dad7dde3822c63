"""Base of the values that actions take: typed fields, of which a person may give some and leave the others."""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

Value = TypeVar("Value")


class Unchanged(Enum):
    """Type of the one value `UNCHANGED`."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
Given: TypeAlias = Value | Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFields:
    """Fields of a row as a person gives them. An `UNCHANGED` one keeps its value; a new row takes its default."""

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, by name, with texts stripped of surrounding space."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value.strip() if isinstance(value, str) else value
            for name, value in values.items()
            if value is not UNCHANGED
        }

    def names(self) -> frozenset[str]:
        """Return the names of the fields that were given."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name) is not UNCHANGED)
