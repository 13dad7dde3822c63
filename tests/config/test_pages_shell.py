"""The shell of the pages: signing in and out, the head, whose clock, who may keep a copy, refusals, forms."""

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from accounts.actions import create_desk, create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Role, User

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.urls("tests.config.shell_urls")
PASSWORD = "a long enough password"


def make_user(name: str = "reviewer", role: Role = Role.REVIEWER, time_zone: str = "UTC") -> User:
    user = create_user(account=AccountInput(username=name, password=PASSWORD, time_zone=time_zone), by=None)
    set_role(desk=create_desk(name="Ukraine desk", prefix="UKR", by=None), user=user, role=role, by=None)
    return user


@pytest.fixture
def reviewer(db: None) -> User:
    return make_user()


@pytest.fixture
def signed_in(reviewer: User, client: Client) -> Client:
    client.force_login(reviewer)
    return client


def sign_in(client: Client, name: str = "reviewer", password: str = PASSWORD, **headers: str) -> str:
    """Tries to sign in; the page that comes back, or the address that it leads to."""
    response = client.post("/account/login/", {"login": name, "password": password}, **headers)  # type: ignore[arg-type]
    return response.get("Location") or response.content.decode()


# Signing in and out


def test_name_and_password_lead_to_my_work(reviewer: User, client: Client) -> None:
    assert sign_in(client) == "/"


def test_signing_in_leads_to_the_page_that_was_asked_for(reviewer: User, client: Client) -> None:
    asked = client.get("/claims/new/")
    assert asked["Location"] == "/account/login/?next=/claims/new/"
    page = client.get(asked["Location"]).content.decode()
    assert '<input type="hidden" name="next" value="/claims/new/">' in page


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(reviewer: User, client: Client) -> None:
    for name in ("reviewer", "nobody"):
        assert "Wrong user name or password." in sign_in(client, name, "wrong")


def test_the_password_is_never_sent_back(reviewer: User, client: Client) -> None:
    assert "my wrong password" not in sign_in(client, password="my wrong password")


def test_tries_on_one_account_from_many_addresses_lock_nobody_out(reviewer: User, client: Client) -> None:
    for number in range(12):
        headers = {"HTTP_HOST": f"localhost:{8000 + number}", "REMOTE_ADDR": f"192.0.2.{number}"}
        assert "Wrong user name or password" in sign_in(client, "Reviewer", "wrong", **headers)
    assert sign_in(client, REMOTE_ADDR="192.0.2.77") == "/"


def test_forwarding_headers_do_not_evade_the_limit_on_an_address(reviewer: User, client: Client) -> None:
    for number in range(5):
        spoofed = {"HTTP_X_FORWARDED_FOR": f"198.51.100.{number}"}
        assert "Wrong user name or password" in sign_in(client, f"name{number}", "wrong", **spoofed)
    assert "Too many attempts." in sign_in(client, HTTP_X_FORWARDED_FOR="198.51.100.99")


def test_too_many_requests_for_the_sign_in_page_get_a_page_that_says_so(db: None, client: Client) -> None:
    for _ in range(30):
        client.post("/account/login/", {})
    response = client.post("/account/login/", {})
    assert response.status_code == 429
    assert "Wait a minute, then try again." in response.content.decode()


def test_signing_out_takes_a_sent_form(signed_in: Client) -> None:
    assert "Sign out of this browser" in signed_in.get("/account/logout/").content.decode()
    assert signed_in.get("/").status_code == 200
    assert signed_in.post("/account/logout/")["Location"] == "/account/login/"
    assert signed_in.get("/").status_code == 302


def test_a_changed_password_keeps_this_browser_and_signs_out_the_others(signed_in: Client, reviewer: User) -> None:
    other = Client()
    other.force_login(reviewer)
    new = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    page = signed_in.post("/account/password/change/", new, follow=True).content.decode()
    assert "Your password is changed." in page
    assert other.get("/").status_code == 302


def test_a_password_is_not_changed_without_the_present_one(signed_in: Client) -> None:
    new = {"oldpassword": "wrong", "password1": "another long one", "password2": "another long one"}
    page = " ".join(signed_in.post("/account/password/change/", new).content.decode().split())
    assert "Wrong password." in page
    assert 'aria-describedby=" id_oldpassword_error" aria-invalid="true"' in page


def test_a_weak_password_is_refused_with_the_reason(signed_in: Client) -> None:
    new = {"oldpassword": PASSWORD, "password1": "123456789012345", "password2": "123456789012345"}
    assert "common or has been leaked" in signed_in.post("/account/password/change/", new).content.decode()


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_reset_password"])
def test_no_other_way_into_an_account_has_an_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_who_has_left_is_told_so(reviewer: User, client: Client) -> None:
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    assert sign_in(client) == "/account/inactive/"
    assert "This account is closed" in client.get("/account/inactive/").content.decode()


# The head


def test_the_head_leads_to_the_places_and_marks_the_present_one(signed_in: Client) -> None:
    page = signed_in.get("/claims/").content.decode()
    links = re.findall(
        r'<a href="([^"]+)"(?:\s+aria-current="(\w+)")?\s*>([^<]+)</a>',
        page.partition("<nav")[2].partition("</nav>")[0],
    )
    assert links == [("/", "", "My work"), ("/claims/", "page", "Claims"), ("/claims/new/", "", "New claim")]


def test_who_only_reads_is_not_offered_to_write_a_claim_down(db: None, client: Client) -> None:
    client.force_login(make_user("auditor", Role.AUDITOR))
    assert "/claims/new/" not in client.get("/").content.decode()


def test_the_menu_says_which_desk_one_is_on_and_as_what(signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()
    assert "<span><bdi>Ukraine desk</bdi></span> <span>reviewer</span>" in page


def test_demonstration_data_is_labelled_and_its_accounts_are_named_only_where_it_was_loaded(
    reviewer: User, client: Client
) -> None:
    page = client.get("/account/login/").content.decode()
    assert ("Demonstration" in page, "demo-" in page) == (False, False)
    desk = reviewer.memberships.get().desk
    type(desk).objects.filter(pk=desk.pk).update(is_demonstration=True)
    page = client.get("/account/login/").content.decode()
    assert ("Demonstration data:" in page, "<code>demo-</code>" in page) == (True, True)


# Whose clock, and who may keep a copy


def test_a_page_shows_the_persons_own_time_and_says_whose_it_is(db: None, client: Client) -> None:
    client.force_login(make_user(time_zone="Europe/Kyiv"))
    page = client.get("/").content.decode()
    assert '<time datetime="2022-07-01T15:00:00+03:00">1 Jul 2022, 15:00</time>' in page
    assert "Times are Kyiv time (UTC+" in page


def test_a_public_page_shows_the_same_time_to_everybody(db: None, client: Client) -> None:
    nobodys = client.get("/public/").content.decode()
    client.force_login(make_user(time_zone="Europe/Kyiv"))
    for page in (nobodys, client.get("/public/").content.decode()):
        assert '<time datetime="2022-07-01T12:00:00+00:00">1 Jul 2022, 12:00</time>' in page


def test_one_persons_zone_does_not_stay_for_the_next(db: None, client: Client) -> None:
    client.force_login(make_user(time_zone="Asia/Tokyo"))
    client.get("/")
    assert "1 Jul 2022, 12:00" in Client().get("/public/").content.decode()


def test_what_a_person_was_shown_is_not_kept(signed_in: Client) -> None:
    assert signed_in.get("/")["Cache-Control"] == "no-store"
    assert signed_in.get("/nowhere/")["Cache-Control"] == "no-store"


def test_answers_name_what_they_do_not_use_and_refuse_to_be_embedded(db: None, client: Client) -> None:
    response = client.get("/public/")
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/claims/new/", "/account/login/", "/account/password/change/", "/nowhere/"])
def test_no_page_holds_inline_script_or_style(signed_in: Client, path: str) -> None:
    client = Client() if path == "/account/login/" else signed_in
    page = client.get(path).content.decode()
    assert re.findall(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", page) == []


# Refusals


def test_what_one_may_not_know_of_is_a_404_with_the_refusals_own_words(signed_in: Client) -> None:
    response = signed_in.get("/claims/unknown/")
    assert response.status_code == 404
    assert "<p>Claim not found.</p>" in response.content.decode()


def test_a_page_that_is_not_there_is_a_404_for_everybody(reviewer: User, client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Nothing at this address, or not visible to you." in response.content.decode()


def test_a_stale_version_is_a_409_that_says_what_changed(signed_in: Client) -> None:
    response = signed_in.get("/claims/stale/")
    assert response.status_code == 409
    assert "<li>reviewer2 attached evidence 4</li>" in response.content.decode()


def test_policy_that_is_not_met_is_a_422_that_says_what_is_missing(signed_in: Client) -> None:
    response = signed_in.get("/claims/not-yet/")
    assert response.status_code == 422
    assert "<li>1 more independent voice for “artillery shells”.</li>" in response.content.decode()


def test_a_fault_of_ours_is_a_500_without_its_details(signed_in: Client) -> None:
    signed_in.raise_request_exception = False
    response = signed_in.get("/claims/broken/")
    assert response.status_code == 500
    page = response.content.decode()
    assert ("Server error" in page, "a fault of ours" in page) == (True, False)


def test_the_500_page_asks_nothing_of_the_database(
    db: None, client: Client, django_assert_num_queries: "DjangoAssertNumQueries"
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/template/500.html").status_code == 200


def test_a_form_without_its_protection_is_refused_in_words(reviewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/account/login/", {"login": "reviewer", "password": PASSWORD})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


# Forms


def test_a_form_comes_back_filled_in_with_each_error_at_its_field_and_a_link_to_it(signed_in: Client) -> None:
    page = signed_in.post("/claims/new/", {"statement": "", "place": "Kharkiv <oblast>"}).content.decode()
    assert 'value="Kharkiv &lt;oblast&gt;"' in page
    assert re.findall(r'<li><a href="(#\w+)">([^<]+)</a>', page) == [
        ("#id_statement", "Statement"),
        ("#id_stance", "Stance"),
        ("#id_sure", "I have no stake in this claim"),
    ]
    assert "None of your text is lost." in page
    textarea = re.search(r"<textarea[^>]*>", page)
    assert textarea is not None
    assert 'aria-invalid="true"' in textarea[0]
    assert 'aria-describedby="id_statement_helptext id_statement_error"' in textarea[0]
    assert 'id="id_statement_helptext"' in page
    assert 'id="id_statement_error"' in page


def test_choices_stand_in_a_fieldset_under_their_legend(signed_in: Client) -> None:
    page = signed_in.get("/claims/new/").content.decode()
    group = re.search(r'<fieldset class="field" id="id_stance".*?</fieldset>', page, re.DOTALL)
    assert group is not None
    assert "<legend>Stance</legend>" in group[0]
    assert len(re.findall(r'<label class="choice" for="id_stance_\d"><input type="radio"', group[0])) == 2


# In a browser


def enter(page: "Page", live_server: "LiveServer") -> None:
    page.goto(f"{live_server.url}/account/login/")
    page.get_by_label("User name").fill("reviewer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")


@pytest.fixture
def reviewer_for_browser(transactional_db: None) -> User:
    return make_user()


def test_menus_and_signing_out_work_without_javascript(
    reviewer_for_browser: User, live_server: "LiveServer", page_without_javascript: "Page"
) -> None:
    page = page_without_javascript
    page.set_viewport_size({"width": 320, "height": 640})
    enter(page, live_server)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="New claim").click()
    page.wait_for_url("**/claims/new/")
    page.get_by_role("button", name="reviewer").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/")


def test_nothing_scrolls_sideways_at_320_pixels(
    reviewer_for_browser: User, live_server: "LiveServer", page: "Page"
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    enter(page, live_server)
    widths = {}
    for path in ("/", "/claims/new/", "/claims/not-yet/", "/account/password/change/"):
        page.goto(live_server.url + path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert widths == dict.fromkeys(widths, 320)


def test_the_policy_blocks_nothing_that_the_pages_use(
    reviewer_for_browser: User, live_server: "LiveServer", page: "Page"
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    enter(page, live_server)
    page.locator("summary").click()
    assert said == []
    drawn = page.evaluate("document.querySelector('.state.denied use').getBBox().width")
    assert drawn > 0


def test_a_form_with_errors_has_the_focus_on_what_is_wrong(
    reviewer_for_browser: User, live_server: "LiveServer", page_without_javascript: "Page"
) -> None:
    page = page_without_javascript
    enter(page, live_server)
    page.goto(f"{live_server.url}/claims/new/")
    page.get_by_role("button", name="Save claim").click()
    expect(page.locator(".note.wrong")).to_be_focused()


def test_a_slash_goes_to_the_search_but_not_while_typing(
    reviewer_for_browser: User, live_server: "LiveServer", page: "Page"
) -> None:
    enter(page, live_server)
    page.goto(f"{live_server.url}/claims/new/")
    page.get_by_label("Statement").press_sequentially("1/2")
    assert page.get_by_label("Statement").input_value() == "1/2"
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_leaving_text_that_was_not_submitted_asks_first(
    reviewer_for_browser: User, live_server: "LiveServer", page: "Page"
) -> None:
    enter(page, live_server)
    page.goto(f"{live_server.url}/claims/new/")
    asked: list[str] = []

    def leave(dialog: "Dialog") -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.get_by_label("Statement").press_sequentially("typed")
    page.get_by_role("link", name="Claims", exact=True).click()
    page.wait_for_url("**/claims/")
    assert asked == ["beforeunload"]
