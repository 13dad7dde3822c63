"""Addresses as people write them down."""

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:(?!\d)|[^\s/?#]*://")
# A host with a dot in it, or one in brackets, and maybe a port: no word, no name at a mail server.
_HOST = re.compile(r"(localhost|\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+\.[^\s/?#@:\[\].]+\.?)(:\d{1,5})?(?=[/?#]|$)")


def completed(address: str) -> str:
    """The address with https:// where it has no scheme and begins with a host; anything else as it is."""
    address = address.strip()
    if address.startswith("//"):
        address = address[2:]
    elif _SCHEME.match(address):
        return address
    return f"https://{address}" if _HOST.match(address) else address
