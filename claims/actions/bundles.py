"""Requesting evidence bundles and making them.

A bundle has a row from the request on, and a worker leases it when its turn comes. Files are read one by one, each in a
transaction of its own, so that the next worker continues where one failed. The rest is made at the end, in one
transaction, from what its reader may see then.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.reads import note_export
from accounts.models import User
from claims.bundles.files import FileTooLarge, made_for, named_in, path_of
from claims.bundles.history_proofs import checkpoint_for
from claims.bundles.stored import Shown, as_parts, forget_old_bundles, measure_stored, shown_to
from claims.models import Bundle, BundlePart, BundleState, Claim
from claims.queries import get_claim
from claims.record.reads import note_shown
from claims.verdicts.support import lock_graph
from house.errors import NotFound
from house.leases import Lease, held_by_nobody, take
from house.transactions import recorded_transaction
from ledger.bundles import LARGEST_FILE, Made, zip_size
from ledger.keys import LONGEST_DELAY
from ledger.models import Checkpoint
from ledger.models import Entry as EntryRow
from ledger.reading import NotWhole, checkpoint_of, newest_checkpoint
from ledger.signer import SignerRefused
from ledger.verifier import LONGEST_UNWITNESSED, Unusable

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)  # longer than a task may run
LOOK_AGAIN = timedelta(seconds=1)  # wait for a checkpoint that covers the claim
PAUSE = timedelta(seconds=30)  # wait after the storage failed
MOST_TRIES = 5  # without another part read
WAITS = [BundleState.WAITING, BundleState.RUNNING]


class _Failed(Exception):
    """The bundle cannot be made; the text goes to the person who asked for it."""


def ask_for_bundle(*, claim: Claim, by: User, now: datetime | None = None) -> Bundle:
    """Request a bundle of a claim, and record that it is taken away.

    While a bundle of the claim is being made for this person, returns that one. Raises NotFound.
    """
    now = now or timezone.now()
    with recorded_transaction():
        get_claim(by, claim.reference)
        # Lock the claim's row, so that the second of two simultaneous requests finds the first one's bundle.
        Claim.objects.select_for_update(no_key=True).only("pk").get(pk=claim.pk)
        row = Bundle.objects.filter(claim=claim, by=by, state__in=WAITS).first()
        if row is None:
            row = Bundle.objects.create(claim=claim, by=by, asked_at=now)
            note_export(by=by, what={"bundle": claim.reference}, now=now)
    return row


def take_bundle(*, bundle: Bundle, by: User) -> list[BundlePart]:
    """The parts of a ready bundle (already scoped) in order, without their content, for sending; restricted material is
    recorded as read.

    Raises NotFound where the bundle is not ready, or where the person may now see less than when it was made.
    """
    if bundle.state != BundleState.DONE:
        raise NotFound(_("This bundle is not ready."))
    shown = shown_to(by, bundle.claim)
    # Made a while ago: what was visible then may be restricted by now (decision 78).
    if not shown.covers(bundle.shown):
        raise NotFound(_("What you may see of this claim has changed. Request another bundle."))
    note_shown(by, shown.rows_in(bundle.shown))
    return list(bundle.parts.defer("content").order_by("position"))


def lease_bundles(*, most: int = 1, only: UUID | None = None, now: datetime | None = None) -> list[Lease]:
    """Lease the oldest unfinished bundles that no running worker holds, for `LEASE`.

    A bundle that was started five times without progress is marked as failed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = Bundle.objects.select_for_update(skip_locked=True, no_key=True).filter(state__in=WAITS)
        rows = rows.filter(held_by_nobody(now)).order_by("asked_at", "id")
        leases = []
        for row in (rows.filter(pk=only) if only else rows)[:most]:
            if row.tries >= MOST_TRIES:
                _end(row, BundleState.FAILED, now, _("It was interrupted five times."))
                continue
            # Counted before the work: a worker that is killed cannot count afterwards.
            row.tries += 1
            leases.append(take(row, now, hold=LEASE))
            row.save(update_fields=["attempt", "tries", "lease_until"])
    return leases


def make_leased(lease: Lease, *, until: float, now: datetime | None = None) -> None:
    """Continue a leased bundle until it is done, or until the clock (`time.monotonic`) reaches `until`.

    Does nothing where another worker holds it by now.
    """
    try:
        done = _go_on(lease, until, now or timezone.now())
    except _Failed as error:
        _give_up(lease, str(error))
    # The storage may be back in a moment, and the bundle has not failed.
    except OSError:
        logger.exception("the storage gives no file for a bundle")
        _release(lease, timezone.now() + PAUSE)
    else:
        if not done:
            _release(lease, None)


def _go_on(lease: Lease, until: float, now: datetime) -> bool:
    """Continue the bundle.

    Returns whether this worker is done with it: finished, waiting, or held by another worker.
    """
    row = Bundle.objects.filter(pk=lease.row, attempt=lease.attempt).select_related("by", "claim").first()
    if row is None:
        return True
    checkpoint = _checkpoint(row, now)
    if checkpoint is None:
        # Waiting for the sequencer is no failed attempt.
        Bundle.objects.filter(pk=lease.row, attempt=lease.attempt).update(tries=0)
        _release(lease, timezone.now() + LOOK_AGAIN)
        return True
    while _plan(lease, row, checkpoint):
        while part := _first_left(row):
            if not _take_in(lease, part):
                return True
            if time.monotonic() > until:
                return False
        if _write(lease, row, checkpoint):
            return True
    return True


def _first_left(row: Bundle) -> BundlePart | None:
    return row.parts.filter(crc__isnull=True).order_by("position").first()


def _locked(lease: Lease) -> Bundle | None:
    """The row, locked, where this attempt still holds the lease."""
    rows = Bundle.objects.select_for_update(no_key=True).filter(pk=lease.row, attempt=lease.attempt, state__in=WAITS)
    return rows.first()


def _checkpoint(row: Bundle, now: datetime) -> Checkpoint | None:
    """The checkpoint for all proofs: the newest, once it covers what is recorded of the claim, or after a minute."""
    if row.checkpoint is not None:
        return checkpoint_of(row.checkpoint)
    newest, witnessed = newest_checkpoint(), checkpoint_for(row.claim)
    # Sources are proven too: entries made while a witness was away are not left out.
    if newest and witnessed and newest.at - witnessed.at <= timedelta(seconds=LONGEST_UNWITNESSED):
        newest = witnessed
    has_waited = now >= row.asked_at + timedelta(seconds=LONGEST_DELAY)
    if newest is not None:
        entries = EntryRow.objects.filter(stream=f"claim:{row.claim_id}")
        placed = entries.filter(place__index__lt=newest.size).count()
        if placed and (has_waited or placed == entries.count()):
            return newest
    if has_waited:
        raise _Failed(_("No signed checkpoint covers this claim. Contact your administrator."))
    return None


def _plan(lease: Lease, row: Bundle, checkpoint: Checkpoint) -> bool:
    """Plan a part for each file that the reader may see now, keeping those already read.

    Returns whether this attempt still holds the lease.
    """
    shown = _shown(row)
    with recorded_transaction():
        locked = _locked(lease)
        if locked is None:
            return False
        wanted = {file.pk: (number, file) for number, file in enumerate(shown.files, 1)}
        locked.parts.exclude(attachment__in=wanted).delete()
        had = set(locked.parts.values_list("attachment", flat=True))
        BundlePart.objects.bulk_create(
            BundlePart(
                bundle=locked,
                position=number,
                path=path_of(number, file),
                attachment=pk,
                sha256=file.sha256,
                size=file.size,
            )
            for pk, (number, file) in wanted.items()
            if pk not in had
        )
        locked.state, locked.checkpoint, locked.shown = BundleState.RUNNING, checkpoint.size, shown.ids
        locked.parts_all, locked.parts_done = len(wanted) + 1, locked.parts.filter(crc__isnull=False).count()
        locked.save(update_fields=["state", "checkpoint", "shown", "parts_all", "parts_done"])
    return True


def _shown(row: Bundle) -> Shown:
    """What the requester may see now. Raises _Failed where they may no longer see the claim."""
    try:
        return shown_to(row.by, get_claim(row.by, row.claim.reference))
    except NotFound as error:
        raise _Failed(_("You can no longer see this claim.")) from error


def _take_in(lease: Lease, part: BundlePart) -> bool:
    """Read a file from the storage: its CRC, and whether its digest is as kept.

    Returns whether this attempt still holds the lease.
    """
    try:
        # Outside a transaction: reading a large file takes long.
        digest, size, crc = measure_stored(part.sha256)
    except FileNotFoundError as error:
        raise _Failed(_("A file of this claim is missing from storage. Contact your administrator.")) from error
    if (digest, size) != (part.sha256, part.size) or size > LARGEST_FILE:
        raise _Failed(_("A file of this claim differs from what was stored. Contact your administrator."))
    with recorded_transaction():
        locked = _locked(lease)
        if locked is None:
            return False
        BundlePart.objects.filter(pk=part.pk).update(crc=crc)
        locked.parts_done, locked.tries = locked.parts.filter(crc__isnull=False).count(), 0
        locked.save(update_fields=["parts_done", "tries"])
    return True


def _write(lease: Lease, row: Bundle, checkpoint: Checkpoint) -> bool:
    """Make the remaining parts and finish; returns False where there are further files to read by now."""
    with recorded_transaction():
        # Lock in the order of every action. A redaction holds the graph exclusively: what it erases is in no later
        # bundle.
        lock_graph(row.claim.desk_id, shared=True)
        Claim.objects.select_for_update(no_key=True).only("pk").get(pk=row.claim_id)
        locked = _locked(lease)
        if locked is None:
            return True
        now, shown = timezone.now(), _shown(row)
        parts = {part.attachment: part for part in locked.parts.all()}
        if {file.pk for file in shown.files} != parts.keys() or any(part.crc is None for part in parts.values()):
            return False
        try:
            made = made_for(shown, checkpoint, now)
        except SignerRefused as error:
            raise _Failed(_("This server has no key to sign bundles with. Contact your administrator.")) from error
        except FileTooLarge as error:
            raise _Failed(
                _("This history is too long for one bundle. Download its proof from the claim’s History tab.")
            ) from error
        except Unusable as error:
            raise _Failed(_("No file lists the ledger’s keys. Ask your administrator to set LEDGER_POLICY.")) from error
        except NotWhole as error:
            logger.exception("the log gives no proofs for a bundle")
            raise _Failed(_("This server’s log is incomplete, so it proves nothing. Tell the editors.")) from error
        _keep(locked, made, shown, parts)
        rows = list(locked.parts.defer("content").order_by("position"))
        locked.shown, locked.size = {**shown.ids, "named": named_in(made)}, zip_size(as_parts(rows))
        locked.parts_all = locked.parts_done = len(parts) + 1
        locked.save(update_fields=["shown", "size", "parts_all", "parts_done"])
        _end(locked, BundleState.DONE, now)
    return True


def _keep(row: Bundle, made: list[Made], shown: Shown, parts: Mapping[UUID | None, BundlePart]) -> None:
    """Store all parts in their order: the generated ones, then the files, as the manifest names them."""
    for number, file in enumerate(shown.files, 1):
        part = parts[file.pk]
        part.position, part.path = len(made) + number, path_of(number, file)
    BundlePart.objects.bulk_update(parts.values(), ["position", "path"])
    BundlePart.objects.bulk_create(
        BundlePart(
            bundle=row,
            position=number,
            path=one.path,
            sha256=one.in_manifest["sha256"],
            size=one.part.size,
            crc=one.part.crc,
            content=one.content,
        )
        for number, one in enumerate(made, 1)
    )


def _end(row: Bundle, state: BundleState, now: datetime, error: str = "") -> None:
    row.state, row.ended_at, row.error, row.lease_until = state, now, error[:300], None
    row.save(update_fields=["state", "ended_at", "error", "lease_until"])


def _give_up(lease: Lease, error: str) -> None:
    with recorded_transaction():
        if locked := _locked(lease):
            _end(locked, BundleState.FAILED, timezone.now(), error)


def _release(lease: Lease, until: datetime | None) -> None:
    Bundle.objects.filter(pk=lease.row, attempt=lease.attempt).update(lease_until=until)


def forget_after_a_day(*, now: datetime) -> int:
    """Delete bundles requested a day ago or longer, with all their parts. Returns how many."""
    with recorded_transaction():
        return forget_old_bundles(now)
