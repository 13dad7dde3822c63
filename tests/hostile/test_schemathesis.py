"""Requests made from the API's own description: each operation, with what it says it takes and with what it does not.

No answer is a failure of ours, each is one that the description knows, and what is refused has written nothing. Every
request meets the same world: what it did is taken back. Sequences of requests begin in it.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.access.asking import values_of
from tests.access.world import AccessWorld
from tests.hostile.answers import Database
from tests.hostile.tokens import used_token

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import BaseSchema

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
# The generators are slower than health checks like where the machine is busy; no run depends on what others found.
PLAIN: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],
}


@pytest.fixture(scope="module")
def description() -> Iterator["BaseSchema"]:
    """The API as it describes itself, in this process: requests of the tests' own transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    logging.disable(logging.CRITICAL)
    yield schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


class Tries:
    """Requests of one person, counted by status; `faults` says what was wrong, by operation."""

    def __init__(self, world: AccessWorld, description: "BaseSchema", who: str) -> None:
        user = world.people[who]
        self.headers = {"Authorization": f"Bearer {used_token(user)}"} if user else {}
        self.real = {name: str(value) for name, value in values_of(world).items()}
        read: list[Any] = list(description.get_all_operations())
        self.operations = [each.ok() for each in read]
        self.description = description
        self.database = Database()
        self.statuses: Counter[int] = Counter()
        self.faults: dict[str, str] = {}
        # Made-up identifiers are all not found: half of them are those of the world.
        known = [str(value) for value in values_of(world).values() if isinstance(value, UUID)]
        schemathesis.openapi.format("uuid", st.sampled_from(known) | st.uuids().map(str))

    def each(self, mode: GenerationMode, examples: int, *, invented: bool = False) -> None:
        """So many requests to each operation at most; to addresses of the world, or to `invented` ones."""
        for operation in self.operations:
            real = {name: value for name, value in self.real.items() if f"{{{name}}}" in operation.path}
            cases = operation.as_strategy(generation_mode=mode, path_parameters=None if invented else real or None)
            self._generate(operation.label, cases, examples)

    def _generate(self, label: str, cases: Any, examples: int) -> None:
        @how(max_examples=examples, **PLAIN)
        @given(case=cases)
        def one(case: "Case[Any]") -> None:
            with transaction.atomic():
                self.send(case)
                transaction.set_rollback(True)

        try:
            one()
        except Exception as error:  # whatever a check raises, a group of failures too
            self.faults[label] = str(error)[:2000]

    def send(self, case: "Case[Any]") -> Any:
        """The answer, which is checked."""
        before = self.database.state()
        answer = case.call(headers=self.headers)
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 400 and self.database.state() != before:
            raise AssertionError(f"half-written by {case.as_curl_command()}")
        case.validate_response(answer, checks=CHECKS)
        return answer

    def sequences(self, examples: int) -> None:
        """So many sequences of up to eight requests, each taking up what the one before answered."""
        tries = self

        class Machine(self.description.as_state_machine()):  # type: ignore[misc]  # made from the description
            def setup(self) -> None:
                self.taken_back = transaction.atomic()
                self.taken_back.__enter__()
                self.sent = 0

            def teardown(self) -> None:
                transaction.set_rollback(True)
                self.taken_back.__exit__(None, None, None)

            def call(self, case: "Case[Any]", **_options: Any) -> Any:
                # An address that no answer gave is made up: the first of a sequence, and every second after it, is the
                # world's. Counted in the sequence: one that is tried again has to go the same way.
                if self.sent % 2 == 0:
                    case.path_parameters.update({name: tries.real[name] for name in case.path_parameters})
                self.sent += 1
                return tries.send(case)

            def validate_response(self, *_arguments: Any, **_options: Any) -> None:
                """Done when it was sent."""

        try:
            Machine.run(settings=how(max_examples=examples, stateful_step_count=8, **PLAIN))
        except Exception as error:
            self.faults["sequence"] = str(error)[:2000]


def test_every_operation_answers_as_described(world: AccessWorld, taken_back: None, description: "BaseSchema") -> None:
    tries = Tries(world, description, "editor")
    tries.each(GenerationMode.POSITIVE, 1)
    tries.each(GenerationMode.NEGATIVE, 2)
    assert (tries.faults, sum(tries.statuses.values()) > 2 * len(tries.operations)) == ({}, True)


@pytest.mark.attack
def test_five_thousand_requests_of_an_editor_are_answered_as_described(
    world: AccessWorld, taken_back: None, description: "BaseSchema"
) -> None:
    tries = Tries(world, description, "editor")
    tries.each(GenerationMode.POSITIVE, 60)
    tries.each(GenerationMode.NEGATIVE, 60)
    tries.each(GenerationMode.NEGATIVE, 10, invented=True)
    print(sum(tries.statuses.values()), "requests of an editor:", dict(tries.statuses))  # noqa: T201
    assert (tries.faults, sum(tries.statuses.values()) >= 5_000) == ({}, True)


@pytest.mark.attack
@pytest.mark.parametrize("who", ["assigned reviewer", "reporter", "auditor", "administrator", "stranger", "anonymous"])
def test_requests_of_others_are_answered_as_described(
    world: AccessWorld, taken_back: None, description: "BaseSchema", who: str
) -> None:
    tries = Tries(world, description, who)
    tries.each(GenerationMode.POSITIVE, 10)
    tries.each(GenerationMode.NEGATIVE, 10)
    print(sum(tries.statuses.values()), f"requests, {who}:", dict(tries.statuses))  # noqa: T201
    assert tries.faults == {}


@pytest.mark.attack
@pytest.mark.parametrize("who", ["editor", "assigned reviewer", "administrator"])
def test_requests_that_follow_from_one_another_are_answered_as_described(
    world: AccessWorld, taken_back: None, description: "BaseSchema", who: str
) -> None:
    tries = Tries(world, description, who)
    tries.sequences(100)
    print(sum(tries.statuses.values()), f"requests in sequence, {who}:", dict(tries.statuses))  # noqa: T201
    assert tries.faults == {}
