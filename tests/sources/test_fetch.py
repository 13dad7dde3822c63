"""Captures: what a URL answers, and everything that must not be reachable through one."""

import gzip
import hashlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sources.evidence_storage import Stored, open_stored, store
from sources.fetch import Fetched, FetchFailed, FetchRefused, Redirect, fetch, resolve

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
PAGE = b"<!doctype html><title>Seen</title>\n" + bytes(range(256)) * 1000
NOT_PUBLIC = "This address is not on the public internet, so it is not fetched. Attach a file instead."
NOT_USUAL = "The host in this address is not written in a usual way."
NOT_ON_THE_WEB = "This is not an address on the web. Enter one like https://example.org/page."
STRANGE_SIGN = "This address holds a space or a sign that no address may hold. Enter it without."
CREDENTIALS = "This address holds a name or a password. Enter it without."
WRONG_PORT = "This port is not fetched; only 80, 443, 8080 and 8443 are. Attach a file instead."
TOO_SLOW = "The server took too long to answer. Try again later, or attach a file."
TOO_LARGE = "What this address answers is larger than a capture may be. Attach a part of it as a file."
UNREADABLE = "The server's answer cannot be read. Try again later, or attach a file."
BROKEN_OFF = "The server broke off in the middle of its answer. Try again later, or attach a file."
UNREACHABLE = "The server cannot be reached. Try again later, or attach a file."
BAD_CERTIFICATE = (
    "The server's certificate is not valid for this address, so its answer is not kept. Check the address."
)

# Made for these tests, for the name capture.example, and trusted by nobody else.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwncD2+rId/a1WoNp
0kkwbo1UQWrbR6sQTWYOtkuHqwChRANCAARXXE+2hmeqBQ18rmrnI9K6SEJapIW1
7xB2aNAj/3yDEZ2L1NaXyHOfHD1HY/BFGJS1UX6wRPiO3wtJZuYsneko
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBpjCCAU2gAwIBAgIUOZ6UDOwJhIcZ2omvl3VzDzMrsAwwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPY2FwdHVyZS5leGFtcGxlMCAXDTI2MTEyMjE3MDAyMFoYDzIx
MjYxMDI5MTcwMDIwWjAaMRgwFgYDVQQDDA9jYXB0dXJlLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARXXE+2hmeqBQ18rmrnI9K6SEJapIW17xB2aNAj
/3yDEZ2L1NaXyHOfHD1HY/BFGJS1UX6wRPiO3wtJZuYsnekoo28wbTAdBgNVHQ4E
FgQUzOGcbt0XPGZnAW2dqZUhb9Mhq9cwHwYDVR0jBBgwFoAUzOGcbt0XPGZnAW2d
qZUhb9Mhq9cwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9jYXB0dXJlLmV4
YW1wbGUwCgYIKoZIzj0EAwIDRwAwRAIgKCJ+caL7HJBHdNA1zYjTAEeSmhPOMzi8
u0YNDo3D0xcCIAfStUo7jo5Z2hOdrGV4OcN6LtyXOIDU59GyOM47b7i/
-----END CERTIFICATE-----
"""


def read(chunks: Iterable[bytes], /, *, limit: int) -> bytes:
    return b"".join(chunks)


class Site(ThreadingHTTPServer):
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

    server: Site

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


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


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


# What must not be reachable. PORT stands for that of a server which listens on every local address.

BY_ADDRESS = [
    "http://127.0.0.1:PORT/",
    "http://127.8.9.10:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0.0.0.0:PORT/",
    "http://10.1.2.3:PORT/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.7/",
    "http://192.88.99.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::5efe:127.0.0.1]/",
    "http://[fd00::1]:PORT/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://１２７.0.0.1:PORT/",
    "HTTP://LocalHost:PORT/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
    "http://127.0.0.1:PORT#@example.org/",
    "http://127.0.0.1:PORT?@example.org/",
    "http://127.0.0.1:PORT/@example.org/",
    "http://⑯⑨.254.⑯⑨.254/",
]
BY_FORM = [
    ("http://2130706433:PORT/", NOT_USUAL),
    ("http://017700000001:PORT/", NOT_USUAL),
    ("http://0x7f000001:PORT/", NOT_USUAL),
    ("http://0x7f.0.0.1:PORT/", NOT_USUAL),
    ("http://0177.0.0.1:PORT/", NOT_USUAL),
    ("http://127.1:PORT/", NOT_USUAL),
    ("http://127.0.1:PORT/", NOT_USUAL),
    ("http://0:PORT/", NOT_USUAL),
    ("http://0x7f000001.:PORT/", NOT_USUAL),
    ("http://0x7F.0x0.0x0.0x1:PORT/", NOT_USUAL),
    ("http://00000177.0.0.1:PORT/", NOT_USUAL),
    ("http://127.0.0.0x1:PORT/", NOT_USUAL),
    ("http://383.0.0.1:PORT/", NOT_USUAL),
    ("http://6425673729:PORT/", NOT_USUAL),
    ("http://١٢٧.0.0.1:PORT/", NOT_USUAL),
    ("http://127.0.0.1;example.org:PORT/", NOT_USUAL),
    ("http://127.0.0.1%00.example.org:PORT/", NOT_USUAL),
    ("http://%6c%6f%63alhost:PORT/", NOT_USUAL),
    ("http://localhost%2f@example.org:PORT/", CREDENTIALS),
    ("http://example.org:80@127.0.0.1:PORT/", CREDENTIALS),
    ("http://[::1%2525lo]:PORT/", NOT_USUAL),
    ("http://1.1.1.1:0/", WRONG_PORT),
    ("http://127.0.0.1..:PORT/", NOT_USUAL),
    ("http://127.0.0.01:PORT/", NOT_USUAL),
    ("http://127.0.0.1%2f:PORT/", NOT_USUAL),
    ("http://%31%32%37.0.0.1:PORT/", NOT_USUAL),
    ("http://０x7f.1:PORT/", NOT_USUAL),
    ("http://[::1%25lo]:PORT/", NOT_USUAL),
    ("http://[fe80::1%eth0]:PORT/", NOT_USUAL),
    ("http://[::1].example.org:PORT/", NOT_USUAL),
    ("http://exa\u00admple..org/", STRANGE_SIGN),
    ("http://-/", NOT_USUAL),
    ("http://example.org,127.0.0.1:PORT/", NOT_USUAL),
    ("http://example.org@127.0.0.1:PORT/", CREDENTIALS),
    ("http://user:word@example.org/", CREDENTIALS),
    ("http://@127.0.0.1:PORT/", CREDENTIALS),
    ("http://127.0.0.1:PORT\\@example.org/", STRANGE_SIGN),
    ("http:\\\\127.0.0.1:PORT\\", STRANGE_SIGN),
    ("http://127.0.0.1:PORT/\r\nX-Injected: 1", STRANGE_SIGN),
    ("http://127.0.0.1:PORT/a b", STRANGE_SIGN),
    ("http://127.0.0.1\t:PORT/", STRANGE_SIGN),
    (" http://127.0.0.1:PORT/", STRANGE_SIGN),
    ("http://127.0.0.1\0.example.org:PORT/", STRANGE_SIGN),
    ("http://127.0.0.1\u200b:PORT/", STRANGE_SIGN),
    ("http:///path", NOT_ON_THE_WEB),
    ("http://:PORT/", NOT_ON_THE_WEB),
    ("http:127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("//127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("", NOT_ON_THE_WEB),
    ("file:///etc/passwd", NOT_ON_THE_WEB),
    ("ftp://127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("gopher://127.0.0.1:PORT/_GET%20/", NOT_ON_THE_WEB),
    ("javascript:alert(1)", NOT_ON_THE_WEB),
    ("data:text/html,hello", NOT_ON_THE_WEB),
    ("unix:///run/server.sock", NOT_ON_THE_WEB),
    ("http://example.org:99999/", NOT_ON_THE_WEB),
    ("http://example.org:80:80/", NOT_ON_THE_WEB),
    ("http://[::1/", NOT_ON_THE_WEB),
    ("http://example.org\uff0f@127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("http://1.1.1.1:22/", WRONG_PORT),
    ("http://1.1.1.1:25/", WRONG_PORT),
    ("http://[2606:4700:4700::1111]:6379/", WRONG_PORT),
    ("http://[64:ff9b::1.1.1.1]:6379/", WRONG_PORT),  # NAT64 of a public address: public, but for its port
]


@pytest.mark.parametrize(
    ("url", "message"),
    [*((url, NOT_PUBLIC) for url in BY_ADDRESS), *BY_FORM],
    ids=lambda each: ascii(each) if "/" in each else "",
)
def test_forged_address_is_refused_and_nothing_is_asked(site: Site, url: str, message: str) -> None:
    says(message, FetchRefused, lambda: fetch(url.replace("PORT", str(site.port)), allow=[], sink=read, seconds=5))
    assert site.hits == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["fe80::1%1"],
        ["::ffff:10.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:4700:4700::1111", "::1"],
    ],
)
def test_name_is_refused_where_any_of_its_addresses_is_not_public(site: Site, addresses: list[str]) -> None:
    url = site.url(host="harmless.example")
    says(NOT_PUBLIC, FetchRefused, lambda: fetch(url, allow=[], sink=read, resolve=lambda host: addresses))
    assert site.hits == []


def test_allowed_network_opens_no_other(site: Site) -> None:
    says(NOT_PUBLIC, FetchRefused, lambda: fetch("http://10.0.0.1/", allow=LOOPBACK, sink=read))
    both = ["127.0.0.1", "10.0.0.1"]
    url = site.url(host="two.example")
    says(NOT_PUBLIC, FetchRefused, lambda: fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: both))
    assert site.hits == []


def test_name_that_answers_differently_the_second_time_gains_nothing(site: Site) -> None:
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = fetch(site.url(host="rebinding.example"), allow=LOOPBACK, sink=read, resolve=rebinding)
    assert (answer.body, asked) == (PAGE, ["rebinding.example"])


def test_name_is_checked_anew_where_a_redirect_leads_back_to_it(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    url = site.url("/to//again", host="rebinding.example")
    expected = f"This address redirects to another. {NOT_PUBLIC}"
    says(expected, FetchRefused, lambda: fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: next(answers)))
    assert site.hits == ["/to//again"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://10.0.0.1/", NOT_PUBLIC),
        ("http://[::1]:PORT/", NOT_PUBLIC),
        ("HTTP://[0::1]:PORT/", NOT_PUBLIC),
        ("//[::ffff:10.0.0.1]/", NOT_PUBLIC),
        ("\\\\127.0.0.1:PORT\\", STRANGE_SIGN),
        ("http:\\\\127.0.0.1:PORT", STRANGE_SIGN),
        ("http://2130706433:PORT/", NOT_USUAL),
        ("http://①⓪.0.0.1:PORT/", NOT_PUBLIC),
        ("gopher://127.0.0.1:PORT/_x", NOT_ON_THE_WEB),
        ("javascript:alert(1)", NOT_ON_THE_WEB),
        ("data:text/html,x", NOT_ON_THE_WEB),
        ("//169.254.169.254/latest/", NOT_PUBLIC),
        ("http://0x7f.1:PORT/", NOT_USUAL),
        ("http://user@127.0.0.1:PORT/", CREDENTIALS),
        ("file:///etc/passwd", NOT_ON_THE_WEB),
        ("http://[broken/", NOT_ON_THE_WEB),
        ("/with space", STRANGE_SIGN),
    ],
)
def test_redirect_is_held_to_the_same_rules(site: Site, location: str, message: str) -> None:
    def elsewhere(line: socket.socket) -> None:
        target = location.replace("PORT", str(site.port)).encode()
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")

    says(f"This address redirects to another. {message}", FetchRefused, lambda: raw_fetch(elsewhere))
    assert site.hits == []


def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, site.url())
    says(NOT_PUBLIC, FetchRefused, lambda: fetch("http://10.0.0.1/", allow=[], sink=read))
    assert site.hits == []


# What is fetched


def test_answer_comes_with_its_bytes_status_and_address(site: Site) -> None:
    answer = fetch(site.url("/page?a=1&b=ü#part"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body, answer.final_url, answer.redirects, answer.downgraded) == (
        200,
        PAGE,
        site.url("/page?a=1&b=%C3%BC"),
        [],
        False,
    )


def test_headers_are_kept_in_order_with_their_repetitions(site: Site) -> None:
    answer = fetch(site.url(), allow=LOOPBACK, sink=read)
    assert answer.headers == [("Content-Length", str(len(PAGE))), ("X-Twice", "one"), ("X-Twice", "two")]


def test_request_says_who_asks_and_for_plain_bytes(site: Site) -> None:
    fetch(site.url(), allow=LOOPBACK, sink=read)
    assert site.requests == [
        {
            "Host": f"127.0.0.1:{site.port}",
            "User-Agent": "SecondSource/1 (+capture)",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
    ]


def test_body_goes_into_the_storage_in_pieces(site: Site) -> None:
    answer = fetch(site.url(), allow=LOOPBACK, sink=store)
    assert answer.body == Stored(hashlib.sha256(PAGE).hexdigest(), len(PAGE), "text/html")
    with open_stored(answer.body.sha256) as file:
        assert file.read() == PAGE


@pytest.mark.parametrize("status", [201, 300, 304, 403, 404, 410, 451, 500, 503])
def test_any_status_but_a_redirect_is_an_answer(site: Site, status: int) -> None:
    answer = fetch(site.url(f"/status/{status}"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body) == (status, b"" if status == 304 else PAGE)


def test_redirect_without_a_location_is_an_answer(site: Site) -> None:
    answer = fetch(site.url("/nowhere"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body) == (302, b"no location")


def test_compressed_bytes_are_kept_as_they_came(site: Site) -> None:
    assert fetch(site.url("/gzip"), allow=LOOPBACK, sink=read).body == gzip.compress(PAGE, mtime=0)


def test_five_redirects_are_followed_and_recorded(site: Site) -> None:
    answer = fetch(site.url("/turn/4"), allow=LOOPBACK, sink=read)
    assert answer.final_url == site.url("/end")
    assert answer.redirects == [Redirect(site.url(f"/turn/{left}"), 302) for left in (4, 3, 2, 1, 0)]


def test_redirect_to_a_path_of_other_letters_is_followed(site: Site) -> None:
    def elsewhere(line: socket.socket) -> None:
        line.sendall(f"HTTP/1.1 302 Found\r\nLocation: {site.url('/новости')}\r\n\r\n".encode())

    assert raw_fetch(elsewhere).final_url == site.url("/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8")


@pytest.mark.parametrize("path", ["/turn/5", "/round"])
def test_sixth_redirect_is_not_followed(site: Site, path: str) -> None:
    message = "This address redirects more than 5 times. Enter the one that it should lead to."
    says(message, FetchFailed, lambda: fetch(site.url(path), allow=LOOPBACK, sink=read))
    assert len(site.hits) == 6


def test_name_of_other_letters_is_asked_in_its_ascii_form(site: Site) -> None:
    hosts: list[str] = []
    answer = fetch(
        site.url(host="Bücher.example."),
        allow=LOOPBACK,
        sink=read,
        resolve=lambda host: hosts.append(host) or ["127.0.0.1"],  # type: ignore[func-returns-value]
    )
    assert (hosts, answer.final_url) == (["xn--bcher-kva.example"], site.url(host="xn--bcher-kva.example"))


def test_next_address_is_tried_where_the_first_refuses() -> None:
    with raw_server(lambda line: line.sendall(b"HTTP/1.0 200 OK\r\n\r\nhere")) as port:
        url = f"http://two.example:{port}/"
        answer = fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: ["127.0.0.2", "127.0.0.1"])
    assert answer.body == b"here"


def test_chunked_body_is_put_together() -> None:
    answer = raw_fetch(
        lambda line: line.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
    )
    assert answer.body == b"abcde"


def test_body_without_a_length_ends_with_the_line() -> None:
    assert raw_fetch(lambda line: line.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE)).body == PAGE


def test_headers_hold_no_folds_and_no_nul() -> None:
    answer = raw_fetch(lambda line: line.sendall(b"HTTP/1.0 200 OK\r\nX-A: one\r\n  two\r\nX-B: a\0b\r\n\r\n"))
    assert answer.headers == [("X-A", "one two"), ("X-B", "a\ufffdb")]


# What fails, and how it is said


def test_declared_length_over_the_limit_is_refused_before_the_body_is_read(site: Site) -> None:
    taken: list[bytes] = []

    def note(chunks: Iterable[bytes], /, *, limit: int) -> None:
        taken.extend(chunks)

    says(TOO_LARGE, FetchFailed, lambda: fetch(site.url(), allow=LOOPBACK, sink=note, limit=len(PAGE) - 1))
    assert taken == []


def test_body_of_exactly_the_limit_is_kept(site: Site) -> None:
    assert fetch(site.url(), allow=LOOPBACK, sink=read, limit=len(PAGE)).body == PAGE


def endless(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 65_536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 60_000 + b"\r\na\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65_536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: a\r\n" * 1000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    ],
)
def test_endless_answer_is_cut_off_at_the_limit(head: bytes, piece: bytes) -> None:
    says(TOO_LARGE, FetchFailed, lambda: raw_fetch(endless(head, piece), limit=200_000))


def test_too_large_a_body_leaves_nothing_in_the_storage(tmp_path: Path) -> None:
    with raw_server(endless(b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 65_536)) as port:
        url = f"http://127.0.0.1:{port}/"
        says(TOO_LARGE, FetchFailed, lambda: fetch(url, allow=LOOPBACK, sink=store, limit=200_000))
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def drip(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            time.sleep(0.05)
            line.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"", b"H"),
    ],
)
def test_slow_drip_ends_at_the_deadline(head: bytes, piece: bytes) -> None:
    began = time.monotonic()
    says(TOO_SLOW, FetchFailed, lambda: raw_fetch(drip(head, piece), seconds=0.5))
    assert 0.4 < time.monotonic() - began < 3


def test_redirects_share_one_deadline() -> None:
    ports: list[int] = []

    def slow(line: socket.socket) -> None:
        time.sleep(0.4)
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\n\r\n" % ports[1])

    with raw_server(slow) as first, raw_server(lambda line: time.sleep(0.4)) as second:
        ports += [first, second]
        says(
            TOO_SLOW,
            FetchFailed,
            lambda: fetch(f"http://127.0.0.1:{first}/", allow=LOOPBACK, sink=read, seconds=0.6),
        )


def test_resolver_that_does_not_answer_ends_at_the_deadline() -> None:
    release = threading.Event()

    def stuck(host: str) -> list[str]:
        release.wait(10)
        return ["127.0.0.1"]

    says(TOO_SLOW, FetchFailed, lambda: fetch("http://a.example/", allow=[], sink=read, seconds=0.2, resolve=stuck))
    release.set()


def test_name_without_an_address_is_said_to_be_unknown() -> None:
    message = "No server of this name was found. Check the address."
    says(message, FetchFailed, lambda: fetch("http://nothing.invalid/", allow=[], sink=read))


def test_system_resolver_gives_each_address_once() -> None:
    assert resolve("127.0.0.1") == ["127.0.0.1"]


def test_refused_connection_is_said_without_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    says(UNREACHABLE, FetchFailed, lambda: fetch(url, allow=LOOPBACK, sink=read))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"b" * 9000) for n in range(9)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=str,
)
def test_unreadable_answer_is_said_to_be_so(answer: bytes) -> None:
    says(UNREADABLE, FetchFailed, lambda: raw_fetch(lambda line: line.sendall(answer)))


def test_body_shorter_than_declared_is_no_capture() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nonly"
    says(BROKEN_OFF, FetchFailed, lambda: raw_fetch(lambda line: line.sendall(answer)))


def test_what_the_sink_raises_is_not_taken_for_a_failure_of_the_server(site: Site) -> None:
    def full(chunks: Iterable[bytes], /, *, limit: int) -> None:
        next(iter(chunks))
        raise OSError("No space left on device")

    with pytest.raises(OSError, match=r"^No space left on device$"):
        fetch(site.url(), allow=LOOPBACK, sink=full)


# Secure connections


@pytest.fixture
def secure_site(site: Site, tmp_path: Path) -> Site:
    """The same site behind a certificate for capture.example that only these tests know."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    site.socket = context.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    return site


def secure_fetch(site: Site, host: str = "capture.example") -> Fetched[bytes]:
    url = site.url(host=host).replace("http:", "https:")
    return fetch(url, allow=LOOPBACK, sink=read, seconds=5, resolve=lambda host: ["127.0.0.1"])


def test_secure_answer_is_fetched_under_the_name_that_was_checked(
    secure_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    answer = secure_fetch(secure_site)
    assert (answer.status, answer.body) == (200, PAGE)


def test_certificate_that_nobody_vouches_for_is_refused(secure_site: Site) -> None:
    says(BAD_CERTIFICATE, FetchFailed, lambda: secure_fetch(secure_site))
    assert secure_site.hits == []


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_certificate_for_another_name_is_refused(
    secure_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    says(BAD_CERTIFICATE, FetchFailed, lambda: secure_fetch(secure_site, host))
    assert secure_site.hits == []


def test_redirect_from_https_to_http_is_followed_and_recorded(
    secure_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with raw_server(lambda line: line.sendall(b"HTTP/1.0 200 OK\r\n\r\nplain")) as port:
        url = f"https://capture.example:{secure_site.port}/to/http://127.0.0.1:{port}/"
        answer = fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: ["127.0.0.1"])
    assert (answer.body, answer.redirects, answer.downgraded) == (b"plain", [Redirect(url, 302)], True)


def test_server_without_tls_gives_no_secure_connection(site: Site) -> None:
    says(
        "No secure connection came about. Check the address, or attach a file.", FetchFailed, lambda: secure_fetch(site)
    )


def test_handshake_that_never_ends_is_cut_off_at_the_deadline() -> None:
    with raw_server(lambda line: time.sleep(1)) as port:
        url = f"https://127.0.0.1:{port}/"
        says(TOO_SLOW, FetchFailed, lambda: fetch(url, allow=LOOPBACK, sink=read, seconds=0.3))
