"""Addresses of the pages about oneself and one's desks."""

from django.urls import path

from accounts.views import account, desk

urlpatterns = [
    path("account/", account.account, name="account"),
    path("desk/", desk.desk, name="desk"),
]
