"""Signing in as a browser does, and the requests of a signed-in person."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.load import Connection

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Person:
    """A person with a session on one of the sites, or a program with a token."""

    headers: str

    def get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}\r\n".encode()

    def post(self, path: str, content_type: str, body: bytes) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}"
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


def sign_in(port: int, path: str, fields: dict[str, str]) -> Person:
    """Post the form at `path` with `fields`. Returns the person with the session's cookie.

    Raises ValueError if the sign-in is refused.
    """
    server = Connection(port)
    anybody = Person("")
    _status, head, body = server.ask(anybody.get(path))
    token = _TOKEN.search(body)
    if token is None:
        raise ValueError(f"{path} has no form")
    form = {"csrfmiddlewaretoken": token[1].decode(), **fields}
    person = Person(_cookie_header(_cookies(head)))
    request = person.post(path, "application/x-www-form-urlencoded", urlencode(form).encode())
    status, head, _body = server.ask(request)
    cookies = _cookies(head)
    server.close()
    if status != 302 or "sessionid" not in cookies:
        raise ValueError(f"{path} let {fields} not in: {head.decode()}")
    return Person(_cookie_header(cookies))


def _cookies(head: bytes) -> dict[str, str]:
    return dict(re.findall(r"(?im)^set-cookie: ([^=]+)=([^;\r\n]*)", head.decode()))


def _cookie_header(cookies: dict[str, str]) -> str:
    return "Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()) + "\r\n" if cookies else ""
