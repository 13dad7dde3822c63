"""The Redis-protocol server forgets everything, freezes, and stops; two beats run at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.drills.people import DrillPerson
from tests.drills.system import System
from tests.drills.work import Attacher, Mover, QueueWatch, WorkingDesk, give, lost_moves, wait_for_reminders, wait_until

DUE = 200  # reminders, at one moment
LONGEST_ANSWER = 6.0  # seconds


def test_reminders_that_are_due_while_everything_is_flushed(
    system: System, desk: WorkingDesk, watch: QueueWatch, say: Callable[..., None], *, short: bool
) -> None:
    wait_until(give(desk, DUE, "FLUSHALL comes when this is due", seconds=10))
    flushed = 0
    with redis.Redis.from_url(system.environment["REDIS_URL"]) as server:
        waiting = "SELECT count(*) FROM reviews_reminder WHERE state = 'pending' AND due_at <= now()"
        at_first = system.rows(waiting)[0][0]
        while flushed < 3 or (system.rows(waiting)[0][0] and flushed < 300):
            server.flushall()
            flushed += 1
            time.sleep(0.2)
    wait_for_reminders(system, short=short)
    ended = watch.ended()
    say(due_at_first=at_first, flushed=flushed, reminders=ended.reminders, mails=ended.mails, doubled=ended.doubled)
    assert at_first >= DUE
    assert (ended.waiting, ended.unmailed, ended.doubled) == (0, 0, 0)
    assert system.verify() == []


def test_two_beats_at_once(
    system: System, desk: WorkingDesk, watch: QueueWatch, say: Callable[..., None], *, short: bool
) -> None:
    other = system.start_another("beat", "--schedule", str(system.folder.path / "another-schedule"))
    due = give(desk, 30, "Two beats tick when this is due", seconds=6)
    wait_until(due + 2)
    wait_for_reminders(system, short=short)
    other.check()
    system.kill("beat-2")
    ended = watch.ended()
    say(reminders=ended.reminders, mails=ended.mails, doubled=ended.doubled)
    assert (ended.waiting, ended.unmailed, ended.doubled) == (0, 0, 0)
    assert ended.mails >= 30
    assert system.verify() == []


@contextmanager
def _stopped(system: System) -> Iterator[None]:
    system.kill("Valkey")
    try:
        yield
    finally:
        system.start("Valkey")


@pytest.mark.parametrize("how", ["frozen", "stopped"])
def test_people_work_while_the_broker_does_not(
    system: System, desk: WorkingDesk, watch: QueueWatch, say: Callable[..., None], how: str, *, short: bool
) -> None:
    mover, attacher, person = Mover(desk, 900), Attacher(desk), DrillPerson(system.web.port).sign_in("reviewer")
    claim = desk.new_claim("Read while the broker does not answer.")
    pages = ("/", "/claims/", f"/claims/{claim}/", f"/claims/{claim}/provenance/", "/healthz", "/readyz")
    rounds, seconds = 0, 8 if short else 60
    signing_in: list[DrillPerson] = []
    due = give(desk, 5, f"The broker is {how} when this is due", seconds=6)
    person.longest = desk.editor.longest = 0.0
    with system.frozen("Valkey") if how == "frozen" else _stopped(system):
        until = time.monotonic() + seconds
        while time.monotonic() < until or rounds < 4:  # a denial attached, recorded, withdrawn, taken back
            for page in pages:
                person.get(page)
            mover.once()
            attacher.once()
            if rounds % 4 == 0:  # more often would be refused: an address has so many tries a minute
                signing_in.append(DrillPerson(system.web.port).sign_in("reviewer2"))
            rounds += 1
    longest = max(each.longest for each in (person, mover.person, attacher.person, *signing_in))
    wait_until(due)
    back = time.monotonic()
    wait_for_reminders(system, short=short)
    ended = watch.ended()
    say(
        seconds=seconds,
        rounds_of_pages_and_acts=rounds,
        sign_ins=len(signing_in),
        moves_acknowledged=len(mover.moves),
        attachments_acknowledged=len(attacher.kept),
        longest_answer=f"{longest:.2f} s",
        reminders=ended.reminders,
        mails=ended.mails,
        doubled=ended.doubled,
        all_sent_after=f"{time.monotonic() - back:.1f} s",
    )
    assert longest < LONGEST_ANSWER
    assert len(mover.moves) > 1
    assert lost_moves(desk, mover.moves) == []
    assert attacher.lost() == []
    assert (ended.waiting, ended.unmailed, ended.doubled) == (0, 0, 0)
    assert system.verify() == []
