"""What changed of grounds, on narrow and wide screens: read without a sideways scroll, each value with its word."""

from typing import TYPE_CHECKING

from playwright.sync_api import BrowserContext, Page, expect

from claims.actions.sources import change_source
from sources.inputs import SourceInput
from tests import factories
from tests.grounds.edits import world
from tests.journeys.test_form_draft_in_the_browser import sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

LONG = "The harbour log of the night of the fourteenth, copied by hand from the book of the pilots, with its last page"


def _word(page: Page, cell: int) -> str:
    found: str = page.evaluate(
        "at => getComputedStyle(document.querySelectorAll('.changes td')[at], '::before').content", cell
    )
    return found


def test_then_and_now_can_be_read_on_every_screen(
    transactional_db: None, live_server: "LiveServer", context: BrowserContext
) -> None:
    made = world()
    factories.approved(made.cast, made.assessment)
    change_source(
        source=made.source, fields=SourceInput(title=LONG, url="https://example.org/" + "a" * 90), by=made.cast.editor
    )
    sign_in(context, live_server.url, made.cast.editor)
    page = context.new_page()
    address = f"{live_server.url}/claims/{made.claim.reference}/"
    for each in (address, f"{address}grounds/"):
        for width, is_stacked in ((320, True), (768, True), (1440, False)):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(each, timeout=60_000)
            table = page.get_by_role("table", name="Changed since the verdict")
            expect(table.get_by_role("columnheader")).to_have_count(4)
            cell = table.get_by_role("cell").filter(has_text=LONG).last
            box = cell.bounding_box()
            assert box is not None and box["width"] >= 150, (width, box)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            words = [_word(page, cell) for cell in (1, 2)]
            assert words == (['"Then"', '"Now"'] if is_stacked else ["none", "none"]), width
