"""What matters most is asked again for, and nothing that was typed is lost by it. Which addresses: tests/access."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.actions import create_token
from accounts.actions.invitations import invite
from accounts.models import Invitation, Token, User
from reviews.models import Decision, FormDraft
from tests import factories, second_factors
from tests.administration import seen_at
from tests.factories import Cast, fresh, password_of
from tests.links import links_sent
from tests.recently import long_ago

pytestmark = pytest.mark.django_db
TOKEN = {"name": "a <b>script</b>\r\nof two lines & more", "lifetime_days": "30", "scopes": "read"}


@pytest.fixture
def cast() -> Cast:
    return factories.cast()


@pytest.fixture
def stale(client: Client, cast: Cast) -> Client:
    """A browser in which the editor signed in too long ago to be believed."""
    client.force_login(cast.editor)
    return long_ago(client, cast.editor)


def typed_in(answer: Any) -> dict[str, str]:
    """What the page that asks holds of what was about to be sent, as a browser would send it again."""
    found = re.findall(r'<textarea hidden name="([^"]*)">\n(.*?)</textarea>', answer.content.decode(), re.S)
    return {name: unescape(value).replace("\r\n", "\n").replace("\n", "\r\n") for name, value in found}


def asks(answer: Any) -> bool:
    return answer.status_code == 403 and "Confirm that it is you" in answer.content.decode()


def test_who_signed_in_lately_is_not_asked(client: Client, cast: Cast) -> None:
    client.post("/account/login/", {"login": "editor", "password": password_of(cast.editor)})
    client.post("/account/tokens/", TOKEN | {"name": "a script"})
    assert Token.objects.get(user=cast.editor).name == "a script"


def test_who_signed_in_long_ago_is_asked_and_nothing_is_done(stale: Client) -> None:
    assert asks(stale.post("/account/tokens/", TOKEN))
    assert not Token.objects.exists()


def test_looking_at_the_form_is_not_asked_about(stale: Client) -> None:
    assert stale.get("/account/tokens/").status_code == 200


def test_what_was_typed_stands_in_the_page_that_asks_letter_by_letter(stale: Client) -> None:
    assert typed_in(stale.post("/account/tokens/", TOKEN)) == TOKEN


def test_with_the_password_it_is_done_as_it_was_typed(stale: Client, cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    reason = "  Two <em>own</em> witnesses,\r\n\r\nand both were there.  "
    given = {"decision": "approve", "reason": reason, "seen_version": str(fresh(claim).version)}
    asked = stale.post(f"/reviews/{assessment.pk}/", given)
    done = stale.post(f"/reviews/{assessment.pk}/", typed_in(asked) | {"again-password": password_of(cast.editor)})
    assert done.status_code == 302
    assert Decision.objects.get(assessment=assessment).reason == reason.strip()


def test_a_wrong_password_keeps_what_was_typed_and_does_nothing(stale: Client) -> None:
    answer = stale.post("/account/tokens/", TOKEN | {"again-password": "not it"})
    assert asks(answer)
    assert typed_in(answer) == TOKEN
    assert "Wrong password" in answer.content.decode()
    assert "not it" not in answer.content.decode()
    assert not Token.objects.exists()


def test_what_shows_that_it_is_them_is_in_no_draft_of_the_form_and_the_draft_ends_with_it(
    stale: Client, cast: Cast
) -> None:
    """However often it was wrong, there is one draft meanwhile, and none once it is done."""
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    page = f"/reviews/{factories.assessment(cast, claim, 'corroborated').pk}/"
    given = {"decision": "approve", "reason": "Both were there.", "seen_version": str(fresh(claim).version)}
    for password in ("", "not it", "not it either"):
        answer = stale.post(page, given | {"again-password": password, "again-code": "123 456"})
        assert asks(answer)
        (draft,) = FormDraft.objects.filter(author=cast.editor)
        assert dict(draft.content) == {"reason": "Both were there.", "seen_version": given["seen_version"]}
        given = typed_in(answer)
    assert stale.post(page, given | {"again-password": password_of(cast.editor)}).status_code == 302
    assert not FormDraft.objects.exists()


def test_once_confirmed_nobody_is_asked_for_a_while(stale: Client, cast: Cast) -> None:
    stale.post(
        "/account/tokens/",
        {"name": "one", "lifetime_days": "1", "scopes": "read", "again-password": password_of(cast.editor)},
    )
    stale.post("/account/tokens/", {"name": "two", "lifetime_days": "1", "scopes": "read"})
    assert sorted(Token.objects.values_list("name", flat=True)) == ["one", "two"]


def test_a_code_confirms_and_is_used_up(stale: Client, cast: Cast) -> None:
    app = second_factors.app(cast.editor)
    code = app.codes[0]
    given = {"name": "one", "lifetime_days": "1", "scopes": "read", "again-code": code}
    assert stale.post("/account/tokens/", given).status_code == 200
    assert asks(long_ago(stale, cast.editor).post("/account/tokens/", given))
    assert stale.post("/account/tokens/", given | {"again-code": app.code()}).status_code == 200
    assert Token.objects.count() == 2


def test_anothers_password_confirms_nothing(stale: Client, cast: Cast) -> None:
    assert asks(stale.post("/account/tokens/", TOKEN | {"again-password": password_of(cast.admin)}))


def test_an_empty_answer_confirms_nothing(stale: Client) -> None:
    for given in ({"again-password": ""}, {"again-look": "yes"}, {"again-credential": "{}"}, {"again-x": "y"}):
        assert asks(stale.post("/account/tokens/", TOKEN | given))


def test_passwords_are_not_tried_without_end(stale: Client, cast: Cast) -> None:
    for _try in range(10):
        stale.post("/account/tokens/", TOKEN | {"again-password": "guess"})
    assert stale.post("/account/tokens/", TOKEN | {"again-password": password_of(cast.editor)}).status_code == 429
    assert not Token.objects.exists()


def test_a_page_that_shows_secrets_is_asked_about_before_it_is_seen(stale: Client, cast: Cast) -> None:
    address = "/account/second-factors/app/"
    asked = stale.get(address)
    assert asks(asked)
    assert 'class="qr"' not in asked.content.decode()
    done = stale.post(address, {"again-look": "yes", "again-password": password_of(cast.editor)})
    assert (done.status_code, done["Location"]) == (302, address)
    assert 'class="qr"' in stale.get(address).content.decode()


def test_what_confirmed_is_not_handed_to_the_page(stale: Client, cast: Cast) -> None:
    asked = {"name": "", "lifetime_days": "30", "again-password": password_of(cast.editor)}
    answer = stale.post("/account/tokens/", asked)
    assert answer.status_code == 400  # the name is missing
    assert password_of(cast.editor) not in answer.content.decode()


def test_a_form_that_began_before_someone_else_confirmed_goes_through(stale: Client, cast: Cast) -> None:
    """Confirmed in another window meanwhile: what the first one sends along is left out and does no harm."""
    stale.post(
        "/account/tokens/",
        {"name": "one", "lifetime_days": "1", "scopes": "read", "again-password": password_of(cast.editor)},
    )
    stale.post("/account/tokens/", {"name": "two", "lifetime_days": "1", "scopes": "read", "again-password": ""})
    assert Token.objects.filter(name="two").exists()


def test_another_persons_sign_in_in_the_same_browser_counts_for_them_alone(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    client.force_login(cast.editor)
    assert asks(long_ago(client, cast.editor).post("/account/tokens/", TOKEN))


def test_joining_by_an_invitation_counts_as_a_sign_in(client: Client, cast: Cast) -> None:
    invite(desk=cast.desk, role="editor", name="Nadia", email="nadia@example.org", by=cast.admin)
    given = {"username": "nadia", "password": "long enough, surely", "time_zone": "UTC"}
    client.post(f"/invitation/{links_sent()['accept-invitation']}/", given)
    client.post("/account/tokens/", {"name": "a script", "lifetime_days": "1", "scopes": "read"})
    assert Token.objects.filter(user__username="nadia").count() == 1


def test_the_administration_site_asks_too_and_keeps_what_was_typed(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    long_ago(client, cast.admin)
    address = f"/administration/accounts/user/{cast.reporter.pk}/change/"
    given = seen_at(client, address) | {
        "email": "x@example.org", "time_zone": "UTC", "is_active": "on", "password": ""
    }  # fmt: skip
    asked = client.post(address, given)
    assert asks(asked)
    assert typed_in(asked) == given
    assert client.post(address, given | {"again-password": password_of(cast.admin)}).status_code == 302
    assert fresh(cast.reporter).email == "x@example.org"


def test_an_invitation_is_asked_about(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    long_ago(client, cast.admin)
    given = {"desk": str(cast.desk.pk), "role": "editor", "name": "Nadia", "email": "nadia@example.org"}
    assert asks(client.post("/invitations/", given))
    client.post("/invitations/", given | {"again-password": password_of(cast.admin)})
    assert Invitation.objects.get().email == "nadia@example.org"


# The API


def test_a_session_at_the_api_is_refused_with_where_to_confirm(stale: Client) -> None:
    answer = stale.post("/api/v1/tokens/", {"name": "a script"}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:second-source:problem:not-recent"
    assert answer.json()["page"].endswith("/account/reauthenticate/")
    assert not Token.objects.exists()


def test_where_to_confirm_says_that_it_is_done(stale: Client, cast: Cast) -> None:
    page = "/account/reauthenticate/"
    assert asks(stale.get(page))
    assert stale.post(page, {"again-look": "yes", "again-password": password_of(cast.editor)})["Location"] == page
    assert "Confirmed" in stale.get(page).content.decode()
    assert stale.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json").status_code == 201


def test_a_token_is_asked_nothing(client: Client, cast: Cast) -> None:
    _row, token = create_token(user=cast.editor)
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    answer = client.post(
        f"/api/v1/claims/{claim.reference}/assessments/{assessment.pk}/approve/",
        {"reason": "I agree.", "seen_version": fresh(claim).version},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


def test_a_session_with_another_scheme_beside_it_is_asked(stale: Client) -> None:
    answer = stale.post(
        "/api/v1/tokens/", {"name": "x"}, content_type="application/json", headers={"Authorization": "Basic eDp5"}
    )
    assert answer.status_code == 403
    assert not Token.objects.exists()


def test_how_long_is_a_setting(stale: Client, cast: Cast, settings: Any) -> None:
    settings.RECENT_AUTHENTICATION *= 2
    assert stale.post("/account/tokens/", {"name": "one", "lifetime_days": "1", "scopes": "read"}).status_code == 200


def test_a_closed_account_confirms_nothing(stale: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.editor.pk).update(is_active=False)
    answer = stale.post("/account/tokens/", TOKEN | {"again-password": password_of(cast.editor)})
    assert answer["Location"].startswith("/account/login/")


def test_the_only_field_is_not_called_optional(stale: Client) -> None:
    page = stale.post("/account/tokens/", TOKEN)
    assert asks(page)
    text = page.content.decode()
    assert ("Your password" in text, "optional" in text) == (True, False)
    wrong = stale.post("/account/tokens/", TOKEN | {"again-password": "no"}).content.decode()
    assert "Wrong password." in wrong
