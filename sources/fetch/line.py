"""Sockets with one deadline and one byte limit for a whole fetch."""

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

import certifi

from sources.fetch.errors import FetchFailed, too_large


class FetchBudget:
    """The time and bytes left for the whole fetch."""

    def __init__(self, until: float, most: int) -> None:
        self._until = until
        self._most = most

    def left(self) -> float:
        """Seconds left. Raises TimeoutError at the deadline."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def count(self, size: int) -> int:
        """Count received bytes. Raises FetchFailed above the limit."""
        self._most -= size
        if self._most < 0:
            raise FetchFailed(too_large())
        return size


class _Socket(socket.socket):
    line: FetchBudget

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.line.left())  # the time left, not a fresh timeout for each read
        return self.line.count(super().recv_into(buffer, nbytes, flags))


class _SecureSocket(ssl.SSLSocket):
    line: FetchBudget

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.line.left())
        return self.line.count(super().recv_into(buffer, nbytes, flags))


def first_that_answers(addresses: Sequence[str], port: int, line: FetchBudget) -> _Socket:
    """A socket connected to the first address that accepts. Raises OSError."""
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
    """The connection wrapped in TLS for a host. Raises OSError."""
    try:
        context = ssl.create_default_context()  # the system's authorities, to which a desk can add its own
        context.load_verify_locations(certifi.where())  # and the usual ones, for systems without any
        context.sslsocket_class = _SecureSocket
        connected.settimeout(line.left())  # covers the whole handshake
        secured = context.wrap_socket(connected, server_hostname=host)
    except BaseException:
        connected.close()
        raise
    assert isinstance(secured, _SecureSocket)
    secured.line = line
    return secured
