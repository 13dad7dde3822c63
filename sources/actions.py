"""Creating actors and sources, keeping files, and capturing addresses. One transaction each.

Changes that affect support (relays, retraction, publisher, `part_of` …) recompute claims: see `claims.actions.sources`.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.http import UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Desk, User
from house.errors import Conflict, Forbidden, Invalid, OutOfService, refuse_unsaid
from house.fields import check_fields, check_language
from house.inputs import UNCHANGED
from house.leases import Lease, held_by_nobody_sql, take
from house.transactions import recorded_transaction
from sources.addresses import completed
from sources.erasing import hold_file
from sources.evidence_storage import Stored, TooLarge, store
from sources.fetch import Fetched, FetchFailed, FetchRefused, fetch
from sources.graph_lock import lock_graph
from sources.inputs import ActorInput, NamedActor, SourceInput
from sources.ledger_entries import actor_recorded, attachment_kept, source_recorded
from sources.models import CHECKED_FROM_THE_START, Actor, Attachment, Capture, CaptureState, Source, Visibility
from sources.permissions import may_change_source, may_write
from sources.queries import named_actor, visible_actors
from sources.statement_parts import is_open
from sources.values import ACTOR_FIELDS, SOURCE_FIELDS

logger = logging.getLogger(__name__)
CAPTURE_LEASE = timedelta(seconds=90)  # longer than a fetch may take
MOST_CAPTURE_ATTEMPTS = 3


def create_actor(*, desk: Desk | None, fields: ActorInput, by: User, now: datetime | None = None) -> Actor:
    """Create an actor on a desk; with `desk` None, by an administrator, for all desks.

    Raises NotFound, Forbidden, Invalid.
    """
    with recorded_transaction():
        if desk is not None:
            # Asked inside the transaction, so that a role taken away meanwhile is noticed.
            may_write(by, desk)
        else:
            may_share(by)
        now = now or timezone.now()
        actor = Actor(desk=desk, speaks_for_checked=False, created_by=by, created_at=now)
        set_actor_fields(actor, fields, by)
        actor.save()
        actor_recorded("actor_added", actor, by=by, now=now)
    return actor


def may_share(by: User) -> None:
    """Check that the person is an administrator, as only they share actors with all desks. Raises Forbidden."""
    if not (by.is_active and by.is_staff):
        raise Forbidden(_("Only administrators share an actor with all desks."))


def set_actor_fields(actor: Actor, fields: ActorInput, by: User) -> None:
    """Set and check an actor's fields. Raises Invalid; a circular chain is shown in the message."""
    _set_plain(actor, ACTOR_FIELDS, fields)
    if fields.part_of is not UNCHANGED:
        actor.part_of = _named_now(by, actor.desk_id, actor.part_of, fields.part_of, "part_of")
    if fields.owned_by is not UNCHANGED:
        actor.owned_by = _named_now(by, actor.desk_id, actor.owned_by, fields.owned_by, "owned_by")
    _check_whom_it_speaks_for(actor, fields)
    check_fields(actor, exclude=("desk", "created_by", "part_of", "owned_by"))
    if actor.part_of_from and actor.part_of_to and actor.part_of_to < actor.part_of_from:
        raise Invalid({"part_of_to": [_("The end is before the beginning.")]})
    if actor.desk_id is None and actor.visibility == Visibility.RESTRICTED:
        raise Invalid({"visibility": [_("An actor shared with all desks cannot be restricted.")]})
    for name in ("part_of", "owned_by"):
        above: Actor | None = getattr(actor, name)
        if above is None:
            continue
        # A row that is not restricted names none that is, so that most rows need no look at their names (decision 83).
        if above.visibility == Visibility.RESTRICTED and actor.visibility != Visibility.RESTRICTED:
            if not visible_actors(by).filter(pk=above.pk).exists():
                refuse_unsaid(name)
            raise Invalid(
                {name: [_("“%(name)s” is restricted; naming it here would reveal it.") % {"name": above.name}]}
            )
    _refuse_circle(actor, by)


def _check_whom_it_speaks_for(actor: Actor, fields: ActorInput) -> None:
    """Whom it speaks for is checked where its kind or another field says it. Raises Invalid where both disagree."""
    is_said = bool(actor.part_of or actor.stands_alone_because or actor.kind in CHECKED_FROM_THE_START)
    if is_said and fields.speaks_for_checked is False:
        message = _("Whom it speaks for is recorded here, or follows from its type. Leave this checked.")
        raise Invalid({"speaks_for_checked": [message]})
    actor.speaks_for_checked = is_said or actor.speaks_for_checked


def _refuse_circle(actor: Actor, by: User) -> None:
    names, above = [actor.name], actor.part_of
    seen = {actor.pk}
    while above is not None:
        names.append(above.name)
        if above.pk in seen:
            # A circle through actors that the person may not see is refused without naming them (decision 83).
            if visible_actors(by).filter(pk__in=seen - {actor.pk}).count() < len(seen) - 1:
                refuse_unsaid("part_of")
            raise Invalid({"part_of": [_("This would make a circle: %(circle)s.") % {"circle": " → ".join(names)}]})
        seen.add(above.pk)
        above = above.part_of


def _named_now(by: User, desk_id: UUID | None, before: Actor | None, given: UUID | None, field: str) -> Actor | None:
    """The new value of a field that names an actor; unchanged where the person may not see the present one."""
    # People do not remove what they do not see: their form shows an empty field (decision 83).
    if before is not None and given in (None, before.pk) and not visible_actors(by).filter(pk=before.pk).exists():
        return before
    return named_actor(by, desk_id, actor_id=given, field=field)


def _set_plain(row: Actor | Source, names: Iterable[str], fields: ActorInput | SourceInput) -> None:
    given = fields.given()
    for name in names:
        if name in given:
            setattr(row, name, given[name])


def create_source(
    *, desk: Desk, fields: SourceInput, by: User, capture: bool = True, now: datetime | None = None
) -> Source:
    """Create a source; with `capture`, its address (if any) is archived soon after.

    Raises NotFound, Forbidden, Invalid.
    """
    now = now or timezone.now()
    with recorded_transaction():
        may_write(by, desk)
        source = Source(desk=desk, created_by=by, created_at=now)
        set_source_fields(source, fields, by)
        source.save()
        # A row for a worker: the request must not wait for another server (decision 7).
        if capture and source.url:
            ask_for_capture(source, by, now)
        source_recorded("source_added", source, by=by, now=now)
    return source


def set_source_fields(source: Source, fields: SourceInput, by: User) -> None:
    """Set and check a source's fields. Raises Invalid."""
    _set_plain(source, SOURCE_FIELDS, fields)
    source.url = completed(source.url)
    if not source.title and source.url:
        source.title = source.url[:300]
    if fields.publisher is not UNCHANGED:
        assert not isinstance(fields.publisher, NamedActor)  # claims.actions.composing has created it
        source.publisher = _named_now(by, source.desk_id, source.publisher, fields.publisher, "publisher")
    check_fields(source, exclude=("desk", "created_by", "publisher", "words"))
    if fields.language is not UNCHANGED:
        check_language(source.language)
    # Pages make the address a link: a scheme such as javascript: must not become one.
    if source.url and not source.url.lower().startswith(("http://", "https://")):
        raise Invalid({"url": [_("Enter a URL that begins with https:// or http://.")]})
    if (
        source.publisher
        and Visibility(source.visibility).strictness < Visibility(source.publisher.visibility).strictness
    ):
        message = _("A source must be at least as restricted as its publisher, which is “%(visibility)s”.")
        raise Invalid({"visibility": [message % {"visibility": Visibility(source.publisher.visibility).label}]})


def attach_file(
    *,
    source: Source,
    chunks: Iterable[bytes],
    name: str,
    visibility: str | None = None,
    by: User,
    now: datetime | None = None,
) -> Attachment:
    """Keep a file byte for byte with a source.

    Raises NotFound, Forbidden, Invalid (empty, too large), OutOfService (the storage failed).
    """
    may_change_source(by, source)
    return record_file(source=source, stored=keep_file(chunks), name=name, visibility=visibility, by=by, now=now)


def keep_file(chunks: Iterable[bytes]) -> Stored:
    """Keep the bytes of a file, for `record_file`. Slow: call it before taking locks that others need.

    Raises Invalid (empty, too large), OutOfService (the storage failed).
    """
    limit: int = settings.ATTACHMENT_LIMIT
    try:
        stored = store(chunks, limit=limit)
    except TooLarge as error:
        message = _("This file is larger than %(size)d MB. Attach a smaller one or part of it.")
        raise Invalid({"file": [message % {"size": limit // 2**20}]}) from error
    except UnreadablePostError:  # also an OSError, but the sender's fault and not the storage's
        raise
    except OSError as error:
        logger.exception("the storage takes no file")
        message = _("The file could not be stored: storage is full or not responding. Nothing was saved.")
        raise OutOfService(message) from error
    if stored.size == 0:
        raise Invalid({"file": [_("This file is empty. Choose another file.")]})
    return stored


def record_file(
    *,
    source: Source,
    stored: Stored,
    name: str,
    visibility: str | None = None,
    by: User,
    now: datetime | None = None,
) -> Attachment:
    """Add a kept file to a source and record it. Raises NotFound, Forbidden, Invalid."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)  # verdicts rest on files: an approval must not happen in between
        # Asked again under the lock: the file may have taken a while to arrive.
        may_change_source(by, source)
        row = Attachment(
            source=source,
            visibility=visibility or source.visibility,
            sha256=stored.sha256,
            size=stored.size,
            media_type=stored.media_type,
            name=file_name(name),
            created_by=by,
            created_at=now,
        )
        check_fields(row, exclude=("source", "created_by"))
        if Visibility(row.visibility).strictness < Visibility(source.visibility).strictness:
            raise Invalid({"visibility": [_("A file must be at least as restricted as its source.")]})
        # Before the row: the worker that deletes files must not take one attached in the same second (decision 79).
        hold_file(row.sha256)
        row.save()
        attachment_kept(row, by=by, now=now)
    return row


def file_name(name: str) -> str:
    """The last segment of a path, without characters that break headers or file systems."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '"<>|:*?/')
    return kept.strip(" .")[-255:] or _("file")


def request_capture(*, source: Source, by: User, now: datetime | None = None) -> Capture:
    """Request a capture of a source's address. Raises NotFound, Forbidden, Invalid, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        # Locked, so that two requests at once do not both find nothing waiting.
        source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        may_change_source(by, source)
        if not source.url:
            raise Invalid({"url": [_("This source has no URL. Add one, or attach a file.")]})
        # Of one that is more restricted than the source, its person may know nothing.
        seen = is_open() | Q(requested_by=by)
        if Capture.objects.filter(seen, source=source, state=CaptureState.PENDING).exists():
            raise Conflict(_("A capture of this source is already waiting."))
        return ask_for_capture(source, by, now)


def ask_for_capture(source: Source, by: User, now: datetime) -> Capture:
    """The new row of a waiting capture, in the caller's transaction."""
    return Capture.objects.create(
        source=source, visibility=source.visibility, url=source.url, requested_by=by, requested_at=now
    )


# One capture per person in turn, oldest request first; the person served longest ago comes first.
_IN_TURN = f"""
WITH waiting AS MATERIALIZED (
    SELECT id, requested_by_id, requested_at,
        row_number() OVER (PARTITION BY requested_by_id ORDER BY requested_at, id) AS turn
    FROM sources_capture WHERE state = 'pending' AND {held_by_nobody_sql("sources_capture")}
), person AS MATERIALIZED (
    SELECT asked.id, (SELECT max(taken_at) FROM sources_capture WHERE requested_by_id = asked.id) AS last
    FROM (SELECT DISTINCT requested_by_id AS id FROM waiting) AS asked
)
SELECT c.id FROM sources_capture c
JOIN waiting ON waiting.id = c.id JOIN person ON person.id = c.requested_by_id
WHERE c.state = 'pending' AND {held_by_nobody_sql("c")}
ORDER BY turn, last NULLS FIRST, c.requested_at, c.id LIMIT %(most)s
FOR NO KEY UPDATE OF c SKIP LOCKED
"""  # noqa: S608 - our own


def lease_captures(*, most: int, now: datetime | None = None) -> list[Lease]:
    """Lease up to `most` waiting captures, or ones whose worker died, each for `CAPTURE_LEASE`.

    Takes one per person in turn, so that one person's long list delays others by a single capture.
    """
    now = now or timezone.now()
    with recorded_transaction():
        with connection.cursor() as cursor:
            cursor.execute(_IN_TURN, {"now": now, "most": most})
            taken = [pk for (pk,) in cursor.fetchall()]
        rows = sorted(Capture.objects.filter(pk__in=taken), key=lambda row: taken.index(row.pk))
        leases = []
        for row in rows:
            # A capture that has ended so many workers is given up: others wait behind it.
            if row.attempt >= MOST_CAPTURE_ATTEMPTS:
                _fail(row, _("The capture was interrupted three times."), now)
                continue
            row.taken_at = now
            leases.append(take(row, now, hold=CAPTURE_LEASE))
            row.save(update_fields=["attempt", "lease_until", "taken_at"])
    return leases


def run_capture(lease: Lease) -> Capture:
    """Fetch the address of a leased capture, keep the answer, and record the outcome in the row.

    Holds no lock during the fetch. Writes nothing if another worker has since taken the lease.
    """
    # Other servers may take half a minute: no transaction is open meanwhile (decision 23).
    row = Capture.objects.get(pk=lease.row)
    try:
        answer = fetch(row.url, allow=settings.CAPTURE_ALLOW, sink=store)
    except (FetchRefused, FetchFailed) as error:
        reason = str(error)
        return _finish(lease, lambda capture, now: _fail(capture, reason, now))
    return _finish(lease, lambda capture, now: _keep(capture, answer, now))


def _finish(lease: Lease, write: Any) -> Capture:
    now = timezone.now()
    with recorded_transaction():
        # A verdict may rest on the file: an approval must not pass it unseen (decision 86).
        lock_graph(Capture.objects.values_list("source__desk_id", flat=True).get(pk=lease.row))
        row = Capture.objects.select_for_update(no_key=True).select_related("source").get(pk=lease.row)
        # A worker that was thought dead may come back: only the last lease writes.
        if row.state == CaptureState.PENDING and row.attempt == lease.attempt:
            write(row, now)
    return row


def _fail(row: Capture, error: str, now: datetime) -> None:
    row.state, row.error, row.finished_at, row.lease_until = CaptureState.FAILED, error[:300], now, None
    row.save(update_fields=["state", "error", "finished_at", "lease_until"])


def _keep(row: Capture, answer: Fetched[Stored], now: datetime) -> None:
    stored = answer.body
    # As in `record_file`: a worker may just be deleting the same bytes.
    hold_file(stored.sha256)
    row.attachment = Attachment.objects.create(
        source=row.source,
        visibility=row.source.visibility,
        sha256=stored.sha256,
        size=stored.size,
        media_type=stored.media_type,
        name=_("capture of %(day)s") % {"day": now.date().isoformat()},
        created_by=row.requested_by,
        created_at=now,
    )
    row.state, row.finished_at, row.lease_until = CaptureState.DONE, now, None
    row.status, row.final_url = answer.status, answer.final_url[:2000]
    row.headers = [[name, value] for name, value in answer.headers]
    row.redirects = [[redirect.url, redirect.status] for redirect in answer.redirects]
    row.save()
    attachment_kept(row.attachment, by=row.requested_by, now=now, capture=row)
