"""Hostile files, hostile answers to captures and broken requests, against web server and workers as they really run."""

import hashlib
import http.client
import json
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.files import every_file
from tests.hostile.filling import BOUNDARY, multipart
from tests.hostile.hostile_server import answers, hostile_server
from tests.mail import MailServer

if TYPE_CHECKING:
    from tests.drills.system import System

pytestmark = pytest.mark.attack

LARGEST = 512 * 2**20  # bytes that a process may ever have held
FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"
# What answers with whole bytes; of all others no capture comes about.
CAPTURED = {
    "gzip-bomb", "gzip-in-gzip", "nul-in-header", "not-text-in-header", "script", "promised-less", "twice",
    "promised-nothing",
}  # fmt: skip


@pytest.fixture(scope="module")
def system() -> Iterator["System"]:
    from tests.drills.system import System

    with (
        MailServer() as mail,
        tempfile.TemporaryDirectory(prefix="second-source-attack-") as folder,
        System(Path(folder), mail.port, CAPTURE_ALLOW="127.0.0.0/8") as running,
    ):
        yield running


class Sender:
    """The editor with a token."""

    def __init__(self, system: "System") -> None:
        self.port = system.web.port
        self.token = system.manage("create_token", "editor").stdout.split()[-1]

    def send(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Host": f"localhost:{self.port}", "Authorization": f"Bearer {self.token}", "Content-Type": kind}
        line.request(method, f"/api/v1/{path}", body, headers)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return answer.status, content

    def source(self, **fields: str) -> str:
        status, content = self.send("POST", "sources/", json.dumps({"title": "x", **fields}).encode())
        assert status == 201, content
        return str(json.loads(content)["id"])

    def attach(self, source: str, name: str, content: bytes) -> tuple[int, Any]:
        body = multipart({"file": [(name.encode(), content)]})
        status, answer = self.send("POST", f"sources/{source}/attachments/", body, FORM)
        return status, json.loads(answer)

    def raw(self, request: bytes, *, cut: bool = False) -> bytes:
        """The first line of what is answered to these bytes; `cut`: nothing more is sent, the line is half closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            try:
                line.sendall(request)
                if cut:
                    line.shutdown(socket.SHUT_WR)
                return line.recv(65_536).split(b"\r\n")[0]
            except (TimeoutError, ConnectionError):
                return b""


@pytest.fixture(scope="module")
def editor(system: "System") -> Sender:
    return Sender(system)


@pytest.fixture(autouse=True)
def _sound(system: "System") -> Iterator[None]:
    """After each attack: everything agrees, and no process has ever held too much."""
    yield
    peaks = {name: _peak(child.process.pid) for name, child in system.parts.items() if name not in SERVERS}
    print({name: f"{peak // 2**20} MB" for name, peak in peaks.items()})  # noqa: T201
    assert {name for name, peak in peaks.items() if peak > LARGEST} == set()
    assert system.verify() == []


SERVERS = ("PostgreSQL", "Valkey")


def _peak(pid: int) -> int:
    """The most bytes that a process or one that it started has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max([own, *(_peak(int(child)) for child in children)])


def test_hostile_files_by_several_people_at_once(editor: Sender) -> None:
    source = editor.source()
    with ThreadPoolExecutor(4) as pool:
        answers = dict(pool.map(lambda item: (item[0], editor.attach(source, *item)), every_file().items()))
    wanted = {name: (201, hashlib.sha256(content).hexdigest()) for name, content in every_file().items()}
    assert {name: (status, answer["sha256"]) for name, (status, answer) in answers.items()} == wanted


def test_the_largest_files_that_are_kept_at_once(editor: Sender) -> None:
    source, content = editor.source(), bytes(50 * 2**20)
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda number: editor.attach(source, f"{number}", content)[0], range(4)))
    assert statuses == [201] * 4
    assert editor.attach(source, "more", content + b"x")[0] == 413


def test_hostile_answers_to_captures(system: "System", editor: Sender) -> None:
    with hostile_server() as port:
        sources = {name: editor.source(url=f"http://127.0.0.1:{port}/{name}") for name in answers()}
        until = time.monotonic() + 900
        while system.rows("SELECT count(*) FROM sources_capture WHERE state = 'pending'")[0][0]:
            assert time.monotonic() < until
            time.sleep(1)
    rows = dict(system.rows("SELECT source_id::text, state FROM sources_capture"))
    assert {name for name, source in sources.items() if rows[source] == "done"} == CAPTURED


def test_an_upload_that_breaks_off_is_not_kept(system: "System", editor: Sender) -> None:
    source = editor.source()
    body = multipart({"file": [(b"half.txt", b"x" * 3_000_000)]})
    count = "SELECT count(*) FROM sources_attachment"
    before = system.rows(count)
    head = (
        f"POST /api/v1/sources/{source}/attachments/ HTTP/1.1\r\nHost: localhost:{editor.port}\r\n"
        f"Authorization: Bearer {editor.token}\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    for part in (0, 10, 200, 1_000, 70_000, 1_500_000, len(body) - 40):
        editor.raw(head + body[:part], cut=True)
    time.sleep(1)
    assert system.rows(count) == before


HOST = b"Host: localhost\r\n"
END = HOST + b"\r\n"
LOGIN = b"POST /account/login/ HTTP/1.1\r\n" + HOST
TYPE, LENGTH, ENCODING = b"Content-Type: ", b"Content-Length: ", b"Transfer-Encoding: "
FIELDS = TYPE + b"application/x-www-form-urlencoded; charset="
BROKEN = (
    *(b"", b"\0" * 1000, b"\r\n" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"),
    *(b"GET /\0 HTTP/1.1\r\n" + END, b"GET /\xff\xfe HTTP/1.1\r\n" + END, b"GET /%00 HTTP/1.1\r\n" + END),
    *(b"GET /%ff/ HTTP/1.1\r\n" + END, b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n"),
    *(b"GET /public/ HTTP/1.1\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\nHost: a@b:99999999\r\n\r\n", b"GET http://[::1/ HTTP/1.1\r\n" + END),
    *(b"GET //elsewhere.example/%2f.. HTTP/1.1\r\n" + END, b"OPTIONS * HTTP/1.1\r\n" + END),
    *(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n" + END, b"TRACE / HTTP/1.1\r\n" + END, b"A" * 500 + b" / HTTP/1.1\r\n" + END),
    b"GET /public/ HTTP/1.1\r\nCookie: sessionid=\xff\xfe; csrftoken=\x01\r\n" + END,
    *(LOGIN + LENGTH + b"-1\r\n\r\nx", LOGIN + LENGTH + b"99999999999999999999\r\n\r\nx"),
    *(LOGIN + LENGTH + b"5\r\n" + LENGTH + b"6\r\n\r\nlogin=", LOGIN + LENGTH + b"\xb2\r\n\r\nx"),
    LOGIN + LENGTH + b"4\r\n" + ENCODING + b"chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    *(LOGIN + ENCODING + b"chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx", LOGIN + ENCODING + b"gzip, chunked, x\r\n\r\n"),
    LOGIN + ENCODING + b"chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    LOGIN + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    LOGIN + TYPE + b"multipart/form-data\r\n" + LENGTH + b"3\r\n\r\nabc",
    LOGIN + TYPE + b"multipart/form-data; boundary=" + b"x" * 4_000 + b"\r\n" + LENGTH + b"3\r\n\r\nabc",
    *(
        LOGIN + FIELDS + b"no-such\r\n" + LENGTH + b"3\r\n\r\na=b",
        LOGIN + FIELDS + b"utf-16\r\n" + LENGTH + b"3\r\n\r\na=b",
    ),
)
# What the server does not implement (501) is no failure.
FAILURES = (b"500", b"502", b"503", b"504")


def test_broken_requests_are_no_failures(editor: Sender) -> None:
    lines = {request[:80]: editor.raw(request, cut=True) for request in BROKEN}
    assert {request: line for request, line in lines.items() if line[9:12] in FAILURES} == {}
    assert editor.send("GET", "claims/")[0] == 200
