"""The address a request comes from, as far as it can be trusted; see docs/decisions/0055-trusted-proxies.md."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# Prefix lengths of networks that one person may own, narrowest first.
OWN_PREFIXES = {4: (32,), 6: (64, 48)}


def client_address(request: HttpRequest) -> str:
    """The address of the connection, or the one that the outermost of `TRUSTED_PROXIES` proxies saw; "" if unknown.

    Each proxy appends the address of its client to X-Forwarded-For; anything further left was written by the client.
    """
    told = _told_by_proxies(request, settings.TRUSTED_PROXIES)
    return str(told) if told else str(request.META.get("REMOTE_ADDR", ""))


def networks_of(address: str) -> list[str]:
    """The networks that an address is counted by, narrowest first: the address itself, or its IPv6 /64 and /48."""
    try:
        parsed = _plain(ip_address(address))
    except ValueError:
        return [address]
    return [str(ip_network((parsed, prefix), strict=False)) for prefix in OWN_PREFIXES[parsed.version]]


def _told_by_proxies(request: HttpRequest, proxies: int) -> IPv4Address | IPv6Address | None:
    """The address that the outermost of these proxies added; None if it added none or a malformed one."""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not 0 < proxies <= len(told):
        return None
    try:
        return _plain(ip_address(told[-proxies].strip()))
    except ValueError:
        return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address as plain IPv4 if it was mapped: written as IPv6, all of IPv4 would count as one network."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
