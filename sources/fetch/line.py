"""The line: sockets that are held to one deadline and one number of bytes."""

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

import certifi

from sources.fetch.errors import FetchFailed, too_large


class FetchBudget:
    """What is left of the time and of the bytes for the whole fetch."""

    def __init__(self, until: float, most: int) -> None:
        self._until = until
        self._most = most

    def left(self) -> float:
        """Seconds left. Raises TimeoutError where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def count(self, size: int) -> int:
        """Count bytes that came. Raises FetchFailed where they are too many."""
        self._most -= size
        if self._most < 0:
            raise FetchFailed(too_large())
        return size


class _Socket(socket.socket):
    line: FetchBudget

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.line.left())  # what is left, not anew for each byte
        return self.line.count(super().recv_into(buffer, nbytes, flags))


class _SecureSocket(ssl.SSLSocket):
    line: FetchBudget

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.line.left())
        return self.line.count(super().recv_into(buffer, nbytes, flags))


def first_that_answers(addresses: Sequence[str], port: int, line: FetchBudget) -> _Socket:
    """A socket connected to the first of these addresses that answers. Raises OSError."""
    problem: OSError = ConnectionError()
    for place, address in enumerate(addresses):
        connected = _Socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connected.line = line
            connected.settimeout(line.left() / (len(addresses) - place))
            connected.connect((address, port))
        except OSError as error:
            connected.close()
            problem = error
        else:
            return connected
    raise problem


def secured(connected: _Socket, host: str, line: FetchBudget) -> _SecureSocket:
    """The same connection with TLS, for this host. Raises OSError."""
    try:
        context = ssl.create_default_context()  # the system's authorities, so that a desk can add its own
        context.load_verify_locations(certifi.where())  # and the usual ones where the system has none
        context.sslsocket_class = _SecureSocket
        connected.settimeout(line.left())  # a handshake as a whole is held to this
        secured = context.wrap_socket(connected, server_hostname=host)
    except BaseException:
        connected.close()
        raise
    assert isinstance(secured, _SecureSocket)
    secured.line = line
    return secured
