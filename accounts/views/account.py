"""Pages about oneself."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.actions import change_preferences
from accounts.forms import PreferencesForm
from accounts.pages import PersonsRequest, form_page, sent
from accounts.queries import memberships_of


@form_page
def account(request: PersonsRequest) -> HttpResponse:
    """The person's own settings, and what they are on which desk."""
    form = PreferencesForm(**sent(request), initial={"time_zone": request.user.time_zone})
    if form.handed_in(lambda given: change_preferences(time_zone=given["time_zone"], by=request.user)):
        return redirect("account")
    context = {"form": form, "memberships": memberships_of(request.user)}
    return render(request, "accounts/account.html", context, status=form.status)
