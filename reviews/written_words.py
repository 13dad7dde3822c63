"""People's words, told apart from the program's: states, codes, kinds, ids, fixed sentences.

A redaction searches, and erases, people's words alone. In the ledger the catalogue of kinds says which is which; in
JSON columns the names do. Anything neither knows may be people's words.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from claims.models import CloseReason
from claims.record.entry_kinds import CATALOGUE, SHAPES, TYPES
from ledger.erasing import strings_in

INSIDE = "content/"  # prefix of the names that a sealed entry commits to
# Names of chosen, measured or referenced values, in grounds and in drafts of assessments.
CODES = frozenset(
    {
        *("also_claimed_by", "parties", "claimant", "publisher", "part_of", "source", "upstream", "downstream"),
        *("against_interest", "superseded_by", "evidence", "element", "elements"),
        *("stance", "basis", "credibility", "reliability", "visibility", "kind", "language", "proposed_state"),
        *("claimed_on", "happened_from", "happened_to", "part_of_from", "part_of_to", "published_at"),
        *("retracted_at", "corrected_at", "sha256", "media_type"),
    }
)
# Form fields with a few choices; fields for people and sources also accept text.
CHOSEN = frozenset(
    {
        *("stance", "basis", "source_basis", "credibility", "reliability", "visibility", "kind", "chain", "decision"),
        *("new_claimant_speaks_for", "new_publisher_speaks_for", "speaks_for_checked"),
        *("new_claimant_kind", "new_parties_kind", "new_publisher_kind", "proposed_state", "evidence", "elements"),
    }
)
CLOSING = "reason"  # a chosen value, not typed text
ASSIGNMENT_ENDS = _("The claim was closed.")


def written_in_entry(kind: str, *, name: str, value: Any, sealed: bool) -> Iterator[str]:
    """People's words in the value that an entry of this kind commits to under this name."""
    return filter(_is_peoples, _of_types(("text", "any"), kind, name=name, value=value, sealed=sealed))


def accounts_in_entry(kind: str, *, name: str, value: Any, sealed: bool) -> Iterator[str]:
    """The account names in it. The program wrote them, but a person may have to be forgotten: a redaction matches them
    by the whole name alone, so that a word within a longer name erases no one."""
    return _of_types(("account",), kind, name=name, value=value, sealed=sealed)


def _of_types(wanted: Collection[str], kind: str, *, name: str, value: Any, sealed: bool) -> Iterator[str]:
    if sealed and not name.startswith(INSIDE):
        return iter(())  # its kind, and ids with commitments
    known = CATALOGUE.get(kind)
    types = {"by": "person or null"} | dict(known.committed if known else {})
    return _strings_of(wanted, value, _type_of(name.removeprefix(INSIDE), types))


def _type_of(name: str, types: Any) -> str:
    return str(types.get(name) or types.get(f"{name}?") or "any")


def _strings_of(wanted: Collection[str], value: Any, of: str) -> Iterator[str]:
    of = of.removesuffix(" or null")
    if isinstance(value, list) and of.startswith("["):
        for one in value:
            yield from _strings_of(wanted, one, of[1:-1])
    elif isinstance(value, dict) and of in SHAPES:
        for name, one in value.items():
            yield from _strings_of(wanted, one, _type_of(name, SHAPES[of]))
    elif isinstance(value, str) and of in TYPES:
        yield from (value,) if of in wanted else ()
    elif "any" in wanted:
        yield from strings_in(value)


def written_in(value: Any, *, in_form: bool = False) -> Iterator[str]:
    """People's words in a column's text or JSON.

    `in_form`: it holds pairs of a field's name and value.
    """
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    changed(value, note, in_form=in_form)
    return iter(found)


def changed(value: Any, change: Callable[[str], str], *, in_form: bool = False) -> Any:
    """The same text or JSON, with each string that people wrote changed."""
    if in_form and isinstance(value, list):
        return [[name, one if _is_chosen(name, value=one) else change(one)] for name, one in value]
    return _changed(value, change, is_code=False)


def everywhere(value: Any, change: Callable[[str], str]) -> Any:
    """The same with every string changed, whoever wrote it: for a file's digest, which no person wrote."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: everywhere(one, change) for name, one in value.items()}
    return [everywhere(one, change) for one in value] if isinstance(value, list) else value


def _changed(value: Any, change: Callable[[str], str], *, is_code: bool) -> Any:
    if isinstance(value, str):
        return value if is_code or not _is_peoples(value) else change(value)
    if isinstance(value, dict):
        return {name: _changed(one, change, is_code=name in CODES) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change, is_code=is_code) for one in value]
    return value


def _is_chosen(name: str, *, value: str) -> bool:
    return name in CHOSEN or (name == CLOSING and value in CloseReason.values)


def _is_peoples(text: str) -> bool:
    return text != str(ASSIGNMENT_ENDS)
