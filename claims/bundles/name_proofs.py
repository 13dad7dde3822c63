"""The proofs of the actors in the heading of a claim's history: of each the name that its newest entry commits to."""

from collections.abc import Collection

from accounts.models import User
from claims.access.scopes import SCOPES
from claims.bundles.actor_proofs import newest_alone
from claims.bundles.history_proofs import redactions_of_entries, without_hidden
from ledger.models import Checkpoint
from ledger.models import Entry as EntryRow
from ledger.proofs import ProvenLeaf, claim_proof
from ledger.reading import from_a_whole_log, prove
from ledger.verifier import read_entry
from sources.models import Actor
from sources.statement_parts import is_open


@from_a_whole_log()
def name_proof_files(user: User, actors: Collection[str], checkpoint: Checkpoint) -> list[bytes]:
    """A proof file for each of these actors (ids) that the person may see and that has entries. Raises NotWhole.

    A restricted actor has none, since its newest entry is sealed.
    """
    rows = Actor.objects.filter(SCOPES[Actor](user), pk__in=actors).filter(is_open())
    streams = [f"actor:{pk}" for pk in rows.values_list("pk", flat=True)]
    leaves = dict[str, list[ProvenLeaf]]()
    for one in prove(EntryRow.objects.filter(stream__in=streams).order_by("stream", "seq"), checkpoint):
        leaves.setdefault(read_entry(one.leaf).stream, []).append(one)
    redactions = redactions_of_entries(user, leaves, checkpoint)
    note = checkpoint.note.encode()
    origin = checkpoint.note.partition("\n")[0]
    return [
        claim_proof(
            origin,
            stream=stream,
            checkpoint=note,
            leaves=without_hidden(user, newest_alone(own)),
            redactions=redactions.get(stream, []),
        )
        for stream, own in leaves.items()
    ]
