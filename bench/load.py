"""The load: a separate process that sends requests from several clients at once and reports their latencies.

`python -m bench.load` reads jobs and writes outcomes, one JSON line each. Each client is a thread with a persistent
connection. It parses only what HTTP/1.1 needs, so that the client is not the bottleneck.
"""

import json
import secrets
import socket
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any

# Placeholder in requests that must differ each time they are sent.
FRESH = b"@@fresh-16-byte@"


@dataclass(frozen=True)
class Job:
    """Requests to 127.0.0.1:`port` by `clients` clients for `seconds`. `once`: send each request at most once."""

    port: int
    clients: int
    seconds: float
    requests: tuple[bytes, ...]
    status: int
    once: bool = False


@dataclass(frozen=True)
class LoadOutcome:
    """The outcome of a job. `latencies`: in seconds; `seconds`: from the first request to the last answer; `largest`:
    answer, in bytes; `left`: requests not sent."""

    latencies: list[float]
    seconds: float
    largest: int
    left: int


class UnexpectedAnswer(Exception):
    """An answer other than the expected one."""


class Driver:
    """The process that makes the load."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603

    def run(self, job: Job) -> LoadOutcome:
        """Run a job. Raises UnexpectedAnswer with the first such answer."""
        assert self._process.stdin and self._process.stdout
        said = {**asdict(job), "requests": [b64encode(request).decode() for request in job.requests]}
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())  # from JSON
        if "failed" in answer:
            raise UnexpectedAnswer(answer["failed"])
        return LoadOutcome(**answer)

    def stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)


class Connection:
    """One persistent connection to 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer. Reconnects if the server has closed the connection."""
        for again in (False, True):
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=120)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._socket.sendall(request)
                return self._read(self._socket)
            except (ConnectionError, EOFError):
                self.close()
                if again:
                    raise
        raise AssertionError

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _read(self, server: socket.socket) -> tuple[int, bytes, bytes]:
        got = b""
        while b"\r\n\r\n" not in got:
            got += _piece(server)
        head, _blank, body = got.partition(b"\r\n\r\n")
        lines = head.lower()
        if b"transfer-encoding: chunked" in lines:
            while not body.endswith(b"0\r\n\r\n"):
                body += _piece(server)
        elif b"content-length: " in lines:
            size = int(lines.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            pieces, missing = [body], size - len(body)
            while missing > 0:
                pieces.append(_piece(server))
                missing -= len(pieces[-1])
            body = b"".join(pieces)
        if b"connection: close" in lines:
            self.close()
        return int(head[9:12]), head, body


def _piece(server: socket.socket) -> bytes:
    piece = server.recv(1 << 18)
    if not piece:
        raise EOFError
    return piece


class _Clients:
    """The threads of one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.latencies: list[float] = []
        self.largest = 0
        self.failed = ""
        self._requests: Iterator[bytes] = iter(job.requests) if job.once else cycle(job.requests)
        self._lock = threading.Lock()
        self._begin = threading.Barrier(job.clients + 1)

    def run(self) -> dict[str, Any]:  # as JSON
        threads = [threading.Thread(target=self._one) for _ in range(self.job.clients)]
        for thread in threads:
            thread.start()
        self._begin.wait()
        started = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
        if self.failed:
            return {"failed": self.failed}
        left = sum(1 for _ in self._requests) if self.job.once else 0
        return asdict(LoadOutcome(self.latencies, seconds, self.largest, left))

    def _one(self) -> None:
        connection = Connection(self.job.port)
        self._begin.wait()
        until = time.perf_counter() + self.job.seconds
        while not self.failed and time.perf_counter() < until:
            with self._lock:
                request = next(self._requests, None)
            if request is None:
                break
            if FRESH in request:
                request = request.replace(FRESH, secrets.token_hex(8).encode())
            began = time.perf_counter()
            try:
                status, head, body = connection.ask(request)
            except (OSError, EOFError) as error:
                self.failed = f"{request[:200]!r}: {error!r}"
                break
            self.latencies.append(time.perf_counter() - began)
            self.largest = max(self.largest, len(body))
            if status != self.job.status:
                self.failed = f"{request[:200]!r} was answered {head[:200]!r} {body[:300]!r}"
        connection.close()


def main() -> None:
    for line in sys.stdin:
        said = json.loads(line)
        said["requests"] = tuple(b64decode(request) for request in said["requests"])
        sys.stdout.write(json.dumps(_Clients(Job(**said)).run()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
