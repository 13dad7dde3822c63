"""Every form of every page, found by asking at every address as people who see most of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import resolve

from tests.access.asking import address_of, signed_in
from tests.access.routes import routes
from tests.access.world import AccessWorld

# Who sees which forms: an editor's, those of the reviewer who has the claim, an administrator's, those of the reporter
# about what is theirs, those of nobody.
VISITORS = ("editor", "assigned reviewer", "administrator", "reporter", "anonymous")
CHOSEN = ("radio", "checkbox", "submit", "select")  # controls whose values are named in the page
TYPED = ("text", "textarea", "search", "url")  # controls for any text


@dataclass
class Control:
    """One control: the values that the page shows in it, and the `options` that it can be set to."""

    name: str
    type: str
    values: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form as the browser of `visitor` finds it on `page`."""

    page: str
    visitor: str
    address: str
    method: str
    controls: dict[str, Control]

    @property
    def route(self) -> str:
        """The name of the address that it is sent to."""
        return resolve(urlsplit(self.address).path).view_name

    @property
    def has_file(self) -> bool:
        """Whether one of its controls takes a file."""
        return any(control.type == "file" for control in self.controls.values())


def forms_of(world: AccessWorld) -> list[Form]:
    """Every form of every page, as the first of VISITORS to whom the page opens finds it.

    Those of the administration site are Django's own.
    """
    found: dict[tuple[str, str, frozenset[str]], Form] = {}
    closed = [address_of(route, world) for route in routes() if not route.name.startswith("api")]
    for visitor in VISITORS:
        client = signed_in(world.people[visitor])
        answers = {address: client.get(address) for address in closed}
        closed = [address for address, answer in answers.items() if answer.status_code not in (200, 405)]
        for address, answer in answers.items():
            for form in forms_in(answer, address, visitor):
                found.setdefault((form.method, form.route, frozenset(form.controls)), form)
    return list(found.values())


def forms_in(answer: Any, address: str, visitor: str) -> Iterator[Form]:
    """The forms of one page; none in what is no HTML."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        reader = _FormReader(address, visitor)
        reader.feed(answer.content.decode())
        yield from reader.forms


class _FormReader(HTMLParser):
    def __init__(self, address: str, visitor: str) -> None:
        super().__init__()
        self.address, self.visitor = address, visitor
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: Control | None = None
        self._textarea: Control | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "form":
            target = urljoin(self.address, said.get("action", ""))
            self._form = Form(self.address, self.visitor, target, said.get("method", "get").upper(), {})
            self.forms.append(self._form)
        elif tag == "option" and self._select is not None:
            self._select.options.append(said.get("value", ""))
            if "selected" in said:
                self._select.values.append(said.get("value", ""))
        elif self._form is not None and said.get("name") and tag in ("input", "select", "textarea", "button"):
            kind = said.get("type", "text") if tag == "input" else "submit" if tag == "button" else tag
            control = self._form.controls.setdefault(said["name"], Control(said["name"], kind))
            self._read(control, kind, said)

    def _read(self, control: Control, kind: str, said: dict[str, str]) -> None:
        value = said.get("value", "on" if kind in ("radio", "checkbox") else "")
        if kind in ("radio", "checkbox", "submit"):
            control.options.append(value)
            if "checked" in said:
                control.values.append(value)
        elif kind == "select":
            self._select = control
        elif kind == "textarea":
            self._textarea = control
            control.values.append("")
        elif kind != "file":
            control.values.append(value)

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.values[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            # A browser takes the line break after the tag for layout.
            self._textarea.values[-1] = self._textarea.values[-1].removeprefix("\n")
            self._textarea = None
