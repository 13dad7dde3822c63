"""What a URL answers, fetched so that nobody can use it to reach into a network that is not theirs to see.

How that is held, hop by hop:

- a URL is taken apart strictly: http or https, no credentials, a host written in the one plain way;
- its host is resolved once, every address that comes back must be public (or in `allow`), and the connection goes to
  an address that was checked: a name that answers differently the next moment gains nothing;
- redirects are followed by hand, and each is treated like a URL that somebody typed;
- one deadline covers everything, and bytes are counted as they come off the line, before anything is made of them.

It stands on the standard library's http.client, over a socket that is connected here. The package requests-hardened
falls short of this: it goes through the proxies of the environment, looks at the first address only, can let in no
network but loopback, and its time limit starts anew with each byte. Mending that replaces all that it brings.

No cookies, no proxies, no decompression: `Accept-Encoding: identity` is asked for, and what a server compresses all the
same is kept as the bytes that came, with the header that says so.
"""

import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import certifi
import idna
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str], list[str]]
Body = TypeVar("Body")
Body_co = TypeVar("Body_co", covariant=True)

USER_AGENT = "SecondSource/1 (+capture)"
PORTS = frozenset({80, 443, 8080, 8443})
MOST_REDIRECTS = 5
LONGEST_URL = 8000  # characters
MOST_HEADER_BYTES = 64 * 2**10
CHUNK = 64 * 2**10  # bytes
OVERHEAD = 2**20  # bytes of headers and chunk marks that may come besides a body


class FetchRefused(Exception):
    """The URL is not one that is fetched. The text is a sentence for the person who typed it."""


class FetchFailed(Exception):
    """The URL may be fetched, but no whole answer came. The text is a sentence for the person who typed it."""


class Sink(Protocol[Body_co]):
    """What takes the body: it reads all `chunks` and answers what it made of them. At most `limit` bytes come; what
    goes wrong on the way is raised while it reads, so it has to leave nothing half done."""

    def __call__(self, chunks: Iterable[bytes], /, *, limit: int) -> Body_co: ...


@dataclass(frozen=True, slots=True)
class Redirect:
    """A URL that answered with another."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Body]):
    """An answer: any status that is no redirect, for a page that says 'not found' is also what the URL answered.

    `headers` as they came, in order; `redirects` those that were followed, oldest first; `downgraded`: one of them led
    from https to http, so what came after may have been changed on the way; `body`: what the sink answered.
    """

    status: int
    final_url: str
    headers: list[tuple[str, str]]
    redirects: list[Redirect]
    downgraded: bool
    body: Body


def resolve(host: str) -> list[str]:
    """All addresses of a host name, by the system's resolver. Raises OSError where there is none."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


def fetch(
    url: str,
    *,
    allow: Sequence[Network],
    sink: Sink[Body],
    limit: int = 25 * 2**20,
    seconds: float = 30,
    resolve: Resolver = resolve,
) -> Fetched[Body]:
    """Fetch `url` and hand its body to `sink`.

    `allow`: networks that may be reached besides public addresses, on any port. `limit`: the most bytes of a body.
    `seconds`: how long all of it may take. Raises FetchRefused, FetchFailed, and what `sink` raises of its own.
    """
    line = _Line(time.monotonic() + seconds, limit + OVERHEAD)
    redirects: list[Redirect] = []
    target = _parse(url)
    while True:
        with _said_of_redirect(redirects):
            connection = _connect(target, allow, resolve, line)
        with closing(connection), _answer(connection, target, line) as answer:
            location = _location(answer)
            if location is None:
                headers = _headers(answer)
                body = sink(_chunks(answer, limit), limit=limit)
                downgraded = any(each.url.startswith("https:") for each in redirects) and target.scheme == "http"
                return Fetched(answer.status, target.url, headers, redirects, downgraded, body)
            redirects.append(Redirect(target.url, answer.status))
        if len(redirects) > MOST_REDIRECTS:
            raise FetchFailed(_("This address redirects more than 5 times. Enter the one that it should lead to."))
        with _said_of_redirect(redirects):
            target = _parse(_joined(target.url, location))


@contextmanager
def _said_of_redirect(redirects: Sequence[Redirect]) -> Iterator[None]:
    """Once there are redirects, a refusal is of an address that the person did not type."""
    try:
        yield
    except FetchRefused as error:
        if not redirects:
            raise
        raise FetchRefused(_("This address redirects to another. %(reason)s") % {"reason": error}) from error


# The URL


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    netloc: str
    path: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?!.{254})[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LIKE_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_KEPT_IN_PATH = "/%:@!$&'()*+,;=~[]|^`{}"


def _parse(url: str) -> _Target:
    if len(url) > LONGEST_URL:
        raise FetchRefused(
            _("This address is too long. Enter one of at most %(most)d characters.") % {"most": LONGEST_URL}
        )
    if any(sign in ' \\"<>' or not sign.isprintable() for sign in url):
        raise FetchRefused(_("This address holds a space or a sign that no address may hold. Enter it without."))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page.")) from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page."))
    if "@" in parts.netloc:
        raise FetchRefused(_("This address holds a name or a password. Enter it without."))
    name = _literal_v6(parts.netloc) if parts.netloc.startswith("[") else _host_name(host)
    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    netloc = f"[{name}]" if ":" in name else name
    if port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    path = quote(parts.path or "/", safe=_KEPT_IN_PATH)
    if parts.query:
        path = f"{path}?{quote(parts.query, safe=_KEPT_IN_PATH + '?')}"
    return _Target(parts.scheme, name, port, netloc, path)


def _literal_v6(netloc: str) -> str:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]*)\](?::[0-9]*)?", netloc)  # so no zone, which names an interface here
    try:
        return str(ipaddress.IPv6Address(bracketed[1] if bracketed else ""))
    except ValueError as error:
        raise FetchRefused(_("The host in this address is not written in a usual way.")) from error


def _host_name(host: str) -> str:
    """The host in lowercase ASCII without a last dot. An address of numbers counts only in its usual form: the resolver
    would take 2130706433, 0x7f.1 and 0177.0.0.1 for 127.0.0.1."""
    try:
        name = (host if host.isascii() else idna.encode(host, uts46=True).decode()).removesuffix(".")
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        if _LIKE_A_NUMBER.fullmatch(name):
            ipaddress.IPv4Address(name)
    except ValueError as error:  # also what idna raises
        raise FetchRefused(_("The host in this address is not written in a usual way.")) from error
    return name


def _location(answer: http.client.HTTPResponse) -> str | None:
    location = answer.getheader("Location")
    if answer.status not in (301, 302, 303, 307, 308) or not location:
        return None
    # http.client reads headers as Latin-1; what servers write unescaped is UTF-8 by far most often.
    return location.strip().encode("latin-1", "replace").decode("utf-8", "replace")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page.")) from error


# The address


def _networks(*names: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in names)


# IANA's registries of special-purpose addresses, and where a cloud answers its own machines.
_NOT_PUBLIC = _networks(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    # Inside global unicast: Teredo and other protocols, documentation twice, 6to4, which carries an IPv4 address.
    *("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def _meant(address: Address) -> Address:
    """The IPv4 address that a mapped (::ffff:0:0/96) or translated (NAT64) one leads to, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    outside = isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST
    return not outside and not any(address in network for network in _NOT_PUBLIC)


def _checked_addresses(target: _Target, allow: Sequence[Network], resolve: Resolver, line: "_Line") -> list[str]:
    """The addresses of the target's host; refused as soon as one of them is neither public nor in `allow`."""
    resolved = _resolved(target.host, resolve, line)
    addresses = [_meant(ipaddress.ip_address(each)) for each in resolved]
    allowed = [any(address in network for network in allow) for address in addresses]
    if not all(_is_public(address) or known for address, known in zip(addresses, allowed, strict=True)):
        raise FetchRefused(
            _("This address is not on the public internet, so it is not fetched. Attach a file instead.")
        )
    if target.port not in PORTS and not all(allowed):
        raise FetchRefused(_("This port is not fetched; only 80, 443, 8080 and 8443 are. Attach a file instead."))
    return resolved


def _resolved(host: str, resolve: Resolver, line: "_Line") -> list[str]:
    if ":" in host or _LIKE_A_NUMBER.fullmatch(host):
        return [host]
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host))
        except (OSError, UnicodeError):
            answers.put([])

    # The system's resolver takes no time limit. Its thread is left behind where it takes too long.
    threading.Thread(target=ask, daemon=True).start()
    try:
        with _in_plain_words():
            addresses = answers.get(timeout=line.left())
    except queue.Empty as error:
        raise FetchFailed(_("The server took too long to answer. Try again later, or attach a file.")) from error
    if not addresses:
        raise FetchFailed(_("No server of this name was found. Check the address."))
    return addresses


# The line


class _Line:
    """What is left of the time and of the bytes for the whole fetch."""

    def __init__(self, until: float, most: int) -> None:
        self._until = until
        self._most = most

    def left(self) -> float:
        """Seconds left. Raises TimeoutError where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def count(self, size: int) -> int:
        """Count bytes that came. Raises FetchFailed where they are too many."""
        self._most -= size
        if self._most < 0:
            raise FetchFailed(_too_large())
        return size


class _Socket(socket.socket):
    line: _Line

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.line.left())  # what is left, not anew for each byte
        return self.line.count(super().recv_into(buffer, nbytes, flags))


class _SecureSocket(ssl.SSLSocket):
    line: _Line

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.line.left())
        return self.line.count(super().recv_into(buffer, nbytes, flags))


def _connect(target: _Target, allow: Sequence[Network], resolve: Resolver, line: _Line) -> http.client.HTTPConnection:
    """A connection to a checked address of the target."""
    addresses = _checked_addresses(target, allow, resolve, line)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it uses the socket that it is given, and never opens one by itself
    with _in_plain_words():
        connected = _first_that_answers(addresses, target.port, line)
        connection.sock = _secured(connected, target.host, line) if target.scheme == "https" else connected
    return connection


def _first_that_answers(addresses: Sequence[str], port: int, line: _Line) -> _Socket:
    problem: OSError = ConnectionError()
    for place, address in enumerate(addresses):
        connected = _Socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connected.line = line
            connected.settimeout(line.left() / (len(addresses) - place))
            connected.connect((address, port))
        except OSError as error:
            connected.close()
            problem = error
        else:
            return connected
    raise problem


def _secured(connected: _Socket, host: str, line: _Line) -> _SecureSocket:
    try:
        context = ssl.create_default_context()  # the system's authorities, so that a desk can add its own
        context.load_verify_locations(certifi.where())  # and the usual ones where the system has none
        context.sslsocket_class = _SecureSocket
        connected.settimeout(line.left())  # a handshake as a whole is held to this
        secured = context.wrap_socket(connected, server_hostname=host)
    except BaseException:
        connected.close()
        raise
    assert isinstance(secured, _SecureSocket)
    secured.line = line
    return secured


# The answer


def _answer(connection: http.client.HTTPConnection, target: _Target, line: _Line) -> http.client.HTTPResponse:
    headers = {
        "Host": target.netloc,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    with _in_plain_words():
        assert connection.sock is not None
        connection.sock.settimeout(line.left())
        connection.request("GET", target.path, headers=headers)
        answer = connection.getresponse()
        size = sum(len(name) + len(value) for name, value in answer.getheaders())
        if answer.status < 200 or size > MOST_HEADER_BYTES:
            answer.close()
            raise http.client.HTTPException
    return answer


def _headers(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """As they came, with folded lines made one, and without NUL, which PostgreSQL does not take."""
    folded = ((name, re.sub(r"\s*[\r\n]+\s*", " ", value)) for name, value in answer.getheaders())
    return [(name.replace("\0", "\ufffd"), value.replace("\0", "\ufffd")) for name, value in folded]


def _chunks(answer: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
    expected, size = answer.length, 0
    while expected is None or expected <= limit:
        with _in_plain_words():
            chunk = answer.read(CHUNK)
        size += len(chunk)
        if size > limit:
            break
        if chunk:
            yield chunk
        elif expected is None or size == expected:
            return
        else:
            raise FetchFailed(_("The server broke off in the middle of its answer. Try again later, or attach a file."))
    raise FetchFailed(_too_large())


def _too_large() -> str:
    return _("What this address answers is larger than a capture may be. Attach a part of it as a file.")


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Makes what the network raises a FetchFailed, without the addresses and names that stand in such errors."""
    try:
        yield
    except TimeoutError as error:
        raise FetchFailed(_("The server took too long to answer. Try again later, or attach a file.")) from error
    except ssl.SSLCertVerificationError as error:
        raise FetchFailed(
            _("The server's certificate is not valid for this address, so its answer is not kept. Check the address.")
        ) from error
    except ssl.SSLError as error:
        raise FetchFailed(_("No secure connection came about. Check the address, or attach a file.")) from error
    except http.client.HTTPException as error:
        raise FetchFailed(_("The server's answer cannot be read. Try again later, or attach a file.")) from error
    except OSError as error:
        raise FetchFailed(_("The server cannot be reached. Try again later, or attach a file.")) from error
