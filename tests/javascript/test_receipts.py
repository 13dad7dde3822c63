"""receipts.js: what the page of receipts says of what is pasted into it."""

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.javascript.scripts import Served, open_with

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

FORM = """<form data-receipts data-policy="/policy/" data-leaf="/leaf/" data-nothing="Nothing given"
  data-unreachable="Unreachable" data-unavailable="Unavailable" data-broken="Broken: %(part)s">
  <textarea></textarea><input type="file"><button>Check</button></form><ul data-outcomes></ul>"""
POLICY = {"log": [], "receipts": [], "origin": "localhost/ledger"}


def test_without_a_receipt_it_says_so(context: "BrowserContext") -> None:
    page = open_with(context, "receipts.js", FORM, Served())
    page.get_by_role("button", name="Check").click()
    expect(page.locator("li.broken")).to_have_text("Nothing given")


def test_where_the_keys_cannot_be_had_nothing_is_called_good_or_bad(context: "BrowserContext") -> None:
    served = Served({"/policy/": lambda _request: (503, "")})
    page = open_with(context, "receipts.js", FORM, served)
    page.locator("textarea").fill("a receipt")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("li.unavailable")).to_have_text("Unreachable")
    expect(page.get_by_role("button", name="Check")).to_be_enabled()


def test_a_text_that_is_no_receipt_is_broken(context: "BrowserContext") -> None:
    served = Served({"/policy/": lambda _request: (200, json.dumps(POLICY))})
    page = open_with(context, "receipts.js", FORM, served)
    page.locator("textarea").fill("no receipt at all\r\n")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("li.broken")).to_contain_text("Broken: ")


def test_a_second_check_takes_the_place_of_the_first(context: "BrowserContext") -> None:
    page = open_with(context, "receipts.js", FORM, Served())
    for _ in range(2):
        page.get_by_role("button", name="Check").click()
        expect(page.locator("li")).to_have_text(["Nothing given"])
