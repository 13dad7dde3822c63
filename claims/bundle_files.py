"""All files of an evidence bundle, in their order: those that are made for it, and those that people attached."""

import json
from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.records import person
from claims.bundle_history import history_for
from claims.bundle_page import page_of
from claims.bundle_proofs import Proofs, proofs_for
from claims.bundles import Shown, left_out
from claims.shown import ids_in
from ledger.bundles import Made, Manifest, sign_manifest
from ledger.canonical import canonical
from ledger.entries import format_time, read_entry
from ledger.keys import policy_text, receipt_key
from ledger.models import Checkpoint
from ledger.verifier import HISTORY, STATUS_CHANGED
from sources.models import Attachment

# What opens a file on the reader's machine. Of anything that might run there the name says only that it is bytes.
ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "text/plain": "txt",
}


def path_of(number: int, file: Attachment) -> str:
    """'files/0001.pdf': where a bundle keeps a file. What its sender called it stands in the manifest alone."""
    return f"files/{number:04d}.{ENDINGS.get(file.media_type, 'bin')}"


def made_for(shown: Shown, checkpoint: Checkpoint, now: datetime) -> list[Made]:
    """The files of a bundle that are made for it, the manifest and its note first. Raises SignerRefused without a key.

    Those that people attached follow them, in the order of `shown.files`, as `path_of` names them.
    """
    proofs = proofs_for(shown, checkpoint)
    changes = sum(read_entry(one.leaf).kind == STATUS_CHANGED for one in proofs.history)
    history = history_for(shown, changes)
    kept = [_in_manifest(number, file, proofs) for number, file in enumerate(shown.files, 1)]
    withheld = left_out(shown)
    if any(file["proof"] is None for file in kept):
        withheld.append(
            _("Some files have no entry in this log as of its checkpoint: their dates are the desk’s word.")
        )
    page = page_of(shown, history, proofs, kept, checkpoint=checkpoint, withheld=withheld, now=now)
    docs = settings.BASE_DIR
    made = [
        Made("index.html", page, "page"),
        Made(HISTORY, canonical(history), "history"),
        Made("checkpoint", checkpoint.note.encode(), "checkpoint"),
        *proofs.files,
        Made("policy.json", policy_text(), "policy"),
        Made("ledger.md", (docs / "docs" / "ledger.md").read_bytes(), "specification"),
        Made("verifier.py", (docs / "ledger" / "verifier.py").read_bytes(), "verifier"),
    ]
    manifest = Manifest(
        reference=shown.claim.reference,
        stream=f"claim:{shown.claim.pk}",
        made_for=person(shown.user),
        at=format_time(now),
        later=proofs.later,
        withheld=withheld,
        files=[*(file.in_manifest for file in made), *kept],
    )
    return [*sign_manifest(manifest, receipt_key(), checkpoint.note.partition("\n")[0]), *made]


def named_in(made: Iterable[Made]) -> list[str]:
    """The identifiers in the files of a bundle: its reader must still be able to see what they are of to fetch it."""
    found = set[UUID]()
    for file in made:
        if file.what in ("history", "manifest"):
            found |= ids_in(file.content.decode())
        elif file.what == "proof":
            entries = json.loads(file.content)["entries"]
            found |= ids_in(file.content.decode(), *(b64decode(one.get("leaf", "")).decode() for one in entries))
    return sorted(map(str, found))


def _in_manifest(number: int, file: Attachment, proofs: Proofs) -> dict[str, Any]:
    return {
        "path": path_of(number, file),
        "sha256": file.sha256,
        "size": file.size,
        "what": "capture" if hasattr(file, "capture") else "attachment",
        "attachment": str(file.pk),
        "source": str(file.source_id),
        "name": file.name,
        "media_type": file.media_type,
        "proof": proofs.of_attachments.get(str(file.pk)),
    }
