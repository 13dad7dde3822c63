"""The page of the API in a real browser: Swagger UI under the content-security policy, tried with session and token."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.actions import create_token
from accounts.models import User
from tests.accessibility.axe import barriers, sideways
from tests.factories import Cast, cast, claim
from tests.pages import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = 20_000  # ms: 1.5 MB of script, and 85 operations to draw
VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  (window.violations ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});"""


class ApiPage:
    """Swagger UI as one person sees it."""

    def __init__(self, page: "Page", address: str, user: User | None) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.add_init_script(VIOLATIONS)
        if user is not None:
            cookies = signed_in(user).cookies
            page.context.add_cookies(
                [{"name": one.key, "value": one.value, "url": address} for one in cookies.values()]
            )
        page.goto(f"{address}/api/docs/")
        expect(page.get_by_role("heading", name="claims", exact=True)).to_be_visible(timeout=SLOW)

    def violations(self) -> Any:
        return self.page.evaluate("window.violations ?? []")

    def open(self, operation: str) -> "Locator":
        """The block of an operation, unfolded."""
        block = self.page.locator(f"#operations-{operation}")
        block.locator(".opblock-summary-control").click()
        return block

    def execute(self, block: "Locator", body: Any = None) -> tuple[int, Any]:
        """The status and body of the answer to an operation that is tried out."""
        block.get_by_role("button", name="Try it out").click()
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        with self.page.expect_response(re.compile("/api/v1/")) as waited:
            block.get_by_role("button", name="Execute").click()
        expect(block.locator(".live-responses-table .response-col_status").first).to_be_visible()
        return waited.value.status, waited.value.json()


@pytest.fixture
def people() -> Cast:
    return cast()


def test_it_loads_and_unfolds_without_a_violation_of_the_policy(page: "Page", live_server: "LiveServer") -> None:
    shown = ApiPage(page, live_server.url, None)
    shown.open("claims-report_claim")
    expect(page.locator("#operations-claims-report_claim .opblock-body")).to_be_visible()
    assert (shown.violations(), shown.wrong) == ([], [])


def test_claims_are_listed_with_the_session(page: "Page", live_server: "LiveServer", people: Cast) -> None:
    reported = claim(people)
    shown = ApiPage(page, live_server.url, people.reporter)
    status, answer = shown.execute(shown.open("claims-list_claims"))
    assert (status, [row["reference"] for row in answer["results"]]) == (200, [reported.reference])
    assert (shown.violations(), shown.wrong) == ([], [])


def test_a_change_carries_the_protection_of_the_session(page: "Page", live_server: "LiveServer", people: Cast) -> None:
    shown = ApiPage(page, live_server.url, people.editor)
    status, answer = shown.execute(shown.open("actors-create_actor"), {"name": "Harbour", "kind": "organisation"})
    assert (status, answer["name"]) == (201, "Harbour")


def test_a_token_that_is_entered_is_used(page: "Page", live_server: "LiveServer", people: Cast) -> None:
    _row, token = create_token(user=people.reviewer)
    shown = ApiPage(page, live_server.url, None)
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").fill(token)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()
    status, answer = shown.execute(shown.open("claims-list_claims"))
    assert (status, answer["results"]) == (200, [])


def test_nobody_known_gets_a_problem_back(page: "Page", live_server: "LiveServer") -> None:
    shown = ApiPage(page, live_server.url, None)
    status, answer = shown.execute(shown.open("claims-list_claims"))
    assert (status, answer["status"]) == (401, 401)


# What no style sheet of ours can mend: docs/decisions/0062-no-barriers.md.
IN_SWAGGER_UI = {"nested-interactive", "select-name"}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_its_barriers_are_those_that_swagger_ui_brings(
    page: "Page", live_server: "LiveServer", people: Cast, colours: Any
) -> None:
    page.emulate_media(color_scheme=colours)
    shown = ApiPage(page, live_server.url, people.reporter)
    shown.execute(shown.open("claims-list_claims"))
    assert {line.split(" ")[0] for line in barriers(page)} == IN_SWAGGER_UI
    page.set_viewport_size({"width": 320, "height": 800})
    assert sideways(page) == []


def test_without_javascript_it_leads_to_the_plain_page(
    page_without_javascript: "Page", live_server: "LiveServer"
) -> None:
    page_without_javascript.goto(f"{live_server.url}/api/docs/")
    page_without_javascript.get_by_role("link", name="Plain page").click()
    expect(page_without_javascript.get_by_role("heading", name="API: all operations")).to_be_visible()


def test_its_policy_differs_from_that_of_other_pages_in_images_alone(people: Cast) -> None:
    policies = []
    for address in ("/api/docs/", "/api/docs/plain/"):
        said = Client().get(address)["Content-Security-Policy"]
        policies.append(dict(part.strip().split(" ", 1) for part in said.split(";")))
    api, plain = policies
    assert api == plain | {"img-src": "'self' data:"}
    assert "unsafe" not in str(api)
