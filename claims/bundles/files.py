"""All files of an evidence bundle, in order: generated ones, then attachments."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.ledger_entries import committed_person
from claims.access.withheld import ids_in
from claims.bundles.claim_proofs import Proofs, proofs_for
from claims.bundles.gaps import Gap, gaps_in, snapshots_for
from claims.bundles.stored import Shown, left_out
from claims.bundles.unproven import unproven_rows
from claims.models import Claim
from ledger.bundles import Made, Manifest, sign_manifest
from ledger.canonical import JsonObject, canonical
from ledger.entries import format_time
from ledger.keys import receipt_key
from ledger.models import Checkpoint
from ledger.reading import text_of_note
from ledger.trusted import shown_policy
from ledger.verifier import (
    HISTORY,
    LARGEST_READ,
    LARGEST_READ_IN_ALL,
    MOST_VALUES,
    PAGE,
    UNPROVEN,
    bundle_page,
    compute_history,
    is_read_whole,
    read_checkpoint,
)
from sources.models import Attachment

# Types that a program on the reader's machine opens safely. Anything that might execute is named as plain bytes.
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


class FileTooLarge(Exception):
    """The history is longer than a checker reads of one bundle."""


def path_of(number: int, file: Attachment) -> str:
    """'files/0001.pdf': the path of a file in a bundle. The name it was uploaded with is in the manifest alone."""
    return f"files/{number:04d}.{ENDINGS.get(file.media_type, 'bin')}"


@dataclass(frozen=True)
class Contents:
    """The contents of a bundle.

    `history` is that of the proofs; `snapshots` are the graphs and grounds behind digests; `withheld` says in sentences
    what is left out, and `left_out` the same by entries.
    """

    claim: Claim
    made_for: Any
    proofs: Proofs
    history: Mapping[str, Any]
    unproven: list[JsonObject]
    snapshots: list[Made]
    files: Sequence[Attachment]
    withheld: list[str]
    left_out: list[Gap]


def history_in(claim: Claim, proofs: Iterable[Made]) -> JsonObject:
    """The history that the proofs tell, as in section 10 of `docs/ledger.md`."""
    return compute_history(claim.reference, {file.path: json.loads(file.content) for file in proofs})


def made_for(shown: Shown, checkpoint: Checkpoint, now: datetime) -> list[Made]:
    """The generated files of a bundle for its reader, manifest and signed note first.

    Attachments follow them, in the order of `shown.files`, at the paths of `path_of`. Raises SignerRefused without a
    key, Unusable without a policy, TooLarge.
    """
    proofs = proofs_for(shown, checkpoint)
    history = history_in(shown.claim, proofs.files)
    snapshots, hidden = snapshots_for(shown, history)
    there = {one.in_manifest["sha256"] for one in snapshots} | {str(file.pk) for file in shown.files}
    contents = Contents(
        claim=shown.claim,
        made_for=committed_person(shown.user),
        proofs=proofs,
        history=history,
        unproven=unproven_rows(shown, history),
        snapshots=snapshots,
        files=shown.files,
        withheld=left_out(shown),
        left_out=gaps_in(
            history, there, hidden=hidden, too_large={str(file.pk) for file in shown.too_large}, checkpoint=checkpoint
        ),
    )
    return made_of(contents, checkpoint, now)


def made_of(contents: Contents, checkpoint: Checkpoint, now: datetime) -> list[Made]:
    """The generated files of a bundle with these contents, in order. Raises SignerRefused without a key."""
    claim, proofs, unproven = contents.claim, contents.proofs, contents.unproven
    kept = [_in_manifest(number, file, proofs) for number, file in enumerate(contents.files, 1)]
    made = [
        Made(HISTORY, canonical(contents.history), "history"),
        *([Made(UNPROVEN, canonical(unproven), "unproven")] if unproven else []),
        Made("checkpoint", checkpoint.note.encode(), "checkpoint"),
        *proofs.files,
        *contents.snapshots,
        Made("policy.json", shown_policy(), "policy"),
        Made("ledger.md", (settings.BASE_DIR / "docs" / "ledger.md").read_bytes(), "specification"),
        Made("verifier.py", (settings.BASE_DIR / "ledger" / "verifier.py").read_bytes(), "verifier"),
    ]
    withheld = list(contents.withheld)
    if any(file["proof"] is None for file in kept):
        withheld.append(
            _("Some files have no entry in this log as of its checkpoint. Their dates rest on the desk’s word.")
        )
    manifest = Manifest(
        reference=claim.reference,
        stream=f"claim:{claim.pk}",
        made_for=contents.made_for,
        at=format_time(now),
        later=proofs.later,
        withheld=withheld,
        left_out=contents.left_out,
        files=[{"path": PAGE}, *(file.in_manifest for file in made), *kept],
    )
    signed = read_checkpoint(text_of_note(checkpoint.note))
    page = Made(
        PAGE,
        bundle_page(manifest.said(signed.origin), history=contents.history, unproven=unproven, checkpoint=signed),
        "page",
    )
    manifest = replace(manifest, files=[page.in_manifest, *manifest.files[1:]])
    whole = [*sign_manifest(manifest, receipt_key(), signed.origin), page, *made]
    _check_readable(whole)
    return whole


def _check_readable(made: Sequence[Made]) -> None:
    """Raises TooLarge where a checker would refuse to read the bundle (docs/ledger.md, section 10)."""
    sizes = [one.part.size for one in made if is_read_whole(one.path)]
    values = sum(one.content.count(sign) for one in made if is_read_whole(one.path) for sign in (b"[", b"{", b","))
    if max(sizes) > LARGEST_READ or sum(sizes) > LARGEST_READ_IN_ALL or values > MOST_VALUES:
        raise FileTooLarge


def named_in(made: Iterable[Made]) -> list[str]:
    """The identifiers in a bundle's files: its reader must still be able to see their rows to download it."""
    found = set[UUID]()
    for file in made:
        if file.what in ("history", "manifest", "unproven", "graph", "grounds"):
            found |= ids_in(file.content.decode())
        elif file.what == "proof":
            entries = json.loads(file.content)["entries"]
            entries = [*entries, *json.loads(file.content).get("redactions", [])]
            found |= ids_in(file.content.decode(), *(b64decode(one.get("leaf", "")).decode() for one in entries))
    return sorted(map(str, found))


def _in_manifest(number: int, file: Attachment, proofs: Proofs) -> JsonObject:
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
