"""The page of an evidence bundle, from disk and without a network: it asks for nothing, runs nothing, bars nobody."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from claims.actions.evidence import change_evidence
from claims.inputs import EvidenceInput
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways
from tests.claims.bundling import bundle_of, files_in, with_file
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARABIC = "قال شاهد إن السفينة أفرغت حمولتها ليلا."
HOSTILE = "<script>document.title = 'ran'</script><img src=https://evil.example/x onerror=\"document.title='ran'\">"


@pytest.fixture
def unpacked(world: AccessWorld, taken_back: None, tmp_path: Path) -> Path:
    """A bundle with words of several scripts, and words that would do harm, unpacked as a person unpacks it."""
    cast = world.cast
    item = factories.fresh(world.evidence)
    change_evidence(evidence=item, fields=EvidenceInput(excerpt=f"{ARABIC}\n{HOSTILE}"), by=cast.editor)
    with_file(cast, world.source, b"<script>1</script>", "a page.html")
    # From the mark of the world's own signer: the log goes on from there, and is taken back after the test.
    publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), tmp_path / "signer")))
    bundle = bundle_of(cast.editor, factories.fresh(world.claim))
    for path, content in files_in(bundle).items():
        (tmp_path / "bundle" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bundle" / path).write_bytes(content)
    return tmp_path / "bundle"


@pytest.fixture
def offline(browser: "Browser", unpacked: Path) -> Iterator[tuple["Page", list[str], list[str]]]:
    """The page as it opens from disk; what it asked for, and what the browser complained of."""
    context = browser.new_context(offline=True, locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((unpacked / "index.html").as_uri())
    yield page, asked, said
    context.close()


def test_it_asks_for_nothing_and_runs_nothing(offline: tuple["Page", list[str], list[str]], unpacked: Path) -> None:
    page, asked, said = offline
    assert (asked, said) == ([(unpacked / "index.html").as_uri()], [])
    assert (page.title(), page.locator("script, img, iframe, object, link").count()) == ("UKR-1 · Evidence bundle", 0)
    assert page.evaluate("getComputedStyle(document.body).display") == "grid"  # its own style is let through


def test_it_bars_nobody(offline: tuple["Page", list[str], list[str]]) -> None:
    page = offline[0]
    found = {}
    for scheme in ("light", "dark"):
        for width in (320, 768, 1440):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            found[f"{scheme} {width}"] = barriers(page) + sideways(page)
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate("document.documentElement.dir = 'rtl'")
    found["right to left"] = barriers(page) + sideways(page)
    assert [line for lines in found.values() for line in lines] == [], found


def test_its_links_lead_to_files_beside_it(offline: tuple["Page", list[str], list[str]], unpacked: Path) -> None:
    hrefs = offline[0].locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert [href for href in hrefs if not (unpacked / href).is_file()] == []
    assert [href for href in hrefs if href.startswith("files/")] == ["files/0001.txt", "files/0002.bin"]


def test_words_keep_their_own_direction(offline: tuple["Page", list[str], list[str]]) -> None:
    said = offline[0].locator("p[dir=auto]", has_text=ARABIC).first
    assert (ARABIC in said.inner_text(), said.evaluate("one => getComputedStyle(one).direction")) == (True, "rtl")
