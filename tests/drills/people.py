"""People who use a running system: over its API with a token, and over its pages signed in."""

import http.client
import json
import re
import time
from typing import Any
from urllib.parse import urlencode

API = "/api/v1/"
SECONDS_TO_WAIT = 30


class Refused(Exception):
    """No answer, or another than a good one. `status` is 0 where there was none."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status, self.text = status, text


class DrillPerson:
    """One person. `longest` is the longest that a good answer or a refusal took, in seconds."""

    def __init__(self, port: int, token: str = "", *, address: str = "") -> None:
        """`address`: where they come from, as a proxy before the server tells it."""
        self._port, self._token, self._at = port, token, address
        self._cookies: dict[str, str] = {}
        self.longest = 0.0

    def get(self, path: str) -> Any:
        """The answer to GET: an object of the API, or the text of a page. Raises Refused."""
        return self._read(self._send("GET", path))

    def download(self, path: str) -> bytes:
        return self._send("GET", path)[2]

    def post(self, path: str, **body: Any) -> Any:
        """The answer to POST of an object. Raises Refused."""
        return self._read(self._send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"}))

    def patch(self, path: str, **body: Any) -> Any:
        """The answer to PATCH of an object. Raises Refused."""
        return self._read(self._send("PATCH", path, json.dumps(body).encode(), {"Content-Type": "application/json"}))

    def upload(self, path: str, content: bytes, **fields: str) -> Any:
        """The answer to POST of a file. Raises Refused."""
        edge = "edge-of-the-parts"
        head = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="file.bin"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self._read(self._send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"}))

    def submit(self, path: str, **fields: str) -> int:
        """Fills in the form of a page and sends it; the status. Raises Refused for 400 and more."""
        body = urlencode({**fields, "csrfmiddlewaretoken": self.form_token(path)}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": self._address(path)}
        return self._send("POST", path, body, headers)[0]

    def form_token(self, path: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert found, f"no form at {path}"
        return found[1]

    def sign_in(self, name: str) -> "DrillPerson":
        self.submit("/account/login/", login=name, password=f"demo-{name}")
        return self

    def _address(self, path: str) -> str:
        return f"http://localhost:{self._port}{path}"

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        path = path if path.startswith("/") else API + path
        sent = {"Host": f"localhost:{self._port}", **(headers or {})}
        if self._at:
            sent["X-Forwarded-For"] = self._at
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS_TO_WAIT)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Refused(0, type(error).__name__) from error
        finally:
            connection.close()
            self.longest = max(self.longest, time.monotonic() - began)
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status >= 400:
            raise Refused(answer.status, content.decode(errors="replace"))
        return answer.status, answer.headers.get("Content-Type", ""), content

    @staticmethod
    def _read(answer: tuple[int, str, bytes]) -> Any:
        _status, media_type, content = answer
        return json.loads(content) if "json" in media_type and content else content.decode()
