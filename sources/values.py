"""The editable fields of actors and sources, as one person may see them."""

from uuid import UUID

from accounts.models import User
from house.inputs import FieldValues
from sources.models import Actor, Source
from sources.queries import visible_actors

ACTOR_FIELDS = (
    "name", "kind", "part_of_from", "part_of_to", "speaks_for_checked", "stands_alone_because", "reliability",
    "visibility",
)  # fmt: skip
SOURCE_FIELDS = (
    "kind", "title", "url", "published_at", "basis", "basis_reason", "language", "reliability", "visibility",
)  # fmt: skip


def actor_values(by: User, actor: Actor) -> FieldValues:
    """The editable fields of an actor by name; other actors by id, None if the person may not see them."""
    above = {name: shown_actor(by, getattr(actor, f"{name}_id")) for name in ("part_of", "owned_by")}
    return {name: getattr(actor, name) for name in ACTOR_FIELDS} | above


def source_values(by: User, source: Source) -> FieldValues:
    """The editable fields of a source by name; its publisher by id, None if the person may not see it."""
    plain = {name: getattr(source, name) for name in SOURCE_FIELDS}
    return plain | {"publisher": shown_actor(by, source.publisher_id)}


def shown_actor(by: User, actor_id: UUID | None) -> UUID | None:
    """The id of an actor that another row names, if the person may see it."""
    seen = actor_id is not None and visible_actors(by).filter(pk=actor_id).exists()
    return actor_id if seen else None
