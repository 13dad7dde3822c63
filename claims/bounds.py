"""Upper limits on what one claim or one request may hold: more than anybody needs, and little enough that others never
wait.

The action that takes the material checks each limit, with a message that says what to do instead. The API's bodies
state the same limits.
"""

from collections.abc import Sized

from django.utils.translation import gettext as _

from house.errors import Invalid

MOST_ELEMENTS = 20  # per claim
MOST_ACTORS = 50  # claimants besides the first, and parties, each
MOST_TOPICS = 50  # per claim
MOST_ATTACHED = 50  # pieces of evidence that a new claim may bring
MOST_NAMED = 500  # pieces of evidence that one move or assessment may rest on or answer


def check_number(given: Sized, most: int, field: str) -> None:
    """Check a number of items against its limit. Raises Invalid."""
    if len(given) > most:
        text = _("At most %(most)d are allowed; these are %(number)d. Leave out the least important.")
        raise Invalid({field: [text % {"most": most, "number": len(given)}]})


def check_attached(given: Sized) -> None:
    """Check the number of pieces of evidence attached to a new claim. Raises Invalid."""
    if len(given) > MOST_ATTACHED:
        text = _("At most %(most)d pieces of evidence can come with a new claim. Attach the others one by one.")
        raise Invalid({"evidence": [text % {"most": MOST_ATTACHED}]})
