"""Signing in by a passkey alone: it names its owner, and asked for a PIN, fingerprint or face."""

from allauth.account.utils import get_next_redirect_url, perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.forms import ShownPasskeyForm
from accounts.limits import limited
from accounts.passkeys import authentication_options
from house.pages import form_page


@login_not_required
@never_cache
@form_page
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """GET: the options for the browser to use a passkey, as JSON. POST: the passkey signs the person in."""
    if refused := limited(request, "login"):
        return refused
    if request.method != "POST":
        return JsonResponse(authentication_options(None))
    if request.user.is_authenticated:
        return redirect("work")
    form = ShownPasskeyForm(request.POST, user=None)
    if not form.is_valid():
        for text in form.errors.get("credential", []):
            messages.error(request, str(text))
        return redirect("account_login")
    answer: HttpResponse = perform_login(request, form.save(), redirect_url=get_next_redirect_url(request))
    return answer
