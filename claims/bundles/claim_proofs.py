"""The proofs in an evidence bundle: of the claim, of its sources, and of sealed streams that its reader may read in
full.

A sealed stream is included only for a reader of every entry in it: the number of an entry reveals how many came before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from accounts.models import Role
from claims.bundles.actor_proofs import actor_proofs
from claims.bundles.history_proofs import proven_history, redactions_of_entries, without_hidden
from claims.bundles.stored import Shown
from claims.queries import visible_sources
from ledger.bundles import Made
from ledger.canonical import JsonObject
from ledger.entries import LeafEntry, Opening, read_entry
from ledger.models import Checkpoint, SealedStream
from ledger.models import Entry as EntryRow
from ledger.proofs import ProvenLeaf, claim_proof
from ledger.reading import from_a_whole_log, proofs_of, prove
from ledger.stamps import dated_for
from ledger.verifier import CLAIM_PROOF_PATH, KEEPING, KEYS, KEYS_PROOF_PATH
from sources.models import Visibility


@dataclass(frozen=True)
class Proofs:
    """The proof files; by attachment id, the proof that holds its entry and opens its content; and the number of
    entries later than the checkpoint that the reader may know of.
    """

    files: list[Made]
    of_attachments: Mapping[str, str]
    later: int


@dataclass(frozen=True)
class _Read:
    """A proven leaf with its content; of a sealed one that is opened, the sealed content."""

    leaf: ProvenLeaf
    kind: str
    body: Mapping[str, Any]
    content: Mapping[str, Any]

    @property
    def upstream(self) -> str:
        return str(self.content.get("upstream", ""))

    @property
    def attachment(self) -> str:
        return str(self.body.get("attachment", "")) if self.kind in KEEPING else ""


@from_a_whole_log()
def proofs_for(shown: Shown, checkpoint: Checkpoint) -> Proofs:
    """Every proof of a bundle for this reader, all against one checkpoint. Raises NotWhole."""
    claim = f"claim:{shown.claim.pk}"
    open_streams = [f"source:{source.pk}" for source in shown.sources]
    history = proven_history(shown.user, shown.claim, checkpoint)
    subjects = [*open_streams, *(f"evidence:{item.pk}" for item in shown.evidence), *_decided(shown, history)]
    sealed = dict(SealedStream.objects.filter(subject__in=subjects).values_list("name", "subject"))
    streams = {claim: history}
    streams |= _opened(shown, _proven([*open_streams, *sealed], checkpoint), sealed)
    streams |= actor_proofs(shown, streams, checkpoint)
    streams |= {KEYS: [replace(one, openings={}) for one in proofs_of(KEYS, checkpoint)]}
    redactions = redactions_of_entries(shown.user, streams, checkpoint)
    files, of_attachments = list[Made](), dict[str, str]()
    for stream, leaves in streams.items():
        if not leaves:
            continue
        path = path_of_proof(stream)
        files.append(
            _file(path, stream=stream, leaves=leaves, redactions=redactions.get(stream, []), checkpoint=checkpoint)
        )
        told = [_read(one) for one in leaves if not one.withheld]
        of_attachments |= {one.attachment: path for one in told if one.attachment and one.content}
    waiting = EntryRow.objects.filter(stream__in=[claim, *open_streams])
    later = waiting.exclude(place__index__lt=checkpoint.size).count()
    return Proofs(files, of_attachments, later)


def path_of_proof(stream: str) -> str:
    """'proofs/source-….json': the path of a stream's proof in a bundle."""
    sort, _colon, name = stream.partition(":")
    return {"claim": CLAIM_PROOF_PATH, "log": KEYS_PROOF_PATH}.get(sort, f"proofs/{sort}-{name}.json")


def _decided(shown: Shown, history: list[ProvenLeaf]) -> list[str]:
    """The decided assessments, for a reader who may see them."""
    entries = [read_entry(one.leaf) for one in history if not one.withheld and shown.role == Role.EDITOR]
    return [f"assessment:{entry.body['assessment']}" for entry in entries if entry.kind == "decided"]


def _file(
    path: str, *, stream: str, leaves: list[ProvenLeaf], redactions: list[ProvenLeaf], checkpoint: Checkpoint
) -> Made:
    note = checkpoint.note.encode()
    origin = checkpoint.note.partition("\n")[0]
    # Only the claim's file has time stamps: they are large, and those of the claim date the log for all.
    dated = dated_for((one.leaf_index for one in leaves), checkpoint) if path == CLAIM_PROOF_PATH else []
    return Made(
        path,
        claim_proof(origin, stream=stream, checkpoint=note, leaves=leaves, redactions=redactions, dated=dated),
        "proof",
    )


def _proven(streams: Iterable[str], checkpoint: Checkpoint) -> Iterator[tuple[str, list[_Read]]]:
    """The streams that have entries, by name, with their entries in order, all proven by one reader of the tree."""
    rows = EntryRow.objects.filter(stream__in=list(streams)).order_by("stream", "seq")
    leaves = ((read_entry(one.leaf).stream, one) for one in prove(rows, checkpoint))
    for stream, group in groupby(leaves, key=lambda pair: pair[0]):
        yield stream, [_read(one) for _stream, one in group]


def _read(one: ProvenLeaf) -> _Read:
    entry: LeafEntry = read_entry(one.leaf)
    if entry.kind != "sealed":
        return _Read(one, entry.kind, entry.body, _value(one, "content"))
    inside = _value(one, "content")
    kind = one.openings.get("kind")
    return _Read(one, str(kind.value) if kind else "", inside.get("body", {}), _value(one, "content/content"))


def _value(one: ProvenLeaf, name: str) -> JsonObject:
    opening = one.openings.get(name)
    return opening.value if opening and isinstance(opening.value, dict) else {}


def _opened(
    shown: Shown, streams: Iterable[tuple[str, list[_Read]]], sealed: Mapping[str, str]
) -> dict[str, list[ProvenLeaf]]:
    """The streams as far as the reader may have them: open ones in full, with the values hidden from them closed."""
    found = list(streams)
    named = {one.upstream for _stream, entries in found for one in entries if one.upstream}
    upstreams = {str(pk) for pk in visible_sources(shown.user).filter(pk__in=named).values_list("pk", flat=True)}
    given = {}
    for stream, entries in found:
        if stream not in sealed:
            readable = [_is_readable(shown, one, upstreams) for one in entries]
        elif all(_is_unsealed(shown, sealed[stream], one, upstreams) for one in entries):
            readable = [True] * len(entries)
        else:
            continue
        leaves = [_closed_unless(may, one.leaf) for may, one in zip(readable, entries, strict=True)]
        given[stream] = without_hidden(shown.user, leaves)
    return given


def _closed_unless(readable: bool, one: ProvenLeaf) -> ProvenLeaf:
    shown: Mapping[str, Opening | None] = one.openings if readable else {}
    return ProvenLeaf(one.leaf_index, one.leaf, one.proof, shown)


def _is_readable(shown: Shown, one: _Read, upstreams: set[str]) -> bool:
    """Whether the committed values of an entry in a source's stream are on pages that the reader may see now."""
    if one.kind in KEEPING:
        return one.attachment in shown.ids["files"]
    if "relay" in one.body:
        return one.upstream in upstreams
    return True


def _is_unsealed(shown: Shown, subject: str, one: _Read, upstreams: set[str]) -> bool:
    """Whether the reader may see the sealed content.

    Acts from a time when the row was restricted stay with those who could see it then, even after its release.
    """
    if shown.role == Role.EDITOR:
        return True
    sort, _colon, name = subject.partition(":")
    if sort == "source" and (one.kind in KEEPING or "relay" in one.body):
        return _is_readable(shown, one, upstreams)
    rows = shown.sources if sort == "source" else shown.evidence
    row = next(row for row in rows if str(row.pk) == name)
    known = bool(one.kind) and (row.visibility == Visibility.RESTRICTED or row.created_by_id == shown.user.pk)
    return known
