"""The addresses of a host, and whether a fetch may reach them."""

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from sources.fetch.errors import FetchFailed, FetchRefused, in_plain_words
from sources.fetch.line import FetchBudget
from sources.fetch.target import FetchTarget, is_literal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str], list[str]]

PORTS = frozenset({80, 443, 8080, 8443})


def resolve(host: str) -> list[str]:
    """All addresses of a host name, from the system's resolver. Raises OSError."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


def _networks(*names: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in names)


# IANA's registries of special-purpose addresses, and a cloud provider's metadata address.
_NOT_PUBLIC = _networks(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    # Inside global unicast: Teredo and other protocols, two documentation ranges, and 6to4, which embeds IPv4.
    *("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def _meant(address: Address) -> Address:
    """The IPv4 address inside a mapped (::ffff:0:0/96) or NAT64 one; any other address unchanged."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    outside = isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST
    return not outside and not any(address in network for network in _NOT_PUBLIC)


def checked_addresses(target: FetchTarget, allow: Sequence[Network], resolve: Resolver, line: FetchBudget) -> list[str]:
    """The addresses of the target's host. Raises FetchRefused if any is neither public nor in `allow`, FetchFailed."""
    resolved = _resolved(target.host, resolve, line)
    addresses = [_meant(ipaddress.ip_address(each)) for each in resolved]
    allowed = [any(address in network for network in allow) for address in addresses]
    if not all(_is_public(address) or known for address, known in zip(addresses, allowed, strict=True)):
        raise FetchRefused(
            _("This address is not on the public internet, so it cannot be captured. Attach a file instead.")
        )
    if target.port not in PORTS and not all(allowed):
        raise FetchRefused(_("Only ports 80, 443, 8080 and 8443 can be captured. Attach a file instead."))
    return resolved


def _resolved(host: str, resolve: Resolver, line: FetchBudget) -> list[str]:
    if is_literal(host):
        return [host]
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host))
        except (OSError, UnicodeError):
            answers.put([])

    # The system's resolver has no timeout, so a slow one is left behind in its thread.
    threading.Thread(target=ask, daemon=True).start()
    try:
        with in_plain_words():
            addresses = answers.get(timeout=line.left())
    except queue.Empty as error:
        raise FetchFailed(_("The server took too long to answer. Try again later, or attach a file.")) from error
    if not addresses:
        raise FetchFailed(_("No server with this name. Check the address."))
    return addresses
