"""The addresses of the bare project."""

from django.contrib.auth.views import LoginView
from django.urls import path

from bench.bare import views

urlpatterns = [
    path("", views.rows, name="rows"),
    path("rows/<int:row_id>/", views.row, name="row"),
    path("rows/<int:row_id>/move/", views.move, name="move"),
    path("uploads/", views.upload, name="upload"),
    path("login/", LoginView.as_view(template_name="bare/login.html"), name="login"),
]
