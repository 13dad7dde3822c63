"""Addresses for signing in and out; allauth's other pages (sign-up, e-mail, reset) have no address here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views
from allauth.mfa.base.views import authenticate as second_factor
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from accounts.limits import slowed
from accounts.requests import PersonsRequest
from accounts.second_factor import open_without_factor
from accounts.stages import while_first_step_holds


def with_own_password(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`view` for people who have a password; others (sign-in through an organisation) are sent to get one by mail."""

    @wraps(view)
    def answer(request: PersonsRequest, *args: Any, **named: Any) -> HttpResponse:
        if not request.user.has_usable_password():
            return redirect("forgotten-password")
        return view(request, *args, **named)

    return answer


urlpatterns = [
    path("login/", slowed(views.login), name="account_login"),
    path("logout/", open_without_factor(views.logout), name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", slowed(with_own_password(views.password_change)), name="account_change_password"),
    path("login/code/", while_first_step_holds(second_factor), name="mfa_authenticate"),
]
