"""Members' evidence bundles: what their reader may see, and the rows that hold them until they are deleted."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Desk, Role, User
from accounts.queries import role_in
from claims.access.scopes import material_for
from claims.access.withheld import hidden_among, withhold
from claims.models import Bundle, BundlePart, Claim, Evidence
from claims.queries import evidence_of, get_claim, relays_among, visible_sources, withheld_evidence
from house.errors import NotFound
from ledger.bundles import LARGEST_FILE, BundleFile
from ledger.canonical import JsonObject
from sources.evidence_storage import open_stored
from sources.models import Attachment, Relay, Source

KEPT = timedelta(days=1)
PIECE = 2**20  # bytes
LARGEST_FILES = 2**34  # bytes of attachments in one bundle, which is stored and downloaded in one piece


@dataclass(frozen=True)
class Shown:
    """What the reader may see of a claim, and a bundle for them is made of."""

    user: User
    claim: Claim
    role: Role | None
    evidence: list[Evidence]
    sources: list[Source]
    relays: list[Relay]
    files: list[Attachment]
    too_large: list[Attachment] = field(default_factory=list)  # files that do not fit into a bundle
    withheld_evidence: int = field(default=0)

    @cached_property
    def ids(self) -> JsonObject:
        """The ids of all these rows, as a bundle's row keeps them."""
        return {
            "role": self.role or "",
            "evidence": sorted(str(item.pk) for item in self.evidence),
            "sources": sorted(str(source.pk) for source in self.sources),
            "relays": sorted(str(relay.pk) for relay in self.relays),
            "files": sorted(str(file.pk) for file in (*self.files, *self.too_large)),
        }

    def covers(self, before: JsonObject) -> bool:
        """Whether the reader may still see everything they could see then: the rows, and all ids in the bundle
        (`named`).
        """
        if (self.role or "") not in (Role.EDITOR, before["role"]) or "named" not in before:
            return False
        if hidden_among(self.user, map(UUID, before["named"])):
            return False
        return all(set(before[name]) <= set(found) for name, found in self.ids.items() if name != "role")

    def rows_in(self, before: JsonObject) -> list[Evidence | Source | Relay | Attachment]:
        """The rows that were visible then."""
        named: dict[str, Sequence[Evidence | Source | Relay | Attachment]]
        named = {
            "evidence": self.evidence,
            "sources": self.sources,
            "relays": self.relays,
            "files": [*self.files, *self.too_large],
        }
        return [row for name, rows in named.items() for row in rows if str(row.pk) in set(before[name])]


def shown_to(user: User, claim: Claim) -> Shown:
    """What the person may see of a claim (already scoped): evidence, its sources with their upstreams, their files."""
    evidence = list(evidence_of(user, claim))
    sources, relays = _with_upstreams(user, {item.source_id for item in evidence})
    rows = Attachment.objects.filter(material_for(user), source__in=sources).exclude(sha256="")
    files = list(rows.select_related("capture", "created_by").order_by("created_at", "id"))
    withhold(user, [*evidence, *sources, *files])
    files, too_large = _fitting(files)
    return Shown(
        user=user,
        claim=claim,
        role=role_in(user, claim.desk_id),
        evidence=evidence,
        sources=sources,
        relays=relays,
        files=files,
        too_large=too_large,
        withheld_evidence=withheld_evidence(user, claim),
    )


def _fitting(files: list[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """The files that a bundle takes, oldest first, and those too large for the space left."""
    taken: list[Attachment] = []
    left: list[Attachment] = []
    room = LARGEST_FILES
    for file in files:
        fits = file.size <= min(room, LARGEST_FILE)
        (taken if fits else left).append(file)
        room -= file.size if fits else 0
    return taken, left


def _with_upstreams(user: User, wanted: set[UUID]) -> tuple[list[Source], list[Relay]]:
    """These sources and all their upstreams, over relays whose ends the person may both see."""
    found: dict[UUID, Source] = {}
    relays: dict[UUID, Relay] = {}
    while wanted:
        rows = visible_sources(user).select_related("publisher", "created_by", "retracted_by", "corrected_by")
        step = {row.pk: row for row in rows.filter(pk__in=wanted)}
        found |= step
        above = relays_among(user, step)
        relays |= {relay.pk: relay for relay in above}
        wanted = {relay.upstream_id for relay in above} - found.keys()
    in_order = sorted(found.values(), key=lambda row: (row.created_at, row.pk))
    return in_order, [relay for relay in relays.values() if relay.upstream_id in found]


def left_out(shown: Shown) -> list[str]:
    """What a bundle for this reader leaves out. Of hidden material it says only that there may be some."""
    texts = []
    if shown.role != Role.EDITOR:
        texts.append(_("Restricted material that its reader may not see is left out."))
        texts.append(
            _("The text of assessments and decisions is disclosed to editors only. Their times are in the log.")
        )
    if shown.role not in (Role.EDITOR, Role.AUDITOR):
        texts.append(_("The text of assignments is disclosed to editors and auditors only."))
    if shown.withheld_evidence:
        text = ngettext(
            "%(count)d piece of evidence is restricted and is left out.",
            "%(count)d pieces of evidence are restricted and are left out.",
            shown.withheld_evidence,
        )
        texts.append(text % {"count": shown.withheld_evidence})
    if shown.too_large:
        text = ngettext(
            "%(count)d file is too large for one bundle and is left out.",
            "%(count)d files are too large for one bundle and are left out.",
            len(shown.too_large),
        )
        texts.append(text % {"count": len(shown.too_large)})
    texts.append(
        _("Every bundle leaves out assessments awaiting a second person, and records of reading and exporting.")
    )
    return texts


def get_bundle(user: User, reference: str, bundle_id: UUID) -> Bundle:
    """A bundle that the person requested, of a claim that they may see. Raises NotFound."""
    claim = get_claim(user, reference)
    found = Bundle.objects.filter(pk=bundle_id, by=user, claim=claim).first()
    if found is None:
        raise NotFound(_("Bundle not found. Bundles are kept for a day; request another on the claim’s History tab."))
    found.claim = claim
    return found


def part_content(bundle: Bundle, part: BundleFile) -> Iterator[bytes]:
    """The bytes of one part, from its row or from the file storage."""
    row = bundle.parts.get(path=part.path)
    if row.content is not None:
        yield bytes(row.content)
        return
    yield from pieces_of(row.sha256)


def pieces_of(sha256: str) -> Iterator[bytes]:
    """The bytes of a stored file. Raises as `open_stored` does."""
    with open_stored(sha256) as file:
        while piece := file.read(PIECE):
            yield piece


def measure_stored(sha256: str) -> tuple[str, int, int]:
    """The SHA-256, the size in bytes and the CRC-32 of a file in the storage. Raises as `open_stored` does."""
    digest, size, crc = hashlib.sha256(), 0, 0
    for piece in pieces_of(sha256):
        digest.update(piece)
        size, crc = size + len(piece), zlib.crc32(piece, crc)
    return digest.hexdigest(), size, crc


def as_parts(rows: list[BundlePart]) -> list[BundleFile]:
    """The rows in the form that a zip takes them."""
    return [BundleFile(row.path, row.size, row.crc or 0) for row in rows]


def forget_bundles_on(desk: Desk) -> int:
    """Delete every bundle of a desk's claims, unfinished ones too. Returns how many.

    For redactions, in their transaction, which holds the desk's graph exclusively: a worker that writes a bundle holds
    it shared.
    """
    return _forget(Q(claim__in=Claim.objects.filter(desk=desk)))


def forget_old_bundles(now: datetime) -> int:
    """Delete bundles requested a day ago or longer. Returns how many."""
    return _forget(Q(asked_at__lte=now - KEPT))


def _forget(which: Q) -> int:
    rows = Bundle.objects.filter(which)
    ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    Bundle.objects.filter(pk__in=ids).delete()
    return len(ids)
