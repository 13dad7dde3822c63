"""The weight of a page on a first visit: its HTML and all files that it names, as sent."""

import re
from dataclasses import dataclass

from bench.load import Connection, UnexpectedAnswer
from bench.people import Person

MOST = 40_000  # bytes
_FILES = re.compile(rb'(?:src|href)="(/static/[^"#]+)')


@dataclass(frozen=True)
class Weight:
    """The weight of a page in bytes: its HTML, its files, and the total."""

    page: str
    html: int
    files: int

    @property
    def total(self) -> int:
        return self.html + self.files


def weigh(port: int, person: Person, page: str) -> Weight:
    """Request a page and its files as a browser does, and add up the bytes of their bodies. Raises UnexpectedAnswer."""
    server = Connection(port)
    browser = Person(f"{person.headers}Accept-Encoding: gzip, deflate, br\r\n")
    uncompressed = _ask(server, person, page)
    files = {found.decode() for found in _FILES.findall(uncompressed)}
    return Weight(
        page,
        html=len(_ask(server, browser, page)),
        files=sum(len(_ask(server, browser, file)) for file in sorted(files)),
    )


def _ask(server: Connection, person: Person, path: str) -> bytes:
    status, _head, body = server.ask(person.get(path))
    if status != 200:
        raise UnexpectedAnswer(f"{path} was answered {status}")
    return body
