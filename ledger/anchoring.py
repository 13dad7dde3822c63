"""Anchors: checkpoints sent outside the organisation on a schedule, where they serve as proof.

An anchor is sent only if it extends the one before it at the same target. The row is written before the mail or the
file, so that after a crash the next round tries again.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.files import write_durably
from ledger.models import Anchor, Checkpoint
from ledger.reading import check_extends, newest_checkpoint, text_of_note

MAIL = "mailto:"
TRY_AGAIN = timedelta(minutes=10)


def anchor_checkpoints(now: datetime | None = None) -> int:
    """Anchor the newest checkpoint at each target that has had none for LEDGER_ANCHOR_HOURS. Returns how many.

    Skips targets that have the newest one.
    """
    now = now or timezone.now()
    newest = newest_checkpoint()
    if newest is None:
        return 0
    done = 0
    for target in settings.LEDGER_ANCHORS:
        row = _begin(target, newest, now)
        if row is not None:
            done += _finish(row)
    return done


def _begin(target: str, newest: Checkpoint, now: datetime) -> Anchor | None:
    """The new row of an anchor that is due; None if none is."""
    with transaction.atomic():
        # Locked, so that two workers cannot both find it due.
        last = Anchor.objects.select_for_update().filter(target=target).order_by("-at", "-id").first()
        if last is not None:
            pause = timedelta(hours=settings.LEDGER_ANCHOR_HOURS) if last.state == Anchor.DONE else TRY_AGAIN
            if last.at > now - pause or (last.state == Anchor.DONE and last.checkpoint_id == newest.pk):
                return None
        return Anchor.objects.create(target=target, checkpoint=newest, at=now)


def _finish(row: Anchor) -> bool:
    try:
        for before in _anchored_before(row):
            check_extends(before, row.checkpoint)
        if row.target.startswith(MAIL):
            _mail(row)
        else:
            _write(row)
    except (OSError, ValueError) as error:  # smtplib's errors are among these, and Broken
        row.state, row.error = Anchor.FAILED, " ".join(str(error).split())[:300] or type(error).__name__
    else:
        row.state = Anchor.DONE
    row.save(update_fields=["state", "error"])
    return row.state == Anchor.DONE


def _anchored_before(row: Anchor) -> Iterator[str]:
    """The texts of the target's earlier checkpoints: the last one by our rows, and the one in its folder.

    An anchor that does not extend both is not sent, as it would attest a second history.
    """
    last = Anchor.objects.filter(target=row.target, state=Anchor.DONE).order_by("-at", "-id").first()
    if last is not None:
        yield text_of_note(last.checkpoint.note)
    if not row.target.startswith(MAIL):
        with suppress(FileNotFoundError):
            yield text_of_note((Path(row.target) / "checkpoint").read_text())


def _mail(row: Anchor) -> None:
    origin = row.checkpoint.note.partition("\n")[0]
    said = _(
        "This is a signed checkpoint of the ledger %(origin)s: %(size)d entries. Keep this mail: it can prove "
        "later whether an earlier entry was changed."
    ) % {"origin": origin, "size": row.checkpoint_id}
    EmailMessage(
        subject=_("Checkpoint of %(origin)s: %(size)d entries") % {"origin": origin, "size": row.checkpoint_id},
        body=f"{said}\n\n{row.checkpoint.note}",
        to=[row.target.removeprefix(MAIL)],
        headers={
            "Message-ID": f"<checkpoint-{row.checkpoint_id}-{row.pk}@{origin.partition('/')[0].partition(':')[0]}>"
        },
    ).send()


def _write(row: Anchor) -> None:
    """Write a file named by the checkpoint's size, padded so that files sort, and `checkpoint` for the newest."""
    folder = Path(row.target)
    for name in (f"{row.checkpoint_id:012d}", "checkpoint"):
        write_durably(folder / name, row.checkpoint.note.encode())
