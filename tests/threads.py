"""Concurrency: functions that run at once, each in a thread with its own database connection."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

Outcome = Any
"""What an act answered, or the exception that it raised."""


def together(*acts: Callable[[], Any], headstart: float = 0.0) -> list[Outcome]:
    """Run all acts at once, the first one `headstart` seconds ahead. Returns the outcomes in the order of the acts."""
    barrier = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[], Any]) -> Outcome:
        barrier.wait(timeout=10)
        if number:
            time.sleep(headstart)
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(run, number, act) for number, act in enumerate(acts)]
        return [future.result(timeout=30) for future in futures]


def refusals(outcomes: list[Outcome]) -> list[type[Exception]]:
    """The classes of the refusals among the outcomes."""
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
