"""What somebody may take away of a claim's history: its entries, proven, with what they may read of them."""

from collections.abc import Mapping

from accounts.models import Role, User
from accounts.queries import role_in
from claims.models import Claim
from claims.queries import seen_evidence
from ledger.entries import Opening, read_entry
from ledger.models import Checkpoint
from ledger.proofs import ProvenLeaf, claim_proof
from ledger.reading import proofs_of

# What a claim's pages show to everybody on its desk; the words of other entries are shown to editors and auditors.
OF_EVERYBODY = ("claim_", "status_changed", "evidence_")


def proven_history(user: User, claim: Claim, checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """The entries of a claim (already scoped) that the checkpoint holds, oldest first, opened as far as the person may
    read them."""
    seen = {str(pk) for pk in seen_evidence(user, claim)}
    reads_all = role_in(user, claim.desk_id) in (Role.EDITOR, Role.AUDITOR)
    return [_opened(one, seen, reads_all=reads_all) for one in proofs_of(f"claim:{claim.pk}", checkpoint)]


def _opened(one: ProvenLeaf, seen: set[str], *, reads_all: bool) -> ProvenLeaf:
    entry = read_entry(one.leaf)
    evidence = entry.body.get("evidence")
    readable = evidence in seen if evidence else reads_all or entry.kind.startswith(OF_EVERYBODY)
    shown: Mapping[str, Opening | None] = one.openings if readable else {}
    return ProvenLeaf(one.leaf_index, one.leaf, one.proof, shown)


def proof_file(user: User, claim: Claim, checkpoint: Checkpoint) -> bytes:
    """The proof of a claim's history (already scoped) as the verifier reads it: `docs/ledger.md`, section 7."""
    note = checkpoint.note.encode()
    origin = note.decode().partition("\n")[0]
    return claim_proof(origin, f"claim:{claim.pk}", note, proven_history(user, claim, checkpoint))
