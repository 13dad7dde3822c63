"""Strict parsing of URLs, with the host in one plain form."""

import http.client
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna
from django.utils.translation import gettext as _

from sources.fetch.errors import FetchRefused

LONGEST_URL = 8000  # characters


@dataclass(frozen=True, slots=True)
class FetchTarget:
    """A parsed URL. `netloc`: as sent, with the port unless it is the scheme's default; `path`: with the query."""

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


def parse(url: str) -> FetchTarget:
    """The parsed form of a URL that is well formed for fetching. Raises FetchRefused."""
    if len(url) > LONGEST_URL:
        raise FetchRefused(_("This address is too long. The limit is %(most)d characters.") % {"most": LONGEST_URL})
    if any(sign in ' \\"<>' or not sign.isprintable() for sign in url):
        raise FetchRefused(_("This address contains a space or an invalid character. Remove it."))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page.")) from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page."))
    if "@" in parts.netloc:
        raise FetchRefused(_("This address contains a user name or password. Remove it."))
    name = _literal_v6(parts.netloc) if parts.netloc.startswith("[") else _host_name(host)
    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    netloc = f"[{name}]" if ":" in name else name
    if port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    path = quote(parts.path or "/", safe=_KEPT_IN_PATH)
    if parts.query:
        path = f"{path}?{quote(parts.query, safe=_KEPT_IN_PATH + '?')}"
    return FetchTarget(parts.scheme, name, port, netloc, path)


def _literal_v6(netloc: str) -> str:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]*)\](?::[0-9]*)?", netloc)  # no zone: it would name our interface
    try:
        return str(ipaddress.IPv6Address(bracketed[1] if bracketed else ""))
    except ValueError as error:
        raise FetchRefused(_("The host name in this address is not in a usual form.")) from error


def _host_name(host: str) -> str:
    """The host in lowercase ASCII without a final dot. Raises FetchRefused.

    Accepts numeric addresses in dotted form only: resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1.
    """
    try:
        name = (host if host.isascii() else idna.encode(host, uts46=True).decode()).removesuffix(".")
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        if _LIKE_A_NUMBER.fullmatch(name):
            ipaddress.IPv4Address(name)
    except ValueError as error:  # also what idna raises
        raise FetchRefused(_("The host name in this address is not in a usual form.")) from error
    return name


def is_literal(host: str) -> bool:
    """Whether a host is a numeric address rather than a name."""
    return ":" in host or _LIKE_A_NUMBER.fullmatch(host) is not None


def location_of(answer: http.client.HTTPResponse) -> str | None:
    """The target of a redirect, as the server wrote it; None for any other answer."""
    location = answer.getheader("Location")
    if answer.status not in (301, 302, 303, 307, 308) or not location:
        return None
    # http.client decodes headers as Latin-1, but servers nearly always mean UTF-8.
    return location.strip().encode("latin-1", "replace").decode("utf-8", "replace")


def joined(url: str, *, location: str) -> str:
    """The absolute address that a redirect of `url` leads to. Raises FetchRefused."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchRefused(_("This is not an address on the web. Enter one like https://example.org/page.")) from error
