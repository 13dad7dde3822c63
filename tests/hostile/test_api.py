"""Every place in every body of the API, every parameter, every header, with what programs stumble over."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.access.asking import values_of
from tests.access.world import AccessWorld
from tests.api.client import check_against_schema
from tests.hostile.answers import Database, State, fault_of
from tests.hostile.attacking import RECORDED
from tests.hostile.bodies import DocumentedOperation, Path, good_bodies, operations, put
from tests.hostile.filling import urlencoded
from tests.hostile.texts import KINDS, TEXTS, raw
from tests.hostile.tokens import used_token

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**4000),
    *([], [[]], [None], {}, {"a": 1}, [{"a": "\ud800"}], [{}] * 600, {"id": None}, [[[[[[1]]]]]]),
]
VALUES = [*TEXTS, *ODD]
TEN_MEGABYTES = 10 * 2**20


class Caller:
    """Somebody with a token, whose requests are taken back. `faults` says what was wrong with the answers."""

    def __init__(self, world: AccessWorld, who: str) -> None:
        user = world.people[who]
        assert user is not None
        self.headers = {"Authorization": f"Bearer {used_token(user)}"}
        self.values = values_of(world)
        self.captured = world.upstream.pk
        self.bodies = good_bodies(world)
        self.database = Database()
        self.before: State = []  # whatever is sent is taken back
        self.client = Client(raise_request_exception=False)
        self.faults: dict[str, str] = {}
        self.requests = 0

    def body(self, operation: DocumentedOperation) -> dict[str, Any]:
        return self.bodies.get(str(operation), {})

    def send(
        self, operation: DocumentedOperation, body: bytes = b"", *, what: str, query: bytes = b"", **headers: str
    ) -> Any:
        """The answer; what is wrong with it is noted under `what`."""
        self.requests += 1
        of_the_capture = {"source_id": self.captured} if "{capture_id}" in operation.template else {}
        address = operation.address(self.values | of_the_capture)
        with transaction.atomic():
            answer: Any = self.client.generic(
                operation.method.upper(),
                address,
                body,
                content_type="application/json",
                headers={**self.headers, **headers},
                QUERY_STRING=query.decode(),
            )
            after = self.database.state() if answer.status_code >= 400 else self.before
            apart = RECORDED if str(operation) in SEARCHING else ()
            fault = fault_of(answer, *([row for row in state if row[0] not in apart] for state in (self.before, after)))
            transaction.set_rollback(True)
        try:
            check_against_schema(answer, operation.method, address)
        except AssertionError as error:
            fault = fault or f"not as described: {error}"
        if fault:
            self.faults[f"{operation} {what}"] = fault
        return answer

    def try_value(self, operation: DocumentedOperation, path: Path, value: Any, *, plain: bool) -> None:
        """A body that is good but for one place, which a text that is taken comes back from unchanged."""
        what = f"{'.'.join(map(str, path))}: {json.dumps(value)[:60]}"
        body = put(self.body(operation), path, value)
        answer = self.send(operation, json.dumps(body).encode(), what=what)
        if answer.status_code in (200, 201) and plain and isinstance(value, str) and len(path) == 1:
            back = answer.json().get(path[0])
            if isinstance(back, str) and back != value.strip():
                self.faults[f"{operation} {what}"] = f"came back as {back[:60]!a}"


# What the world of these tests does not let anybody do; every other body is taken as it is.
REFUSED = {
    # What they hang on would have to be public first.
    "POST /api/v1/attachments/{attachment_id}/release/": 400,
    "POST /api/v1/claims/{reference}/evidence/{evidence_id}/release/": 400,
    "POST /api/v1/sources/{source_id}/capture/{capture_id}/release/": 400,
    "POST /api/v1/sources/{source_id}/release/": 400,
    "POST /api/v1/claims/{reference}/assessments/{assessment_id}/confirm/": 403,  # of the assessor
    "POST /api/v1/claims/{reference}/evidence/{evidence_id}/recheck/": 409,
    "POST /api/v1/claims/{reference}/moves/": 422,
    "POST /api/v1/claims/{reference}/open/": 409,
    "POST /api/v1/claims/{reference}/publish/": 409,
    "POST /api/v1/claims/{reference}/grounds/confirm/": 409,
    "POST /api/v1/desks/": 403,
    "POST /api/v1/redactions/{redaction_id}/approve/": 403,  # by who proposed it
    "POST /api/v1/redactions/{redaction_id}/second/": 400,  # where there is another editor
    "POST /api/v1/tokens/": 403,  # tokens make no tokens
}
# A search for what a redaction would erase is recorded, whatever comes of it.
SEARCHING = ("POST /api/v1/redactions/preview/",)
HOLDERS = ("/accept/", "/decline/", "/hand_over/")  # acts of the reviewer who has the claim


@pytest.fixture
def callers(world: AccessWorld, taken_back: None) -> dict[str, Caller]:
    found = {who: Caller(world, who) for who in ("editor", "assigned reviewer")}
    for caller in found.values():  # when both have their tokens
        caller.before = caller.database.state()
    return found


def _caller(callers: dict[str, Caller], operation: DocumentedOperation) -> Caller:
    return callers["assigned reviewer" if operation.template.endswith(HOLDERS) else "editor"]


def _faults(callers: dict[str, Caller]) -> dict[str, str]:
    return {what: fault for caller in callers.values() for what, fault in caller.faults.items()}


def test_every_body_that_should_be_good_is_good(callers: dict[str, Caller]) -> None:
    refused = {}
    for operation in operations():
        if operation.body is not None:
            caller = _caller(callers, operation)
            answer = caller.send(operation, json.dumps(caller.body(operation)).encode(), what="")
            if answer.status_code not in (200, 201, 204):
                refused[str(operation)] = answer.status_code
    assert (refused.items() ^ REFUSED.items(), _faults(callers)) == (set(), {})


def test_a_value_in_every_place_of_every_body_does_no_harm(callers: dict[str, Caller]) -> None:
    turn = iter(VALUES * 5)
    for operation in operations():
        for path, plain in operation.places():
            _caller(callers, operation).try_value(operation, path, next(turn), plain=plain)
    assert _faults(callers) == {}


@pytest.mark.attack
@pytest.mark.parametrize("kind", [*KINDS, "odd"])
def test_every_value_in_every_place_of_every_body_does_no_harm(callers: dict[str, Caller], kind: str) -> None:
    for operation in operations():
        for path, plain in operation.places():
            for value in KINDS.get(kind, ODD):
                _caller(callers, operation).try_value(operation, path, value, plain=plain)
    assert _faults(callers) == {}


def _try_queries(caller: Caller, texts: Callable[[], Iterable[str]]) -> None:
    for operation in operations():
        for name in operation.parameters("query"):
            for text in texts():
                query = urlencoded({name: [raw(text)]})
                caller.send(operation, what=f"?{name}={text[:40]!a}", query=query)


def test_a_text_in_every_parameter_of_the_api_does_no_harm(callers: dict[str, Caller]) -> None:
    turn = iter(TEXTS * 5)
    _try_queries(callers["editor"], lambda: [next(turn)])
    assert _faults(callers) == {}


@pytest.mark.attack
def test_every_text_in_every_parameter_of_the_api_does_no_harm(callers: dict[str, Caller]) -> None:
    _try_queries(callers["editor"], lambda: TEXTS)
    assert _faults(callers) == {}


def test_ten_megabytes_in_a_body_are_refused(callers: dict[str, Caller]) -> None:
    statuses = set()
    for operation in operations():
        if operation.body is not None:
            body = json.dumps({"reason": "x" * TEN_MEGABYTES}).encode()
            statuses.add(callers["editor"].send(operation, body, what="10 MB").status_code)
    # Whoever may not do it is told that first.
    assert (_faults(callers), statuses) == ({}, {413, 403})
