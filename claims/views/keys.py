"""Whether this server's pages have keys to check by that do not come from the database."""

from django.utils.translation import gettext as _

from ledger.trusted import has_policy


def unkeyed() -> str:
    """What a page says, in red and instead of any result, where no file names the keys; else nothing."""
    if has_policy():
        return ""
    return _(
        "Not checked. Keys are taken from the database: this proves nothing against whoever owns it. "
        "Tell whoever runs this installation to set LEDGER_POLICY."
    )
