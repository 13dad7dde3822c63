"""Moves with the ledger and without, in turns in one process: what a move costs by being an entry of it.

Run by `bench.ledger` inside an installation whose desk has claims to deny.
"""

import json
import sys
import time
from itertools import islice
from statistics import median
from unittest.mock import patch

from accounts.models import Role, User
from claims.actions.claims import move_alone
from claims.models import Evidence, Stance
from claims.states import State
from ledger.recording import Recorded

BLOCK = 50  # moves in a row


def _rate(rows: list[Evidence], by: User) -> float:
    """Moves a second: the denial of each claim is recorded."""
    began = time.perf_counter()
    for row in rows:
        move_alone(
            claim=row.claim,
            to=State.DENIED.value,
            reason="That is what the party says.",
            evidence=[row.pk],
            seen_version=row.claim.version,
            by=by,
        )
    return len(rows) / (time.perf_counter() - began)


def main() -> None:
    """Prints the rates of all blocks and the median of their ratios, as JSON."""
    denials = Evidence.objects.filter(stance=Stance.DENIES, claim__state=State.REPORTED.value)
    rows = list(denials.select_related("claim__desk").order_by("claim__reference"))
    editor = User.objects.get(memberships__role=Role.EDITOR, username__endswith="-editor-1")
    waiting = iter(rows)
    _rate(list(islice(waiting, BLOCK)), editor)  # what is compiled and planned once
    ours, plain = [], []
    while len(block := list(islice(waiting, 2 * BLOCK))) == 2 * BLOCK:
        ours.append(_rate(block[:BLOCK], editor))
        # Only here: nothing in the application can switch the ledger off.
        with patch("claims.records.record_act", lambda **_: Recorded(0, "", 0, "", b"")):
            plain.append(_rate(block[BLOCK:], editor))
    ratio = median(one / other for one, other in zip(ours, plain, strict=True))
    sys.stdout.write(json.dumps({"ours": ours, "plain": plain, "ratio": ratio}) + "\n")
