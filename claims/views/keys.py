"""Whether this server's pages have keys to check by that do not come from the database."""

from django.utils.translation import gettext as _

from ledger.trusted import has_policy


def unkeyed() -> str:
    """What a page says, in red and instead of any result, where no file names the keys; else nothing."""
    if has_policy():
        return ""
    return _(
        "Not checked: the keys come from the database, so this proves nothing against its owner. Ask your "
        "administrator to set LEDGER_POLICY."
    )
