"""The clock goes over both daylight-saving changes, half an hour at a time, for somebody in Kyiv."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.mail import MailServer

if TYPE_CHECKING:
    from tests.factories import Cast

ZONE = ZoneInfo("Europe/Kyiv")
# When clocks are put forward (a day of 23 hours) and back (25), by the IANA time zone database.
CHANGES = [datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)]
STEP = timedelta(minutes=30)


@pytest.fixture
def cast(db: None) -> "Cast":
    from tests import factories

    people = factories.cast()
    people.reviewer.time_zone = ZONE.key
    people.reviewer.save(update_fields=["time_zone"])
    return people


def _at(change: datetime, clock: str, days: int = 0) -> datetime:
    """What a clock in Kyiv shows on the day of the change, or so many days later."""
    hour, minute = clock.split(":")
    day = (change + timedelta(days=days)).astimezone(ZONE)
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize("change", CHANGES, ids=["forward", "back"])
def test_daily_reminders_over_the_change(
    cast: "Cast", smtp_server: MailServer, say: Callable[..., None], change: datetime
) -> None:
    from reviews.actions.reminders import lease_due_reminders, send_reminder
    from reviews.models import Reminder
    from tests import factories
    from tests.integrity.looking import found

    claim = factories.claim(cast, now=change - timedelta(days=6))
    due = _at(change, "03:30", days=-2)
    assignment = factories.assigned(cast, claim, due_at=due, now=change - timedelta(days=4))
    now, end, sent_at = due - timedelta(days=2), due + timedelta(days=7), {}
    while now < end:
        while leases := lease_due_reminders(most=1, now=now):
            if send_reminder(leases[0], now=now) == "sent":
                sent_at[leases[0].row] = now
        now += STEP
    rows = list(Reminder.objects.filter(assignment=assignment, recipient__isnull=False).order_by("due_at"))
    late = max(sent_at[row.pk] - row.due_at for row in rows)
    say(reminders=len(rows), mails=len(smtp_server.messages), latest_after_its_time=late)
    assert [row.kind for row in rows if row.recipient == cast.reviewer] == ["due_soon", "due", *["overdue"] * 5]
    assert {row.state for row in rows} == {"sent"}
    assert len(smtp_server.messages) == len(rows) == len({message["Message-ID"] for message in smtp_server.messages})
    assert late < STEP
    assert found(now=end) == []


@pytest.mark.parametrize("change", CHANGES, ids=["forward", "back"])
def test_due_today_on_the_day_of_the_change(cast: "Cast", change: datetime) -> None:
    from reviews.queue import work_of
    from tests import factories

    before = change - timedelta(days=5)
    ends = {"23:30": 0, "00:30": 1}  # late on the day of the change, and early on the next
    given = {
        clock: factories.assigned(
            cast, factories.claim(cast, now=before), due_at=_at(change, clock, days=days), now=before
        )
        for clock, days in ends.items()
    }
    now, last, seen = _at(change, "00:00"), _at(change, "23:00"), 0
    while now <= last:
        work = work_of(cast.reviewer, now=now)
        assert (work.today, work.later) == ([given["23:30"]], [given["00:30"]])
        now, seen = now + STEP, seen + 1
    hours = (_at(change, "00:00", days=1) - _at(change, "00:00")) / timedelta(hours=1)
    assert (seen, hours) in ((45, 23), (49, 25))
    assert work_of(cast.reviewer, now=_at(change, "00:00", days=1)).today == [given["00:30"]]
