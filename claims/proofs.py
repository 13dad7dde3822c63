"""What somebody may take away of a claim's history: its entries, proven, with what they may read of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from accounts.models import Role, User
from accounts.queries import role_in
from claims.models import Claim
from claims.queries import seen_evidence
from claims.shown import hidden_among, ids_in
from ledger.canonical import canonical
from ledger.entries import Opening, read_entry
from ledger.models import Checkpoint, Erasure
from ledger.proofs import ProvenLeaf, claim_proof
from ledger.reading import proofs_of

# What a claim's pages show to everybody on its desk; the words of other entries are shown to editors and auditors.
OF_EVERYBODY = ("claim_", "status_changed", "evidence_")
# A finding answers evidence by name, restricted evidence too: its words as a whole are for those who may see that.
OF_EDITORS = ("assessed", "decided")


def proven_history(user: User, claim: Claim, checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """The entries of a claim (already scoped) that the checkpoint holds, oldest first, opened as far as the person may
    read them."""
    seen = {str(pk) for pk in seen_evidence(user, claim)}
    role = role_in(user, claim.desk_id)
    leaves = [_opened(one, seen, role) for one in proofs_of(f"claim:{claim.pk}", checkpoint)]
    return without_hidden(user, leaves)


def without_hidden(user: User, leaves: Sequence[ProvenLeaf]) -> list[ProvenLeaf]:
    """The same leaves, naming nothing that the person may not see now: a value that does stays closed, and of an entry
    that does itself only the hash is given."""
    inside = [ids_in(one.leaf.decode()) for one in leaves]
    opened = [{name: _ids_opened(opening) for name, opening in one.openings.items()} for one in leaves]
    hidden = hidden_among(user, set[UUID]().union(*inside, *(ids for each in opened for ids in each.values())))
    if not hidden:
        return list(leaves)
    return [
        replace(
            one,
            withheld=bool(in_leaf & hidden),
            openings={name: opening for name, opening in one.openings.items() if not ids[name] & hidden},
        )
        for one, in_leaf, ids in zip(leaves, inside, opened, strict=True)
    ]


def _ids_opened(opening: Opening | None) -> set[UUID]:
    return ids_in(canonical(opening.value).decode()) if opening else set()


def _opened(one: ProvenLeaf, seen: set[str], role: str | None) -> ProvenLeaf:
    entry = read_entry(one.leaf)
    if evidence := entry.body.get("evidence"):
        readable = evidence in seen
    elif entry.kind.startswith(OF_EVERYBODY) or role == Role.EDITOR:
        readable = True
    else:
        readable = role == Role.AUDITOR and entry.kind not in OF_EDITORS
    shown: Mapping[str, Opening | None] = one.openings if readable else {}
    return ProvenLeaf(one.leaf_index, one.leaf, one.proof, shown)


def proof_file(user: User, claim: Claim, checkpoint: Checkpoint) -> bytes:
    """The proof of a claim's history (already scoped) as the verifier reads it: `docs/ledger.md`, section 7."""
    note = checkpoint.note.encode()
    origin = note.decode().partition("\n")[0]
    return claim_proof(origin, f"claim:{claim.pk}", note, proven_history(user, claim, checkpoint))


def redaction_proofs(user: User, claim: Claim, checkpoint: Checkpoint) -> list[bytes]:
    """For each redaction that erased a field of a claim's entries (the claim already scoped) the proof of its stream.

    Its entries name the fields by leaf hash; nothing that they commit to is opened.
    """
    note = checkpoint.note.encode()
    origin = note.decode().partition("\n")[0]
    erasures = Erasure.objects.filter(entry__stream=f"claim:{claim.pk}").order_by("said_in__stream")
    streams = erasures.values_list("said_in__stream", flat=True).distinct()
    found = []
    for stream in streams:
        leaves = [replace(one, openings={}) for one in proofs_of(stream, checkpoint)]
        if leaves:
            found.append(claim_proof(origin, stream, note, without_hidden(user, leaves)))
    return found
