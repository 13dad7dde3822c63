"""Checkpoints leave the house on a schedule: once for each target and time, and what failed is tried again."""

import base64
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.anchoring import anchor_checkpoints
from ledger.models import Anchor
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.recording import record
from tests.ledger.installation import NOW, publish_here, sequencers_rights

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.mail import MailServer

pytestmark = pytest.mark.django_db


def publish(folder: Path) -> str:
    """Record something and publish it; answers the note."""
    from ledger.models import Checkpoint

    record(stream="claim:1", kind="tried", at=NOW, body={}, committed={})
    publish_here(folder)
    return Checkpoint.objects.latest("size").note


def test_a_checkpoint_is_mailed_and_written(tmp_path: Path, settings: "Settings", smtp_server: "MailServer") -> None:
    settings.LEDGER_ANCHORS = ["mailto:notary@example.org", str(tmp_path)]
    note = publish(tmp_path / "signer")
    assert anchor_checkpoints(NOW) == 2
    (mail,) = smtp_server.messages
    assert (mail["To"], note in mail.get_content().replace("\r\n", "\n")) == ("notary@example.org", True)
    assert [path.read_text() for path in (tmp_path / "checkpoint", tmp_path / "000000000001")] == [note, note]
    assert set(Anchor.objects.values_list("state", flat=True)) == {"done"}


def test_a_target_is_asked_once_a_day(tmp_path: Path, settings: "Settings") -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    publish(tmp_path / "signer")
    done = [anchor_checkpoints(NOW)]
    publish(tmp_path / "signer")
    done += [anchor_checkpoints(NOW + timedelta(hours=hours)) for hours in (1, 25, 26)]
    assert done == [1, 0, 1, 0]


def test_what_has_the_newest_gets_it_no_second_time(tmp_path: Path, settings: "Settings") -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    publish(tmp_path / "signer")
    assert [anchor_checkpoints(NOW), anchor_checkpoints(NOW + timedelta(days=3))] == [1, 0]


def test_what_failed_is_said_and_tried_again(tmp_path: Path, settings: "Settings") -> None:
    folder = tmp_path / "away"
    settings.LEDGER_ANCHORS = [str(folder)]
    publish(tmp_path / "signer")
    assert anchor_checkpoints(NOW) == 0
    assert "No such file" in Anchor.objects.get().error
    folder.mkdir()
    assert [anchor_checkpoints(NOW + timedelta(minutes=minutes)) for minutes in (1, 11)] == [0, 1]


def forked(folder: Path) -> None:
    """What lies at the target says of another log."""
    note = (folder / "checkpoint").read_text()
    size = note.split("\n")[1]
    root = base64.b64encode(bytes(32)).decode()
    (folder / "checkpoint").write_text(note.replace(note.split("\n")[2], root).replace(f"\n{size}\n", "\n1\n"))


def test_an_anchor_that_does_not_extend_the_one_before_stays_here(tmp_path: Path, settings: "Settings") -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    publish(tmp_path / "signer")
    anchor_checkpoints(NOW)
    forked(tmp_path)
    there = (tmp_path / "checkpoint").read_text()
    publish(tmp_path / "signer")
    assert anchor_checkpoints(NOW + timedelta(days=1)) == 0
    assert "root: expected" in Anchor.objects.latest("id").error
    assert ((tmp_path / "checkpoint").read_text(), (tmp_path / "000000000002").exists()) == (there, False)


def test_an_anchor_does_not_take_anothers_place(tmp_path: Path, settings: "Settings") -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    note = publish(tmp_path / "signer")
    (tmp_path / "checkpoint").write_text(note.replace("localhost", "elsewhere", 1))
    assert anchor_checkpoints(NOW) == 0
    assert "the checkpoint that is there already: expected one of localhost" in Anchor.objects.get().error


@pytest.mark.parametrize("there", [b"", b"no checkpoint", b"\xff\xfe"])
def test_an_anchor_takes_the_place_of_nothing_else(tmp_path: Path, settings: "Settings", there: bytes) -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    publish(tmp_path / "signer")
    (tmp_path / "checkpoint").write_bytes(there)
    assert (anchor_checkpoints(NOW), Anchor.objects.get().state) == (0, "failed")
    assert (tmp_path / "checkpoint").read_bytes() == there


def test_a_mail_goes_out_only_where_the_log_extends_the_last_one(
    tmp_path: Path, settings: "Settings", smtp_server: "MailServer"
) -> None:
    settings.LEDGER_ANCHORS = ["mailto:notary@example.org"]
    origin = publish(tmp_path / "signer").partition("\n")[0]
    forged = sign_note(checkpoint_text(origin, 0, bytes(32)), [SigningKey.make(origin)]).decode()
    with sequencers_rights() as cursor:
        cursor.execute("INSERT INTO ledger_checkpoint VALUES (0, %s, %s, %s)", [bytes(32), forged, NOW])
    Anchor.objects.create(target=settings.LEDGER_ANCHORS[0], checkpoint_id=0, at=NOW, state=Anchor.DONE)
    assert anchor_checkpoints(NOW + timedelta(days=1)) == 0
    assert "old root: expected" in Anchor.objects.latest("id").error
    assert not smtp_server.messages


def test_an_anchor_is_on_the_disk_before_it_is_said_to_be(
    tmp_path: Path, settings: "Settings", monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEDGER_ANCHORS = [str(tmp_path)]
    publish(tmp_path / "signer")

    def full(number: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert anchor_checkpoints(NOW) == 0
    assert Anchor.objects.get().error == "No space left on device"
    assert not (tmp_path / "checkpoint").exists()
