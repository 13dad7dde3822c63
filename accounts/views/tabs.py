"""The pages about the person's account, each at its own address."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def account_tabs(current: str) -> dict[str, Any]:
    """The context of `accounts/account_base.html`; `current` names the page's own address."""
    labels = {
        "account": _("You"),
        "account-mail": _("Mail"),
        "signing-in": _("Signing in"),
        "second-factors": _("Second factors"),
        "tokens": _("API tokens"),
        "conflicts": _("Conflicts of interest"),
        "receipts": _("Receipts"),
    }
    tabs = [{"label": label, "url": reverse(name), "current": name == current} for name, label in labels.items()]
    return {"tabs": tabs, "tabs_label": _("Your account"), "page_title": labels[current]}
