"""The public part of the static interface, under `ledger/`."""

from django.urls import path

from ledger import views

urlpatterns = [
    path("checkpoint", views.checkpoint, name="ledger-checkpoint"),
    path("checkpoint.witnessed", views.witnessed, name="ledger-witnessed"),
    path("policy", views.policy, name="ledger-policy"),
    path("verifier.py", views.verifier, name="ledger-verifier"),
    path("ledger.md", views.specification, name="ledger-format"),
    path("tile/<path:path>", views.tile, name="ledger-tile"),
]
