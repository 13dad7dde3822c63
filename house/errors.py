"""Refusals of actions and queries. `config.errors` turns them into answers, for pages and API alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.utils.translation import gettext


class DomainError(Exception):
    """A refusal with a reason for the person; `message` is one translated sentence."""

    def __init__(self, message: Any = "") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """The row does not exist, or this person may not know that it does (404)."""


class Forbidden(DomainError):
    """The person may know of the row, but may not do this (403)."""


class NotRecent(Forbidden):
    """The person must confirm their identity first (403)."""


class NoSecondFactor(Forbidden):
    """The person must have a second factor by now, and has none (403)."""


class Invalid(DomainError):
    """The input is not valid (400). `errors` maps a field's name to sentences; "" stands for the form as a whole."""

    def __init__(self, errors: Mapping[str, Sequence[Any]]) -> None:
        # Made text at once: in the language of the person who is refused, and not of a later reader.
        self.errors = {field: [str(text) for text in texts] for field, texts in errors.items()}
        super().__init__(" ".join(text for texts in self.errors.values() for text in texts))


def refuse_unsaid(field: str) -> NoReturn:
    """Refuse without a reason, if the reason is something that the person may not see.

    Raises Invalid, always with the same sentence.
    """
    # The same words for every reason: two sentences would tell two reasons apart (decision 83).
    raise Invalid({field: [gettext("This is not possible now.")]})


class Conflict(DomainError):
    """The action is not possible in the present state (409)."""


class Stale(Conflict):
    """Someone else changed the row first (409). `version` is the present one, `changes` lists the changes in words."""

    def __init__(self, message: Any, *, version: int, changes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.version = version
        self.changes = [str(change) for change in changes]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that two people changed, with its JSON values.

    `seen`: the value that the second person saw. `theirs`: the first person's. `yours`: the second person's.
    `by`, `at`: the first person and the time; "" and None if unknown.
    """

    field: str
    seen: Any
    theirs: Any
    yours: Any
    by: str
    at: datetime | None


class EditConflict(Stale):
    """Someone else changed the same fields after the author of an edit saw them (409). The edit was not saved."""

    def __init__(self, fields: Sequence[FieldConflict], *, version: int) -> None:
        told = [
            gettext("%(person)s changed this while you were editing: %(field)s.")
            % {"person": conflict.by or gettext("Another person"), "field": conflict.field}
            for conflict in fields
        ]
        super().__init__(gettext("Not saved. Someone else changed the same fields."), version=version, changes=told)
        self.fields = list(fields)


class Unconfirmed(Conflict):
    """The action would do more than the person agreed to, and was not done (409).

    `effects`: the effects in words. `later`: the number of claims whose effects are computed afterwards. `agreement`:
    the value to send with the same request to confirm it.
    """

    def __init__(self, message: Any, *, effects: Sequence[Any], later: int, agreement: str) -> None:
        super().__init__(message)
        self.effects = list(effects)
        self.later = later
        # References of claims: agreeing holds for exactly these (decision 31).
        self.agreement = agreement


class OutOfService(DomainError):
    """A service that the action needs does not work, such as a full disk; nothing was saved (503)."""


class Busy(OutOfService):
    """The action would take too long, or others are changing the same rows; nothing was saved (503)."""


class LogNotWhole(OutOfService):
    """The server's log does not match its signatures, so the requested proof is not possible (503)."""


class TooMany(DomainError):
    """Too many requests by this person or from this address (429). `retry_after`: seconds to wait."""

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Missing:
    """One requirement of policy that is not met: a code for programs, a sentence for people."""

    # Fixed, since the sentence is translated and may change.
    code: str
    text: str


class PolicyNotMet(DomainError):
    """The person may do this, but policy is not met yet (422). `missing` lists the open requirements."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = list(missing)
        super().__init__(" ".join(item.text for item in self.missing))
