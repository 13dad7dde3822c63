"""Runs `verify` after each test on its data, in its own transaction.

    bin/test -p tests.verifying tests/claims

At the end it prints the number of tests whose data it checked, and the mismatches by test. Each is either a test that
wrote past the actions on purpose, or a false alarm of `verify`; a person must tell which. Mismatches travel with the
test's report, so that they arrive from any process.
"""

import pytest

_found = pytest.StashKey[dict[str, list[str]]]()
DATABASE = {"db", "transactional_db", "world"}
PROPERTY = "verify_found"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if DATABASE & set(getattr(item, "fixturenames", ())):
        item.user_properties.append((PROPERTY, _look()))


def _look() -> list[str]:
    from django.db import transaction

    from tests.integrity.looking import found, found_both_ways

    try:
        with transaction.atomic():
            return [str(finding) for finding in [*found(), *found_both_ways()]]
    except Exception as error:  # whatever the test took away: its own outcome must not depend on this
        return [f"could not look: {type(error).__name__}"]


class _Collecting:
    """Collects the mismatches from the reports, in the process that prints the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.looked = config.stash.setdefault(_found, {})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            for name, lines in report.user_properties:
                if name == PROPERTY and isinstance(lines, list):
                    self.looked[report.nodeid] = [str(line) for line in lines]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Collecting(config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    looked = config.stash.get(_found, {})
    wrong = {test: lines for test, lines in looked.items() if lines}
    terminalreporter.write_line(f"verify looked at what {len(looked)} tests did, and found something in {len(wrong)}")
    for test, lines in wrong.items():
        terminalreporter.write_line(test)
        for line in lines[:5]:
            terminalreporter.write_line(f"  {line}")
