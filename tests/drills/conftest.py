"""Drills: faults on purpose in a whole running system. `bin/drill --short` or `bin/drill`; not part of bin/test."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mail import MailServer

if TYPE_CHECKING:
    from tests.drills.system import System
    from tests.drills.work import QueueWatch, WorkingDesk

_lines = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="drills in minutes, not in a quarter of an hour")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "drills" in item.path.parts:
            item.add_marker(pytest.mark.drill)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_lines, []):
        terminalreporter.write_line(line)


@pytest.fixture
def short(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--short"))


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keeps a line of figures, which the run prints at its end."""

    def keep(**figures: object) -> None:
        name = request.node.name.removeprefix("test_").replace("_", " ")
        told = ", ".join(f"{figure.replace('_', ' ')} {value}" for figure, value in figures.items())
        request.config.stash.setdefault(_lines, []).append(f"{name}: {told}")

    return keep


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def system(mail: MailServer) -> Iterator["System"]:
    """A running system with the demonstration data. Each drill leaves it whole for the next."""
    from tests.drills.system import System

    with (
        tempfile.TemporaryDirectory(prefix="second-source-drill-") as folder,
        System(Path(folder), mail.port) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def desk(system: "System") -> "WorkingDesk":
    from tests.drills.work import WorkingDesk

    return WorkingDesk.of(system)


@pytest.fixture
def watch(system: "System", mail: MailServer) -> "QueueWatch":
    """What becomes of reminders and mails from here on."""
    from tests.drills.work import QueueWatch

    return QueueWatch(system, mail.messages)
