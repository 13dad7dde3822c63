"""sqlmap and wapiti against the running system, and in the same run against a server with holes, which they must find.

In a network namespace where there is nothing but loopback, so that nothing else is scanned: `bin/attack scanners`.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.hostile.leaky_server import leaky_server
from tests.mail import MailServer

if TYPE_CHECKING:
    from tests.drills.system import System

pytestmark = pytest.mark.attack

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / ".venv-scanners" / "bin"
SECONDS_EACH = 240
MODULES = ("sql", "timesql", "xss", "permanentxss", "file", "exec", "redirect", "crlf", "upload", "csrf")
# Of what wapiti reports, what is no hole here, and why.
EXPLAINED: dict[str, str] = {}


@pytest.fixture(scope="module", autouse=True)
def _alone() -> None:
    """Refuses to scan anything where more can be reached than loopback."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    devices = {line.split(":")[0].strip() for line in lines}
    if devices != {"lo"}:
        pytest.fail("Scanners run in a network namespace with nothing but loopback: bin/attack scanners, as root")


@pytest.fixture(scope="module")
def holes() -> Iterator[str]:
    with leaky_server() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def system() -> Iterator["System"]:
    from tests.drills.system import System

    with (
        MailServer() as mail,
        tempfile.TemporaryDirectory(prefix="second-source-attack-") as folder,
        System(Path(folder), mail.port) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def product(system: "System") -> str:
    return f"http://localhost:{system.web.port}"


@pytest.fixture(scope="module")
def session(product: str) -> str:
    """The cookies of an editor who is signed in."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{product}/account/login/").read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    form = {"csrfmiddlewaretoken": found[1], "login": "editor", "password": "demo-editor"}
    browser.open(f"{product}/account/login/", urlencode(form).encode())
    cookies = {cookie.name: cookie.value for cookie in jar}
    assert "sessionid" in cookies
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def run(program: str, *arguments: str, folder: Path) -> str:
    """What a scanner says. It gets a home of its own and some time."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONWARNINGS": "ignore"}
    command = [str(PROGRAMS / program), *arguments]
    done = subprocess.run(
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500,
        check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def sqlmap(folder: Path, url: str, *more: str) -> tuple[bool, int]:
    """Whether sqlmap finds an injection at `url`, and how many parameters it has looked at."""
    fixed = ("--batch", "--disable-coloring", "--level=1", "--risk=1", "--timeout=20", "--retries=1", "--flush-session")
    limited = (f"--time-limit={SECONDS_EACH}", f"--output-dir={folder}", "--ignore-code=*")
    said = run("sqlmap", "-u", url, *fixed, *limited, *more, folder=folder)
    looked = len(set(re.findall(r"testing if (.+? parameter '[^']+')", said)))
    print(url.partition("?")[0], "parameters:", looked)  # noqa: T201
    assert looked, said[-3000:]
    return "identified the following injection point" in said, looked


def test_sqlmap_finds_the_hole_that_is_there(holes: str, tmp_path: Path) -> None:
    found, _looked = sqlmap(tmp_path, f"{holes}/search?q=a")
    assert found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/claims/?q=a&state=reported&topic=x&assignee=editor&closed=only&ordering=created&cursor=x", ""),
        ("/sources/?q=a&cursor=x", ""),
        ("/actors/?q=a", ""),
        ("/sources/names/?q=a&desk=&without=", ""),
        ("/public/?cursor=x", ""),
        ("/api/v1/claims/?q=a&state=reported&assignee=editor&ordering=created&page_size=5", ""),
        ("/api/v1/sources/", '{"title": "a", "url": "https://a.example/", "language": "en"}'),
        ("/api/v1/assignments/?claim=DEM-1&state=open", ""),
    ],
)
def test_sqlmap_finds_none_in_the_product(product: str, session: str, tmp_path: Path, path: str, body: str) -> None:
    csrf = re.search(r"csrftoken=(\w+)", session)
    assert csrf is not None
    headers = f"X-CSRFToken: {csrf[1]}\nContent-Type: {'application/json' if body else 'text/plain'}"
    more = ["--cookie", session, "--headers", headers, "--skip=Cookie", *(["--data", body] if body else [])]
    found, _looked = sqlmap(tmp_path, product + path, *more)
    assert not found


def wapiti(folder: Path, url: str, *more: str) -> dict[str, list[dict[str, Any]]]:
    """What wapiti finds below `url`, by kind."""
    report = folder / "report.json"
    # So many seconds for finding the pages, and for each module.
    limits = ("--max-scan-time", "120", "--max-attack-time", "45", "--max-links-per-page", "60")
    fixed = ("--scope", "domain", "--flush-session", "--no-bugreport", "-f", "json", "-o", str(report), "-d", "4")
    said = run("wapiti", "-u", url, "-m", ",".join(MODULES), *fixed, *limits, *more, folder=folder)
    assert report.exists(), said[-3000:]
    read = json.loads(report.read_text())
    print(url, "pages:", read["infos"].get("crawled_pages_nbr"))  # noqa: T201
    return {kind: found for kind, found in (read["vulnerabilities"] | read["anomalies"]).items() if found}


def test_wapiti_finds_the_holes_that_are_there(holes: str, tmp_path: Path) -> None:
    found = wapiti(tmp_path, f"{holes}/")
    assert {"SQL Injection", "Reflected Cross Site Scripting"} <= found.keys()


def test_wapiti_finds_none_in_the_product(product: str, session: str, tmp_path: Path) -> None:
    away = [part for path in ("logout", "password", "signing-in") for part in ("-x", f"{product}/account/{path}/*")]
    found = wapiti(tmp_path, f"{product}/", "-H", f"Cookie: {session}", *away)
    left = {kind: rows for kind, rows in found.items() if kind not in EXPLAINED}
    assert left == {}, json.dumps(left)[:5000]


def test_everything_agrees_after_the_scans(system: "System") -> None:
    assert system.verify() == []
