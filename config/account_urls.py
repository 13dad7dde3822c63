"""The ways to sign in and out that are open; allauth's others (sign-up, e-mail, reset) have no address here."""

from allauth.account import views
from allauth.mfa.base.views import authenticate as second_factor
from django.urls import path

from accounts.limits import slowed
from accounts.second_factor import open_without_factor
from accounts.stages import while_first_step_holds

urlpatterns = [
    path("login/", slowed(views.login), name="account_login"),
    path("logout/", open_without_factor(views.logout), name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", slowed(views.password_change), name="account_change_password"),
    path("login/code/", while_first_step_holds(second_factor), name="mfa_authenticate"),
]
