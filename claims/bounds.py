"""How much of one kind a claim has, or one request brings: more than anybody needs, and never so much that others wait.

Each is asked by the action that takes it, in a sentence that says what to do instead; the API's bodies say the same.
"""

from collections.abc import Sized

from django.utils.translation import gettext as _

from house.errors import Invalid

MOST_ELEMENTS = 20  # of a claim
MOST_ACTORS = 50  # who claim the same, and who are parties, each
MOST_TOPICS = 50  # of a claim
MOST_ATTACHED = 50  # pieces of evidence written down with a new claim
MOST_NAMED = 500  # pieces of evidence that one move or assessment rests on, or answers


def check_number(given: Sized, most: int, field: str) -> None:
    """Raises Invalid for more than so many."""
    if len(given) > most:
        text = _("At most %(most)d are allowed; these are %(number)d. Leave out the least important.")
        raise Invalid({field: [text % {"most": most, "number": len(given)}]})


def check_attached(given: Sized) -> None:
    """Raises Invalid for more evidence than a new claim is written down with."""
    if len(given) > MOST_ATTACHED:
        text = _("At most %(most)d pieces of evidence can come with a new claim. Attach the others one by one.")
        raise Invalid({"evidence": [text % {"most": MOST_ATTACHED}]})
