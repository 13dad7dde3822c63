"""The log output of a test, as log files would have it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from config.logs import JsonLines


@dataclass
class CapturedLog:
    """The captured log. `text`: as written; `lines`: parsed."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def recorded() -> Iterator[CapturedLog]:
    """Everything that reaches the root logger, formatted as in production."""
    log = CapturedLog()
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)  # a worker in a thread of ours may have set another
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
