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
from sources.fetch.target import Target, joined, location_of, parse

__all__ = ["FetchFailed", "FetchRefused", "Fetched", "Redirect", "Sink", "fetch", "resolve"]

Body = TypeVar("Body")
Body_co = TypeVar("Body_co", covariant=True)

MOST_REDIRECTS = 5
OVERHEAD = 2**20  # bytes of headers and chunk marks that may come besides a body


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
    """Once there are redirects, a refusal is of an address that the person did not type."""
    try:
        yield
    except FetchRefused as error:
        if not redirects:
            raise
        raise FetchRefused(_("This address redirects to another. %(reason)s") % {"reason": error}) from error


def _connect(
    target: Target, allow: Sequence[Network], resolve: Resolver, line: FetchBudget
) -> http.client.HTTPConnection:
    """A connection to a checked address of the target."""
    addresses = checked_addresses(target, allow, resolve, line)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it uses the socket that it is given, and never opens one by itself
    with in_plain_words():
        connected = first_that_answers(addresses, target.port, line)
        connection.sock = secured(connected, target.host, line) if target.scheme == "https" else connected
    return connection
