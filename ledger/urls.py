"""The public part of the static interface, under `ledger/`."""

from django.urls import path, register_converter

from ledger import views


class LeafHashConverter:
    """A leaf hash, in hex."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LeafHashConverter, "leaf_hash")

LEAF = "<leaf_hash:leaf_hash>"

urlpatterns = [
    path("checkpoint", views.checkpoint, name="ledger-checkpoint"),
    path("checkpoint.witnessed", views.witnessed, name="ledger-cosigned"),
    path(f"leaf/{LEAF}", views.leaf, name="ledger-leaf"),
    path("policy", views.policy_answer, name="ledger-policy"),
    path("stamps.json", views.stamps, name="ledger-stamps"),
    path("stamps/<path:path>", views.stamp, name="ledger-stamp"),
    path("verifier.py", views.verifier, name="ledger-verifier"),
    path("ledger.md", views.specification, name="ledger-format"),
    path("tile/<path:path>", views.tile, name="ledger-tile"),
]
