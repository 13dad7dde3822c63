"""Web servers of the tests' own, for captures, and what is said where one fails."""

import gzip
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sources.fetch import Fetched, fetch

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
PAGE = b"<!doctype html><title>Seen</title>\n" + bytes(range(256)) * 1000
TOO_SLOW = "The server took too long to answer. Try again later, or attach a file."


def read(chunks: Iterable[bytes], /, *, limit: int) -> bytes:
    return b"".join(chunks)


class CapturedSite(ThreadingHTTPServer):
    """A real server on every local address. `hits`: the paths that were asked for."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("::" if self.address_family == socket.AF_INET6 else "0.0.0.0", 0), Page)  # noqa: S104
        self.hits: list[str] = []
        self.requests: list[dict[str, str]] = []

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what many of these tests are about: no traceback for them."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


class Page(BaseHTTPRequestHandler):
    """Answers by its path: /status/404, /to/<url>, /turn, /gzip, else PAGE."""

    server: CapturedSite

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        self.server.requests.append(dict(self.headers))
        kind, _, rest = self.path[1:].partition("/")
        if kind == "to":
            return self._redirect(rest)
        if kind == "turn":
            return self._redirect(f"/turn/{int(rest) - 1}" if rest != "0" else "/end")
        if kind == "round":
            return self._redirect("/round")
        if kind == "nowhere":
            return self._answer(302, b"no location")
        if kind == "gzip":
            return self._answer(200, gzip.compress(PAGE, mtime=0), ("Content-Encoding", "gzip"))
        return self._answer(int(rest) if kind == "status" else 200, PAGE)

    def _redirect(self, location: str) -> None:
        self._answer(302, b"elsewhere", ("Location", location))

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in (("Content-Length", str(len(body))), ("X-Twice", "one"), ("X-Twice", "two"), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that reads one request and then does as it likes with the line. Gives its port."""

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65_536)
            try:
                answer(line)
            except OSError:  # the client has hung up, which most of these tests are about
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(10)


def raw_fetch(answer: Callable[[socket.socket], None], *, limit: int = 10**6, seconds: float = 10) -> Fetched[bytes]:
    with raw_server(answer) as port:
        return fetch(f"http://127.0.0.1:{port}/", allow=LOOPBACK, sink=read, limit=limit, seconds=seconds)


def says(message: str, error: type[Exception], attempt: Callable[[], object]) -> None:
    with pytest.raises(error) as raised:
        attempt()
    assert str(raised.value) == message
