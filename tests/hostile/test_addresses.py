"""Paths, query strings, headers and cookies, of every address there is."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import cycle, repeat, zip_longest
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import resolve

from tests.access.asking import address_of, signed_in
from tests.access.routes import Route, routes
from tests.access.world import AccessWorld
from tests.hostile.answers import Database, fault_of
from tests.hostile.texts import KINDS, TEXTS, raw

ROOT = Path(__file__).resolve().parents[2]
# As the views read them, and what sign-in reads.
QUERY_NAMES = sorted(
    {
        name
        for file in ROOT.glob("*/views*/**/*.py")
        for name in re.findall(r'\bGET(?:\.get\(|\.getlist\(|\[)"(\w+)"', file.read_text())
    }
    | {"next", "page"}
)
HEADERS = (
    *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Encoding"),
    *("Content-Length", "Content-Type", "Cookie", "Date", "Expect", "Forwarded", "Host", "Idempotency-Key"),
    *("If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Origin", "Range"),
    *("Referer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "X-CSRFToken", "X-Forwarded-For"),
    *("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-HTTP-Method-Override"),
    *("X-Original-URL", "X-Real-IP", "X-Request-ID", "X-Requested-With", "X-Rewrite-URL"),
)
COOKIES = ("sessionid", "csrftoken", "messages", "django_language", "{}")
# A page, a list, what is made of a body, what anybody reads, and where people sign in.
READ_WITH_HEADERS = ("claim", "api:claims", "attachment", "public-claim", "account_login", "api-docs", "healthz")
# No server hands these on in a header.
NOT_IN_HEADERS = re.compile("[\r\n\x00]")


class AskedAddress(NamedTuple):
    address: str
    what: str
    method: str = "GET"
    more: dict[str, Any] = {}
    signed_in: bool = True


class Asker:
    """Asks at addresses as an editor; `faults` says what was wrong with the answers."""

    def __init__(self, world: AccessWorld) -> None:
        self.world = world
        self.database = Database()
        self.client, self.nobody = signed_in(world.cast.editor), signed_in(None)
        self.before = self.database.state()  # whatever is asked is taken back
        self.faults: dict[str, str] = {}

    def ask(self, asked: AskedAddress) -> None:
        """Asks by itself; what is wrong with the answer is noted. Whatever it did is taken back."""
        with transaction.atomic():
            answer = self._answer(asked)
            fault = fault_of(answer, self.before, self.database.state() if answer.status_code >= 400 else self.before)
            transaction.set_rollback(True)
        if fault:
            self.faults[f"{asked.method} {asked.what}"] = fault

    def ask_all(self, asks: Iterable[AskedAddress]) -> None:
        """Asks each, and looks at the database once; one after the other where it is not as it was."""
        asks = list(asks)
        with transaction.atomic():
            faults = [fault_of(self._answer(one), self.before, self.before) for one in asks]
            untouched = self.database.state() == self.before
            transaction.set_rollback(True)
        for one, fault in zip(asks, faults, strict=True):
            if not untouched:
                self.ask(one)
            elif fault:
                self.faults[f"{one.method} {one.what}"] = fault

    def _answer(self, asked: AskedAddress) -> Any:
        client = self.client if asked.signed_in else self.nobody
        with transaction.atomic():  # a failed statement ends one request, not all
            return client.generic(asked.method, asked.address, **asked.more)

    def in_paths(self, route: Route, texts: Collection[str]) -> None:
        """Each text in place of what stands in the path."""
        address = address_of(route, self.world)
        for name in route.parameters:
            value = str(resolve(address).kwargs[name])
            self.ask_all(
                AskedAddress(
                    address.replace(value, quote_from_bytes(raw(text))), f"{route.name} with {name}={text[:40]!a}", at
                )
                for text in texts
                for at in ("GET", "POST")
            )

    def in_query(self, route: Route, names: Iterable[str], texts: Iterator[str]) -> None:
        """One text for each name."""
        self.ask_all(self._in_query(route, name, next(texts)) for name in names)

    def in_query_as_read(self, route: Route, texts: Collection[str]) -> None:
        """Each text under each name that the address looks at, and under one that none does."""
        for name in [*self._looked_at(route), "nobody-looks"]:
            self.ask_all(self._in_query(route, name, text) for text in texts)

    def _in_query(self, route: Route, name: str, text: str) -> AskedAddress:
        query = f"{name}={quote_from_bytes(raw(text))}"
        return AskedAddress(
            address_of(route, self.world), f"{route.name} ?{name}={text[:40]!a}", more={"QUERY_STRING": query}
        )

    def _looked_at(self, route: Route) -> list[str]:
        """The names in the query that an address looks at: given all of them, and given each by itself."""
        address, looked_at = address_of(route, self.world), set[str]()
        queries = ("&".join(f"{name}=1" for name in QUERY_NAMES), *(f"{name}=1" for name in QUERY_NAMES))
        with pytest.MonkeyPatch.context() as patch, transaction.atomic():
            for method in ("__getitem__", "__contains__", "get", "getlist"):
                patch.setattr(QueryDict, method, _noting(getattr(QueryDict, method), looked_at))
            for query in queries:
                self._answer(AskedAddress(address, route.name, more={"QUERY_STRING": query}))
            transaction.set_rollback(True)
        return sorted(looked_at & set(QUERY_NAMES))

    def in_headers(self, route: Route, names: Iterable[str], texts: Iterator[str]) -> None:
        """One text in each header, as the bytes that a server hands on."""
        self.ask_all(self._in_header(route, name, next(texts)) for name in names)

    def _in_header(self, route: Route, name: str, text: str) -> AskedAddress:
        method = "POST" if name.startswith(("Content", "Transfer", "X-HTTP")) else "GET"
        key = name.upper().replace("-", "_")
        environ = {key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}": raw(text).decode("latin-1")}
        what = f"{route.name} {name}: {text[:40]!a}"
        return AskedAddress(address_of(route, self.world), what, method, environ, signed_in=name != "Cookie")


def _noting(method: Callable[..., Any], names: set[str]) -> Callable[..., Any]:
    def noting(self: QueryDict, name: str, *more: Any, **named: Any) -> Any:
        names.add(name)
        return method(self, name, *more, **named)

    return noting


@pytest.fixture
def asker(world: AccessWorld, taken_back: None) -> Asker:
    return Asker(world)


def _for_headers() -> list[Route]:
    return [route for route in routes() if route.name in READ_WITH_HEADERS]


def _header_texts() -> list[str]:
    return [text for text in TEXTS if not NOT_IN_HEADERS.search(text) and len(text) < 8_000]


def _cookie_texts() -> list[str]:
    """Each text in each cookie, as it is and in quotes, where a cookie can hold every byte (as RFC 2109 has it)."""
    plain = [f"{name}={text}" for text in _header_texts() for name in COOKIES]
    quoted = [f"{name}={_quoted(text)}" for text in TEXTS if len(text) < 1_000 for name in COOKIES]
    return [cookie for both in zip_longest(plain, quoted) for cookie in both if cookie is not None]


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\{byte:03o}" for byte in raw(text)) + '"'


def test_names_of_the_query_are_read_from_the_views() -> None:
    assert {"cursor", "desk"} <= set(QUERY_NAMES)


def test_a_text_in_a_path_or_a_query_does_no_harm(asker: Asker) -> None:
    turn, names = iter(TEXTS * 3), cycle(QUERY_NAMES)
    for route in routes():
        asker.in_query(route, [next(names)], turn)
    for other in {name: route for route in routes() for name in route.parameters}.values():
        asker.in_paths(other, [next(turn)])
    assert asker.faults == {}


def test_a_text_in_a_header_does_no_harm(asker: Asker) -> None:
    turn, cookies, where = iter(_header_texts()), iter(_cookie_texts()), cycle(_for_headers())
    for name in HEADERS:
        asker.in_headers(next(where), [name], turn)
        asker.in_headers(next(where), ["Cookie"], cookies)
    assert asker.faults == {}


@pytest.mark.attack
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_in_a_path_or_a_query_does_no_harm(asker: Asker, kind: str) -> None:
    for route in routes():
        asker.in_paths(route, KINDS[kind])
        asker.in_query_as_read(route, KINDS[kind])
    assert asker.faults == {}


@pytest.mark.attack
def test_every_text_in_every_header_does_no_harm(asker: Asker) -> None:
    for route in _for_headers():
        for text in _header_texts():
            asker.in_headers(route, HEADERS, repeat(text))
        asker.in_headers(route, repeat("Cookie", len(_cookie_texts())), iter(_cookie_texts()))
    assert asker.faults == {}
