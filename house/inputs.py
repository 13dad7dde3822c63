"""Base of the input classes of actions: typed fields, each of which may be left unchanged."""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

Value = TypeVar("Value")
FieldValues = dict[str, Any]  # a row's values by field: the fields are of several types


class Unchanged(Enum):
    """The type of `UNCHANGED`, its only value."""

    # An enum of one, so that the type checker can tell it from None, which means *none* (decision 110).
    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
Given: TypeAlias = Value | Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFields:
    """Fields of a row as entered by a person. An `UNCHANGED` one keeps its value; in a new row it takes its default."""

    def given(self) -> FieldValues:
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
