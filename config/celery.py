"""The Celery application. Messages only wake workers up: all later work is a row in the database first."""

import logging
import os
import sys
import time
from logging.config import dictConfig
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

from config.logs import LOGGING, said_of_every_line

logger = logging.getLogger(__name__)


class LoggedTask(Task):
    """A task whose log lines all carry its name and id, and which logs how it ended.

    Tasks return the number of items done; none is logged at DEBUG, because ticks come every two seconds.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        with said_of_every_line(task=str(self.name), task_id=str(self.request.id or "")):
            try:
                done = self.run(*args, **kwargs)
            except BaseException:
                logger.exception("task failed", extra={"fields": {"ms": _milliseconds_since(started)}})
                raise
            level = logging.INFO if done else logging.DEBUG
            fields = {"ms": _milliseconds_since(started), "done": done if isinstance(done, int) else bool(done)}
            logger.log(level, "task finished", extra={"fields": fields})
        return done


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery's documented way to configure logs elsewhere
def set_up_logging(loglevel: int, **kwargs: Any) -> None:
    """Give workers and beat the same log format as the web server, at the level of `--loglevel`."""
    dictConfig(LOGGING | {"root": LOGGING["root"] | {"level": loglevel}})


# Django's checks would load every page and form, 20 MB in each worker. `manage.py prepare` has run them already.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
if "worker" in sys.argv:
    os.environ["SECOND_SOURCE_PROCESS"] = "worker"  # decides how long it may wait for the database (config.settings)
app = Celery("second_source", task_cls=LoggedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ledger", "accounts", "sources", "claims", "reviews"])
