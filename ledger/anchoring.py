"""Anchors: checkpoints that leave the house on a schedule. What has left it is what proves something.

A row first, then the mail or the file: whatever dies in between, the row says so, and the next round tries anew.
"""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.models import Anchor, Checkpoint
from ledger.reading import newest_checkpoint

MAIL = "mailto:"
TRY_AGAIN = timedelta(minutes=10)


def anchor_checkpoints(now: datetime | None = None) -> int:
    """Anchor the newest checkpoint at every target that has had none for LEDGER_ANCHOR_HOURS; how many were done.

    A target that has the newest one already is left alone.
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
    """The row of an anchor that is due; None where none is."""
    with transaction.atomic():
        # Locked, so that two workers do not both find it due.
        last = Anchor.objects.select_for_update().filter(target=target).order_by("-at", "-id").first()
        if last is not None:
            pause = timedelta(hours=settings.LEDGER_ANCHOR_HOURS) if last.state == Anchor.DONE else TRY_AGAIN
            if last.at > now - pause or (last.state == Anchor.DONE and last.checkpoint_id == newest.pk):
                return None
        return Anchor.objects.create(target=target, checkpoint=newest, at=now)


def _finish(row: Anchor) -> bool:
    try:
        if row.target.startswith(MAIL):
            _mail(row)
        else:
            _write(row)
    except OSError as error:  # smtplib's errors are among these
        row.state, row.error = Anchor.FAILED, " ".join(str(error).split())[:300] or type(error).__name__
    else:
        row.state = Anchor.DONE
    row.save(update_fields=["state", "error"])
    return row.state == Anchor.DONE


def _mail(row: Anchor) -> None:
    origin = row.checkpoint.note.partition("\n")[0]
    said = _(
        "This is a signed checkpoint of the ledger %(origin)s: %(size)d entries. Keep this mail. Whoever has it can "
        "prove later whether anything recorded before it was changed."
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
    """A file for each checkpoint, that sorts by its size, and `checkpoint` for the newest."""
    folder = Path(row.target)
    for name in (f"{row.checkpoint_id:012d}", "checkpoint"):
        beside = folder / f".{name}.new"
        beside.write_text(row.checkpoint.note)
        beside.replace(folder / name)
