"""The public evidence bundle of a published claim: its public material, and nothing else.

It is made on request and never stored, so that material taken down is in no later bundle. `claims.bundles.files` builds
it as it builds members' bundles; its contents are those of public pages and proofs.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from claims.bundles.claim_proofs import Proofs, path_of_proof
from claims.bundles.files import Contents, FileTooLarge, history_in, made_of, path_of
from claims.bundles.gaps import gaps_in
from claims.bundles.public_proofs import CONTENT, PUBLIC, public_file, public_streams, waiting_since
from claims.bundles.stored import measure_stored, pieces_of
from claims.models import Claim
from claims.queries import public_evidence
from claims.record.ledger_entries import claim_public, evidence_public
from house.errors import NotFound, OutOfService
from ledger.bundles import BundleFile, Made, zip_pieces, zip_size
from ledger.canonical import JsonObject
from ledger.models import Checkpoint
from ledger.proofs import claim_proof
from ledger.reading import from_a_whole_log, proofs_of
from ledger.signer import SignerRefused
from ledger.verifier import KEEPING, KEYS, Unusable
from sources.ledger_entries import source_public
from sources.models import Attachment, Source, Visibility

logger = logging.getLogger(__name__)

MOST_BYTES = 32 * 2**20  # of all attachments together, since each is read twice for an anonymous request
ANYBODY = {"name": "anybody"}


@dataclass(frozen=True)
class PublicBundle:
    """A bundle as it is sent: generated files, then attachments by their digests."""

    made: Sequence[Made]
    files: Mapping[BundleFile, str]

    @property
    def parts(self) -> list[BundleFile]:
        """All parts, in the order of the zip."""
        return [*(one.part for one in self.made), *self.files]

    @property
    def size(self) -> int:
        """The size of the zip in bytes."""
        return zip_size(self.parts)

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the zip; attachments are read from the storage."""
        made = {one.path: one.content for one in self.made}
        return zip_pieces(
            self.parts, lambda part: iter([made[part.path]]) if part.path in made else pieces_of(self.files[part])
        )


@dataclass(frozen=True)
class _Files:
    """Public files: those present, with their CRCs; those missing from the storage, which are named; and whether some
    did not fit.
    """

    there: Mapping[Attachment, int]
    lost: Sequence[Attachment]
    is_all: bool


def public_bundle(claim: Claim, checkpoint: Checkpoint, now: datetime) -> PublicBundle:
    """The bundle of a published claim against a checkpoint.

    Raises NotFound where the checkpoint holds nothing of the claim, or more than a bundle takes; OutOfService where the
    storage does not answer, or this server has no signing key or no key file; and NotWhole.
    """
    sources = list({item.source_id: item.source for item in public_evidence(claim)}.values())
    files = _files_of(sources)
    proofs, kept = _proofs(claim, [*files.there, *files.lost], checkpoint), list(files.there)
    history = history_in(claim, proofs)
    contents = Contents(
        claim=claim,
        made_for=ANYBODY,
        proofs=Proofs(proofs, _kept_by(history), len(waiting_since(claim, checkpoint))),
        history=history,
        unproven=_unproven(claim, sources, history),
        snapshots=[],
        files=kept,
        withheld=_withheld(files),
        left_out=gaps_in(history, [str(file.pk) for file in kept], hidden=[], too_large=[], checkpoint=None),
    )
    try:
        made = made_of(contents, checkpoint, now)
    except SignerRefused as error:
        message = _("Bundles cannot be signed at the moment. You can still download the proofs.")
        raise OutOfService(message) from error
    except Unusable as error:
        message = _("No file lists the ledger’s keys. You can still download the proofs.")
        raise OutOfService(message) from error
    except FileTooLarge as error:
        message = _("This history is too long for one bundle. You can still download the proofs.")
        raise NotFound(message) from error
    parts = (BundleFile(path_of(number, file), file.size, files.there[file]) for number, file in enumerate(kept, 1))
    return PublicBundle(made, {part: file.sha256 for part, file in zip(parts, kept, strict=True)})


def _files_of(sources: Sequence[Source]) -> _Files:
    """The public files of public sources, oldest first, as far as they fit."""
    rows = Attachment.objects.filter(source__in=sources, visibility=Visibility.PUBLIC).exclude(sha256="")
    rows = rows.exclude(capture__visibility__in=[Visibility.DESK, Visibility.RESTRICTED])
    left, there, lost, is_all = MOST_BYTES, dict[Attachment, int](), list[Attachment](), True
    for file in rows.select_related("capture").order_by("created_at", "id"):
        if file.size > left:
            is_all = False
            continue
        crc = _crc_of(file)
        if crc is None:
            lost.append(file)
        else:
            there[file], left = crc, left - file.size
    return _Files(there, lost, is_all)


def _crc_of(file: Attachment) -> int | None:
    """The CRC of a file; None where the storage has lost or changed it."""
    try:
        digest, size, crc = measure_stored(file.sha256)
    except FileNotFoundError:
        digest, size, crc = "", 0, 0
    except OSError as error:
        raise OutOfService(_("File storage is not responding. Try again in a minute.")) from error
    if (digest, size) == (file.sha256, file.size):
        return crc
    logger.error("attachment %s is not in the storage as it was kept", file.pk)
    return None


@from_a_whole_log()
def _proofs(claim: Claim, files: Sequence[Attachment], checkpoint: Checkpoint) -> list[Made]:
    made = []
    for number, stream in enumerate(public_streams(claim, files)):
        # Only the claim's file has time stamps: they are large, and those of the claim date the log for all.
        content = public_file(stream, checkpoint, dated=number == 0)
        if content is not None:
            made.append(Made(path_of_proof(stream.name), content, "proof"))
        elif number == 0:
            raise NotFound(_("The log has no entry of this claim yet. Try again in a minute."))
    keys = [replace(one, openings={}) for one in proofs_of(KEYS, checkpoint)]
    if keys:
        note = checkpoint.note.encode()
        content = claim_proof(checkpoint.note.partition("\n")[0], stream=KEYS, checkpoint=note, leaves=keys)
        made.append(Made(path_of_proof(KEYS), content, "proof"))
    return made


def _kept_by(history: Mapping[str, Any]) -> dict[str, str]:
    """The proof that records each file's content, by the file's id."""
    acts = [act for act in history["acts"] if act.get("kind") in KEEPING and CONTENT in act["values"]]
    return {act["body"]["attachment"]: act["proof"] for act in acts}


def _unproven(claim: Claim, sources: Sequence[Source], history: Mapping[str, Any]) -> list[JsonObject]:
    """Parts of the public page that the log has no public words for, since they were last written before it had any."""
    acts = {act["entry"]: act for act in history["acts"]}
    told = {
        subject["id"]
        for subject in history["subjects"]
        if any(PUBLIC in acts[one["entry"]].get("values", {}) for one in subject["entries"])
    }
    rows = [("claim", claim.pk, claim_public(claim))]
    rows += [("evidence", item.pk, evidence_public(item)) for item in public_evidence(claim)]
    rows += [("source", source.pk, source_public(source)) for source in sources]
    return [
        {"what": what, "row": {"id": str(pk), **row[PUBLIC]}} for what, pk, row in rows if row and str(pk) not in told
    ]


def _withheld(files: _Files) -> list[str]:
    """Sentences on what the bundle lacks. Of non-public material they say only that it is not included."""
    texts = [
        _("This bundle contains public material only."),
        _("Names, reasons and earlier wordings are not disclosed."),
    ]
    if not files.is_all:
        texts.append(_("Some public files are left out because together they are too large. Ask the desk for them."))
    return texts
