"""Logs: one JSON object a line, with the request's id and nothing that people wrote."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client

from accounts.models import User
from config.celery import app
from config.logs import OURS, JsonLines, said_of_every_line
from tests.conftest import ROOT
from tests.logs import CapturedLog, recorded

SECRET = "Zephyrine"


@pytest.fixture
def log() -> Iterator[CapturedLog]:
    with recorded() as log:
        yield log


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


# A line


def test_a_line_says_when_how_bad_and_who_says_it(log: CapturedLog) -> None:
    logging.getLogger("reviews.tasks").info("reminder %s: sent", "7f")
    line = log.lines[0]
    assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert without(line, "time", "process") == {
        "level": "INFO",
        "logger": "reviews.tasks",
        "message": "reminder 7f: sent",
    }


def test_every_package_of_ours_that_logs_says_what_it_says(log: CapturedLog) -> None:
    """The apps that the settings name from this repository, and whatever else in it has a logger."""
    packages = {
        file.relative_to(ROOT).parts[0]
        for file in ROOT.glob("[a-z]*/**/*.py")
        if "getLogger(__name__)" in file.read_text()
    }
    assert packages - {"tests", "bench"} <= OURS
    assert {app.partition(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.partition(".")[0]).is_dir()} <= OURS


def test_a_line_break_or_a_quote_cannot_make_a_second_line(log: CapturedLog) -> None:
    logging.getLogger("config.errors").warning('one\n{"level": "INFO"}\u2028two')
    assert [line["message"] for line in log.lines] == ['one\n{"level": "INFO"}\u2028two']


@pytest.mark.parametrize(
    ("message", "args", "shown"),
    [
        ("Error handling request %s", (f"/claims/?q={SECRET}",), "Error handling request …"),
        ("Booting worker with pid: %d", (412,), "Booting worker with pid: 412"),
        ("%s after %.1f s", (ValueError(SECRET), 2.5), "ValueError after 2.5 s"),
        ("Task %(name)s: %(exc)s", ({"name": "sources.tasks.clear", "exc": SECRET},), "Task sources.tasks.clear: …"),
    ],
)
def test_of_what_other_packages_were_given_only_numbers_and_names_stay(
    log: CapturedLog, message: str, args: Any, shown: str
) -> None:
    logging.getLogger("gunicorn.error").error(message, *args)
    assert [line["message"] for line in log.lines] == [shown]


def test_a_message_that_does_not_fit_what_it_was_given_is_shown_as_it_is() -> None:
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "100 % of %d", (SECRET,), None)
    assert json.loads(JsonLines().format(record))["message"] == "100 % of %d"


def test_an_exception_is_told_without_its_text(log: CapturedLog) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError(f"about {SECRET}") from error
    except RuntimeError:
        logging.getLogger("config.errors").exception("failed")
    told = log.lines[0]["exception"]
    assert (SECRET in log.text, told["type"], told["cause"]["type"]) == (
        False,
        "builtins.RuntimeError",
        "builtins.KeyError",
    )
    assert re.fullmatch(r"tests/config/test_logs\.py:\d+ test_an_exception_is_told_without_its_text", told["stack"][0])


def test_a_database_error_keeps_its_code_and_not_the_row(db: None, log: CapturedLog) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::integer", [SECRET])
    except DatabaseError:
        logging.getLogger("config.errors").exception("failed")
    assert (log.lines[0]["exception"]["cause"]["sqlstate"], SECRET in log.text) == ("22P02", False)


def test_a_full_disk_is_named(log: CapturedLog) -> None:
    try:
        raise OSError(28, "No space left on device", f"/evidence/{SECRET}")
    except OSError:
        logging.getLogger("sources.actions").exception("failed")
    assert (log.lines[0]["exception"]["errno"], SECRET in log.text) == ("ENOSPC", False)


# A request


def test_a_request_is_one_line_with_the_name_of_its_address(db: None, log: CapturedLog, client: Client) -> None:
    answer = client.get("/public/ABC-1/", {"q": SECRET})
    line = log.lines[0]
    assert isinstance(line["ms"], float)
    assert [without(line, "time", "process", "ms") for line in log.lines] == [
        {
            "level": "INFO",
            "logger": "config.request_log",
            "message": "answered",
            "request": answer["X-Request-ID"],
            "method": "GET",
            "route": "public-claim",
            "status": 404,
        }
    ]


def test_a_request_of_somebody_signed_in_names_their_random_id(log: CapturedLog, client: Client, db: None) -> None:
    person = User.objects.create_user("reporter")
    client.force_login(person)
    client.get("/account/")
    assert [(line["route"], line.get("person")) for line in log.lines] == [("account", str(person.pk))]


def test_an_address_that_is_none_and_a_method_that_is_none_have_no_name(
    db: None, log: CapturedLog, client: Client
) -> None:
    client.generic(SECRET.upper(), f"/{SECRET}/")
    assert [(line["route"], line["method"]) for line in log.lines] == [("none", "other")]


def test_what_machines_ask_all_the_time_is_not_logged(db: None, log: CapturedLog, client: Client) -> None:
    client.get("/healthz")
    client.get("/readyz")
    assert log.lines == []


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get("/healthz")["X-Request-ID"] for _ in range(2))
    assert (first != second, re.fullmatch(r"[0-9a-f]{16}", first) is not None) == (True, True)


def test_a_well_formed_id_that_comes_with_the_request_is_kept(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "proxy-0123.abc"})["X-Request-ID"] == "proxy-0123.abc"


@pytest.mark.parametrize(
    "given", ["short", "a" * 65, "with a space", "semi;colon", "ünïcode-1", 'quo"te-123', "a\tb-123456"]
)
def test_any_other_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{16}", answer["X-Request-ID"])


@pytest.mark.urls("tests.config.shell_urls")
def test_a_fault_of_ours_is_told_with_the_id_that_the_person_can_quote(
    db: None, log: CapturedLog, client: Client
) -> None:
    client.force_login(User.objects.create_user("reporter"))
    answer = client.get("/claims/broken/")
    named = answer["X-Request-ID"]
    assert (answer.status_code, f'<span class="num">{named}</span>' in answer.content.decode()) == (500, True)
    assert [(line["logger"], line["level"], line["request"]) for line in log.lines] == [
        ("django.request", "ERROR", named),
        ("config.request_log", "ERROR", named),
    ]
    assert "a fault of ours" not in log.text


def test_the_thread_forgets_the_id_after_the_answer(client: Client, log: CapturedLog) -> None:
    client.get("/healthz")
    logging.getLogger("config.errors").warning("later")
    assert "request" not in log.lines[0]


# A task


def test_what_is_logged_in_a_task_bears_its_name_and_id(log: CapturedLog) -> None:
    def count() -> int:
        logging.getLogger("reviews.tasks").info("within")
        return 3

    app.task(name="config.tests.count")(count).apply(task_id="a-task")
    assert [without(line, "time", "process", "ms") for line in log.lines] == [
        {"level": "INFO", "logger": logger, "message": message, "task": "config.tests.count", "task_id": "a-task"}
        | more
        for logger, message, more in (("reviews.tasks", "within", {}), ("config.celery", "task finished", {"done": 3}))
    ]


def test_a_task_that_fails_is_told_without_the_text_of_its_error(log: CapturedLog) -> None:
    def fail() -> int:
        raise ValueError(SECRET)

    app.task(name="config.tests.fail")(fail).apply(task_id="a-task")
    ours = [line for line in log.lines if line["logger"] == "config.celery"]
    assert [(line["message"], line["exception"]["type"], line["task_id"]) for line in ours] == [
        ("task failed", "builtins.ValueError", "a-task")
    ]
    assert SECRET not in log.text


def test_a_tick_that_finds_nothing_to_do_says_nothing(log: CapturedLog) -> None:
    def nothing() -> int:
        return 0

    app.task(name="config.tests.nothing")(nothing).apply()
    assert log.lines == []


def test_contexts_within_one_another_add_up_and_end(log: CapturedLog) -> None:
    logger = logging.getLogger("config.errors")
    with said_of_every_line(request="r"):
        with said_of_every_line(task="t"):
            logger.info("both")
        logger.info("one")
    assert [(line.get("request"), line.get("task")) for line in log.lines] == [("r", "t"), ("r", None)]
