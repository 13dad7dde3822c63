"""The public part of the static interface, under `ledger/`."""

from django.urls import path, re_path

from ledger import views

urlpatterns = [
    path("checkpoint", views.checkpoint, name="ledger-checkpoint"),
    re_path(r"^leaf/(?P<leaf_hash>[0-9a-f]{64})$", views.leaf, name="ledger-leaf"),
    path("policy", views.policy, name="ledger-policy"),
    path("tile/<path:path>", views.tile, name="ledger-tile"),
]
