"""Who asks: tokens, sessions, and what is neither."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.actions import create_token
from accounts.models import Token
from tests import factories
from tests.api.client import Api
from tests.factories import Cast

ABSENT = "f2b6ad0c-0f2a-4f4c-9d7e-000000000000"


@pytest.mark.parametrize(
    "path",
    ["claims/", "claims/UKR-1/", f"actors/{ABSENT}/", f"attachments/{ABSENT}/", "tokens/", "no/such/", "actors/x/", ""],
)
def test_nobody_is_told_to_sign_in_whatever_they_ask_for(nobody: Api, path: str) -> None:
    response = nobody.get(path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["type"] == "urn:second-source:problem:not-signed-in"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nobody_is_told_so_before_anything_of_the_request_is_looked_at(nobody: Api, method: str) -> None:
    assert nobody.send(method, "claims/", b"{not json", content_type="text/plain").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a b",
        "bearer " + "0" * 64,
        "Bearer " + "z" * 64,
        "Bearer " + "é" * 64,
        "Bearer \x00" + "0" * 63,
        "Bearer " + "\xff\xfe",
        "Bearer " + "0" * 100_000,
        "Token " + "0" * 64,
        "Basic YTpi",
        "\xff",
    ],
)
def test_a_header_that_is_no_token_is_401(nobody: Api, header: str) -> None:
    assert nobody.get("claims/", headers={"Authorization": header}).status_code == 401


def test_the_word_before_a_token_may_be_in_any_case(cast: Cast) -> None:
    _row, token = create_token(user=cast.reporter)
    assert Api(None).get("claims/", headers={"Authorization": f"bEARER {token}"}).status_code == 200


def test_an_expired_token_is_401(cast: Cast) -> None:
    row, token = create_token(user=cast.reporter)
    Token.objects.filter(pk=row.pk).update(expiry=row.created - timedelta(days=1))
    assert Api(None).get("claims/", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_of_a_deactivated_person_is_401(cast: Cast, reporter: Api) -> None:
    cast.reporter.is_active = False
    cast.reporter.save()
    assert reporter.get("claims/").status_code == 401


def test_a_session_reads_and_writes_only_with_its_protection(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.reporter)
    body = {"title": "An item"}
    assert client.get("/api/v1/claims/").status_code == 200
    refused = client.post("/api/v1/sources/", body, content_type="application/json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/problem+json")
    client.get("/account/login/")
    client.get("/api/v1/claims/")
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    headers = {"X-CSRFToken": secret}
    assert client.post("/api/v1/sources/", body, content_type="application/json", headers=headers).status_code == 201


def test_a_token_needs_no_protection_against_forged_requests(cast: Cast) -> None:
    api = Api(cast.reporter, enforce_csrf_checks=True)
    assert api.post("sources/", {"title": "An item"}).status_code == 201


def test_a_deactivated_persons_session_is_401(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter)
    cast.reporter.is_active = False
    cast.reporter.save()
    assert client.get("/api/v1/claims/").status_code == 401


@pytest.mark.parametrize("path", ["no/such/", "actors/x/", "claims/ukr-1/", "claims/UKR-0/", "claims/%00/", ""])
def test_an_address_that_is_none_is_404_for_who_is_known(cast: Cast, reporter: Api, path: str) -> None:
    response = reporter.get(path)
    assert (response.status_code, response.json()["status"]) == (404, 404)


def test_an_address_without_its_last_slash_leads_to_the_one_with_it(cast: Cast, reporter: Api) -> None:
    response: Any = reporter.client.get("/api/v1/claims", headers=reporter.headers)
    assert (response.status_code, response.headers["Location"]) == (301, "/api/v1/claims/")


def test_a_method_that_is_none_is_405(cast: Cast, reporter: Api) -> None:
    response = reporter.delete(f"claims/{factories.claim(cast).reference}/")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, PATCH, HEAD, OPTIONS")


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml", "nonsense", ""])
def test_whatever_is_accepted_json_is_answered(cast: Cast, reporter: Api, accept: str) -> None:
    response = reporter.get("claims/", headers={"Accept": accept})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
