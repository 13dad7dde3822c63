"""Where a request comes from, as far as it can be trusted; see docs/decisions/0055-trusted-proxies.md."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# The prefixes of networks that one person may well have to themselves, the narrowest first.
OWN_PREFIXES = {4: (32,), 6: (64, 48)}


def client_address(request: HttpRequest) -> str:
    """The address that a request comes from; "" where nobody says (a socket file without a proxy's word).

    That of the connection, or, behind `TRUSTED_PROXIES` proxies, the one that the outermost of them saw: each adds the
    address that asked it at the end of X-Forwarded-For; what stands before was written by whoever asked.
    """
    told = _told_by_proxies(request, settings.TRUSTED_PROXIES)
    return str(told) if told else str(request.META.get("REMOTE_ADDR", ""))


def networks_of(address: str) -> list[str]:
    """The networks that an address is counted by, the narrowest first: itself, or of IPv6 its /64 and its /48."""
    try:
        parsed = _plain(ip_address(address))
    except ValueError:
        return [address]
    return [str(ip_network((parsed, prefix), strict=False)) for prefix in OWN_PREFIXES[parsed.version]]


def _told_by_proxies(request: HttpRequest, proxies: int) -> IPv4Address | IPv6Address | None:
    """The address that the outermost of so many proxies added; None where they have not, or added none that is one."""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not 0 < proxies <= len(told):
        return None
    try:
        return _plain(ip_address(told[-proxies].strip()))
    except ValueError:
        return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Written as IPv6, all of IPv4 would be counted as one network."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
