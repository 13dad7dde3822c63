"""Public downloads of a published claim: the proven history of the claim and of its public sources and actors.

An entry is shown if its words are, or were, on the public page; of any other only the hash is given. Values are opened
that are public now: the newest `public` of the claim, and of each public piece of evidence, source and actor.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from claims.access.withheld import is_id
from claims.models import Claim, Evidence
from claims.queries import public_evidence
from ledger.entries import Broken, LeafEntry, Opening, leaf_hash, read_entry
from ledger.models import Checkpoint, Erasure
from ledger.models import Entry as EntryRow
from ledger.proofs import ProvenLeaf, TlogProof, claim_proof, tlog_proof
from ledger.reading import beyond, checkpoint_with_all, from_a_whole_log, proofs_of, prove
from ledger.stamps import dated_for
from ledger.tiles import TILE_WIDTH
from ledger.verifier import KEEPING, KEYS, REDACTED
from sources.models import Actor, Attachment, Visibility

OF_THE_PAGE = frozenset({"status_changed", "claim_published", "claim_unpublished"})
PUBLIC = "public"  # the committed name for public content
CONTENT = "content"  # of a stored file: digest, size, type and name
CLAIM = "claim"
INTO = "into"  # of a merged actor: its remaining actor
NAMING = ("claimant", "publisher", INTO)  # committed actor ids, opened where the actor is public


@dataclass(frozen=True)
class PublicStream:
    """A stream with public entries.

    `subject`: the row that an entry is about; None where it is not shown. `shown`: the subjects on the page now, which
    are opened.
    """

    name: str
    subject: Callable[[LeafEntry], str | None]
    shown: frozenset[str]

    def tells(self, entry: LeafEntry, newest: Mapping[str, LeafEntry] | None = None) -> bool:
        """Whether an entry is public: if its subject is on the page, or its newest entry committed public content.

        The second case shows when content was removed from the page without an entry.
        """
        subject = self.subject(entry)
        if subject is None:
            return False
        return subject in self.shown or PUBLIC in (newest or {}).get(subject, entry).c


def public_streams(claim: Claim, files: Iterable[Attachment] = ()) -> list[PublicStream]:
    """The streams of a published claim, of its public sources, and of the public actors that these name.

    `files`: public files of these sources, whose storing is shown.
    """
    evidence = list(public_evidence(claim))
    hidden = Q(visibility=Visibility.RESTRICTED) | Q(source__visibility=Visibility.RESTRICTED)
    restricted = {str(pk) for pk in Evidence.objects.filter(hidden, claim=claim).values_list("pk", flat=True)}
    sources = dict.fromkeys(item.source_id for item in evidence)
    named = [item.source.publisher for item in evidence] + [claim.claimant]
    seen = {actor.pk for actor in named if actor is not None and actor.visibility == Visibility.PUBLIC}
    merged = Actor.objects.filter(merged_into__in=seen, visibility=Visibility.PUBLIC).values_list("pk", flat=True)
    shown = frozenset({CLAIM, *(str(item.pk) for item in evidence)})
    kept = frozenset(str(file.pk) for file in files)
    return [
        PublicStream(f"claim:{claim.pk}", lambda entry: _on_the_page(entry, restricted), shown),
        *(_by_sort("source", pk, kept) for pk in sources),
        *(_by_sort("actor", pk) for pk in sorted(seen | set(merged))),
    ]


def _on_the_page(entry: LeafEntry, restricted: set[str]) -> str | None:
    if entry.kind.startswith("evidence_") or entry.kind == "excerpt_confirmed":
        evidence = str(entry.body.get("evidence"))
        return None if evidence in restricted else evidence
    is_shown = entry.kind in OF_THE_PAGE or (entry.kind.startswith("claim_") and PUBLIC in entry.c)
    return CLAIM if is_shown else None


def _by_sort(sort: str, pk: UUID, files: frozenset[str] = frozenset()) -> PublicStream:
    def subject(entry: LeafEntry) -> str | None:
        if entry.kind in KEEPING:
            kept = str(entry.body.get("attachment"))
            return kept if kept in files else None
        return sort if entry.kind.startswith(f"{sort}_") else None

    return PublicStream(f"{sort}:{pk}", subject, files | {sort})


def public_checkpoint(claim: Claim, newest: Checkpoint | None = None) -> Checkpoint | None:
    """The checkpoint for all proofs of a published claim; None where nothing is signed.

    A witnessed one, where it covers as much of the public entries as the newest.
    """
    return checkpoint_with_all((stream.name for stream in public_streams(claim)), newest)


@from_a_whole_log()
def public_proof_file(claim: Claim, checkpoint: Checkpoint) -> bytes:
    """The public proof of a published claim's history, dated by time stamps:

    `docs/ledger.md`, section 7. Raises NotWhole.
    """
    return public_file(public_streams(claim)[0], checkpoint, dated=True) or b""


@from_a_whole_log()
def public_proof_files(claim: Claim, checkpoint: Checkpoint) -> list[bytes]:
    """The same for its public sources and actors that have entries; the claim's file holds the time stamps.

    Raises NotWhole.
    """
    files = (public_file(stream, checkpoint) for stream in public_streams(claim)[1:])
    return [file for file in files if file is not None]


def public_file(stream: PublicStream, checkpoint: Checkpoint, *, dated: bool = False) -> bytes | None:
    """A stream's public proof file; None where the checkpoint holds nothing of it.

    `dated`: include the time stamps of its entries, which are large.
    """
    leaves = _for_everybody(stream, proofs_of(stream.name, checkpoint))
    note, redactions = checkpoint.note.encode(), public_redactions(leaves, checkpoint)
    stamps = dated_for((one.leaf_index for one in leaves), checkpoint) if dated else []
    origin = note.decode().partition("\n")[0]
    return (
        claim_proof(origin, stream=stream.name, checkpoint=note, leaves=leaves, redactions=redactions, dated=stamps)
        if leaves
        else None
    )


def _for_everybody(stream: PublicStream, leaves: Sequence[ProvenLeaf]) -> list[ProvenLeaf]:
    entries = [_read(one.leaf) for one in leaves]
    newest: dict[str, LeafEntry] = {}
    shown, leads_on, kept = dict[str, int](), dict[str, int](), dict[int, frozenset[str]]()
    for entry in filter(None, entries):
        subject = stream.subject(entry)
        if subject is None:
            continue
        newest[subject] = entry
        if entry.kind in KEEPING:
            kept[entry.seq] = frozenset({CONTENT})
        if subject in stream.shown and PUBLIC in entry.c:
            shown[subject] = entry.seq
        if subject in stream.shown and INTO in entry.c:
            leads_on[subject] = entry.seq
    # A merged actor's former name is on no page: of it only the merge is opened, whatever was written since.
    opened = {seq: frozenset({PUBLIC, *NAMING}) for subject, seq in shown.items() if subject not in leads_on}
    opened |= {seq: frozenset({INTO}) for seq in leads_on.values()} | kept
    public = _public_among(one for one, entry in zip(leaves, entries, strict=True) if entry and entry.seq in opened)
    return [
        replace(
            one,
            withheld=entry is None or not stream.tells(entry, newest),
            openings=_opened(one, opened[entry.seq], public) if entry and entry.seq in opened else {},
        )
        for one, entry in zip(leaves, entries, strict=True)
    ]


def public_redactions(leaves: Iterable[ProvenLeaf], checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """The redactions that erased public fields, in the order of the log, so that erased fields differ from withheld
    ones.

    They name fields openly by leaf hash; person and reason stay closed. A redaction that also names rows is not public:
    it would reveal other rows by their ids.
    """
    told = [leaf_hash(one.leaf) for one in leaves if not one.withheld]
    said = Erasure.objects.filter(entry__leaf_hash__in=told).values("said_in")
    proven = prove(EntryRow.objects.filter(pk__in=said, kind=REDACTED).order_by("place__index"), checkpoint)
    named = [(one, _read(one.leaf)) for one in proven]
    return [replace(one, openings={}) for one, entry in named if entry is not None and entry.body.get("rows") == []]


def _read(leaf: bytes) -> LeafEntry | None:
    """A leaf's entry; None for a malformed one, which its reader leaves out."""
    try:
        return read_entry(leaf)
    except Broken:
        return None


def _opened(one: ProvenLeaf, names: Collection[str], public: set[str]) -> dict[str, Opening | None]:
    return {
        name: opening
        for name, opening in one.openings.items()
        if opening and name in names and (name not in NAMING or opening.value is None or opening.value in public)
    }


def _public_among(leaves: Iterable[ProvenLeaf]) -> set[str]:
    """Those actors named in these entries that are public."""
    named = {
        opening.value
        for one in leaves
        for name, opening in one.openings.items()
        if name in NAMING and opening is not None and opening.value is not None
    }
    rows = Actor.objects.filter(pk__in=named, visibility=Visibility.PUBLIC) if named else Actor.objects.none()
    return {str(pk) for pk in rows.values_list("pk", flat=True)}


def public_leaves(number: int, *, width: int, checkpoint: Checkpoint) -> dict[int, bytes]:
    """The public leaves among the first `width` of an entry bundle, by index.

    These are the moves of published claims, their publication and removal, and the log's own keys. A malformed leaf of
    such a kind is included as it is, and so is one whose stream cannot be a claim's: an audit reports them.
    """
    first = number * TILE_WIDTH
    end = min(first + width, checkpoint.size)
    rows = EntryRow.objects.filter(place__index__gte=first, place__index__lt=end)
    rows = rows.filter(kind__in=OF_THE_PAGE) | rows.filter(stream=KEYS)
    found = list(rows.order_by("place__index").values_list("place__index", "stream", "leaf"))
    claims = {stream: stream.removeprefix("claim:") for _index, stream, _leaf in found}
    claims = {stream: pk for stream, pk in claims.items() if stream != pk and is_id(pk)}
    published = Claim.objects.filter(pk__in=claims.values(), published_at__isnull=False).values_list("pk", flat=True)
    of_no_claim = {stream for _index, stream, _leaf in found} - claims.keys()
    public = {*of_no_claim, *(f"claim:{pk}" for pk in published)}
    return {index: bytes(leaf) for index, stream, leaf in found if stream in public}


def waiting_since(claim: Claim, checkpoint: Checkpoint | None) -> list[datetime]:
    """The times of public entries that the checkpoint does not hold (None: any)."""
    streams = {stream.name: stream for stream in public_streams(claim)}
    return [
        row.at
        for row in beyond(streams, checkpoint)
        if (entry := _read(bytes(row.leaf))) is None or streams[row.stream].tells(entry)
    ]


@from_a_whole_log()
def public_proof(claim: Claim, seq: int, checkpoint: Checkpoint) -> bytes | None:
    """The public proof of one status change: a C2SP tlog-proof that carries its leaf.

    The leaf openly states what the public page says: states, time, voices, threshold. Person, reason and evidence stay
    closed. None where the checkpoint does not hold the change. Raises NotWhole.
    """
    if not 1 <= seq <= claim.last_seq:
        return None
    entries = EntryRow.objects.filter(stream=f"claim:{claim.pk}", kind="status_changed").order_by("seq")
    found = prove(EntryRow.objects.filter(pk__in=entries.values("pk")[seq - 1 : seq]), checkpoint)
    if not found:
        return None
    (one,) = found
    return tlog_proof(TlogProof(one.leaf_index, tuple(one.proof), checkpoint.note.encode(), one.leaf))


@dataclass(frozen=True)
class Printed:
    """The digests printed beside the address, so that a printed page can be compared with the log later.

    `root` and `leaf`: the first 32 of 64 hexadecimal digits, in groups of four: enough that no other log or entry can
    be found to begin like that. `leaf`: of the newest status change.
    """

    size: int
    root: str
    leaf_index: int
    leaf: str


def printed(claim: Claim, checkpoint: Checkpoint) -> Printed | None:
    """The digests to print; None where the checkpoint holds nothing of the claim."""
    entries = EntryRow.objects.filter(stream=f"claim:{claim.pk}", kind="status_changed")
    newest = entries.filter(place__index__lt=checkpoint.size).order_by("-seq").values_list("place__index", "leaf_hash")
    for leaf_index, hashed in newest[:1]:
        return Printed(checkpoint.size, in_groups(bytes(checkpoint.root)), leaf_index, in_groups(bytes(hashed)))
    return None


def in_groups(digest: bytes) -> str:
    """The first half of a SHA-256 for people: eight groups of four digits."""
    digits = digest.hex()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))
