"""Logs: one JSON object a line, without any text that people wrote.

Messages of our own loggers are logged as they are: they name rows by their ids only. Other packages put paths, queries,
addresses and values into theirs; of those arguments only numbers and exception names are kept. An exception is logged
with its type, stack and cause; its text is left out, because it may quote a row. docs/decisions/0058-logs.md gives the
reasons against a library.
"""

import errno
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType, TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
OURS = frozenset(
    {"accounts", "api", "claims", "config", "demonstration", "house", "ledger", "reviews", "security", "sources"}
)
HIDDEN = "…"
# Named arguments in Celery's messages that never come from people.
NAMES_OF_WORK = frozenset({"name", "id", "hostname"})
MOST_FRAMES = 40

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))

LOGGING: dict[str, Any] = {  # the schema of logging.config.dictConfig
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handler would mail whole requests to the administrators.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Refusals are in the line of their request; failures are logged with their exception.
        "django.request": {"level": "ERROR"},
        "gunicorn.error": {"handlers": [], "propagate": True},
        # Ticks come every two seconds; `config.celery` logs the outcome of each task.
        "celery.app.trace": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
    },
}


@contextmanager
def said_of_every_line(**fields: str) -> Iterator[None]:
    """Add `fields` to every line that this thread logs in the block."""
    before = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(before)


def request_id() -> str:
    """Return the id of the present request, "" outside a request."""
    return _context.get().get("request", "")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object in ASCII: time (UTC), level, logger, message, then the context's fields.

    `extra={"fields": {...}}` adds members; the caller makes sure that they hold nothing that people wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
            **_context.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1])
        return json.dumps(line, default=lambda value: type(value).__name__)


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    if record.name.startswith("django.security"):
        return "a request was refused as suspicious"  # Django's own text quotes the request
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    if not record.args:
        return record.msg
    try:
        return str(record.msg % _without_values(record.args))
    except (TypeError, ValueError):
        return record.msg


def _without_values(args: Any) -> Any:
    if isinstance(args, Mapping):
        return {name: value if name in NAMES_OF_WORK else _harmless(value) for name, value in args.items()}
    return tuple(_harmless(value) for value in args)


def _harmless(value: object) -> object:
    if isinstance(value, int | float):
        return value
    return type(value).__name__ if isinstance(value, BaseException) else HIDDEN


def told(error: BaseException) -> dict[str, object]:
    """Return an exception without its text: `type`, `stack` (outermost first), `cause`, and codes without values."""
    found: dict[str, object] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if isinstance(error, OSError) and error.errno:
        found["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    if sqlstate := getattr(error, "sqlstate", None):
        found["sqlstate"] = sqlstate
    # The constraint's name, never the row that broke it.
    if constraint := getattr(getattr(error, "diag", None), "constraint_name", None):
        found["constraint"] = constraint
    found["stack"] = _stack(error.__traceback__)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and cause is not error:
        found["cause"] = told(cause)
    return found


def _stack(traceback: TracebackType | None) -> list[str]:
    frames = [
        f"{_short(frame.f_code.co_filename)}:{number} {frame.f_code.co_name}" for frame, number in walk_tb(traceback)
    ]
    return frames[-MOST_FRAMES:]


def _short(file: str) -> str:
    path = Path(file)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else path.name
