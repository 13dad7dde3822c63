"""The person's own API tokens."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.actions import create_token, revoke_token
from accounts.forms import TokenForm
from accounts.models import Token
from accounts.queries import tokens_of
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from accounts.views.tabs import account_tabs
from house.pages import CleanedData, done, form_page, sent


@asks_again("POST")
@form_page
def tokens(request: PersonsRequest) -> HttpResponse:
    """The tokens, and the form for a new one, which is shown only on the page that answers."""
    form = TokenForm(**sent(request))

    def make(given: CleanedData) -> tuple[Token, str]:
        lifetime, user = timedelta(days=given["lifetime_days"]), request.user
        return create_token(user=user, name=given["name"], lifetime=lifetime, scopes=given["scopes"], by=user)

    made = form.outcome if form.submitted(make) else None
    context = {
        "form": TokenForm() if made else form,
        "made": made,
        "tokens": tokens_of(request.user),
        "now": timezone.now(),
        **account_tabs("tokens"),
    }
    page = render(request, "accounts/tokens.html", context, status=form.status)
    return done(page) if made else page


@require_POST
def end_token(request: PersonsRequest, token_id: UUID) -> HttpResponse:
    """Revoke a token, without a form."""
    revoke_token(token_id=token_id, by=request.user)
    return redirect("tokens")
