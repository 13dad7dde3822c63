"""Where a capture fails, and how it is said."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sources.evidence_storage import store
from sources.fetch import FetchFailed, fetch, resolve
from tests.sources.sites import LOOPBACK, PAGE, TOO_SLOW, CapturedSite, raw_fetch, raw_server, read, says

TOO_LARGE = "The page is too large to capture. Attach part of it as a file."
UNREADABLE = "The server’s answer is unreadable. Try again later, or attach a file."
BROKEN_OFF = "The server’s answer was cut off. Try again later, or attach a file."
UNREACHABLE = "The server cannot be reached. Try again later, or attach a file."


def test_declared_length_over_the_limit_is_refused_before_the_body_is_read(site: CapturedSite) -> None:
    taken: list[bytes] = []

    def note(chunks: Iterable[bytes], /, *, limit: int) -> None:
        taken.extend(chunks)

    says(TOO_LARGE, FetchFailed, lambda: fetch(site.url(), allow=LOOPBACK, sink=note, limit=len(PAGE) - 1))
    assert taken == []


def test_body_of_exactly_the_limit_is_kept(site: CapturedSite) -> None:
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
    message = "No server with this name. Check the address."
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


def test_what_the_sink_raises_is_not_taken_for_a_failure_of_the_server(site: CapturedSite) -> None:
    def full(chunks: Iterable[bytes], /, *, limit: int) -> None:
        next(iter(chunks))
        raise OSError("No space left on device")

    with pytest.raises(OSError, match=r"^No space left on device$"):
        fetch(site.url(), allow=LOOPBACK, sink=full)
