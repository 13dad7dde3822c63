"""A web server that means harm: each of its paths answers a capture in a way that some client does not survive."""

import gzip
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

Answer = Callable[[socket.socket], None]

_GOOD = b"HTTP/1.1 200 OK\r\n"
_MEGABYTE = 2**20


def _bomb() -> bytes:
    """1 GiB in one MB."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        for _ in range(1024):
            file.write(bytes(_MEGABYTE))
    return packed.getvalue()


def _whole(head: bytes, body: bytes) -> Answer:
    return lambda line: line.sendall(_GOOD + head + b"\r\n\r\n" + body)


def _endless(head: bytes, piece: bytes, pause: float = 0) -> Answer:
    def answer(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(piece)
            time.sleep(pause)

    return answer


def _redirect(to: str) -> Answer:
    return lambda line: line.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


_CHUNKED = _GOOD + b"Transfer-Encoding: chunked\r\n\r\n"


@cache
def answers() -> dict[str, Answer]:
    """What each path answers. Packing the bomb takes seconds: it is done where it is used."""
    bomb = _bomb()
    return {
        "gzip-bomb": _whole(b"Content-Encoding: gzip\r\nContent-Length: %d" % len(bomb), bomb),
        "gzip-in-gzip": _whole(b"Content-Encoding: gzip, gzip, br", gzip.compress(bomb)),
        "endless": _endless(_GOOD + b"\r\n", bytes(_MEGABYTE)),
        "endless-chunks": _endless(_CHUNKED, b"100000\r\n" + bytes(_MEGABYTE) + b"\r\n"),
        "endless-chunk-size": _endless(_CHUNKED, b"0" * 65_536),
        "huge-chunk": _whole(b"Transfer-Encoding: chunked", b"FFFFFFFFFFFFFFFF\r\n" + bytes(_MEGABYTE)),
        "negative-chunk": _whole(b"Transfer-Encoding: chunked", b"-1\r\n" + bytes(_MEGABYTE)),
        "endless-trailers": _endless(_CHUNKED + b"0\r\n", b"X-A: b\r\n" * 1000),
        "many-headers": _endless(_GOOD, b"X-A: b\r\n" * 1000),
        "long-header": _endless(_GOOD + b"X-A: ", b"b" * 65_536),
        "long-status": _endless(b"HTTP/1.1 200 ", b"O" * 65_536),
        "go-on-for-ever": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "slow-body": _endless(_GOOD + b"Content-Length: 1000000\r\n\r\n", b"x", 0.3),
        "slow-head": _endless(_GOOD, b"X", 0.3),
        "promised-more": _whole(b"Content-Length: 1000000", b"only this"),
        "promised-less": _whole(b"Content-Length: 4", b"this is more than was said"),
        "promised-too-much": _whole(b"Content-Length: 99999999999999999999", b"x"),
        "promised-nothing": _whole(b"Content-Length: -5", b"x" * 100),
        "twice": _whole(b"Content-Length: 4\r\nContent-Length: 9", b"four five"),
        "to-itself": _redirect("/to-itself"),
        "to-the-metadata": _redirect("http://169.254.169.254/latest/meta-data/"),
        "to-a-file": _redirect("file:///etc/passwd"),
        "nul-in-header": _whole(b"X-A: a\0b\r\nX-\0: c", b"body"),
        "not-text-in-header": _whole(b"X-A: \xff\xfe\xed\xa0\x80", b"body"),
        "script": _whole(b"Content-Type: text/html", b"<script>canary()</script><canary-tag>"),
        "nothing": lambda line: None,
    }


@contextmanager
def hostile_server() -> Iterator[int]:
    """The server, on a port of 127.0.0.1, which it gives."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            path = line.recv(65_536).split(b" ")[1].decode().strip("/")
            answers().get(path, answers()["nothing"])(line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _address = listener.accept()
                threading.Thread(target=serve, args=[line], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
