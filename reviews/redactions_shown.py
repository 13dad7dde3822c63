"""Matches of a redaction for pages and API: for one reader, each text around the words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import User
from claims.models import ActorMerge, Evidence
from claims.record.reads import Shown, note_shown
from reviews.models import Redaction
from reviews.redaction_matches import Match, Matches
from sources.models import Actor, Attachment, Capture, Relay, Source

AROUND = 160  # characters shown before and after the words


@dataclass(frozen=True)
class ShownText:
    """One text that would change: its kind, its claim or source, and its text around the words.

    `whole`: it is erased completely.
    """

    name: str
    claim: str | None
    source: UUID | None
    parts: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class ShownMatches:
    """The matches of a redaction as shown. `fields`: of the ledger's entries, with a count for each name."""

    texts: list[ShownText]
    files: tuple[Attachment, ...]
    fields: list[tuple[str, int]]
    seen: str


def show_matches(found: Matches, user: User, *, outside: bool) -> ShownMatches:
    """The matches for this reader; showing restricted material is recorded.

    `outside`: for readers from another desk, or for a redaction on no desk: no links lead further, and reasons of
    merges are for administrators.
    """
    note_shown(user, [*_rows_of(found), *found.files])
    texts = [_text(one) for one in found.texts]
    if outside:
        texts = [replace(one, claim=None, source=None) for one in texts]
        texts = [
            replace(text, parts=()) if one.place.model is ActorMerge and not user.is_staff else text
            for one, text in zip(found.texts, texts, strict=True)
        ]
    fields = sorted(Counter(one.name.rpartition("/")[2] for one in found.fields).items())
    return ShownMatches(texts, found.files, fields, found.seen)


def is_outside(redaction: Redaction, user: User) -> bool:
    """Whether the reader does not belong to the redaction's desk, or it has none."""
    return redaction.desk is None or not user.memberships.filter(desk=redaction.desk).exists()


def _rows_of(found: Matches) -> Iterator[Shown]:
    """The rows of those texts that can be restricted."""
    for model in (Actor, Source, Evidence, Attachment, Capture, Relay):
        pks = {one.pk for one in found.texts if one.place.model is model}
        yield from model._default_manager.filter(pk__in=pks) if pks else ()


def _text(one: Match) -> ShownText:
    last = len(one.parts) - 1
    parts = tuple(_short(part, first=at == 0, last=at == last) for at, part in enumerate(one.parts))
    return ShownText(str(one.place.name), one.claim, one.source, parts, one.place.grows)


def _short(text: str, *, first: bool, last: bool) -> str:
    """The text around the words: its end before the first, its beginning after the last, both between two."""
    if len(text) <= AROUND or (len(text) <= 2 * AROUND and not first and not last):
        return text
    if first:
        return f"… {text[-AROUND:]}"
    return f"{text[:AROUND]} …" if last else f"{text[:AROUND]} … {text[-AROUND:]}"
