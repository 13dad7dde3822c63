"""Each day's checkpoint is stamped by every authority of the setting; one that is away or lies holds nothing up."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from config.celery import app
from config.settings import _authorities
from ledger import stamping
from ledger.keys import policy_text
from ledger.models import Checkpoint, DailyStamp
from ledger.reading import newest_checkpoint
from ledger.recording import record
from ledger.stamping import stamp_checkpoints
from ledger.stamps import authority_states, dated_for
from ledger.verifier import check_stamp
from tests.conftest import superuser
from tests.ledger.authorities import Authority, der, new_authority, serving
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [new_authority(folder / "one", "rsa", "Northern"), new_authority(folder / "two", "ec", "Southern")]


@pytest.fixture
def now() -> datetime:
    """openssl stamps with the machine's clock."""
    return datetime.now(UTC)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def trusted(authority: Authority) -> tuple[bytes, ...]:
    return (authority.chain[-1].certificate.public_bytes(Encoding.DER),)


def publish(folder: Path, now: datetime) -> Checkpoint:
    """Record something and publish it."""
    record(stream="claim:1", kind="tried", at=now, body={}, committed={})
    publish_here(folder / "signer", now)
    return Checkpoint.objects.latest("size")


def rows() -> list[tuple[date, int, bool]]:
    return [(row.day, row.checkpoint_id, row.token is not None) for row in DailyStamp.objects.order_by("pk")]


def test_every_authority_stamps_the_days_checkpoint(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(one.reply)): trusted(one) for one in authorities}
    note = publish(tmp_path, now).note.encode()
    assert stamp_checkpoints(now) == 2
    for row, authority in zip(DailyStamp.objects.order_by("pk"), authorities, strict=True):
        stamp = check_stamp(bytes(row.token or b""), data=note, certificates=trusted(authority))
        assert (row.before, row.signer, row.error) == (stamp.before, authority.name, "")
        assert now - timedelta(seconds=2) < stamp.at < now + timedelta(minutes=1)
    assert [one.missing_since for one in authority_states()] == [None, None]


def test_each_day_is_stamped_once_where_the_log_has_grown(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(authorities[1].reply)): trusted(authorities[1])}
    noon = now.replace(hour=12) - timedelta(days=3)
    publish(tmp_path, noon)
    done = [stamp_checkpoints(noon)]
    publish(tmp_path, noon)
    done += [stamp_checkpoints(noon + timedelta(hours=hours)) for hours in (1, 24, 48)]
    assert done == [1, 0, 1, 0]
    assert rows() == [(noon.date(), 1, True), (noon.date() + timedelta(days=1), 2, True)]


def test_nothing_is_asked_before_there_is_anything_to_stamp(settings: "Settings", now: datetime) -> None:
    settings.TIMESTAMP_AUTHORITIES = {"http://127.0.0.1:9/": ()}
    assert (stamp_checkpoints(now), rows()) == (0, [])


def test_a_key_in_an_address_is_shown_to_nobody(settings: "Settings") -> None:
    settings.TIMESTAMP_AUTHORITIES = {"https://stamps.example.org/tsa?key=Zephyrine": ()}
    assert [one.authority for one in authority_states()] == ["https://stamps.example.org/tsa"]


def test_one_that_is_away_holds_up_no_other_and_is_asked_again(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    away = "http://127.0.0.1:1/stamp"
    there = stack.enter_context(serving(authorities[1].reply))
    settings.TIMESTAMP_AUTHORITIES = {away: trusted(authorities[0]), there: trusted(authorities[1])}
    publish(tmp_path, now)
    assert stamp_checkpoints(now) == 1
    first, second = authority_states()
    assert (first.missing_since, first.last) == (now, None)
    assert first.error == "the authority could not be reached: Connection refused"
    assert (second.missing_since, second.error) == (None, "")
    assert stamp_checkpoints(now + timedelta(minutes=9)) == 0
    assert DailyStamp.objects.get(authority=away).tried_at == now
    stamp_checkpoints(now + timedelta(minutes=11))
    assert DailyStamp.objects.get(authority=away).tried_at == now + timedelta(minutes=11)


def test_what_was_missed_is_stamped_once_the_authority_is_back(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/stamp"
    settings.TIMESTAMP_AUTHORITIES = {address: trusted(authorities[1])}
    for days in (3, 2):
        publish(tmp_path, now - timedelta(days=days))
        stamp_checkpoints(now - timedelta(days=days))
    assert [there for _day, _size, there in rows()] == [False, False]
    stack.enter_context(serving(authorities[1].reply, port=int(address.split(":")[2].split("/")[0])))
    assert stamp_checkpoints(now) == 2
    assert [there for _day, _size, there in rows()] == [True, True]


def replaying(authority: Authority) -> Callable[[bytes], bytes]:
    """Answers each request with its answer to the first."""
    first: list[bytes] = []

    def reply(request: bytes) -> bytes:
        first.append(first[0] if first else authority.reply(request))
        return first[0]

    return reply


def of_other_bytes(authority: Authority) -> Callable[[bytes], bytes]:
    """Stamps something else, with the nonce that was sent."""
    return lambda request: authority.reply(re.sub(rb"(\x04\x20).{32}", rb"\1" + bytes(32), request, flags=re.DOTALL))


LIARS: dict[str, tuple[Callable[[list[Authority]], Callable[[bytes], bytes]], str]] = {
    "stamps something else": (lambda both: of_other_bytes(both[0]), "imprint: expected the SHA-256"),
    "has another key": (lambda both: both[1].reply, "certificate: expected one that leads to a certificate"),
    "says nothing": (lambda both: lambda request: b"", "response: expected one value"),
    "talks of something else": (lambda both: lambda request: b"<!doctype html>", "response: expected"),
    "grants nothing": (
        lambda both: lambda request: der(0x30, der(0x30, b"\2\1\2")),
        "status: expected granted, found 2",
    ),
    "never ends": (lambda both: lambda request: bytes(70_000), "the answer is too long"),
}


@pytest.mark.parametrize("name", LIARS)
def test_what_a_lying_authority_says_is_not_kept(
    name: str, authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    make, expected = LIARS[name]
    address = stack.enter_context(serving(make(authorities)))
    settings.TIMESTAMP_AUTHORITIES = {address: trusted(authorities[0])}
    publish(tmp_path, now)
    assert stamp_checkpoints(now) == 0
    row = DailyStamp.objects.get()
    assert (row.token, row.error[: len(expected)]) == (None, expected)


def test_an_answer_to_another_request_is_not_kept(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    reply = replaying(authorities[1])
    note = publish(tmp_path, now).note.encode()
    reply(stamping.stamp_request(note, 77))
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(reply)): trusted(authorities[1])}
    assert stamp_checkpoints(now) == 0
    assert "77: this is the answer to another request" in DailyStamp.objects.get().error


def test_a_time_before_the_checkpoint_is_not_kept(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(authorities[1].reply)): trusted(authorities[1])}
    publish(tmp_path, now + timedelta(minutes=7))
    assert stamp_checkpoints(now) == 0
    assert DailyStamp.objects.get().error.startswith("genTime: expected not before the checkpoint")


def test_a_redirect_is_not_followed(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    there = stack.enter_context(serving(authorities[1].reply))
    elsewhere = stack.enter_context(serving(lambda request: b"", location=there))
    settings.TIMESTAMP_AUTHORITIES = {elsewhere: trusted(authorities[1])}
    publish(tmp_path, now)
    assert stamp_checkpoints(now) == 0
    assert "leads elsewhere" in DailyStamp.objects.get().error


def test_an_authority_that_dawdles_is_left(
    authorities: list[Authority],
    settings: "Settings",
    tmp_path: Path,
    now: datetime,
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stamping, "LONGEST_ANSWER", 0.3)

    def dawdle(request: bytes) -> bytes:
        time.sleep(1)
        return b""

    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(dawdle)): trusted(authorities[1])}
    publish(tmp_path, now)
    assert stamp_checkpoints(now) == 0
    assert "timed out" in DailyStamp.objects.get().error


def test_no_reminder_waits_for_an_authority() -> None:
    assert app.amqp.router.route({}, "ledger.tasks.stamp_checkpoints_task")["queue"].name == "captures"
    assert {one["task"] for one in app.conf.beat_schedule.values()} >= {"ledger.tasks.stamp_checkpoints_task"}


def test_the_public_policy_names_the_certificates(authorities: list[Authority], settings: "Settings") -> None:
    settings.TIMESTAMP_AUTHORITIES = {"http://127.0.0.1:1/": trusted(authorities[0])}
    assert authorities[0].chain[-1].pem.decode().strip().replace("\n", "\\n").encode() in policy_text()


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("UPDATE ledger_dailystamp SET error = 'none'", ""),
        ("UPDATE ledger_dailystamp SET token = 'x'", ""),
        ("UPDATE ledger_dailystamp SET day = day + 1", "superuser"),
        ("DELETE FROM ledger_dailystamp", "superuser"),
        ("TRUNCATE ledger_dailystamp", "superuser"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_stamp_that_is_there_is_never_changed(
    change: str,
    by: str,
    authorities: list[Authority],
    settings: "Settings",
    tmp_path: Path,
    now: datetime,
    stack: ExitStack,
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(authorities[1].reply)): trusted(authorities[1])}
    publish(tmp_path, now)
    assert stamp_checkpoints(now) == 1
    if by:
        with superuser() as own, pytest.raises(psycopg.errors.RestrictViolation):
            own.execute(change)
    else:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.django_db(transaction=True)
def test_nobody_says_later_that_something_else_was_wanted(settings: "Settings", tmp_path: Path, now: datetime) -> None:
    settings.TIMESTAMP_AUTHORITIES = {"http://127.0.0.1:1/": ()}
    publish(tmp_path, now)
    stamp_checkpoints(now)
    with superuser() as own, pytest.raises(psycopg.errors.RestrictViolation):
        own.execute("UPDATE ledger_dailystamp SET day = day + 1")


@pytest.mark.parametrize("change", ["SET day = day + 1", "SET checkpoint_id = 2", "SET authority = 'x'"])
def test_the_application_may_not_say_that_something_else_was_wanted(
    change: str, settings: "Settings", tmp_path: Path, now: datetime
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {"http://127.0.0.1:1/": ()}
    publish(tmp_path, now)
    stamp_checkpoints(now)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE ledger_dailystamp {change}")


def test_a_proof_takes_the_first_stamp_of_each_authority_and_the_newest(
    authorities: list[Authority], settings: "Settings", tmp_path: Path, now: datetime, stack: ExitStack
) -> None:
    northern, southern = (stack.enter_context(serving(one.reply)) for one in authorities)
    of_both = {northern: trusted(authorities[0]), southern: trusted(authorities[1])}
    for days, asked in ((4, [southern]), (3, [northern, southern]), (2, [southern]), (1, [southern])):
        settings.TIMESTAMP_AUTHORITIES = {address: of_both[address] for address in asked}
        publish(tmp_path, now - timedelta(days=days))
        stamp_checkpoints(now - timedelta(days=days))
    newest, settings.TIMESTAMP_AUTHORITIES = newest_checkpoint(), of_both
    assert newest is not None
    found = dated_for([0], newest)
    assert [(one.note.split(b"\n")[1], len(one.tokens)) for one in found] == [(b"1", 1), (b"2", 2), (b"4", 1)]
    assert [one.note.split(b"\n")[1] for one in dated_for([2], newest)] == [b"3", b"4"]
    settings.TIMESTAMP_AUTHORITIES = {northern: of_both[northern]}
    assert [one.note.split(b"\n")[1] for one in dated_for([0], newest)] == [b"2"]


def test_a_proof_has_a_dozen_stamped_checkpoints_at_most(settings: "Settings", tmp_path: Path, now: datetime) -> None:
    settings.TIMESTAMP_AUTHORITIES = {"x": ()}
    for days in range(30):
        size = publish(tmp_path, now).pk
        stamp = {"token": b"0", "before": now, "tried_at": now, "signer": "CN=Nobody"}
        DailyStamp.objects.create(
            authority="x", day=now.date() + timedelta(days=days), checkpoint_id=size, wanted_at=now, **stamp
        )
    newest = newest_checkpoint()
    assert newest is not None
    sizes = [int(one.note.split(b"\n")[1]) for one in dated_for(range(30), newest)]
    assert (len(sizes), sizes[0], sizes[-1]) == (12, 1, 30)


@pytest.mark.parametrize(
    "given",
    [
        "https://stamps.example.org/tsa",
        "ftp://stamps.example.org/|{good}",
        "|{good}",
        "https://|{good}",
        "https://stamps.example.org:99999/|{good}",
        "https://stamps.example.org/|",
        "https://stamps.example.org/|/nowhere.pem",
        "https://stamps.example.org/|{empty}",
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    given: str, authorities: list[Authority], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, empty = authorities[0].folder / "chain.pem", tmp_path / "empty"
    empty.write_text("none")
    monkeypatch.setenv("TIMESTAMP_AUTHORITIES", given.format(good=good, empty=empty))
    with pytest.raises(SystemExit, match=r"^TIMESTAMP_AUTHORITIES: [^\n]+$"):
        _authorities("TIMESTAMP_AUTHORITIES")


def test_the_setting_names_addresses_and_files(authorities: list[Authority], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (f"http://stamps.example.org/{n}|{each.folder}/chain.pem" for n, each in enumerate(authorities))
    monkeypatch.setenv("TIMESTAMP_AUTHORITIES", f"{one}, {two}")
    found = _authorities("TIMESTAMP_AUTHORITIES")
    assert list(found) == ["http://stamps.example.org/0", "http://stamps.example.org/1"]
    assert trusted(authorities[1])[0] in found["http://stamps.example.org/1"]
