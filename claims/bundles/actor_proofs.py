"""The proofs of actors in an evidence bundle: of each actor that its reader may see, as it is now."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from accounts.models import Role
from claims.access.scopes import SCOPES
from claims.access.withheld import ids_in
from claims.bundles.history_proofs import without_hidden
from claims.bundles.stored import Shown
from ledger.canonical import canonical
from ledger.models import Checkpoint, SealedStream
from ledger.models import Entry as EntryRow
from ledger.proofs import ProvenLeaf
from ledger.reading import prove
from ledger.verifier import SEALED, read_entry
from sources.models import Actor

_CONTENT = ("kind", "content", "content/content")  # of an open entry, and of a sealed one


def actor_proofs(
    shown: Shown, streams: Mapping[str, list[ProvenLeaf]], checkpoint: Checkpoint
) -> dict[str, list[ProvenLeaf]]:
    """The streams of the actors named in opened entries, and of their parents, by name.

    Only what the newest entry of each says of the actor is opened, not its author nor earlier content: all desks may
    share an actor.
    """
    given, known = dict[str, list[ProvenLeaf]](), set[UUID]()
    wanted = _named_in(one for leaves in streams.values() for one in leaves)
    while wanted := wanted - known:
        known |= wanted
        new = _proven(shown, wanted, checkpoint)
        given |= new
        wanted = _named_in(one for leaves in new.values() for one in leaves)
    return given


def _named_in(leaves: Iterable[ProvenLeaf]) -> set[UUID]:
    values = [opening.value for one in leaves for opening in one.openings.values() if opening]
    return ids_in(*(canonical(value).decode() for value in values))


def _proven(shown: Shown, wanted: set[UUID], checkpoint: Checkpoint) -> dict[str, list[ProvenLeaf]]:
    actors = Actor.objects.filter(SCOPES[Actor](shown.user), pk__in=wanted)
    subjects = {f"actor:{actor.pk}": actor for actor in actors}
    names = list(subjects)
    if shown.role == Role.EDITOR:
        own = [subject for subject, actor in subjects.items() if actor.desk_id == shown.claim.desk_id]
        names += SealedStream.objects.filter(subject__in=own).values_list("name", flat=True)
    by_stream = dict[str, list[ProvenLeaf]]()
    for one in prove(EntryRow.objects.filter(stream__in=names).order_by("stream", "seq"), checkpoint):
        by_stream.setdefault(read_entry(one.leaf).stream, []).append(one)
    return {stream: without_hidden(shown.user, newest_alone(leaves)) for stream, leaves in by_stream.items()}


def newest_alone(leaves: list[ProvenLeaf]) -> list[ProvenLeaf]:
    """Leaves in which only the newest entry on the actor is opened.

    Of others, such as previews of a redaction, only the hash is given: readers of a bundle learn of none.
    """
    of_actor = [_says_of_it(one) for one in leaves]
    newest = max((at for at, says in enumerate(of_actor) if says), default=None)
    content = {name: one for name, one in leaves[newest or 0].openings.items() if name in _CONTENT}
    return [
        replace(one, withheld=not says, openings=content if at == newest else {})
        for at, (one, says) in enumerate(zip(leaves, of_actor, strict=True))
    ]


def _says_of_it(one: ProvenLeaf) -> bool:
    kind = read_entry(one.leaf).kind
    return kind == SEALED or kind.startswith("actor_")
