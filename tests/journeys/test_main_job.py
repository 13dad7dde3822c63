"""The main job, from signing in to the reminder, as people do it: with JavaScript, and without it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.mail import MailServer

SLOW = 20_000  # ms: for what a worker does meanwhile
ARTICLE = "Survey of the pier"


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def sign_in(request: pytest.FixtureRequest, browser: Browser, demonstration: str) -> Callable[[str], Page]:
    """Signs somebody in, in a browser of their own; answers their page."""

    def open_for(name: str) -> Page:
        context = browser.new_context(locale="en-GB", timezone_id="UTC", java_script_enabled=request.param)
        context.set_default_timeout(15_000)
        request.addfinalizer(context.close)
        page = context.new_page()
        page.goto(demonstration)
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(f"demo-{name}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="My work")).to_be_visible()
        return page

    return open_for


def test_a_reviewer_finds_an_editor_decides_and_a_reminder_arrives(
    sign_in: Callable[[str], Page],
    newspaper: str,
    smtp_server: "MailServer",
    celery_worker: None,
    beat: None,
    tmp_path: Path,
) -> None:
    reviewer = sign_in("reviewer")
    _open_the_assigned_claim(reviewer)
    _attach_the_article(reviewer, newspaper)
    _attach_a_file(reviewer, tmp_path)
    _say_who_got_it_from_whom(reviewer)
    _submit(reviewer)

    editor = sign_in("editor")
    _approve(editor)
    _read_the_history(editor)
    _assign_another_claim(editor)
    _be_reminded(reviewer, smtp_server)


def _open_the_assigned_claim(page: Page) -> None:
    page.get_by_role("link", name="Iran has not provided weapons").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Iran has not provided weapons")


def _attach_the_article(page: Page, address: str) -> None:
    """A new source by its address, whose answer is captured while one goes on."""
    page.get_by_role("link", name="Attach a source").first.click()
    page.get_by_label("URL").fill(address)
    _unfold(page)
    page.locator("[name=title]").fill(ARTICLE)
    page.locator("[name=new_publisher]").fill("Pier survey office")
    page.locator("[name=new_publisher_speaks_for]").select_option("Nobody else")
    page.locator("[name=published_at_day]").fill("2022-11-20")
    page.locator("[name=source_basis]").select_option("firsthand")
    page.get_by_label("Refutes (with evidence)").check()
    page.get_by_label("Quote").fill("Our divers raised two drones and read their plates.")
    page.get_by_role("button", name="Attach source").click()
    expect(page.get_by_role("link", name=ARTICLE).first).to_be_visible()


def _attach_a_file(page: Page, folder: Path) -> None:
    """A source that is a file: a newspaper's page that has it from the survey."""
    scan = folder / "page-4.txt"
    scan.write_text("The survey office says that two drones were raised.")
    page.get_by_role("link", name="Attach a source").first.click()
    page.locator("[name=file]").set_input_files(scan)
    _unfold(page)
    page.locator("[name=title]").fill("Newspaper, page 4")
    page.locator("[name=new_publisher]").fill("The Morning Pier")
    page.locator("[name=new_publisher_speaks_for]").select_option("Nobody else")
    page.locator("[name=source_basis]").select_option("secondhand")
    page.get_by_label("Refutes (with evidence)").check()
    page.get_by_role("button", name="Attach source").click()
    page.get_by_role("link", name="Newspaper, page 4").first.click()
    expect(page.get_by_text("page-4.txt")).to_be_visible()
    page.go_back()


def _unfold(page: Page) -> None:
    """Open every folded part of the form, as a person would who fills all of it in."""
    folded = page.locator("main form details:not([open]) > summary")
    while folded.count():
        folded.first.click()


def _say_who_got_it_from_whom(page: Page) -> None:
    page.get_by_role("link", name="Provenance").click()
    _choose(page, "This source", "Newspaper, page 4")
    _choose(page, "is based on", ARTICLE)
    page.get_by_label("Attribution").fill("The survey office says")
    page.get_by_role("button", name="Add relay").click()
    expect(page.get_by_text("The survey office says")).to_be_visible()
    # The capture of the article has come meanwhile.
    page.get_by_role("link", name="Sources", exact=False).first.click()
    for _ in range(20):
        if page.get_by_text(re.compile("^captured")).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text(re.compile("^captured")).first).to_be_visible()


def _choose(page: Page, label: str, start: str) -> None:
    """Choose the option that begins with a title; the publisher stands behind it."""
    select = page.get_by_label(label)
    option = select.locator("option").filter(has_text=start).first.get_attribute("value")
    assert option is not None
    select.select_option(option)


def _submit(page: Page) -> None:
    page.goto(page.url.split("/claims/")[0] + "/")
    row = page.get_by_role("listitem").filter(has_text="Iran has not provided weapons")
    row.get_by_role("link", name="Assess").first.click()
    page.get_by_role("radio", name=re.compile("Refuted")).check()
    page.get_by_label("Rationale").fill("Two examinations, apart from each other, found Iranian drones.")
    with page.expect_navigation():
        page.get_by_role("button", name="Submit assessment").click()
    # Nothing was ticked and nothing answered: what is missing is said, and what was typed stands there still.
    expect(page.get_by_label("Rationale")).to_have_value(
        "Two examinations, apart from each other, found Iranian drones."
    )
    for number in ("3", "4"):
        page.get_by_role("checkbox", name=f"Relies on {number}").check()
    _unfold(page)
    page.locator("textarea[name^=answer_]").first.fill("The ministry says so itself; what was raised says otherwise.")
    page.get_by_role("button", name="Submit assessment").click()
    expect(page.get_by_text("awaiting a decision")).to_be_visible()


def _approve(page: Page) -> None:
    row = page.get_by_role("listitem").filter(has_text="Iran has not provided weapons")
    row.get_by_role("link", name="Review assessment").click()
    page.get_by_label("Reason").fill("I read both examinations and agree.")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("Approve")).click()


def _read_the_history(page: Page) -> None:
    base = re.match(r"https?://[^/]+", page.url)
    assert base is not None
    page.goto(base[0] + "/claims/UKR-7/")
    expect(page.locator(".state-banner")).to_contain_text("Refuted")
    page.get_by_role("link", name="History").click()
    last = page.locator(".change").last
    expect(last).to_contain_text("assessed by reviewer")
    expect(last).to_contain_text("decided by editor")
    expect(last).to_contain_text("2 independent voices then")


def _assign_another_claim(page: Page) -> None:
    base = re.match(r"https?://[^/]+", page.url)
    assert base is not None
    page.goto(base[0] + "/claims/UKR-2/assign/")
    page.get_by_role("radio", name=re.compile("^reviewer,")).check()
    due = datetime.now(UTC) + timedelta(seconds=4)
    page.locator("[name=due_at]").fill(_in_kyiv(due))
    with page.expect_navigation():
        page.get_by_role("button", name="Assign claim").click()
    expect(page.get_by_text("reviewer", exact=False).first).to_be_visible()


def _in_kyiv(moment: datetime) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo("Europe/Kyiv")).strftime("%Y-%m-%dT%H:%M:%S")


def _be_reminded(page: Page, server: "MailServer") -> None:
    base = re.match(r"https?://[^/]+", page.url)
    assert base is not None
    for _ in range(100):
        subjects = [message["Subject"] for message in server.messages if message["To"] == "reviewer@example.org"]
        if "UKR-2 is due now" in subjects:
            break
        page.wait_for_timeout(200)
    assert "UKR-2 is due now" in subjects
    page.goto(base[0] + "/")
    expect(page.locator(".notes").filter(has_text="UKR-2").first).to_be_visible()
