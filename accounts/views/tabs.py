"""The pages about the person's account, each at its own address."""

from typing import TypedDict

from django.urls import reverse
from django.utils.translation import gettext as _


class AccountTab(TypedDict):
    """A link to one of the pages; `current` on that page itself."""

    label: str
    url: str
    current: bool


class TabsContext(TypedDict):
    """The names that `accounts/account_base.html` needs."""

    tabs: list[AccountTab]
    tabs_label: str
    page_title: str


def account_tabs(current: str) -> TabsContext:
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
    tabs = [AccountTab(label=label, url=reverse(name), current=name == current) for name, label in labels.items()]
    return TabsContext(tabs=tabs, tabs_label=_("Your account"), page_title=labels[current])
