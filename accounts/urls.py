"""Addresses of the pages about oneself and one's desks."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("desk/", views.desk, name="desk"),
]
