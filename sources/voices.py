"""The voice that an actor belongs to on a given day. Pure: plain data in, plain data out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ActorLink:
    """An actor's place in a `part_of` chain, from `since` to `until` inclusive; None leaves that end open.

    `is_checked`: whether it is known whom the actor speaks for.
    """

    id: str
    part_of: str | None = None
    since: date | None = None
    until: date | None = None
    is_checked: bool = True

    def leads_up(self, day: date) -> bool:
        """Whether the actor is part of another on `day`."""
        return (
            self.part_of is not None
            and (self.since is None or self.since <= day)
            and (self.until is None or day <= self.until)
        )


def voice_at(actor: str | None, day: date, actors: Mapping[str, ActorLink]) -> str | None:
    """The top of the actor's `part_of` chain on `day`; None for an unknown actor.

    `actors` holds every link of the chain by id; a chain ends at an actor that is not among them.
    """
    if actor is None:
        return None
    seen = {actor}
    while (link := actors.get(actor)) is not None and link.leads_up(day):
        if link.part_of is None or link.part_of in seen:
            break
        actor = link.part_of
        seen.add(actor)
    return actor
