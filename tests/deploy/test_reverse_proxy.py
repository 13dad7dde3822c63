"""The shipped nginx configuration before a real web server. Needs nginx (Debian: nginx-light) and openssl.

Not part of bin/test, since it needs a package of the system: bin/test -m drill tests/deploy
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from config.embedded import free_port
from tests.conftest import ROOT

pytestmark = pytest.mark.drill
NAME = "desk.example.org"
SECRET = "Zephyrine"


@dataclass
class Front:
    """nginx and the web server behind it."""

    folder: Path
    tls: int
    plain: int
    web: int

    def connect(self, name: str = NAME) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), 30), server_hostname=name)

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> HTTPResponse:
        """The answer through nginx; its body is read already, into `.told`."""
        connection = HTTPConnection(NAME)
        connection.sock = self.connect()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, address, body=body, headers=given)
        return told(connection)

    def past(self, port: int, address: str, **headers: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", address, headers=headers)
        return told(connection)

    def logs(self) -> str:
        return "".join((self.folder / name).read_text() for name in ("access.log", "error.log", "web.log"))


def told(connection: HTTPConnection) -> HTTPResponse:
    answer = connection.getresponse()
    answer.told = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def configuration(front: Front) -> str:
    """The shipped file at free ports, with paths of this folder; nothing else is changed."""
    folder = front.folder
    text = (ROOT / "deploy" / "nginx" / "second-source.conf").read_text()
    for old, new in (
        ("[::]:80", f"[::1]:{front.plain}"),
        ("[::]:443", f"[::1]:{front.tls}"),
        ("listen 80", f"listen {front.plain}"),
        ("listen 443", f"listen {front.tls}"),
        ("127.0.0.1:8000", f"127.0.0.1:{front.web}"),
        ("/etc/letsencrypt/live/desk.example.org/fullchain.pem", f"{folder}/cert.pem"),
        ("/etc/letsencrypt/live/desk.example.org/privkey.pem", f"{folder}/key.pem"),
        ("/var/log/nginx/second-source.", f"{folder}/"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Its children would be somebody else, and shut out of this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return f"{user}pid {folder}/pid;\nerror_log {folder}/error.log emerg;\nevents {{}}\nhttp {{\n{paths}{text}}}\n"


@pytest.fixture
def front(transactional_db: None, tmp_path: Path) -> Iterator[Front]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert nginx, "nginx is missing: install it (Debian: apt-get install nginx-light)"
    front = Front(tmp_path, free_port(), free_port(), free_port())
    make_certificate(tmp_path)
    (tmp_path / "nginx.conf").write_text(configuration(front))
    environment = os.environ | {
        "PUBLIC_URL": f"https://{NAME}",
        "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
        "TRUSTED_PROXIES": "1",
        "STATIC_ROOT": str(tmp_path / "static"),
        "EVIDENCE_STORAGE": str(tmp_path / "evidence"),
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], cwd=ROOT, env=environment, check=True
    )
    web = [sys.executable, "-m", "gunicorn", "-c", "python:config.web_server", "--bind", f"127.0.0.1:{front.web}"]
    proxy = [nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    subprocess.run([*proxy, "-t", "-q"], check=True)
    with (tmp_path / "web.log").open("wb") as log:
        running = [
            subprocess.Popen([*web, "config.wsgi"], cwd=ROOT, env=environment, stdout=log, stderr=log),
            subprocess.Popen([*proxy, "-g", "daemon off;"]),
        ]
    try:
        wait_for(front)
        yield front
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(20)


def make_certificate(folder: Path) -> None:
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-days", "2", *names, *files], check=True, capture_output=True)


def wait_for(front: Front) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if front.ask("GET", "/healthz").status == 200:
                return
        except OSError:
            assert time.monotonic() < until, front.logs()
        time.sleep(0.1)


def test_people_are_led_to_https_and_others_are_not_answered(front: Front) -> None:
    page = front.ask("GET", "/account/login/")
    cookie = page.headers["Set-Cookie"]
    assert (page.status, "Secure" in cookie, page.headers["Strict-Transport-Security"]) == (
        200,
        True,
        "max-age=31536000; includeSubDomains; preload",
    )
    plain = front.past(front.plain, "/claims/", Host=NAME)
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{NAME}/claims/")
    with pytest.raises((OSError, ssl.SSLError)):
        front.connect("another.example.org")
    with pytest.raises(OSError):
        front.past(front.plain, "/", Host="another.example.org")


def test_what_machines_ask_is_answered_on_the_spot_and_not_outside(front: Front) -> None:
    token = {"Authorization": "Bearer a-token-for-the-metrics"}
    outside = [front.ask("GET", address, **token).status for address in ("/metrics", "/readyz")]
    inside = [front.past(front.web, address, **token).status for address in ("/metrics", "/readyz", "/healthz")]
    assert (outside, inside) == ([404, 404], [200, 200, 200])


def test_pages_come_compressed_and_answers_of_the_api_as_they_are(front: Front) -> None:
    addresses = ("/account/login/", "/api/schema/?format=json")
    found = [front.ask("GET", address, Accept_Encoding="gzip").headers for address in addresses]
    assert [headers["Content-Encoding"] for headers in found] == ["gzip", None]


def test_static_files_come_compressed_and_for_good(front: Front) -> None:
    page = front.ask("GET", "/account/login/").told.decode()  # type: ignore[attr-defined]
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = front.ask("GET", sheet, Accept_Encoding="gzip")
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert "immutable" in answer.headers["Cache-Control"]


def test_the_proxys_id_stands_in_the_answer_and_in_both_logs(front: Front) -> None:
    answer = front.ask("GET", "/public/ABC-1/", X_Request_ID="chosen-by-the-client")
    name = answer.headers["X-Request-ID"]
    assert (len(name), name == "chosen-by-the-client") == (32, False)
    lines = {file: (front.folder / file).read_text().splitlines() for file in ("access.log", "web.log")}
    found = {file: [json.loads(line)["status"] for line in lines[file] if name in line] for file in lines}
    assert found == {"access.log": [404], "web.log": [404]}


def test_no_log_holds_what_was_asked_for(front: Front) -> None:
    front.ask("GET", f"/claims/?q={SECRET}", Referer=f"https://{NAME}/{SECRET}/", User_Agent=SECRET)
    front.ask("GET", f"/{SECRET}/")
    front.ask("POST", f"/{SECRET}/", body=b"a" * 102 * 2**20)
    assert (SECRET in front.logs(), "127.0.0.1" in (front.folder / "access.log").read_text()) == (False, False)


def test_forwarding_headers_of_a_client_do_not_help_against_the_sign_in_limit(front: Front) -> None:
    refused = []
    for number in range(12):
        page = front.ask("GET", "/account/login/")
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        token = page.told.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]  # type: ignore[attr-defined]
        body = f"csrfmiddlewaretoken={token}&login=nobody{number}&password=wrong"
        forged = f"203.0.113.{number}"
        answer = front.ask(
            "POST",
            "/account/login/",
            body,
            Cookie=cookie,
            Referer=f"https://{NAME}/account/login/",
            Content_Type="application/x-www-form-urlencoded",
            X_Forwarded_For=forged,
            X_Real_IP=forged,
            Forwarded=f"for={forged}",
        )
        refused.append("Too many attempts" in answer.told.decode())  # type: ignore[attr-defined]
    assert (refused[0], refused[-1]) == (False, True), refused


def test_slow_clients_keep_nobody_waiting(front: Front) -> None:
    """Forty clients that have sent half of a form: five for each thread of the web server."""
    slow = [front.connect() for _ in range(40)]
    head = f"POST /account/login/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n\r\nlogin=".encode()
    for connection in slow:
        connection.sendall(head)
    started = time.monotonic()
    statuses = {front.ask("GET", "/account/login/").status for _ in range(8)}
    seconds = time.monotonic() - started
    for connection in slow:
        connection.close()
    assert (statuses, seconds < 6) == ({200}, True), seconds


def test_a_file_of_the_full_size_comes_through_and_a_larger_one_is_refused(front: Front) -> None:
    from accounts.actions import create_token
    from tests import factories

    cast = factories.cast()
    source = factories.source(cast, "A recording", by=cast.reporter)
    _row, token = create_token(user=cast.reporter)
    sizes = (50 * 2**20, 50 * 2**20 + 1, 102 * 2**20)
    answers = [
        front.ask(
            "POST",
            f"/api/v1/sources/{source.pk}/attachments/",
            multipart(b"\x01" * size),
            Authorization=f"Bearer {token}",
            Content_Type="multipart/form-data; boundary=edge",
        )
        for size in sizes
    ]
    assert [(answer.status, answer.headers["Content-Type"]) for answer in answers] == [
        (201, "application/json"),
        (413, "application/problem+json"),  # by the application, in words
        (413, "text/html"),  # by nginx, before it has read it
    ]


def multipart(content: bytes) -> bytes:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    return head + content + b"\r\n--edge--\r\n"
