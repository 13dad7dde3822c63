"""The HTTP exchange: request, headers and body of the answer."""

import http.client
import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from sources.fetch.errors import FetchFailed, in_plain_words, too_large
from sources.fetch.line import FetchBudget
from sources.fetch.target import FetchTarget

USER_AGENT = "SecondSource/1 (+capture)"
MOST_HEADER_BYTES = 64 * 2**10
CHUNK = 64 * 2**10  # bytes


def ask_server(
    connection: http.client.HTTPConnection, target: FetchTarget, line: FetchBudget
) -> http.client.HTTPResponse:
    """The answer with its headers read and its body to come. Raises FetchFailed."""
    sent = {
        "Host": target.netloc,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    with in_plain_words():
        assert connection.sock is not None
        connection.sock.settimeout(line.left())
        connection.request("GET", target.path, headers=sent)
        answer = connection.getresponse()
        size = sum(len(name) + len(value) for name, value in answer.getheaders())
        if answer.status < 200 or size > MOST_HEADER_BYTES:
            answer.close()
            raise http.client.HTTPException
    return answer


def headers(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """The headers as received, folded lines joined, and NUL replaced, which PostgreSQL refuses."""
    folded = ((name, re.sub(r"\s*[\r\n]+\s*", " ", value)) for name, value in answer.getheaders())
    return [(name.replace("\0", "\ufffd"), value.replace("\0", "\ufffd")) for name, value in folded]


def chunks(answer: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
    """The body in pieces. Raises FetchFailed if it exceeds `limit` bytes or is cut off."""
    expected, size = answer.length, 0
    while expected is None or expected <= limit:
        with in_plain_words():
            chunk = answer.read(CHUNK)
        size += len(chunk)
        if size > limit:
            break
        if chunk:
            yield chunk
        elif expected is None or size == expected:
            return
        else:
            raise FetchFailed(_("The server’s answer was cut off. Try again later, or attach a file."))
    raise FetchFailed(too_large())
