"""The elements in an edit of a claim: each is merged by itself, so that an element added meanwhile stays."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.edits import fields_changed_since
from claims.bounds import MOST_ELEMENTS, check_number
from claims.models import Claim, Element
from claims.reading.values import element_field
from house.errors import Invalid
from house.fields import check_fields, given_text
from house.seen import SeenValues

ORDER = "elements.order"


class ElementsGiven:
    """An edit's changes to a locked claim's elements.

    `entries`: the author's whole list, each with its `id`, or without one to be added; None leaves the elements alone.
    `changes`: the resulting fields of an edit (`claims.reading.values.element_values`); `order`: the present order, as
    one more field; `added`: the elements to add. Raises Invalid.
    """

    def __init__(self, claim: Claim, entries: Sequence[Mapping[str, Any]] | None, seen: SeenValues) -> None:
        self.claim = claim
        self.present = {part.pk: part for part in claim.elements.all()}
        self.order = {ORDER: _in_order(self.present)}
        self.changes: dict[str, Any] = {}
        self.added: list[Mapping[str, Any]] = []
        # the order after the edit; None for the next added element
        self._sequence: list[UUID | None] = list(self.present)
        if entries is not None:
            self._read(entries, seen)

    def _read(self, entries: Sequence[Mapping[str, Any]], seen: SeenValues) -> None:
        known = {entry["id"]: entry for entry in entries if entry.get("id")}
        if known.keys() - self.present.keys():
            raise Invalid({"elements": [_("No such element in this claim.")]})
        unseen = self._unseen(seen)
        self._refuse_left_out(self.present.keys() - known.keys() - unseen)
        for pk, entry in known.items():
            part = self.present[pk]
            if "text" in entry:
                self.changes[element_field(part, "text")] = _words(entry)
            if "essential" in entry:
                self.changes[element_field(part, "essential")] = entry["essential"]
        # An element that a colleague added meanwhile in the same words is not added again.
        there = {self.present[pk].text for pk in unseen}
        kept = [entry for entry in entries if entry.get("id") or _words(entry) not in there]
        self.added = [entry for entry in kept if not entry.get("id")]
        if seen.values is None:  # forms cannot change the order
            left_out = [pk for pk in self.present if pk not in known]
            self.changes[ORDER] = _in_order([*known, *left_out])
            self._sequence = [*(entry.get("id") for entry in kept), *left_out]
        else:
            self._sequence += [None] * len(self.added)
        check_number([*self.present, *self.added], MOST_ELEMENTS, "elements")

    def _unseen(self, seen: SeenValues) -> set[UUID]:
        """The elements that were added after the author opened the form."""
        if seen.values is not None:
            return {pk for pk, part in self.present.items() if element_field(part, "text") not in seen.values}
        if seen.version is None:
            return set()
        since = fields_changed_since(self.claim, seen.version)
        return {pk for pk, part in self.present.items() if element_field(part, "added") in since}

    def _refuse_left_out(self, ids: set[UUID]) -> None:
        # Existing evidence on the element makes no difference: the answer could reveal restricted evidence.
        message = _("“%(text)s” cannot be removed. Reword it, or mark it as not essential.")
        left_out = [message % {"text": part.text} for pk, part in self.present.items() if pk in ids]
        if left_out:
            raise Invalid({"elements": left_out})

    def write(self, changed: Mapping[str, Any]) -> list[str]:
        """Write the changes that `accounts.edits.merge` kept, and the added elements.

        Returns the names of the changed fields.
        """
        names = [name for name in changed if name.startswith("elements.")]
        if not names and not self.added:
            return []
        parts = {str(pk): part for pk, part in self.present.items()}
        for name in names:
            if name != ORDER:
                _elements, pk, field = name.split(".")
                setattr(parts[pk], field, changed[name])
        new = [
            Element(claim=self.claim, text=_words(entry), essential=entry.get("essential", True))
            for entry in self.added
        ]
        next_one = iter(new)
        self._save([self.present[pk] if pk else next(next_one) for pk in self._sequence])
        return [element_field(part, name) for part in new for name in ("added", "text", "essential")]

    def _save(self, rows: Sequence[Element]) -> None:
        # Move elements out of the way first: each position is unique.
        self.claim.elements.update(position=F("position") + 1000)
        for position, part in enumerate(rows):
            part.position = position
            check_fields(part, exclude=("claim",))
            part.save()
        if rows and not any(part.essential for part in rows):
            raise Invalid({"elements": [_("At least one element must be essential.")]})


def _in_order(ids: Any) -> str:
    return " ".join(str(pk) for pk in ids)


def _words(entry: Mapping[str, Any]) -> str:
    return given_text(entry.get("text", ""), field="elements", message=_("Enter the words of each element."))
