"""passkeys.js with Chromium's own virtual authenticator."""

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.javascript.scripts import Served, open_with

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


CHALLENGE = bytes(range(250, 256)) * 4  # with - and _ in its spelling
MAKE = {
    "publicKey": {
        "challenge": text(CHALLENGE),
        "rp": {"id": "localhost", "name": "Desk"},
        "user": {"id": text(b"person"), "name": "reviewer", "displayName": "reviewer"},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required"},
        "excludeCredentials": [],
    }
}
SHOW = {"publicKey": {"challenge": text(CHALLENGE), "rpId": "localhost", "allowCredentials": []}}


def form(kind: str, options: Any) -> str:
    return f"""<p data-passkey-missing>Needs a script</p>
    <form method="post" data-passkey="{kind}"><script type="application/json">{json.dumps(options)}</script>
    <input type="hidden" name="credential"><p data-passkey-error hidden>It did not work</p>
    <button {'type="button" hidden' if kind == "show" else ""} data-passkey-button>Passkey</button></form>"""


@pytest.fixture
def authenticator(context: "BrowserContext") -> Any:
    """`authenticator(page)` gives a page a device that says yes."""

    def add(page: "Page") -> None:
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    return add


def sent_credential(page: "Page", served: Served) -> Any:
    with page.expect_navigation():
        page.get_by_role("button", name="Passkey").click()
    return json.loads(served.forms()[-1]["credential"][0])


def test_one_that_is_made_goes_with_the_form(context: "BrowserContext", authenticator: Any) -> None:
    served = Served()
    page = open_with(context, "passkeys.js", form("make", MAKE), served)
    authenticator(page)
    made = sent_credential(page, served)
    said = json.loads(base64.urlsafe_b64decode(made["response"]["clientDataJSON"] + "=="))
    assert (made["type"], made["id"], said["challenge"]) == ("public-key", made["rawId"], text(CHALLENGE))
    assert "attestationObject" in made["response"]


def test_one_that_is_shown_is_the_one_that_was_made(context: "BrowserContext", authenticator: Any) -> None:
    served = Served()
    page = open_with(context, "passkeys.js", form("make", MAKE) + form("show", SHOW), served)
    authenticator(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Passkey").first.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Passkey").last.click()
    made, shown = [json.loads(one["credential"][0]) for one in served.forms()]
    assert shown["id"] == made["id"]
    assert base64.urlsafe_b64decode(shown["response"]["userHandle"] + "==") == b"person"


def test_where_there_is_none_it_says_so_and_sends_nothing(context: "BrowserContext", authenticator: Any) -> None:
    served = Served()
    page = open_with(context, "passkeys.js", form("show", SHOW), served)
    authenticator(page)
    page.get_by_role("button", name="Passkey").click()
    expect(page.get_by_text("It did not work")).to_be_visible()
    assert served.forms() == []


def test_the_word_that_a_script_is_needed_goes(context: "BrowserContext") -> None:
    page = open_with(context, "passkeys.js", form("make", MAKE), Served())
    expect(page.get_by_text("Needs a script")).to_be_hidden()
