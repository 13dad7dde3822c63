"""The cost of the ledger and of receipts for a move: moves with and without them, in turns, in one process.

Measures moves as they are, moves whose answer names receipts, moves whose receipts are also fetched, and moves without
a ledger. Run by `bench.ledger` inside an installation whose desk has claims to deny.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from statistics import median
from unittest.mock import patch

from accounts.models import Role, User
from accounts.queries import receipts_given, receipts_of
from claims.actions.claims import move_alone
from claims.inputs import MoveInput
from claims.models import Evidence, Stance
from claims.states import State
from house.transactions import Noted, kept_acts
from ledger.entries import format_time
from ledger.keys import receipts_for
from ledger.recording import WrittenEntry

BLOCK = 50  # moves in a row


def _rate(rows: list[Evidence], by: User, after: Callable[[list[Noted]], object] = lambda _acts: None) -> float:
    """Moves per second, each recording a denial. `after`: what to do with the recorded acts."""
    began = time.perf_counter()
    for row in rows:
        with kept_acts() as acts:
            move_alone(
                claim=row.claim,
                fields=MoveInput(
                    to=State.DENIED.value,
                    reason="That is what the party says.",
                    evidence=[row.pk],
                    seen_version=row.claim.version,
                ),
                by=by,
            )
        after(acts)
    return len(rows) / (time.perf_counter() - began)


def _name(by: User, acts: list[Noted]) -> str:
    """The receipts of recorded acts, as an answer names them."""
    return ",".join(leaf_hash.hex() for leaf_hash in receipts_given(by, acts))


def _fetch(by: User, acts: list[Noted]) -> list[str | None]:
    """The receipts of recorded acts, as a client that keeps them gets them: named, looked up, signed."""
    rows = receipts_of(by).filter(entry__leaf_hash__in=receipts_given(by, acts))
    return receipts_for([(bytes(row.entry.leaf_hash), format_time(row.entry.at)) for row in rows])


def main() -> None:
    """Print the rates of all blocks and the median of their ratios, as JSON."""
    denials = Evidence.objects.filter(stance=Stance.DENIES, claim__state=State.REPORTED.value)
    rows = list(denials.select_related("claim__desk").order_by("claim__reference"))
    editor = User.objects.get(memberships__role=Role.EDITOR, username__endswith="-editor-1")
    waiting = iter(rows)
    _rate(list(islice(waiting, BLOCK)), editor)  # warms up caches and query plans
    ours, named, fetched, plain = [], [], [], []
    while len(block := list(islice(waiting, 4 * BLOCK))) == 4 * BLOCK:
        ours.append(_rate(block[:BLOCK], editor))
        named.append(_rate(block[BLOCK : 2 * BLOCK], editor, partial(_name, editor)))
        fetched.append(_rate(block[2 * BLOCK : 3 * BLOCK], editor, partial(_fetch, editor)))
        # A patch, as nothing in the application can switch the ledger off.
        with patch("claims.record.ledger_entries.record_act", lambda **_: WrittenEntry(0, "", 0, "", b"")):
            plain.append(_rate(block[3 * BLOCK :], editor))
    found = {"ours": ours, "plain": plain, "ratio": _ratio(ours, others=plain)}
    found |= {"named": named, "named_ratio": _ratio(named, others=ours)}
    found |= {"fetched": fetched, "fetched_ratio": _ratio(fetched, others=ours)}
    sys.stdout.write(json.dumps(found) + "\n")


def _ratio(some: list[float], *, others: list[float]) -> float:
    return median(one / other for one, other in zip(some, others, strict=True))
