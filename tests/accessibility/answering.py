"""Answers a browser's requests by Django itself: all pages of one world in one transaction, and no server between."""

from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from playwright.sync_api import BrowserContext, Request, Route

from accounts.models import User

SITE = "http://localhost"
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def answer_by_django(context: BrowserContext, user: User | None) -> None:
    """Whatever the context's pages ask for is answered here, as to somebody who is signed in as `user`."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    connection = connections["default"]

    def answer(route: Route, request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            assert isinstance(found, str), path
            route.fulfill(path=found, content_type=TYPES[path.rpartition(".")[2]])
        else:
            # Playwright calls from a context of its own, in which Django would open another connection.
            connections["default"] = connection
            _fulfil(route, request, client)

    context.route("**/*", answer)


def _fulfil(route: Route, request: Request, client: Client) -> None:
    parts = urlsplit(request.url)
    response = client.generic(
        request.method,
        f"{parts.path}?{parts.query}" if parts.query else parts.path,
        request.post_data_buffer or b"",
        content_type=request.headers.get("content-type", "application/octet-stream"),
        headers={"accept": request.headers.get("accept", "*/*")},
    )
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    route.fulfill(status=response.status_code, headers=dict(response.items()), body=body)
