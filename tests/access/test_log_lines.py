"""No line of the log holds what people wrote, whatever they asked for and however it ended."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client

from tests.access.asking import addresses_of, signed_in
from tests.access.routes import routes
from tests.access.test_leaks import SECRET, put_in_restricted_material
from tests.access.world import AccessWorld
from tests.logs import CapturedLog, recorded

# What stands in the world's claim, sources and files, in requests and in restricted material.
CONFIDENTIAL = (SECRET, "containers at night", "harbour", "witness", "reporter", "UKR-")
ODD = {"q": SECRET, "statement": SECRET, "reason": SECRET, "title": SECRET, "text": SECRET, "username": SECRET}


@pytest.fixture
def log(world: AccessWorld, taken_back: None) -> Iterator[CapturedLog]:
    with recorded() as log:
        yield log


def spilt(log: CapturedLog) -> list[str]:
    """The confidential words that stand in the log."""
    return [word for word in CONFIDENTIAL if word.lower() in log.text.lower()]


def test_no_line_of_any_address_and_method_holds_a_confidential_word(world: AccessWorld, log: CapturedLog) -> None:
    put_in_restricted_material(world, world.cast.editor)
    addresses = addresses_of([route for route in routes() if route.name != "account_logout"], world).values()
    for person in (None, world.cast.editor):
        client = signed_in(person)
        for address in addresses:
            for method in ("GET", "POST"):
                client.generic(method, f"{address}?q={SECRET}", f"text={SECRET}", "application/x-www-form-urlencoded")
    logged = {line["route"] for line in log.lines if line["logger"] == "config.request_log"}
    quiet = {"account_logout", "healthz", "readyz", "metrics"}
    assert (spilt(log), {route.name for route in routes()} - logged - quiet) == ([], set())


def test_no_refusal_by_the_framework_holds_one(world: AccessWorld, log: CapturedLog) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(world.cast.editor)
    client.post(f"/claims/{world.claim.reference}/close/", ODD)
    client.get("/claims/", headers={"host": f"{SECRET}.example.org"})
    client.get(f"/{SECRET}/", headers={"referer": f"https://desk/{SECRET}"})
    client.get("/api/v1/claims/", {"ordering": SECRET}, headers={"authorization": f"Bearer {SECRET}"})
    client.post("/account/login/", {"login": SECRET, "password": SECRET})
    assert (spilt(log), len(log.lines) >= 5) == ([], True)


def test_no_failure_of_ours_holds_one(world: AccessWorld, log: CapturedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::integer", [SECRET])

    monkeypatch.setattr("claims.views.listing.render", fail)
    answer = signed_in(world.cast.editor).get("/claims/", {"q": SECRET})
    told = [line["exception"]["type"] for line in log.lines if "exception" in line]
    assert (answer.status_code, told, spilt(log)) == (500, ["django.db.utils.DataError"], [])
