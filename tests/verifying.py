"""Asks `verify` after each test of what it did, in its own transaction.

    bin/test -n 0 -p tests.verifying tests/claims

At the end it says in how many tests' data it looked, and what was found in which: either the test wrote past the
actions on purpose, or `verify` raises a false alarm. Which of the two is for a human to read.
"""

import pytest

_found = pytest.StashKey[dict[str, list[str]]]()
DATABASE = {"db", "transactional_db", "world"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if DATABASE & set(getattr(item, "fixturenames", ())):
        item.config.stash.setdefault(_found, {})[item.nodeid] = _look()


def _look() -> list[str]:
    from django.db import DatabaseError, transaction

    from tests.verification.looking import found, found_both_ways

    try:
        with transaction.atomic():
            return [str(finding) for finding in [*found(), *found_both_ways()]]
    except (DatabaseError, transaction.TransactionManagementError, RuntimeError) as error:
        return [f"could not look: {type(error).__name__}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    looked = config.stash.get(_found, {})
    wrong = {test: lines for test, lines in looked.items() if lines}
    terminalreporter.write_line(f"verify looked at what {len(looked)} tests did, and found something in {len(wrong)}")
    for test, lines in wrong.items():
        terminalreporter.write_line(test)
        for line in lines[:5]:
            terminalreporter.write_line(f"  {line}")
