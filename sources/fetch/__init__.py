"""Fetching a URL without letting anyone reach into private networks through it (server-side request forgery).

At every hop:

- the URL is parsed strictly: http or https, no credentials, a host in plain form;
- the host is resolved once, every address must be public (or in `allow`), and the connection goes to a checked
  address, so that a name that later resolves differently gains nothing;
- redirects are followed here, each treated like a typed URL;
- one deadline covers everything, and bytes are counted as they arrive, before any parsing.

Built on the standard library's http.client over our own socket. The package requests-hardened does not suffice: it uses
the environment's proxies, checks the first address only, can allow no network but loopback, and restarts its timeout
with each byte.

No cookies, no proxies, no decompression: it requests `Accept-Encoding: identity`, and keeps an answer compressed
nevertheless as it came, with the header that says so.
"""

import http.client
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from django.utils.translation import gettext as _

from sources.fetch.answer import ask_server, chunks, headers
from sources.fetch.errors import FetchFailed, FetchRefused, in_plain_words
from sources.fetch.line import FetchBudget, first_that_answers, secured
from sources.fetch.reach import Network, Resolver, checked_addresses, resolve
from sources.fetch.target import FetchTarget, joined, location_of, parse

__all__ = ["FetchFailed", "FetchRefused", "Fetched", "Redirect", "Sink", "fetch", "resolve"]

Body = TypeVar("Body")
Body_co = TypeVar("Body_co", covariant=True)

MOST_REDIRECTS = 5
OVERHEAD = 2**20  # bytes of headers and chunk marks that may come besides a body


class Sink(Protocol[Body_co]):
    """A consumer of the body: it reads all `chunks`, at most `limit` bytes, and returns its result.

    Network errors are raised while it reads, so it must leave nothing half done.
    """

    def __call__(self, chunks: Iterable[bytes], /, *, limit: int) -> Body_co: ...


@dataclass(frozen=True, slots=True)
class Redirect:
    """A URL that redirected, with the status of its answer."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Body]):
    """A final answer with any status but a redirect; 'not found' is an answer as well.

    `headers`: as received, in order; `redirects`: followed, oldest first; `downgraded`: a redirect led from https to
    http, so the answer may have been altered on the way; `body`: the sink's result.
    """

    status: int
    final_url: str
    headers: list[tuple[str, str]]
    redirects: list[Redirect]
    downgraded: bool
    body: Body


def fetch(
    url: str,
    *,
    allow: Sequence[Network],
    sink: Sink[Body],
    limit: int = 25 * 2**20,
    seconds: float = 30,
    resolve: Resolver = resolve,
) -> Fetched[Body]:
    """Fetch `url` and pass its body to `sink`.

    `allow`: networks allowed besides public addresses, on any port; `limit`: bytes of the body; `seconds`: for the
    whole fetch. Raises FetchRefused, FetchFailed, and any error of `sink`.
    """
    line = FetchBudget(time.monotonic() + seconds, limit + OVERHEAD)
    redirects: list[Redirect] = []
    target = parse(url)
    while True:
        with _said_of_redirect(redirects):
            connection = _connect(target, allow, resolve, line)
        with closing(connection), ask_server(connection, target, line) as answer:
            location = location_of(answer)
            if location is None:
                came = headers(answer)
                body = sink(chunks(answer, limit), limit=limit)
                downgraded = any(each.url.startswith("https:") for each in redirects) and target.scheme == "http"
                return Fetched(answer.status, target.url, came, redirects, downgraded, body)
            redirects.append(Redirect(target.url, answer.status))
        if len(redirects) > MOST_REDIRECTS:
            raise FetchFailed(_("This address redirects more than 5 times. Enter its final address."))
        with _said_of_redirect(redirects):
            target = parse(joined(target.url, location=location))


@contextmanager
def _said_of_redirect(redirects: Sequence[Redirect]) -> Iterator[None]:
    """Marks a refusal as that of a redirect, whose address the person did not type."""
    try:
        yield
    except FetchRefused as error:
        if not redirects:
            raise
        raise FetchRefused(_("This address redirects to another. %(reason)s") % {"reason": error}) from error


def _connect(
    target: FetchTarget, allow: Sequence[Network], resolve: Resolver, line: FetchBudget
) -> http.client.HTTPConnection:
    """A connection to a checked address of the target."""
    addresses = checked_addresses(target, allow, resolve, line)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # http.client must use our checked socket, never open its own
    with in_plain_words():
        connected = first_that_answers(addresses, target.port, line)
        connection.sock = secured(connected, target.host, line) if target.scheme == "https" else connected
    return connection
