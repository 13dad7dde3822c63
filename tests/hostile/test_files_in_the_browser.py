"""No hostile file runs in a real browser: neither opened, nor embedded by a page of somebody else.

A script that runs asks for an address of the test's own. That it would is shown by handing the same bytes out
carelessly. The other site is one of the same host name, so that the browser sends it the session along.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from sources.actions import attach_file
from sources.models import Attachment
from tests import factories
from tests.hostile.files import CANARY, RUNNABLE, SCRIPTS

if TYPE_CHECKING:
    from django.test import Client
    from playwright.sync_api import BrowserContext, Page

FEW = ("page.html", "drawing.svg")
FRAMES = (
    '<iframe src="{0}"></iframe><object data="{0}"></object><embed src="{0}"><img src="{0}">'
    '<link rel="stylesheet" href="{0}"><script src="{0}"></script>'
)


class FileSite(ThreadingHTTPServer):
    """Somebody else's site: `pages` by path with their types; `told`: the files whose scripts ran."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _FilePage)
        self.pages: dict[str, tuple[bytes, str]] = {}
        self.told: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/"


class _FilePage(BaseHTTPRequestHandler):
    server: FileSite

    def do_GET(self) -> None:
        path = unquote(self.path[1:])
        if path.startswith("canary/"):
            self.server.told.add(path.removeprefix("canary/"))
        body, kind = self.server.pages.get(path, (b"", "text/plain"))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture
def site() -> Iterator[FileSite]:
    with FileSite() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _armed(content: bytes, site: FileSite) -> bytes:
    """The file with the address that its script asks for. UTF-16 is two bytes a letter."""
    told = f"{site.url}canary/"
    wide = content.replace(CANARY.encode("utf-16-le"), told.encode("utf-16-le"))
    return wide.replace(CANARY.encode(), told.encode())


def _open(page: "Page", address: str) -> None:
    with suppress(Exception):  # a download is no page, which Playwright calls an error
        page.goto(address, wait_until="load", timeout=5_000)
    page.wait_for_timeout(150)


def _attached(names: tuple[str, ...], site: FileSite) -> dict[str, Attachment]:
    cast = factories.cast()
    source = factories.source(cast)
    contents = {name: _armed(RUNNABLE[name][0] if name in RUNNABLE else SCRIPTS[name], site) for name in names}
    return {
        name: attach_file(source=source, chunks=[content], name=name, by=cast.reviewer)
        for name, content in contents.items()
    }


def _sign_in(context: "BrowserContext", client: "Client", address: str) -> None:
    from accounts.models import User

    client.force_login(User.objects.get(username="reviewer"))
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])


def _run_everywhere(
    names: tuple[str, ...], site: FileSite, context: "BrowserContext", client: "Client", address: str
) -> None:
    """Open each file as the person who may, at both addresses, and embed it in every way from another site."""
    kept = _attached(names, site)
    _sign_in(context, client, address)
    page = context.new_page()
    for attachment in kept.values():
        for prefix in ("", "/api/v1"):
            where = f"{address}{prefix}/attachments/{attachment.pk}/"
            assert page.request.get(where).status == 200
            _open(page, where)
            site.pages["frames"] = (FRAMES.replace("{0}", where).encode(), "text/html")
            _open(page, f"{site.url}frames")
    assert site.told == set()


def test_a_hostile_file_does_not_run_in_the_browser(
    transactional_db: None, site: FileSite, context: "BrowserContext", client: "Client", live_server: object
) -> None:
    _run_everywhere(FEW, site, context, client, str(live_server))


@pytest.mark.attack
def test_no_hostile_file_runs_in_the_browser(
    transactional_db: None, site: FileSite, context: "BrowserContext", client: "Client", live_server: object
) -> None:
    _run_everywhere((*RUNNABLE, *SCRIPTS), site, context, client, str(live_server))


@pytest.mark.attack
def test_each_of_them_would_run_where_files_are_handed_out_carelessly(
    site: FileSite, context: "BrowserContext"
) -> None:
    page = context.new_page()
    for name, (content, kind) in RUNNABLE.items():
        site.pages[name] = (_armed(content, site), kind)
        _open(page, site.url + name)
    for name, content in SCRIPTS.items():
        site.pages[name] = (_armed(content, site), "text/javascript")
        site.pages["frames"] = (f'<script src="/{name}"></script>'.encode(), "text/html")
        _open(page, f"{site.url}frames")
    assert site.told == {*RUNNABLE, *SCRIPTS}
