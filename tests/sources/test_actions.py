"""Actors and sources written down, files kept, and captures asked for, taken and run."""

import hashlib
import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from house.errors import Conflict, Forbidden, Invalid, NotFound
from house.leases import Lease
from sources.actions import (
    CAPTURE_LEASE,
    MOST_CAPTURE_ATTEMPTS,
    attach_file,
    create_actor,
    create_source,
    lease_captures,
    request_capture,
    run_capture,
)
from sources.evidence_storage import open_stored
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Attachment, Capture, Source
from sources.tasks import run_due_captures
from tests import factories
from tests.factories import Cast, fresh

if TYPE_CHECKING:
    from pytest_django import Settings

PAGE = b"<!doctype html><title>Seen</title><p>A ship came in."


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.cast()


class _ServedPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Seen", "yes")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests' output stays readable."""


@pytest.fixture
def address(settings: "Settings") -> Iterator[str]:
    """The address of a page on this machine, which captures may reach here."""
    settings.CAPTURE_ALLOW = [ipaddress.ip_network("127.0.0.1/32")]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _ServedPage)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/page"
    server.shutdown()
    server.server_close()
    thread.join()


def _source(cast: Cast, **fields: Any) -> Source:
    return create_source(desk=cast.desk, fields=SourceInput(**{"title": "Item", **fields}), by=cast.reporter)


def _attach(cast: Cast, source: Source, content: bytes = b"a file", **fields: Any) -> Attachment:
    return attach_file(**{"source": source, "chunks": [content], "name": "note.txt", "by": cast.reporter, **fields})


WRITERS: list[tuple[str, type[Exception] | None]] = [
    ("reporter", None),
    ("reviewer", None),
    ("editor", None),
    ("auditor", Forbidden),
    ("admin", NotFound),
    ("stranger", NotFound),
]


@pytest.mark.parametrize(("name", "refusal"), WRITERS)
def test_who_writes_actors_and_sources_down(cast: Cast, name: str, refusal: type[Exception] | None) -> None:
    given: dict[str, Any] = {"desk": cast.desk, "by": getattr(cast, name)}
    if refusal is None:
        create_actor(fields=ActorInput(name="Council", kind="organisation"), **given)
        create_source(fields=SourceInput(title="Item"), **given)
        return
    with pytest.raises(refusal):
        create_actor(fields=ActorInput(name="Council", kind="organisation"), **given)
    with pytest.raises(refusal):
        create_source(fields=SourceInput(title="Item"), **given)
    assert (Actor.objects.count(), Source.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", ["reporter", "editor", "stranger"])
def test_only_an_administrator_shares_an_actor(cast: Cast, name: str) -> None:
    with pytest.raises(Forbidden):
        create_actor(desk=None, fields=ActorInput(name="Iran", kind="state"), by=getattr(cast, name))


def test_a_shared_actor_serves_every_desk(cast: Cast) -> None:
    shared = create_actor(desk=None, fields=ActorInput(name="Iran", kind="state"), by=cast.admin)
    source = create_source(desk=cast.other_desk, fields=SourceInput(title="x", publisher=shared.pk), by=cast.stranger)
    assert source.publisher == shared
    assert factories.source(cast, publisher=shared).publisher == shared


def test_a_shared_actor_is_not_restricted(cast: Cast) -> None:
    fields = ActorInput(name="Iran", kind="state", visibility="restricted")
    with pytest.raises(Invalid) as error:
        create_actor(desk=None, fields=fields, by=cast.admin)
    assert set(error.value.errors) == {"visibility"}


def test_an_actor_of_another_desk_is_as_absent(cast: Cast) -> None:
    foreign = create_actor(desk=cast.other_desk, fields=ActorInput(name="Post", kind="outlet"), by=cast.stranger)
    errors = []
    for publisher in (foreign.pk, uuid4()):
        with pytest.raises(Invalid) as error:
            _source(cast, publisher=publisher)
        errors.append(error.value.errors)
    assert errors == [{"publisher": ["Actor not found on this desk."]}] * 2


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": ""}, {"title"}),
        ({"title": "x" * 301}, {"title"}),
        ({"url": "ftp://example.org/x"}, {"url"}),
        ({"url": "javascript:alert(1)"}, {"url"}),
        ({"url": "nowhere"}, {"url"}),
        ({"kind": "rumour"}, {"kind"}),
        ({"basis": "hearsay"}, {"basis"}),
        ({"reliability": "G"}, {"reliability"}),
        ({"visibility": "secret"}, {"visibility"}),
        ({"published_at": "yesterday"}, {"published_at"}),
    ],
)
def test_what_cannot_be_used_for_a_source_is_named(cast: Cast, fields: dict[str, Any], named: set[str]) -> None:
    with pytest.raises(Invalid) as error:
        _source(cast, **fields)
    assert set(error.value.errors) == named
    assert Source.objects.count() == 0


def test_an_address_alone_makes_a_source(cast: Cast) -> None:
    source = create_source(desk=cast.desk, fields=SourceInput(url="https://example.org/item"), by=cast.reporter)
    assert (source.title, source.basis, source.publisher) == ("https://example.org/item", "unknown", None)


def test_a_source_without_a_grade_has_its_publishers(cast: Cast) -> None:
    publisher = factories.actor(cast, reliability="E")
    assert [factories.source(cast, publisher=publisher, reliability=grade).counts for grade in ("", "A", "E")] == [
        False,
        True,
        False,
    ]
    assert factories.source(cast).effective_reliability == "F"


def test_a_file_is_kept_byte_for_byte(cast: Cast) -> None:
    content = bytes(range(256)) * 100
    row = _attach(cast, _source(cast), content, chunks=[content[:1000], content[1000:]])
    assert (row.sha256, row.size) == (hashlib.sha256(content).hexdigest(), len(content))
    with open_stored(row.sha256) as file:
        assert file.read() == content


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("note.txt", "note.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\note.txt", "note.txt"),
        ('a"b<c>.txt', "abc.txt"),
        ("line\nbreak.txt", "linebreak.txt"),
        ("..", "file"),
        ("", "file"),
        ("протокол.pdf", "протокол.pdf"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_of_a_files_name_the_harmless_part_is_kept(cast: Cast, given: str, kept: str) -> None:
    assert _attach(cast, _source(cast), name=given).name == kept


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"x" * 11, "larger")])
def test_an_empty_or_too_large_file_is_refused(cast: Cast, settings: "Settings", content: bytes, said: str) -> None:
    settings.ATTACHMENT_LIMIT = 10
    with pytest.raises(Invalid) as error:
        _attach(cast, _source(cast), content)
    assert said in error.value.errors["file"][0]
    assert Attachment.objects.count() == 0


def test_a_file_is_at_least_as_strict_as_its_source(cast: Cast) -> None:
    source = _source(cast, visibility="restricted")
    assert _attach(cast, source).visibility == "restricted"
    with pytest.raises(Invalid) as error:
        _attach(cast, source, visibility="desk")
    assert set(error.value.errors) == {"visibility"}


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("reporter", Forbidden),
        ("reviewer", None),
        ("editor", None),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_who_adds_a_file_to_a_source_that_another_wrote_down(
    cast: Cast, name: str, refusal: type[Exception] | None
) -> None:
    source = factories.source(cast, by=cast.editor)
    if refusal is None:
        _attach(cast, source, by=getattr(cast, name))
        return
    with pytest.raises(refusal):
        _attach(cast, source, by=getattr(cast, name))
    assert Attachment.objects.count() == 0


def test_an_address_is_captured_unless_one_says_not_to(cast: Cast) -> None:
    captured = _source(cast, url="https://example.org/a")
    factories.source(cast, url="https://example.org/b")
    _source(cast)
    assert list(Capture.objects.values_list("source", "state", "visibility")) == [(captured.pk, "pending", "desk")]


def test_a_capture_is_asked_for_again_once_the_last_is_done(cast: Cast) -> None:
    source = _source(cast, url="https://example.org/a")
    with pytest.raises(Conflict):
        request_capture(source=source, by=cast.reporter)
    Capture.objects.update(state="failed")
    assert request_capture(source=source, by=cast.reporter).state == "pending"


def test_without_an_address_nothing_is_captured(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        request_capture(source=_source(cast), by=cast.reporter)
    assert set(error.value.errors) == {"url"}


def test_a_capture_keeps_what_the_address_answered(cast: Cast, address: str) -> None:
    source = _source(cast, url=address)
    assert run_due_captures() == 1
    row = Capture.objects.select_related("attachment").get(source=source)
    assert (row.state, row.status, row.final_url) == ("done", 200, address)
    assert ["X-Seen", "yes"] in row.headers
    assert row.attachment is not None
    with open_stored(row.attachment.sha256) as file:
        assert file.read() == PAGE
    assert row.attachment.visibility == "desk"


def test_the_capture_of_a_restricted_source_is_restricted(cast: Cast, address: str) -> None:
    _source(cast, url=address, visibility="restricted")
    run_due_captures()
    row = Capture.objects.select_related("attachment").get()
    assert row.attachment is not None
    assert (row.visibility, row.attachment.visibility) == ("restricted", "restricted")


def test_an_address_that_is_not_public_is_not_fetched(cast: Cast, address: str, settings: "Settings") -> None:
    settings.CAPTURE_ALLOW = []
    _source(cast, url=address)
    run_due_captures()
    row = Capture.objects.get()
    assert (row.state, row.attachment, row.error) == (
        "failed",
        None,
        "This address is not on the public internet, so it cannot be captured. Attach a file instead.",
    )


def test_a_lease_is_one_takers_until_it_runs_out(cast: Cast) -> None:
    _source(cast, url="https://example.org/a")
    now = timezone.now()
    (first,) = lease_captures(most=5, now=now)
    assert lease_captures(most=5, now=now + CAPTURE_LEASE - timedelta(seconds=1)) == []
    (second,) = lease_captures(most=5, now=now + CAPTURE_LEASE + timedelta(seconds=1))
    assert (first.attempt, second.attempt, first.row) == (1, 2, second.row)


def test_a_stale_attempt_ends_nothing(cast: Cast, address: str) -> None:
    _source(cast, url=address)
    now = timezone.now()
    (stale,) = lease_captures(most=1, now=now)
    lease_captures(most=1, now=now + 2 * CAPTURE_LEASE)
    run_capture(stale)
    assert (Capture.objects.get().state, Attachment.objects.count()) == ("pending", 0)


def test_a_fetch_that_is_broken_off_again_and_again_is_given_up(cast: Cast) -> None:
    _source(cast, url="https://example.org/a")
    now = timezone.now()
    for attempt in range(MOST_CAPTURE_ATTEMPTS):
        assert len(lease_captures(most=1, now=now + attempt * 2 * CAPTURE_LEASE)) == 1
    assert lease_captures(most=1, now=now + 10 * CAPTURE_LEASE) == []
    row = Capture.objects.get()
    assert (row.state, row.error) == ("failed", "The capture was interrupted three times.")


def test_a_failure_can_be_tried_again(cast: Cast, address: str, settings: "Settings") -> None:
    allowed, settings.CAPTURE_ALLOW = settings.CAPTURE_ALLOW, []
    source = _source(cast, url=address)
    run_due_captures()
    settings.CAPTURE_ALLOW = allowed
    again = request_capture(source=source, by=cast.reporter)
    run_due_captures()
    assert fresh(again).state == "done"


def test_captures_of_one_person_do_not_keep_those_of_others_waiting(cast: Cast) -> None:
    now = timezone.now()
    many = [_asked(cast, cast.reporter, now - timedelta(hours=2), number) for number in range(40)]
    few = [_asked(cast, cast.reviewer, now - timedelta(hours=1), number) for number in range(2)]
    last = [_asked(cast, cast.editor, now, 0)]
    taken = [lease_captures(most=1, now=now + timedelta(seconds=step))[0].row for step in range(6)]
    assert taken == [many[0], few[0], last[0], many[1], few[1], many[2]]
    # What ends leaves the queue, and its person's place in the round stays what it was.
    later = _asked(cast, cast.editor, now + timedelta(seconds=10), 1)
    assert lease_captures(most=3, now=now + timedelta(seconds=20)) == [
        Lease(later, 1), Lease(many[3], 1), Lease(many[4], 1)
    ]  # fmt: skip


def test_a_thousand_waiting_captures_of_one_person_cost_others_one_place(cast: Cast) -> None:
    now = timezone.now()
    source = _source(cast)
    Capture.objects.bulk_create(
        Capture(source=source, url=f"https://example.org/{n}", requested_by=cast.reporter, requested_at=now)
        for n in range(1000)
    )
    other = _asked(cast, cast.editor, now + timedelta(hours=1), 0)
    taken = [lease_captures(most=1, now=now + timedelta(seconds=step))[0].row for step in range(2)]
    assert taken[1] == other


def _asked(cast: Cast, by: User, at: datetime, number: int) -> UUID:
    source = _source(cast)
    row = Capture.objects.create(
        source=source, url=f"https://example.org/{number}", requested_by=by, requested_at=at + timedelta(seconds=number)
    )
    return row.pk
