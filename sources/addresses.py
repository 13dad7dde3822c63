"""Web addresses as people type them."""

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:(?!\d)|[^\s/?#]*://")
# A host with a dot, or in brackets, with an optional port: neither a plain word nor a mail address.
_HOST = re.compile(r"(localhost|\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+\.[^\s/?#@:\[\].]+\.?)(:\d{1,5})?(?=[/?#]|$)")


def completed(address: str) -> str:
    """The address with https:// added if it begins with a host and has no scheme; otherwise unchanged."""
    address = address.strip()
    if address.startswith("//"):
        address = address[2:]
    elif _SCHEME.match(address):
        return address
    return f"https://{address}" if _HOST.match(address) else address
