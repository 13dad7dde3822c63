"""Second factors, passkeys, an organisation, and being asked once more, in a real browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.actions.invitations import invite
from accounts.models import Token, User
from reviews.models import Decision
from tests import factories, oidc, second_factors
from tests.factories import Cast, password_of
from tests.oidc import OpenIdProvider
from tests.recently import long_ago

if TYPE_CHECKING:
    from pytest_django import Settings
    from pytest_django.live_server_helper import LiveServer


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return factories.cast()


@pytest.fixture
def site(live_server: "LiveServer", settings: "Settings") -> str:
    settings.PUBLIC_URL = live_server.url
    return live_server.url


def sign_in(page: Page, site: str, user: User) -> None:
    page.goto(f"{site}/account/login/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(password_of(user))
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page, site: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{site}/account/login/")


def has_a_device(page: Page) -> None:
    """A device of the browser's own that keeps passkeys, with somebody who always shows their finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_app_is_added_and_asked_for_and_a_recovery_code_stands_in_without_scripts(
    cast: Cast, site: str, page_without_javascript: Page
) -> None:
    page = page_without_javascript
    sign_in(page, site, cast.reviewer)
    page.goto(f"{site}/account/second-factors/")
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(second_factors.code_of(secret, timezone.now()))
    page.get_by_role("button", name="Add app").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("10 codes are left")).to_be_visible()

    for code, works in ((codes[0], True), (codes[0], False), (codes[1], True)):
        sign_out(page, site)
        sign_in(page, site, cast.reviewer)
        page.get_by_role("textbox", name="Code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        if works:
            expect(page.get_by_role("heading", name="My work")).to_be_visible()
        else:
            expect(page.get_by_text("This code is wrong").first).to_be_visible()


def test_a_passkey_is_added_and_signs_in_and_confirms(cast: Cast, site: str, page: Page) -> None:
    has_a_device(page)
    sign_in(page, site, cast.editor)
    page.goto(f"{site}/account/second-factors/passkey/")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_hidden()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    # By itself, without name and password.
    sign_out(page, site)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()

    # After the password.
    sign_out(page, site)
    sign_in(page, site, cast.editor)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()

    # Asked again, with what was typed.
    _long_ago(page, cast.editor)
    page.goto(f"{site}/account/tokens/")
    page.get_by_label("Name").fill("a script")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="New token")).to_be_visible()
    assert Token.objects.get(user=cast.editor).name == "a script"


def test_a_device_that_says_no_leaves_the_other_ways(cast: Cast, site: str, page: Page) -> None:
    page.goto(f"{site}/account/login/")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")  # and no device
    page.evaluate("void (navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')))")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="No passkey was presented")).to_be_visible()
    sign_in(page, site, cast.reviewer)
    expect(page.get_by_role("heading", name="My work")).to_be_visible()


def _long_ago(page: Page, user: User) -> None:
    """The session of the page, as it is when the sign-in was too long ago."""
    client = Client()
    client.cookies["sessionid"] = next(one["value"] for one in page.context.cookies() if "sessionid" in one["name"])
    long_ago(client, user)


@pytest.mark.parametrize("scripts", [True, False])
def test_an_approval_asks_again_and_keeps_the_reason(
    cast: Cast, site: str, page: Page, page_without_javascript: Page, scripts: bool
) -> None:
    browser = page if scripts else page_without_javascript
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    reason = "Both saw it.\n\nNeither knew <of> the other; “sure”."
    sign_in(browser, site, cast.editor)
    browser.goto(f"{site}/reviews/{assessment.pk}/")
    browser.locator("form.form textarea[name=reason]").fill(reason)
    _long_ago(browser, cast.editor)
    browser.locator("form.form button[value=approve]").click()
    expect(browser.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    browser.get_by_label("Your password").fill("not it")
    browser.get_by_role("button", name="Continue").click()
    expect(browser.get_by_text("Wrong password.").first).to_be_visible()
    browser.get_by_label("Your password").fill(password_of(cast.editor))
    browser.get_by_role("button", name="Continue").click()
    browser.wait_for_url(f"{site}/reviews/{assessment.pk}/")
    assert Decision.objects.get(assessment=assessment).reason.replace("\r\n", "\n") == reason


@pytest.fixture
def provider(site: str, settings: Any) -> Iterator[OpenIdProvider]:
    with oidc.running(f"{site}/account/organisation/callback/") as running:
        settings.OIDC_ISSUER, settings.OIDC_NAME = running.issuer, "Harbour Press"
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = oidc.CLIENT, oidc.SECRET
        yield running


def test_who_is_invited_joins_through_the_organisation_and_signs_in_so(
    cast: Cast, site: str, provider: OpenIdProvider, context: BrowserContext
) -> None:
    provider.people["n-1"] = {"email": "nadia@example.org", "email_verified": True, "name": "Nadia K."}
    invite(desk=cast.desk, role="reviewer", name="Nadia", email="nadia@example.org", by=cast.admin)
    page = context.new_page()
    _through_harbour_press(page, site)
    page.get_by_label("User name").fill("nadia")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()

    sign_out(page, site)
    _through_harbour_press(page, site)
    expect(page.get_by_role("heading", name="My work")).to_be_visible()

    # Without a password: asked again, over there in a window of its own; what was typed waits here.
    _long_ago(page, User.objects.get(username="nadia"))
    page.goto(f"{site}/account/tokens/")
    page.get_by_label("Name").fill("a script")
    page.get_by_role("button", name="Create token").click()
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again through").click()
    _let_in(opened.value)
    expect(opened.value.get_by_role("heading", name="Confirmed")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="New token")).to_be_visible()


def test_who_is_not_invited_reads_why(cast: Cast, site: str, provider: OpenIdProvider, page: Page) -> None:
    provider.people["n-1"] = {"email": "eve@example.org", "email_verified": True}
    _through_harbour_press(page, site)
    expect(page.get_by_text("eve@example.org has no invitation")).to_be_visible()


def _through_harbour_press(page: Page, site: str) -> None:
    page.goto(f"{site}/account/login/")
    page.get_by_role("link", name="Sign in through").click()
    _let_in(page)


def _let_in(page: Page) -> None:
    page.get_by_label("Subject").fill("n-1")
    page.get_by_role("button", name="Let me in").click()
