"""Our scripts alone in a real browser: a page of a few lines, the script, and a server that a test writes down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Route

SITE = "http://localhost"
FOLDER = Path(__file__).resolve().parents[2] / "config" / "static" / "second_source"
Answer = tuple[int, str]
"""Status and JSON."""


@dataclass
class Served:
    """What the page asked for, and what it gets: answers by path, each a status and JSON; None: no connection."""

    answers: dict[str, Callable[["Request"], Answer | None]] = field(default_factory=dict)
    asked: list["Request"] = field(default_factory=list)

    def forms(self) -> list[dict[str, list[str]]]:
        """The forms that were sent, oldest first."""
        return [parse_qs(one.post_data or "", keep_blank_values=True) for one in self.asked if one.method == "POST"]


def open_with(context: "BrowserContext", script: str, html: str, served: Served) -> "Page":
    """A page whose body is `html`, running one of our scripts."""
    page = context.new_page()
    whole = f'<!doctype html><html lang="en"><title>Script</title>{html}<script type="module" src="/{script}"></script>'

    def answer(route: "Route", request: "Request") -> None:
        path = urlsplit(request.url).path
        if path.endswith(".js"):
            route.fulfill(path=FOLDER / path.lstrip("/"), content_type="text/javascript")
        elif path in served.answers and request.resource_type != "document":
            served.asked.append(request)
            given = served.answers[path](request)
            if given is None:
                route.abort()
            else:
                route.fulfill(status=given[0], body=given[1], content_type="application/json")
        else:
            if request.method == "POST":
                served.asked.append(request)
            route.fulfill(body=whole, content_type="text/html")

    page.route("**/*", answer)
    page.goto(f"{SITE}/")
    return page
