"""Logs: one JSON object a line, and in none of them what people wrote.

Of our own loggers the message is taken as it is: we write them, and they name rows by their ids. Other packages put
paths, queries, addresses and values into theirs; of what they were given only numbers and the names of exceptions
stay. An exception is told as its type, where it came from, and what it rests on; its text, which may quote a row, is
left out. docs/decisions/0058-logs.md says why this is not a library.
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
# What Celery's messages say of a task by name; none of it comes from people.
NAMES_OF_WORK = frozenset({"name", "id", "hostname"})
MOST_FRAMES = 40

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own handler would mail whole requests to the administrators.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Refusals are in the line of their request; of a failure the exception is told.
        "django.request": {"level": "ERROR"},
        "gunicorn.error": {"handlers": [], "propagate": True},
        # A tick every two seconds is no news; `config.celery` says what a task did.
        "celery.app.trace": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
    },
}


@contextmanager
def said_of_every_line(**fields: str) -> Iterator[None]:
    """Puts `fields` into every line that this thread logs within."""
    before = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(before)


def request_id() -> str:
    """The id of the request that is being answered, "" outside of one."""
    return _context.get().get("request", "")


class JsonLines(logging.Formatter):
    """A record as one JSON object in ASCII: time (UTC), level, logger, message, then what is known besides.

    `extra={"fields": {...}}` adds members; whoever passes it answers for their content.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
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
        return "a request was refused as suspicious"  # Django's text quotes it
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


def told(error: BaseException) -> dict[str, Any]:
    """An exception without its text: `type`, `stack` (outermost first), `cause`, and codes that hold no values."""
    found: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if isinstance(error, OSError) and error.errno:
        found["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    if sqlstate := getattr(error, "sqlstate", None):
        found["sqlstate"] = sqlstate
    # The name of a rule in the schema, never what broke it.
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
