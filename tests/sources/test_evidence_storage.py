"""Files kept byte for byte under their digest."""

import hashlib
import io
import os
import random
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import puremagic
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from sources.evidence_storage import (
    Stored,
    TooLarge,
    delete_incoming_older_than,
    open_stored,
    store,
    stored_size,
)
from tests.s3 import BUCKET, Service, service

NOW = datetime(2022, 11, 3, 12, 0, tzinfo=UTC)
LIMIT = 2**20


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.EVIDENCE_STORAGE = tmp_path / "kept files"
    return tmp_path / "kept files"


@dataclass
class KeptAt:
    """One of the two places; `names()`: of all that lies in it."""

    folder: Path | None
    service: Service | None = None

    def names(self) -> list[str]:
        return files(self.folder) if self.folder else sorted(self.service.objects() if self.service else [])


@pytest.fixture(scope="module")
def s3() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def kept_at(request: pytest.FixtureRequest, settings: Settings) -> KeptAt:
    """The same tests for both places."""
    if request.param == "folder":
        return KeptAt(request.getfixturevalue("folder"))
    running: Service = request.getfixturevalue("s3")
    running.empty()
    settings.EVIDENCE_STORAGE, settings.S3_ENDPOINT = f"s3://{BUCKET}", running.endpoint
    return KeptAt(None, running)


def read(content: bytes) -> bytes:
    """What is kept under the digest of `content`."""
    with open_stored(hashlib.sha256(content).hexdigest()) as file:
        return file.read()


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def in_chunks(content: bytes, size: int = 7) -> Iterator[bytes]:
    stream = io.BytesIO(content)
    return iter(lambda: stream.read(size), b"")


def place(content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    return f"{name[:2]}/{name[2:4]}/{name}"


def test_file_is_kept_under_its_digest(kept_at: KeptAt) -> None:
    content = b"What was said on the 2nd, word for word.\n" * 100
    stored = store(in_chunks(content), limit=LIMIT)
    assert stored == Stored(hashlib.sha256(content).hexdigest(), len(content), "text/plain")
    assert kept_at.names() == [place(content)]


def test_kept_bytes_come_back_as_they_were(kept_at: KeptAt) -> None:
    content = random.Random(1).randbytes(300_000)
    stored = store(in_chunks(content, 65_536), limit=LIMIT)
    with open_stored(stored.sha256) as file:
        assert file.read() == content
    assert stored_size(stored.sha256) == len(content)


def test_kept_file_is_for_its_owner_alone(folder: Path) -> None:
    store([b"a"], limit=LIMIT)
    assert (folder / place(b"a")).stat().st_mode & 0o777 == 0o600


def test_same_bytes_twice_are_one_file(kept_at: KeptAt) -> None:
    assert store([b"same"], limit=LIMIT) == store([b"sa", b"me"], limit=LIMIT)
    assert kept_at.names() == [place(b"same")]


def test_many_writers_of_the_same_bytes_at_once_leave_one_whole_file(kept_at: KeptAt) -> None:
    content = b"immediately" * 20_000
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store(in_chunks(content, 4096), limit=LIMIT), range(24)))
    assert set(answers) == {Stored(hashlib.sha256(content).hexdigest(), len(content), "text/plain")}
    assert (kept_at.names(), read(content)) == ([place(content)], content)


def test_reader_of_a_file_is_not_disturbed_by_a_second_writer(kept_at: KeptAt) -> None:
    stored = store([b"read me"], limit=LIMIT)
    with open_stored(stored.sha256) as file:
        store([b"read me"], limit=LIMIT)
        assert file.read() == b"read me"


def test_exactly_the_limit_is_kept(kept_at: KeptAt) -> None:
    assert store([b"12345", b"67890"], limit=10).size == 10


def test_one_byte_more_than_the_limit_is_refused_and_nothing_stays(kept_at: KeptAt) -> None:
    with pytest.raises(TooLarge) as refused:
        store([b"12345", b"678901"], limit=10)
    assert (refused.value.limit, kept_at.names()) == (10, [])


def test_endless_stream_is_refused_at_the_limit(kept_at: KeptAt) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1000

    with pytest.raises(TooLarge):
        store(endless(), limit=5000)
    assert (taken, kept_at.names()) == (6, [])


@pytest.mark.parametrize("error", [ConnectionResetError, KeyboardInterrupt])
def test_stream_that_breaks_off_leaves_nothing(kept_at: KeptAt, error: type[BaseException]) -> None:
    def broken() -> Iterator[bytes]:
        yield b"the first part"
        raise error

    with pytest.raises(error):
        store(broken(), limit=LIMIT)
    assert kept_at.names() == []


def test_failure_to_rename_leaves_nothing_new(folder: Path) -> None:
    blocker = folder / place(b"blocked")[:2]
    folder.mkdir()
    blocker.write_bytes(b"a file where a folder has to be")
    with pytest.raises(NotADirectoryError):
        store([b"blocked"], limit=LIMIT)
    assert files(folder) == [blocker.name]


def test_empty_file_is_kept(kept_at: KeptAt) -> None:
    assert store([], limit=LIMIT) == Stored(hashlib.sha256(b"").hexdigest(), 0, "application/octet-stream")


@pytest.mark.parametrize(
    "name",
    ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 64 + "\n", "../" * 21 + "a", "incoming/" + "a" * 55, "ａ" * 64],
)
def test_anything_but_a_digest_is_refused(kept_at: KeptAt, name: str) -> None:
    with pytest.raises(ValueError, match=r"^not a SHA-256 digest in lowercase hexadecimal$"):
        open_stored(name)
    with pytest.raises(ValueError, match=r"^not a SHA-256 digest in lowercase hexadecimal$"):
        stored_size(name)


def test_digest_of_nothing_kept_is_not_found(kept_at: KeptAt) -> None:
    with pytest.raises(FileNotFoundError):
        open_stored("a" * 64)


def test_only_old_leftovers_are_deleted(folder: Path) -> None:
    stored = store([b"kept"], limit=LIMIT)
    for name, hours in (("old", 25), ("young", 23)):
        leftover = folder / "incoming" / name
        leftover.write_bytes(b"half")
        moment = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(leftover, (moment, moment))
    os.utime(folder / place(b"kept"), (0, 0))
    assert delete_incoming_older_than(timedelta(days=1), NOW) == 1
    assert files(folder) == sorted(["incoming/young", place(b"kept")])
    assert stored_size(stored.sha256) == 4


def test_no_leftovers_are_deleted_before_anything_was_stored(kept_at: KeptAt) -> None:
    assert delete_incoming_older_than(timedelta(days=1), NOW) == 0


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, random.Random(name).randbytes(60_000))
    return buffer.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"plain words", "text/plain"),
        ("слова".encode(), "text/plain"),
        (b"\xef\xbb\xbfwith a byte order mark", "text/plain"),
        (b'{"json": 1}', "text/plain"),
        (b"a,b\n1,2\n", "text/plain"),
        (b"text with a \x00 in it", "application/octet-stream"),
        ("cut off: ы".encode()[:-1], "application/octet-stream"),
        (b"\xe9t\xe9 in latin-1", "application/octet-stream"),
        (b"<!DOCTYPE html><title>A</title>", "text/html"),
        (b"\n  <HTML lang=en>\xe9", "text/html"),
        (b"\xef\xbb\xbf<!-- one --> <!-- two -->\n<html>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"<article is no page", "text/plain"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', "text/html"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC "a" "b"><svg>', "image/svg+xml"),
        (b"<?xml version='1.0'?><feed/>", "text/plain"),
        (b"<!--" * 10_000, "text/plain"),
        (b"<!---->" * 6_000 + b"<html>", "text/plain"),
        (b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x10\x00\n\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x20ftypisom\x00", "video/mp4"),
        (b"\x00\x00\x00\x20ftypmp42\x00", "video/mp4"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (archive("notes.bin"), "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml", "x.bin"), f"{OFFICE}wordprocessingml.document"),
        (archive("[Content_Types].xml", "big.bin", "xl/workbook.xml"), f"{OFFICE}spreadsheetml.sheet"),
        (archive("word/document.xml"), "application/zip"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1a\x45\xdf\xa3" + bytes(40), "video/webm"),
        (b"OggS\x00\x02" + bytes(40), "application/ogg"),
        (b"MZ" + bytes(100), "application/octet-stream"),
        (bytes(100), "application/octet-stream"),
    ],
)
def test_media_type_is_taken_from_the_content(folder: Path, content: bytes, media_type: str) -> None:
    assert store(in_chunks(content, 5), limit=LIMIT).media_type == media_type


def test_no_known_signature_makes_a_file_look_like_something_a_browser_runs(folder: Path) -> None:
    rows = puremagic.magic_header_array
    seen = {store([bytes(row.offset), row.byte_match, b"\xff\x00"], limit=LIMIT).media_type for row in rows}
    active = {kind for kind in seen if any(word in kind for word in ("html", "xml", "script", "flash"))}
    assert active == {"image/svg+xml"}  # what our own table says of an SVG, and nothing else


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200), max_size=5), st.sampled_from(puremagic.magic_header_array))
def test_hostile_bytes_are_kept_like_any_other(folder: Path, parts: list[bytes], row: puremagic.PureMagic) -> None:
    content = bytes(row.offset) + row.byte_match + b"".join(parts)
    stored = store([content], limit=LIMIT)
    with open_stored(stored.sha256) as file:
        assert file.read() == content
