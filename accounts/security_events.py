"""Security events in the log: person, action, address and outcome, never text that people typed.

    security_event("sign_in", person=user)
    security_event("sign_in", "refused", person=user, reason="password")

Each is one line of the logger `security`, to which `config.logs` adds the time and the request's id. Log shippers
select them by `"logger": "security"`. docs/security.md lists them.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Literal
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User

logger = logging.getLogger("security")

Outcome = Literal["done", "refused"]
HIDDEN = "…"
# Our own names only: anything that people typed is hidden.
_CODE = re.compile(r"[A-Za-z0-9_:., -]{1,80}")

_address: ContextVar[str] = ContextVar("address_that_asks", default="")


@contextmanager
def asked_from(address: str) -> Iterator[None]:
    """Attribute the events within the block to this address."""
    before = _address.set(address)
    try:
        yield
    finally:
        _address.reset(before)


def security_event(
    event: str,
    outcome: Outcome = "done",
    *,
    person: User | None = None,
    by: User | None = None,
    **facts: str | int | UUID | None,
) -> None:
    """Log an event about `person` (the account's owner), done or tried `by` another person if given.

    People appear as their ids. `facts` are codes, numbers and identifiers; anything else is hidden. Inside a
    transaction the line is written on commit: an undone act did not happen.
    """
    fields: dict[str, str | int] = {"event": event, "outcome": outcome}
    if address := _address.get():
        fields["address"] = address
    for name, user in (("person", person), ("by", by)):
        if user is not None:
            fields[name] = str(user.pk)
    fields |= {name: _harmless(value) for name, value in facts.items() if value is not None}
    level = logging.INFO if outcome == "done" else logging.WARNING
    write = partial(logger.log, level, event, extra={"fields": fields})
    # Outside a transaction on_commit would connect first; refusals are logged even without a database.
    if connection.in_atomic_block:
        transaction.on_commit(write, robust=True)
    else:
        write()


def _harmless(value: str | int | UUID) -> str | int:
    if isinstance(value, int):
        return value
    return str(value) if _CODE.fullmatch(str(value)) else HIDDEN
