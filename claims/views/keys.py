"""Whether a file names the keys that this server's pages check with, so that they do not come from the database."""

from django.utils.translation import gettext as _

from ledger.trusted import has_policy


def unkeyed() -> str:
    """The warning that a page shows in place of any result where no file names the keys; empty otherwise."""
    if has_policy():
        return ""
    return _(
        "Not checked: the keys come from the database, so this proves nothing against its owner. Ask your "
        "administrator to set LEDGER_POLICY."
    )
