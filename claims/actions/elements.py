"""The elements in an edit of a claim: each is merged by itself, so that an element added meanwhile stays."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.edits import fields_changed_since
from claims.bounds import MOST_ELEMENTS, check_number
from claims.inputs import ElementInput
from claims.models import Claim, Element
from claims.reading.values import element_field
from house.errors import Invalid
from house.fields import check_fields, given_text
from house.inputs import UNCHANGED, FieldValues
from house.seen import SeenValues

ORDER = "elements.order"


class ElementsGiven:
    """An edit's changes to a locked claim's elements.

    `entries`: the author's whole list, each with its `id`, or without one to be added; None leaves the elements alone.
    `changes`: the resulting fields of an edit (`claims.reading.values.element_values`); `order`: the present order, as
    one more field; `added`: the elements to add. Raises Invalid.
    """

    def __init__(self, claim: Claim, entries: Sequence[ElementInput] | None, seen: SeenValues) -> None:
        self.claim = claim
        self.present = {element.pk: element for element in claim.elements.all()}
        # The order is one more field, so that two who reorder at once are refused like two who reword.
        self.order = {ORDER: _in_order(self.present)}
        self.changes: FieldValues = {}
        self.added: list[ElementInput] = []
        self._sequence: list[UUID | None] = list(self.present)  # in the order of afterwards; None for the next added
        if entries is not None:
            self._read(entries, seen)

    def _read(self, entries: Sequence[ElementInput], seen: SeenValues) -> None:
        known = {entry.id: entry for entry in entries if entry.id}
        if known.keys() - self.present.keys():
            raise Invalid({"elements": [_("No such element in this claim.")]})
        unseen = self._unseen(seen)
        self._refuse_left_out(self.present.keys() - known.keys() - unseen)
        for pk, entry in known.items():
            element = self.present[pk]
            if entry.text is not UNCHANGED:
                self.changes[element_field(element, "text")] = words_of_element(entry)
            if entry.essential is not UNCHANGED:
                self.changes[element_field(element, "essential")] = entry.essential
        # What somebody else added in the same words meanwhile is not added once more.
        there = {self.present[pk].text for pk in unseen}
        kept = [entry for entry in entries if entry.id or words_of_element(entry) not in there]
        self.added = [entry for entry in kept if not entry.id]
        if seen.values is None:  # a form does not let one change the order
            left_out = [pk for pk in self.present if pk not in known]
            self.changes[ORDER] = _in_order([*known, *left_out])
            self._sequence = [*(entry.id for entry in kept), *left_out]
        else:
            self._sequence += [None] * len(self.added)
        check_number([*self.present, *self.added], MOST_ELEMENTS, "elements")

    def _unseen(self, seen: SeenValues) -> set[UUID]:
        """The elements that were added after the author opened the form."""
        if seen.values is not None:
            return {pk for pk, element in self.present.items() if element_field(element, "text") not in seen.values}
        if seen.version is None:
            return set()
        since = fields_changed_since(self.claim, seen.version)
        return {pk for pk, element in self.present.items() if element_field(element, "added") in since}

    def _refuse_left_out(self, ids: set[UUID]) -> None:
        # Existing evidence on the element makes no difference: the answer could reveal restricted evidence.
        message = _("“%(text)s” cannot be removed. Reword it, or mark it as not essential.")
        left_out = [message % {"text": element.text} for pk, element in self.present.items() if pk in ids]
        if left_out:
            raise Invalid({"elements": left_out})

    def write(self, changed: Mapping[str, Any]) -> list[str]:
        """Write the changes that `accounts.edits.merge` kept, and the added elements.

        Returns the names of the changed fields.
        """
        names = [name for name in changed if name.startswith("elements.")]
        if not names and not self.added:
            return []
        elements = {str(pk): element for pk, element in self.present.items()}
        for name in names:
            if name != ORDER:
                _elements, pk, field = name.split(".")
                setattr(elements[pk], field, changed[name])
        new = [
            Element(
                claim=self.claim,
                text=words_of_element(entry),
                essential=True if entry.essential is UNCHANGED else entry.essential,
            )
            for entry in self.added
        ]
        next_one = iter(new)
        self._save([self.present[pk] if pk else next(next_one) for pk in self._sequence])
        return [element_field(element, name) for element in new for name in ("added", "text", "essential")]

    def _save(self, rows: Sequence[Element]) -> None:
        # Move elements out of the way first: each position is unique.
        self.claim.elements.update(position=F("position") + 1000)
        for position, element in enumerate(rows):
            element.position = position
            check_fields(element, exclude=("claim",))
            element.save()
        # Without an essential element no count would decide anything.
        if rows and not any(element.essential for element in rows):
            raise Invalid({"elements": [_("At least one element must be essential.")]})


def _in_order(ids: Any) -> str:
    return " ".join(str(pk) for pk in ids)


def words_of_element(entry: ElementInput) -> str:
    """Return the element's text. Raises Invalid where there is none."""
    text = "" if entry.text is UNCHANGED else entry.text
    return given_text(text, field="elements", message=_("Enter the words of each element."))
