"""Verification finds what disagrees among sources, relays, captures and files."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.actions.reads import note_reads
from house.integrity import IntegrityMismatch
from sources.actions import attach_file
from sources.models import Actor, Attachment, Capture, Relay, Source
from tests import factories
from tests.integrity.looking import found, named

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture
def source(cast: factories.Cast) -> Source:
    return factories.source(cast)


@pytest.fixture
def attachment(cast: factories.Cast, source: Source) -> Attachment:
    return attach_file(source=source, chunks=[b"what was ", b"kept"], name="note.txt", by=cast.reviewer)


def _place(settings: "Settings", sha256: str) -> Path:
    return Path(settings.EVIDENCE_STORAGE) / sha256[:2] / sha256[2:4] / sha256


def _make_old(file: Path, days: float) -> None:
    then = time.time() - timedelta(days=days).total_seconds()
    os.utime(file, (then, then))


def _capture(source: Source, by: object, **fields: object) -> Capture:
    row = {"source": source, "url": "https://example.org/", "requested_by": by, "requested_at": timezone.now()}
    return Capture.objects.create(**{**row, **fields})


def test_a_file_that_is_there_is_no_finding(attachment: Attachment) -> None:
    assert found() == []


def test_a_file_that_is_gone(attachment: Attachment, settings: "Settings") -> None:
    _place(settings, attachment.sha256).unlink()
    assert found() == [IntegrityMismatch("file kept", f"attachment {attachment.pk}", "13 bytes", "no file")]


def test_a_file_that_was_cut_short(attachment: Attachment, settings: "Settings") -> None:
    _place(settings, attachment.sha256).write_bytes(b"what")
    assert found() == [IntegrityMismatch("file kept", f"attachment {attachment.pk}", "13 bytes", "4 bytes")]


def test_a_file_that_was_altered_is_found_by_reading_it(attachment: Attachment, settings: "Settings") -> None:
    _place(settings, attachment.sha256).write_bytes(b"what was kepT")
    assert [finding.expected for finding in found()] == [f"SHA-256 {attachment.sha256}"]
    assert found(read_files=False) == []


def test_two_attachments_of_one_file_that_disagree_on_its_size(
    cast: factories.Cast, source: Source, attachment: Attachment
) -> None:
    other = attach_file(source=source, chunks=[b"what was kept"], name="again.txt", by=cast.reviewer)
    Attachment.objects.filter(pk=other.pk).update(size=12)
    assert [finding.expected for finding in found()] == ["12 bytes"]


def test_files_between_others_that_belong_to_nothing(attachment: Attachment, settings: "Settings") -> None:
    strays = [_place(settings, digit * 64) for digit in "0f"]
    strays.append(_place(settings, attachment.sha256).with_name("left.txt"))
    for stray in strays:
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"left")
    assert found() == []  # somebody may be about to write its row
    for stray in strays:
        _make_old(stray, 2)
    folder = settings.EVIDENCE_STORAGE
    assert {finding.subject for finding in found()} == {f"file {stray.relative_to(folder)}" for stray in strays}


def test_what_a_dead_writer_left_behind_for_two_days(source: Source, settings: "Settings") -> None:
    file = Path(settings.EVIDENCE_STORAGE) / "incoming" / "abc"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half")
    assert found() == []
    _make_old(file, 2)
    assert [finding.subject for finding in found()] == ["file incoming/abc"]


def test_relays_in_a_circle(cast: factories.Cast) -> None:
    first, second, third = (factories.source(cast) for _ in range(3))
    factories.relay(cast, first, second)
    factories.relay(cast, second, third)
    assert found() == []
    Relay.objects.create(downstream=third, upstream=first, created_by=cast.reviewer, created_at=timezone.now())
    findings = found()
    assert [(finding.check, finding.subject) for finding in findings] == [
        ("relays without a cycle", f"relays of desk {cast.desk.pk}")
    ]
    assert findings[0].found.count(" → ") == 3


def test_a_relay_between_desks(cast: factories.Cast) -> None:
    relay = factories.relay(cast, factories.source(cast), factories.source(cast))
    Source.objects.filter(pk=relay.upstream_id).update(desk=cast.other_desk)
    assert found() == [
        IntegrityMismatch("relay within a desk", f"relay {relay.pk}", "sources of one desk", "two desks")
    ]


def test_what_is_less_strict_than_what_it_hangs_on(
    cast: factories.Cast, source: Source, attachment: Attachment
) -> None:
    publisher = factories.actor(cast)
    part = factories.actor(cast, part_of=publisher)
    Source.objects.filter(pk=source.pk).update(publisher=publisher)
    _capture(source, cast.reviewer)
    Actor.objects.filter(pk=publisher.pk).update(visibility="restricted")
    assert [finding.subject for finding in found()] == [f"source {source.pk}", f"actor {part.pk}"]
    Source.objects.filter(pk=source.pk).update(visibility="restricted")
    assert named(found()) == {
        "restricted actors above restricted ones",
        "file as strict as its source",
        "capture as strict as its source",
    }


def test_a_capture_that_nobody_runs(cast: factories.Cast, source: Source) -> None:
    late = timezone.now() - timedelta(hours=1)
    _capture(source, cast.reviewer)
    _capture(source, cast.reviewer, requested_at=late, lease_until=timezone.now())
    waiting = _capture(source, cast.reviewer, requested_at=late, attempt=1, lease_until=late)
    assert [(finding.check, finding.subject) for finding in found()] == [
        ("capture done in time", f"capture {waiting.pk}")
    ]


def test_reads_that_nobody_writes_into_the_ledger(cast: factories.Cast, source: Source) -> None:
    now, subject = timezone.now(), f"source:{source.pk}"
    note_reads(by=cast.editor, subjects={subject: cast.desk.pk}, now=now - timedelta(minutes=70))
    assert found() == []
    note_reads(by=cast.reviewer, subjects={subject: cast.desk.pk}, now=now - timedelta(hours=2))
    assert [(finding.check, finding.subject) for finding in found()] == [
        ("what was read is in the ledger", f"reading of {subject}")
    ]


def test_a_capture_that_ended_in_part(cast: factories.Cast, source: Source, attachment: Attachment) -> None:
    now = timezone.now()
    failed = _capture(source, cast.reviewer, state="failed")
    other = _capture(factories.source(cast), cast.reviewer, state="done", finished_at=now, attachment=attachment)
    assert {finding.subject for finding in found()} == {f"capture {failed.pk}", f"capture {other.pk}"}
