"""kill -9 of every part amid work."""

import time
from collections.abc import Callable

from tests.drills.system import System
from tests.drills.work import (
    Attacher,
    Mover,
    QueueWatch,
    Reviewing,
    WorkingDesk,
    give,
    lost_moves,
    wait_for_reminders,
    wait_until,
)

PARTS = ("worker-reminders", "web", "Valkey", "beat", "PostgreSQL")
CLAIMS = 8  # whose reminders fall due around one kill


def test_nothing_acknowledged_is_lost_when_parts_are_killed(
    system: System, desk: WorkingDesk, watch: QueueWatch, say: Callable[..., None], *, short: bool
) -> None:
    movers, attachers = [Mover(desk, number) for number in range(2)], [Attacher(desk) for _ in range(2)]
    reviewing = Reviewing(desk)
    workers = [*movers, reviewing, *attachers]
    for worker in workers:
        worker.start()
    kills = _kill_in_turn(system, desk, rounds=1 if short else 6)
    for worker in workers:
        worker.stop()
    wait_for_reminders(system, short=short)
    moves = [*reviewing.moves, *(move for mover in movers for move in mover.moves)]
    kept, ended = sum(len(attacher.kept) for attacher in attachers), watch.ended()
    say(
        kills=kills,
        moves_acknowledged=len(moves),
        attachments_acknowledged=kept,
        refused=sum(worker.refused for worker in workers),
        reminders=ended.reminders,
        mails=ended.mails,
        doubled=ended.doubled,
    )
    assert lost_moves(desk, moves) == []
    assert [attacher.lost() for attacher in attachers] == [[], []]
    assert (ended.waiting, ended.unmailed) == (0, 0)
    assert ended.doubled <= kills
    assert ended.most <= 2
    assert min(len(moves), len(reviewing.moves), kept, ended.mails) > 0
    assert system.verify() == []


def _kill_in_turn(system: System, desk: WorkingDesk, *, rounds: int) -> int:
    """Kills each part while reminders fall due and people work; how many kills."""
    kills = 0
    for _ in range(rounds):
        for part in PARTS:
            due = give(desk, CLAIMS, f"Due amid kill {kills}", seconds=4)
            wait_until(due + 1)  # the tick comes every two seconds
            system.kill(part)
            time.sleep(0.5)
            system.start(part)
            kills += 1
        for part in ("web", "worker-reminders"):
            system.kill_one_process(part)
            kills += 1
    return kills
