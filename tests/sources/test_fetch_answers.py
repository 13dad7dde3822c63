"""What a capture keeps of what a URL answers."""

import gzip
import hashlib
import socket

import pytest

from sources.evidence_storage import Stored, open_stored, store
from sources.fetch import FetchFailed, Redirect, fetch
from tests.sources.sites import LOOPBACK, PAGE, CapturedSite, raw_fetch, raw_server, read, says


def test_answer_comes_with_its_bytes_status_and_address(site: CapturedSite) -> None:
    answer = fetch(site.url("/page?a=1&b=ü#part"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body, answer.final_url, answer.redirects, answer.downgraded) == (
        200,
        PAGE,
        site.url("/page?a=1&b=%C3%BC"),
        [],
        False,
    )


def test_headers_are_kept_in_order_with_their_repetitions(site: CapturedSite) -> None:
    answer = fetch(site.url(), allow=LOOPBACK, sink=read)
    assert answer.headers == [("Content-Length", str(len(PAGE))), ("X-Twice", "one"), ("X-Twice", "two")]


def test_request_says_who_asks_and_for_plain_bytes(site: CapturedSite) -> None:
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


def test_body_goes_into_the_storage_in_pieces(site: CapturedSite) -> None:
    answer = fetch(site.url(), allow=LOOPBACK, sink=store)
    assert answer.body == Stored(hashlib.sha256(PAGE).hexdigest(), len(PAGE), "text/html")
    with open_stored(answer.body.sha256) as file:
        assert file.read() == PAGE


@pytest.mark.parametrize("status", [201, 300, 304, 403, 404, 410, 451, 500, 503])
def test_any_status_but_a_redirect_is_an_answer(site: CapturedSite, status: int) -> None:
    answer = fetch(site.url(f"/status/{status}"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body) == (status, b"" if status == 304 else PAGE)


def test_redirect_without_a_location_is_an_answer(site: CapturedSite) -> None:
    answer = fetch(site.url("/nowhere"), allow=LOOPBACK, sink=read)
    assert (answer.status, answer.body) == (302, b"no location")


def test_compressed_bytes_are_kept_as_they_came(site: CapturedSite) -> None:
    assert fetch(site.url("/gzip"), allow=LOOPBACK, sink=read).body == gzip.compress(PAGE, mtime=0)


def test_five_redirects_are_followed_and_recorded(site: CapturedSite) -> None:
    answer = fetch(site.url("/turn/4"), allow=LOOPBACK, sink=read)
    assert answer.final_url == site.url("/end")
    assert answer.redirects == [Redirect(site.url(f"/turn/{left}"), 302) for left in (4, 3, 2, 1, 0)]


def test_redirect_to_a_path_of_other_letters_is_followed(site: CapturedSite) -> None:
    def elsewhere(line: socket.socket) -> None:
        line.sendall(f"HTTP/1.1 302 Found\r\nLocation: {site.url('/новости')}\r\n\r\n".encode())

    assert raw_fetch(elsewhere).final_url == site.url("/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8")


@pytest.mark.parametrize("path", ["/turn/5", "/round"])
def test_sixth_redirect_is_not_followed(site: CapturedSite, path: str) -> None:
    message = "This address redirects more than 5 times. Enter its final address."
    says(message, FetchFailed, lambda: fetch(site.url(path), allow=LOOPBACK, sink=read))
    assert len(site.hits) == 6


def test_name_of_other_letters_is_asked_in_its_ascii_form(site: CapturedSite) -> None:
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
