"""Checkpoints leave the house on a schedule: once for each target and time, and what failed is tried again."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.anchoring import anchor_checkpoints
from ledger.models import Anchor
from ledger.recording import record
from tests.ledger.installation import NOW, publish_here

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
