"""Signing in through an organisation, against a real provider: who gets in, who does not, and which answers hold."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from accounts.actions import change_user
from accounts.actions.identities import link_identity
from accounts.actions.invitations import invite, revoke_invitation
from accounts.actions.sessions import end_access_of
from accounts.models import Invitation, Mail, Membership, Token, User
from accounts.organisation import issuer_id
from claims.actions.desks import change_policy
from claims.inputs import DeskEdit
from tests import factories, oidc, second_factors
from tests.accounts.test_records import recorded
from tests.factories import Cast, fresh, password_of
from tests.oidc import Claims, OpenIdProvider
from tests.recently import long_ago

pytestmark = pytest.mark.django_db
START = "/account/organisation/"
CALLBACK = "/account/organisation/callback/"
NADIA = {"email": "nadia@example.org", "email_verified": True, "preferred_username": "nadia", "name": "Nadia K."}


@pytest.fixture(scope="module")
def server() -> Iterator[OpenIdProvider]:
    with oidc.running(f"http://localhost:8000{CALLBACK}") as provider:
        yield provider


@pytest.fixture
def provider(server: OpenIdProvider, settings: Any) -> OpenIdProvider:
    """The provider, configured, which knows Nadia and no tricks."""
    settings.OIDC_ISSUER, settings.OIDC_NAME = server.issuer, "Harbour Press"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = oidc.CLIENT, oidc.SECRET
    server.people, server.discovery, server.sign, server.signed_in_at = {"n-1": dict(NADIA)}, {}, None, None
    server.spoil = lambda claims: None
    server.asked.clear()
    return server


@pytest.fixture
def cast() -> Cast:
    return factories.cast()


@pytest.fixture
def invitation(cast: Cast) -> Invitation:
    return invite(desk=cast.desk, role="reviewer", name="Nadia", email="Nadia@example.org", by=cast.admin)


def go(client: Client, subject: str = "n-1", start: str = START) -> Any:
    """There, in as `subject`, and back: what the callback answers."""
    there = client.get(start)
    assert there.status_code == 302, there.content.decode()
    requests.get(there["Location"], timeout=5)
    back = requests.post(there["Location"], data={"subject": subject}, allow_redirects=False, timeout=5)
    address = urlsplit(back.headers["Location"])
    assert address.path == CALLBACK, back.text
    return client.get(f"{address.path}?{address.query}")


def who(client: Client) -> str:
    """Who is signed in; "" for nobody."""
    return client.get("/account/").context["user"].username if "_auth_user_id" in client.session else ""


def linked(user: User, subject: str = "n-1") -> User:
    link_identity(provider=issuer_id(), subject=subject, by=user)
    return user


# Off


def test_without_an_issuer_there_is_nothing_of_it(client: Client) -> None:
    assert client.get(START).status_code == client.get(CALLBACK).status_code == 404
    assert START not in client.get("/account/login/").content.decode()


# What is asked


def test_the_question_has_a_state_a_nonce_and_a_challenge_new_each_time(
    client: Client, provider: OpenIdProvider
) -> None:
    asked = [parse_qs(urlsplit(client.get(START)["Location"]).query) for _time in range(2)]
    for query in asked:
        assert query["response_type"] == ["code"]
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"http://localhost:8000{CALLBACK}"]
        assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_the_page_for_signing_in_offers_it(client: Client, provider: OpenIdProvider) -> None:
    assert "Sign in through" in client.get("/account/login/").content.decode()


def test_another_sites_link_begins_nothing(client: Client, provider: OpenIdProvider) -> None:
    assert client.get(START, headers={"Sec-Fetch-Site": "cross-site"})["Location"] == "/account/login/"


# Who gets in


def test_who_is_invited_chooses_a_user_name_and_has_the_role(
    client: Client, provider: OpenIdProvider, cast: Cast, invitation: Invitation
) -> None:
    assert go(client)["Location"] == "/account/organisation/join/"
    page = client.get("/account/organisation/join/")
    assert page.context["form"]["username"].value() == "nadia"
    assert "password" not in page.context["form"].fields
    client.post("/account/organisation/join/", {"username": "nadia", "name": "Nadia", "time_zone": "UTC"})
    assert who(client) == "nadia"
    made = User.objects.get(username="nadia")
    assert (made.email, made.has_usable_password()) == ("Nadia@example.org", False)
    assert Membership.objects.get(user=made).role == "reviewer"
    assert fresh(invitation).accepted_by == made
    assert recorded("identity_linked") == [(f"person:{made.pk}", {"provider": issuer_id()})]


def test_who_joined_signs_in_again(client: Client, provider: OpenIdProvider, invitation: Invitation) -> None:
    go(client)
    client.post("/account/organisation/join/", {"username": "nadia", "time_zone": "UTC"})
    again = Client()
    assert go(again)["Location"] == "/"
    assert who(again) == "nadia"
    assert User.objects.filter(username="nadia").count() == 1


def test_it_leads_back_to_the_page_that_was_asked_for_on_this_site_alone(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    linked(cast.editor)
    assert go(client, start=START + "?next=/claims/")["Location"] == "/claims/"
    assert go(Client(), start=START + "?next=https://elsewhere.example/")["Location"] == "/"


def test_a_user_name_that_is_taken_is_said_and_another_one_does(
    client: Client, provider: OpenIdProvider, invitation: Invitation
) -> None:
    go(client)
    refused = client.post("/account/organisation/join/", {"username": "editor", "time_zone": "UTC"})
    assert refused.status_code == 400
    assert client.post("/account/organisation/join/", {"username": "nadia", "time_zone": "UTC"}).status_code == 302


# Who does not


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 403)


def test_who_is_not_invited_does_not_get_in_and_reads_why(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    before = User.objects.count()
    answer = go(client)
    assert refused(answer)
    assert "nadia@example.org has no invitation" in answer.content.decode()
    assert (who(client), User.objects.count()) == ("", before)
    assert client.get("/account/organisation/join/")["Location"] == "/account/login/"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_is_none(
    client: Client, provider: OpenIdProvider, invitation: Invitation, verified: object
) -> None:
    provider.people["n-1"]["email_verified"] = verified
    assert refused(go(client))
    assert who(client) == ""


@pytest.mark.parametrize("email", ["", "nadia", "nadia@example.org, eve@example.org", "nadia@example.org\x00"])
def test_what_is_no_address_is_none(
    client: Client, provider: OpenIdProvider, invitation: Invitation, email: str
) -> None:
    provider.people["n-1"]["email"] = email
    assert refused(go(client))


def test_an_account_with_that_address_is_not_taken_over(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    provider.people["n-1"]["email"] = cast.editor.email
    answer = go(client)
    assert refused(answer)
    assert "Sign in with its password, then link it" in answer.content.decode()
    assert not SocialAccount.objects.exists()


def test_an_invitation_taken_back_meanwhile_lets_nobody_in(
    client: Client, provider: OpenIdProvider, cast: Cast, invitation: Invitation
) -> None:
    go(client)
    revoke_invitation(invitation=invitation, by=cast.admin)
    client.post("/account/organisation/join/", {"username": "nadia", "time_zone": "UTC"})
    assert not User.objects.filter(username="nadia").exists()


def test_a_closed_account_stays_closed(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    change_user(user=linked(cast.stranger), changes={"is_active": False}, by=cast.admin)
    assert go(client)["Location"] == "/account/inactive/"
    assert who(client) == ""


def test_a_name_chosen_too_late_makes_no_account(
    client: Client, provider: OpenIdProvider, invitation: Invitation
) -> None:
    go(client)
    session = client.session
    session["accounts_joining"] |= {"at": time.time() - 601}
    session.save()
    client.post("/account/organisation/join/", {"username": "nadia", "time_zone": "UTC"})
    assert not User.objects.filter(username="nadia").exists()


# Answers that do not hold


def other_key(provider: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), algorithm="RS256", headers={"kid": oidc.KEY_ID})


def unsigned(provider: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": oidc.KEY_ID})


def by_the_clients_secret(provider: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, oidc.SECRET * 2, algorithm="HS256", headers={"kid": oidc.KEY_ID})


def by_the_public_key_as_a_secret(provider: OpenIdProvider, claims: Claims) -> str:
    """The oldest trick: a public key taken for a shared secret. Made by hand, since the library refuses to."""
    public = provider.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return jwt.encode(claims, public, algorithm="HS256", headers={"kid": oidc.KEY_ID})


def another_kid(provider: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "another"})


def another_algorithm(provider: OpenIdProvider, claims: Claims) -> str:
    return jwt.encode(claims, provider.key, algorithm="RS512", headers={"kid": oidc.KEY_ID})


def no_token(provider: OpenIdProvider, claims: Claims) -> str:
    return "not.a.token"


@pytest.mark.parametrize(
    "sign",
    [
        other_key, unsigned, by_the_clients_secret, by_the_public_key_as_a_secret, another_kid, another_algorithm,
        no_token,
    ],
)  # fmt: skip
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client: Client, provider: OpenIdProvider, cast: Cast, sign: Callable[[OpenIdProvider, Claims], str]
) -> None:
    linked(cast.editor)
    provider.sign = lambda claims: sign(provider, claims)
    assert refused(go(client))
    assert who(client) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"}, {"nonce": None}, {"iss": "https://elsewhere.example"}, {"iss": None},
        {"aud": "another-client"}, {"aud": None}, {"aud": []}, {"aud": [oidc.CLIENT, "another"]},
        {"azp": "another-client"}, {"exp": timedelta(hours=-1)}, {"exp": None}, {"iat": timedelta(hours=2)},
        {"iat": None}, {"nbf": timedelta(hours=2)}, {"sub": None}, {"sub": ""}, {"sub": "x" * 192}, {"sub": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_says_something_wrong_is_refused(
    client: Client, provider: OpenIdProvider, cast: Cast, wrong: Claims
) -> None:
    linked(cast.editor)

    def spoil(claims: Claims) -> None:
        for name, value in wrong.items():
            claims.pop(name, None)
            if isinstance(value, timedelta):  # from now on: what is collected has the same name in each worker
                claims[name] = int(time.time() + value.total_seconds())
            elif value is not None:
                claims[name] = value

    provider.spoil = spoil
    assert refused(go(client))
    assert who(client) == ""


def test_a_token_for_several_is_taken_where_it_was_made_for_this_client(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    linked(cast.editor)
    provider.spoil = lambda claims: claims.update(aud=[oidc.CLIENT, "another"], azp=oidc.CLIENT)
    go(client)
    assert who(client) == "editor"


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": "http://elsewhere.example/keys"}, {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_provider_that_says_something_unsafe_of_itself_is_not_used(
    client: Client, provider: OpenIdProvider, said: Claims
) -> None:
    provider.discovery = said
    assert refused(client.get(START))


def test_a_provider_that_cannot_be_reached_is_said(client: Client, provider: OpenIdProvider, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    answer = client.get(START)
    assert refused(answer)
    assert "cannot be reached" in answer.content.decode()


def test_an_answer_without_its_question_is_refused(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    linked(cast.editor)
    for query in ("", "?state=x", "?code=x", "?code=x&state=x", "?error=access_denied"):
        assert refused(client.get(CALLBACK + query))


def test_another_browsers_answer_is_refused(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    """Whoever is made to follow somebody else's answer is not signed in as them."""
    linked(cast.editor)
    there = client.get(START)
    back = requests.post(there["Location"], data={"subject": "n-1"}, allow_redirects=False, timeout=5)
    victim = Client()
    assert refused(victim.get(CALLBACK + "?" + urlsplit(back.headers["Location"]).query))
    assert who(victim) == ""


def test_an_answer_works_once(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    linked(cast.editor)
    there = client.get(START)
    back = requests.post(there["Location"], data={"subject": "n-1"}, allow_redirects=False, timeout=5)
    query = urlsplit(back.headers["Location"]).query
    assert client.get(f"{CALLBACK}?{query}").status_code == 302
    assert refused(client.get(f"{CALLBACK}?{query}"))


def test_a_refusal_of_the_provider_is_said(client: Client, provider: OpenIdProvider) -> None:
    state = parse_qs(urlsplit(client.get(START)["Location"]).query)["state"][0]
    answer = client.get(f"{CALLBACK}?error=access_denied&state={state}")
    assert refused(answer)
    assert "refused the sign-in" in answer.content.decode()


def test_another_issuers_subjects_are_other_people(
    client: Client, provider: OpenIdProvider, cast: Cast, settings: Any
) -> None:
    linked(cast.editor)
    old, settings.OIDC_ISSUER = settings.OIDC_ISSUER, settings.OIDC_ISSUER.replace("127.0.0.1", "localhost")
    provider.issuer = settings.OIDC_ISSUER
    try:
        assert refused(go(client))
    finally:
        provider.issuer = old
    assert who(client) == ""


def test_more_of_somebody_else_is_not_taken(
    client: Client, provider: OpenIdProvider, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ID token without an address: the provider is asked for it, and has to answer about the same person."""
    provider.spoil = without_an_address
    assert go(client)["Location"] == "/account/organisation/join/"
    provider.people["n-2"] = {}
    provider.tokens = Turned(provider.tokens)
    assert refused(go(Client()))
    provider.tokens = {}


def without_an_address(claims: Claims) -> None:
    del claims["email"], claims["email_verified"]


class Turned(dict[str, str]):
    """Answers of every access token that it is somebody else's."""

    def __getitem__(self, token: str) -> str:
        return "n-2"


# Linking


def test_who_is_signed_in_links_and_then_signs_in_so(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    client.force_login(cast.editor)
    assert go(client, start=START + "link/")["Location"] == "/account/second-factors/"
    other = Client()
    go(other)
    assert who(other) == "editor"
    assert Mail.objects.filter(kind="factors_changed", user=cast.editor).count() == 1


def test_an_identity_is_one_accounts_alone(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    linked(cast.editor)
    client.force_login(cast.reviewer)
    assert go(client, start=START + "link/").status_code == 409
    assert SocialAccount.objects.get().user == cast.editor


def test_linking_that_took_too_long_is_asked_anew(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    client.force_login(cast.editor)
    there = client.get(START + "link/")
    back = requests.post(there["Location"], data={"subject": "n-1"}, allow_redirects=False, timeout=5)
    long_ago(client, cast.editor)
    assert refused(client.get(CALLBACK + "?" + urlsplit(back.headers["Location"]).query))
    assert not SocialAccount.objects.exists()


def test_the_link_is_ended_by_who_has_a_password(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    client.force_login(linked(cast.editor))
    assert client.post(START + "unlink/").status_code == 302
    assert not SocialAccount.objects.exists()
    assert recorded("identity_unlinked") == [(f"person:{cast.editor.pk}", {"provider": issuer_id()})]


def test_who_has_no_password_keeps_the_link(client: Client, provider: OpenIdProvider, invitation: Invitation) -> None:
    go(client)
    client.post("/account/organisation/join/", {"username": "nadia", "time_zone": "UTC"})
    assert client.post(START + "unlink/").status_code == 409
    assert SocialAccount.objects.count() == 1


# Second factors and recent authentication


def test_ones_own_second_factor_is_asked_besides(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    app = second_factors.app(linked(cast.editor))
    assert go(client)["Location"] == "/account/login/code/"
    assert who(client) == ""
    client.post("/account/login/code/", {"code": app.code()})
    assert who(client) == "editor"


def test_a_sign_in_that_waits_for_the_factor_does_not_outlive_the_end_of_all_access(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    app = second_factors.app(linked(cast.editor))
    go(client)
    end_access_of(user=fresh(cast.editor), by=cast.admin)
    assert client.post("/account/login/code/", {"code": app.code()})["Location"] == "/account/login/"
    assert who(client) == ""


def test_but_not_where_the_organisation_asked_for_more_than_one_factor(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    second_factors.app(linked(cast.editor))
    provider.people["n-1"]["amr"] = ["pwd", "otp", "mfa"]
    go(client)
    assert who(client) == "editor"


def test_that_also_is_the_second_factor_which_a_desk_requires_for_as_long_as_one_is_signed_in(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    change_policy(desk=cast.desk, edit=DeskEdit({"second_factor_days": 1}), by=cast.admin, now=factories.days_ago(9))
    cast.desk.memberships.update(created_at=factories.days_ago(9))
    linked(cast.editor)
    go(client)
    assert client.get("/claims/").status_code == 302
    provider.people["n-1"]["amr"] = ["mfa"]
    other = Client()
    go(other)
    assert other.get("/claims/").status_code == 200
    by_password = Client()
    by_password.post("/account/login/", {"login": "editor", "password": password_of(cast.editor)})
    assert by_password.get("/claims/").status_code == 302


def test_a_sign_in_there_long_ago_is_no_sign_that_they_sit_here(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    linked(cast.editor)
    provider.signed_in_at = int(time.time()) - 3600
    go(client)
    answer = client.post("/account/tokens/", {"name": "x", "lifetime_days": "1", "scopes": "read"})
    assert answer.status_code == 403
    assert START + "?again=yes" in answer.content.decode()


def test_signing_in_there_anew_is(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    linked(cast.editor)
    provider.signed_in_at = int(time.time()) - 3600
    go(client)
    provider.signed_in_at = None
    assert go(client, start=START + "?again=yes")["Location"] == "/account/reauthenticate/"
    assert provider.asked[-1]["prompt"] == "login"
    assert provider.asked[-1]["max_age"] == "0"
    client.post("/account/tokens/", {"name": "x", "lifetime_days": "1", "scopes": "read"})
    assert Token.objects.count() == 1


def test_a_provider_that_did_not_ask_anew_confirms_nothing(
    client: Client, provider: OpenIdProvider, cast: Cast
) -> None:
    linked(cast.editor)
    provider.signed_in_at = int(time.time()) - 3600
    go(client)
    assert refused(go(client, start=START + "?again=yes"))


def test_somebody_else_there_confirms_nothing(client: Client, provider: OpenIdProvider, cast: Cast) -> None:
    linked(cast.editor)
    linked(cast.reviewer, "n-2")
    provider.people["n-2"] = dict(NADIA)
    client.force_login(cast.editor)
    long_ago(client, cast.editor)
    assert refused(go(client, "n-2", start=START + "?again=yes"))
    assert who(client) == "editor"
