"""Exporting the log, opened as far as the person may read it."""

from pathlib import Path

from django.utils.translation import gettext as _

from accounts.actions.reads import note_export
from accounts.ledger_entries import committed_person
from accounts.models import User
from claims.bundles.opened_entries import Reader, acts_told, whole_log
from house.errors import Forbidden
from ledger.exporting import refuse_taken, write_opened
from ledger.models import Checkpoint
from ledger.opened import head_line


def take_opened(*, folder: Path, checkpoint: Checkpoint, policy: bytes, by: User) -> int:
    """Write what the person may read of the log into a new folder, after recording the export. Returns the number of
    files.

    Auditors of every desk get all entries, with their openings; anybody else gets the hashes of the log and the entries
    of their own desks. Raises Forbidden, and OSError where the folder is not empty or not writable.
    """
    reader = Reader(by)
    if not reader.may_audit:
        raise Forbidden(_("Only a desk’s auditors and editors read its ledger. A claim’s history is on its page."))
    # Before the record: a refused export is none.
    refuse_taken(folder)
    whole = reader.audits_every_desk
    # Before the first byte: an export that breaks off has shown something too (decision 106).
    note_export(by=by, what={"list": "ledger", "form": "folder", "size": checkpoint.size, "whole": whole})
    opened = whole_log(reader, checkpoint) if whole else acts_told(reader, checkpoint)
    head = head_line(checkpoint=checkpoint.note, made_for=committed_person(by) or {}, whole=whole, narrowed={})
    return write_opened(folder, checkpoint, policy, head=head, opened=opened, whole=whole)
