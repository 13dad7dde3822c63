"""Rules on visibility: editing a thing may make it stricter; only a release, an act of its own, shows it to more
people.
"""

from django.utils.translation import gettext as _

from house.errors import Invalid
from sources.models import Source, Visibility


def is_looser(visibility: str, *, before: str) -> bool:
    """Whether more people would see the thing."""
    return Visibility(visibility).strictness < Visibility(before).strictness


def refuse_looser(visibility: str, *, before: str) -> None:
    """Refuse a looser visibility in edits: a form opened before a colleague restricted the thing must not undo that.

    Raises Invalid.
    """
    if visibility in Visibility.values and is_looser(visibility, before=before):
        message = _("Visible now to: %(visibility)s. To let more people see it, an editor must release it.")
        raise Invalid({"visibility": [message % {"visibility": Visibility(before).label}]})


def check_release(visibility: str, *, before: str) -> None:
    """Check that a release lets more people see the thing. Raises Invalid."""
    # Not back to restricted: that is an edit, and needs no reason.
    if visibility not in (Visibility.PUBLIC, Visibility.DESK):
        raise Invalid({"visibility": [_("Choose one of: %(names)s.") % {"names": "desk, public"}]})
    if not is_looser(visibility, before=before):
        raise Invalid({"visibility": [_("It is already visible to these people.")]})


def check_hanging_on(visibility: str, source: Source) -> None:
    """Check that a file or a capture is at least as strict as its source. Raises Invalid."""
    if is_looser(visibility, before=source.visibility):
        message = _("Its source is visible to: %(visibility)s. Release the source first.")
        raise Invalid({"visibility": [message % {"visibility": Visibility(source.visibility).label}]})
