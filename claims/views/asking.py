"""What a person has agreed to before an act takes support away; see `parts/unconfirmed.html`."""

from django.http import HttpRequest

from claims.verdicts.side_effects import Effects


def consent(request: HttpRequest) -> Effects:
    """For an action: ask first about losses other than those that the person has seen and confirmed."""
    return Effects(agreed=frozenset(request.POST.get("agreed", "").split()))
