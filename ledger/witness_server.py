"""The HTTP interface of a witness (C2SP tlog-witness), for a few logs, behind a proxy that speaks https.

`POST /add-checkpoint` cosigns; `GET /<hash of an origin>/checkpoint` is for monitors.
"""

import re
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.witnessing import LARGEST_REQUEST, PLAIN, NotCosigned, Witness

MOST_CONNECTIONS = 64
SECONDS_OF_SILENCE = 15.0  # before a connection is closed

_LENGTH = re.compile("[0-9]{1,12}")
_MONITORED = re.compile("/([0-9a-f]{64})/checkpoint")


class WitnessServer(ThreadingHTTPServer):
    """Serves a witness at an address. `witness` may be replaced while it runs."""

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread if fewer than MOST_CONNECTIONS are open; otherwise close the connection."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, then free the connection's place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the client disconnected."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"  # persistent connections
    server_version, sys_version = "second-source-witness", ""
    timeout = SECONDS_OF_SILENCE

    def do_POST(self) -> None:
        """Cosign a checkpoint."""
        try:
            body = self._body()
            if self.path != "/add-checkpoint":
                raise NotCosigned(HTTPStatus.NOT_FOUND, "nothing here")
            line = self._cosigned(body)
        except NotCosigned as error:
            self._answer(error.status, error.said.encode(), error.media_type)
        else:
            self._answer(HTTPStatus.OK, line.encode(), PLAIN)

    def do_GET(self) -> None:
        """Send the last cosigned note of a log."""
        wanted = _MONITORED.fullmatch(self.path)
        note = self.server.witness.last_note(wanted[1]) if wanted else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, b"nothing here\n", PLAIN)
        else:
            self._answer(HTTPStatus.OK, note, PLAIN)

    def _cosigned(self, body: bytes) -> str:
        try:
            return self.server.witness.add_checkpoint(body)
        except OSError as error:
            # The cosignature is not on disk, so it must not be given out.
            self.log_error("the disk: %s", error)
            raise NotCosigned(HTTPStatus.INTERNAL_SERVER_ERROR, "the disk") from error

    def _body(self) -> bytes:
        """The request's body. Raises NotCosigned and ends the connection if its length is missing or too large."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not _LENGTH.fullmatch(length):
            self.close_connection = True
            raise NotCosigned(HTTPStatus.LENGTH_REQUIRED, "a length")
        if int(length) > LARGEST_REQUEST:
            self.close_connection = True
            raise NotCosigned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_REQUEST} bytes")
        return self.rfile.read(int(length))

    def _answer(self, status: int, data: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_error(self, format: str, *args: object) -> None:
        """Log as the library does, except time-outs of idle clients, by which most connections end."""
        if not any(isinstance(one, TimeoutError) for one in args):
            super().log_error(format, *args)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Log nothing: each log asks every second, and refusals are in the answers."""
