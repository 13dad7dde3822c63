"""Which tests `bin/test --fast` takes."""

import subprocess
import sys
from http.server import ThreadingHTTPServer

import pytest

from tests import fast
from tests.mail import MailServer


def _reads() -> str:
    return str(sys.version)


def _starts() -> None:
    subprocess.run([sys.executable, "--version"], check=True)


def _calls_what_starts() -> None:
    _starts()


def _imports_what_starts() -> None:
    from tests.workers import start_worker_process

    start_worker_process("reminders", None, {})  # type: ignore[arg-type]  # never called


def _opens_a_browser() -> None:
    from playwright.sync_api import sync_playwright

    sync_playwright()


def _serves() -> type:
    return ThreadingHTTPServer


@pytest.mark.parametrize(
    ("function", "starts"),
    [
        (_reads, False),
        (_starts, True),
        (_calls_what_starts, True),
        (_imports_what_starts, True),
        (_opens_a_browser, True),
        (_serves, True),
    ],
)
def test_what_starts_a_program_is_found_however_it_is_reached(function: object, starts: bool) -> None:
    assert fast.starts(function) is starts


def test_the_mail_server_is_one() -> None:
    assert fast.starts(MailServer)


def test_a_program_that_is_started_all_the_same_fails_the_test() -> None:
    fast.listen()
    with pytest.raises(pytest.fail.Exception, match="a test of --fast started"), fast.refuse_programs():
        _starts()


def test_one_that_starts_nothing_passes() -> None:
    with fast.refuse_programs():
        _reads()
