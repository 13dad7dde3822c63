"""The ways to sign in and out that are open; allauth's others (sign-up, e-mail, reset) have no address here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views
from allauth.mfa.base.views import authenticate as second_factor
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.second_factor import open_without_factor
from accounts.stages import while_first_step_holds


def slowed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page of `view`; with 429 and `Retry-After` where a password was tried too soon, and not looked at."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = view(request, *args, **named)
        if seconds := getattr(request, "seconds_to_wait", 0):
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response

    return answer


urlpatterns = [
    path("login/", slowed(views.login), name="account_login"),
    path("logout/", open_without_factor(views.logout), name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("login/code/", while_first_step_holds(second_factor), name="mfa_authenticate"),
]
