"""The losses of support that a person has confirmed before an act; see `parts/unconfirmed.html`."""

from django.http import HttpRequest

from claims.verdicts.side_effects import Effects


def consent(request: HttpRequest) -> Effects:
    """Make an action ask about losses other than those that the person has seen and confirmed."""
    return Effects(agreed=frozenset(request.POST.get("agreed", "").split()))
