"""Downloads of a claim's history: its entries, proven, with the values that the reader may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from uuid import UUID

from accounts.models import Role, User
from accounts.queries import role_in
from claims.access.withheld import hidden_among, ids_in
from claims.models import Claim
from claims.queries import seen_evidence
from ledger.entries import Opening, read_entry
from ledger.models import Checkpoint, Entry, Erasure
from ledger.proofs import ProvenLeaf, claim_proof
from ledger.reading import checkpoint_with_all, from_a_whole_log, proofs_of, prove
from ledger.stamps import dated_for
from ledger.verifier import SEALED

# Kinds that a claim's pages show to everybody on its desk; the words of other entries are for editors and auditors.
OF_EVERYBODY = ("claim_", "status_changed", "evidence_")
# An assessment answers evidence by name, restricted evidence too: only those who may see that read its words.
OF_EDITORS = ("assessed", "decided")


def proven_history(user: User, claim: Claim, checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """The entries of a claim (already scoped) that the checkpoint holds, oldest first, opened as far as the person may
    read them.
    """
    seen = {str(pk) for pk in seen_evidence(user, claim)}
    role = role_in(user, claim.desk_id)
    leaves = [_opened(one, seen, role) for one in proofs_of(f"claim:{claim.pk}", checkpoint)]
    return without_hidden(user, leaves)


def without_hidden(user: User, leaves: Sequence[ProvenLeaf]) -> list[ProvenLeaf]:
    """The same leaves without anything that names rows hidden from the person now.

    Such a value stays closed, and of an entry that names one in the open only the hash is given.
    """
    inside = [ids_in(one.leaf.decode(errors="replace")) for one in leaves]
    opened = [{name: _ids_opened(opening) for name, opening in one.openings.items()} for one in leaves]
    hidden = hidden_among(user, set[UUID]().union(*inside, *(ids for each in opened for ids in each.values())))
    if not hidden:
        return list(leaves)
    return [
        replace(one, withheld=one.withheld or bool(in_leaf & hidden), openings=_without(hidden, one.openings, ids))
        for one, in_leaf, ids in zip(leaves, inside, opened, strict=True)
    ]


def _without(
    hidden: set[UUID], openings: Mapping[str, Opening | None], ids: Mapping[str, set[UUID]]
) -> Mapping[str, Opening | None]:
    """The openings that name nothing hidden. Where the content of a sealed entry is closed, so is everything inside."""
    kept = {name: opening for name, opening in openings.items() if not ids[name] & hidden}
    if "content" in openings and "content" not in kept:
        return {name: opening for name, opening in kept.items() if not name.startswith("content/")}
    return kept


def _ids_opened(opening: Opening | None) -> set[UUID]:
    return ids_in(str(opening.value)) if opening else set()


def _opened(one: ProvenLeaf, seen: set[str], role: str | None) -> ProvenLeaf:
    entry = read_entry(one.leaf)
    if evidence := entry.body.get("evidence"):
        readable = str(evidence) in seen
    elif entry.kind.startswith(OF_EVERYBODY) or role == Role.EDITOR:
        readable = True
    else:
        readable = role == Role.AUDITOR and entry.kind not in OF_EDITORS
    shown: Mapping[str, Opening | None] = one.openings if readable else {}
    return ProvenLeaf(one.leaf_index, one.leaf, one.proof, shown)


@from_a_whole_log()
def proof_file(user: User, claim: Claim, checkpoint: Checkpoint) -> bytes:
    """The proof of a claim's history (already scoped) as the verifier reads it:

    `docs/ledger.md`, section 7. Raises NotWhole.
    """
    note = checkpoint.note.encode()
    origin, stream = note.decode().partition("\n")[0], f"claim:{claim.pk}"
    leaves = proven_history(user, claim, checkpoint)
    redactions = redactions_of_entries(user, [stream], checkpoint).get(stream, [])
    dated = dated_for((one.leaf_index for one in leaves), checkpoint)
    return claim_proof(origin, stream=stream, checkpoint=note, leaves=leaves, redactions=redactions, dated=dated)


def checkpoint_for(claim: Claim, newest: Checkpoint | None = None) -> Checkpoint | None:
    """The checkpoint for a claim's proofs: a witnessed one, where it covers as much of the claim and its erasures as
    the newest.
    """
    stream = f"claim:{claim.pk}"
    erasing = Erasure.objects.filter(entry__stream=stream).values_list("said_in__stream", flat=True).distinct()
    return checkpoint_with_all(chain([stream], erasing), newest)


def redactions_of_entries(user: User, streams: Iterable[str], checkpoint: Checkpoint) -> dict[str, list[ProvenLeaf]]:
    """The redactions that erased fields of entries, by the stream of these entries, in the order of the log.

    They name the fields by leaf hash, and nothing else in them is opened. For a sealed stream only call this for
    readers of all of it: the redaction of sealed content is itself sealed, and is opened for them.
    """
    by_name, found = dict[str, set[int]](), dict[str, list[ProvenLeaf]]()
    erasures = Erasure.objects.filter(entry__stream__in=list(streams))
    for stream, said_in in erasures.values_list("entry__stream", "said_in").distinct():
        by_name.setdefault(stream, set()).add(said_in)
    for stream, entries in by_name.items():
        leaves = prove(Entry.objects.filter(pk__in=entries).order_by("place__index"), checkpoint)
        named = without_hidden(user, [_naming_alone(one) for one in leaves])
        found[stream] = [one for one in named if one.withheld or not _is_closed(one)]
    return found


def _naming_alone(one: ProvenLeaf) -> ProvenLeaf:
    """The entry, opened only as far as it names the erased fields."""
    is_sealed = read_entry(one.leaf).kind == SEALED
    openings = {name: one.openings[name] for name in ("kind", "content") if is_sealed and name in one.openings}
    return replace(one, openings=openings)


def _is_closed(one: ProvenLeaf) -> bool:
    return read_entry(one.leaf).kind == SEALED and "content" not in one.openings
