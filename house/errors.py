"""What an action or a query may refuse, and why. `config.errors` makes answers of these, for pages and API alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.utils.translation import gettext


class DomainError(Exception):
    """A refusal that a person can read. `message` is one plain sentence, translated."""

    def __init__(self, message: Any = "") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """It does not exist, or this person may not know that it does (404)."""


class Forbidden(DomainError):
    """The person may know of it, and may not do this (403)."""


class NotRecent(Forbidden):
    """The person has to show first that it is them who sits there (403)."""


class NoSecondFactor(Forbidden):
    """The person ought to have a second factor by now, and has none (403)."""


class Invalid(DomainError):
    """What was handed in cannot be used (400). `errors` maps a field's name to sentences; "" is the whole."""

    def __init__(self, errors: Mapping[str, Sequence[Any]]) -> None:
        self.errors = {field: [str(text) for text in texts] for field, texts in errors.items()}
        super().__init__(" ".join(text for texts in self.errors.values() for text in texts))


def refuse_unsaid(field: str) -> NoReturn:
    """For a refusal that stems from what the person may not see: that it is refused, and nothing about why.

    Raises Invalid, always with the same sentence.
    """
    raise Invalid({field: [gettext("This is not possible now.")]})


class Conflict(DomainError):
    """It is not possible in the present state of things (409)."""


class Stale(Conflict):
    """Somebody was faster (409). `version` is the present one, `changes` says what happened since, in words."""

    def __init__(self, message: Any, *, version: int, changes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.version = version
        self.changes = [str(change) for change in changes]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that two people changed: what the second `seen`, what the first made of it (`theirs`), what the second
    would (`yours`), as JSON has values; who the first was, and when. "" and None where that is not known."""

    field: str
    seen: Any
    theirs: Any
    yours: Any
    by: str
    at: datetime | None


class EditConflict(Stale):
    """Somebody else changed the same fields since the author of an edit saw them (409). Nothing of it was saved."""

    def __init__(self, fields: Sequence[FieldConflict], *, version: int) -> None:
        told = [
            gettext("%(person)s changed this while you were editing: %(field)s.")
            % {"person": conflict.by or gettext("Somebody"), "field": conflict.field}
            for conflict in fields
        ]
        super().__init__(gettext("Not saved. Someone else changed the same fields."), version=version, changes=told)
        self.fields = list(fields)


class Unconfirmed(Conflict):
    """It would do more than the person agreed to, and was not done (409).

    `effects` say what it would do, `later` for how many more that is found out afterwards; `agreement` is what to hand
    in with the same again to have it done.
    """

    def __init__(self, message: Any, *, effects: Sequence[Any], later: int, agreement: str) -> None:
        super().__init__(message)
        self.effects = list(effects)
        self.later = later
        self.agreement = agreement


class OutOfService(DomainError):
    """Something that it needs does not work at the moment, such as a disk that is full; nothing was written (503)."""


class Busy(OutOfService):
    """It would take too long, or waits for others who are at work on the same; nothing was written (503)."""


class LogNotWhole(OutOfService):
    """The log that this server keeps is not what it signed: what somebody asks for cannot be proven (503)."""


class TooMany(DomainError):
    """Asked too often by this person, or from this address (429). `retry_after`: seconds until it is worth trying."""

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Missing:
    """One thing that policy asks for and that is not there: a code for programs, a sentence for people."""

    code: str
    text: str


class PolicyNotMet(DomainError):
    """Allowed to this person, and not possible yet (422). `missing` says what it would take."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = list(missing)
        super().__init__(" ".join(item.text for item in self.missing))
