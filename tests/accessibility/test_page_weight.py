"""No page weighs more than 40 kB on a first visit: the page and every file that it names, as they are sent."""

import gzip
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.access.asking import address_of, signed_in
from tests.access.routes import routes
from tests.access.world import AccessWorld
from tests.accessibility.test_axe import pages

LIMIT = 40_000  # bytes of content; the lines above it are some 1 kB for each answer
STATIC = "/static/"


class _PageFiles(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value and value.startswith(STATIC):
                self.names.add(value.removeprefix(STATIC).partition("#")[0])


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Bytes of each of our static files, collected and compressed as a server's start does it."""
    from django.contrib.staticfiles import finders
    from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

    folder = tmp_path_factory.mktemp("static")
    storage = CompressedManifestStaticFilesStorage(location=folder, base_url=STATIC)
    found: dict[str, Any] = {}
    for finder in finders.get_finders():
        found |= {name: (source, name) for name, source in finder.list([]) if name.startswith("second_source/")}
    for name, (source, _) in found.items():
        with source.open(name) as content:
            storage.save(name, content)
    for _ in storage.post_process(found):
        pass
    return {name: _sent(Path(storage.path(storage.stored_name(name)))) for name in found}


def _sent(file: Path) -> int:
    """What a browser that takes gzip is sent; a file that compression did not make smaller has no second one."""
    compressed = file.with_name(file.name + ".gz")
    return (compressed if compressed.exists() else file).stat().st_size


def test_every_page_is_light(world: AccessWorld, taken_back: None, weights: dict[str, int]) -> None:
    """Pages are compressed by nginx (deploy/nginx), at its lowest level."""
    found, addresses = {}, {route.name: route for route in routes()}
    for name, who in pages():
        page = signed_in(world.people[who]).get(address_of(addresses[name], world)).content
        files = _PageFiles()
        files.feed(page.decode())
        found[name] = len(gzip.compress(page, 1)) + sum(weights[file] for file in files.names)
    assert {name: weight for name, weight in found.items() if weight >= LIMIT} == {}
