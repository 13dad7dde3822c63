"""Checks of people's input before it is saved."""

import re
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, TextField
from django.utils.translation import gettext as _

from house.errors import Invalid

LONGEST_TEXT = 20_000  # characters
# Far enough from Python's limits that adding days or a time zone never exceeds them.
FIRST_YEAR, LAST_YEAR = 1000, 9000


def check_fields(row: Model, *, exclude: tuple[str, ...] = ()) -> None:
    """Check a row's field rules, and that each text and day can be stored. Raises Invalid that names each field."""
    errors: dict[str, list[Any]] = {}
    for field in row._meta.concrete_fields:
        if field.generated:  # the database computes it on saving
            continue
        value = getattr(row, field.attname)
        # Django enforces a TextField's max_length in forms only; a CharField's is checked by full_clean below.
        limit = field.max_length if isinstance(field, TextField) else None
        if isinstance(value, str) and (problem := _not_keepable(value, limit or LONGEST_TEXT)):
            errors[field.name] = [problem]
        if field.name not in exclude and isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
            errors[field.name] = [
                _("Enter a year from %(first)d to %(last)d.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
            ]
    if errors:
        raise Invalid(errors)
    try:
        row.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid({field: list(texts) for field, texts in error.message_dict.items()}) from error


# The form of BCP 47 alone: which languages there are is the registry's, and grows.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def check_language(code: str) -> None:
    """Check that a language, where one is given, has the form of a language tag. Raises Invalid for `language`.

    For values that a person has just given: rows from before may hold others.
    """
    if code and not _LANGUAGE.fullmatch(code):
        raise Invalid({"language": [_("Enter a short language code, such as en, ko or fa.")]})


def _not_keepable(text: str, limit: int = LONGEST_TEXT) -> str:
    if "\x00" in text:
        return _("This text contains a NUL character. Remove it.")
    try:
        text.encode()
    except UnicodeEncodeError:
        return _("This text contains half a character (a lone surrogate). Remove it.")
    if len(text) > limit:
        return _("Too long: %(length)d characters. Use at most %(limit)d.") % {
            "length": len(text),
            "limit": limit,
        }
    return ""


def given_text(text: str, *, field: str, message: str) -> str:
    """Return a required text without surrounding space.

    Raises Invalid for `field`, with `message` if it is empty.
    """
    text = (text or "").strip()
    problem = _not_keepable(text) if text else message
    if problem:
        raise Invalid({field: [problem]})
    return text


def optional_text(text: str, *, field: str) -> str:
    """Return an optional text without surrounding space. Raises Invalid for `field` if it cannot be stored."""
    text = (text or "").strip()
    if problem := _not_keepable(text):
        raise Invalid({field: [problem]})
    return text
