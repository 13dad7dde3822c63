"""A tangle of `tests.tangles` on a desk, and claims on it."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.utils import timezone

from claims.actions.claims import report_claim
from claims.inputs import ClaimInput, ElementInput, EvidenceInput
from claims.models import Claim
from sources.models import Actor, Relay, Source
from tests.factories import Cast
from tests.tangles import Tangle

_number = count(1)


@dataclass(frozen=True)
class Tangled:
    """The rows of a tangle, its sources in its order."""

    made: Tangle
    sources: list[Source]


def tangled_desk(cast: Cast, made: Tangle) -> Tangled:
    """Writes a tangle down. Past the actions: by those a thousand relays would take a minute, and say nothing more."""
    now = timezone.now()
    actors = [
        Actor(
            desk=cast.desk,
            name=f"Voice {number}",
            kind="organisation",
            speaks_for_checked=True,
            created_by=cast.editor,
            created_at=now,
        )
        for number in range(max(made.voices) + 1)
    ]
    Actor.objects.bulk_create(actors)
    sources = [
        Source(
            desk=cast.desk,
            kind="statement",
            title=f"Source {place}",
            publisher=actors[voice],
            basis="firsthand" if place in made.origins else "secondhand",
            created_by=cast.editor,
            created_at=now + timedelta(microseconds=place),
        )
        for place, voice in enumerate(made.voices)
    ]
    Source.objects.bulk_create(sources)
    Relay.objects.bulk_create(
        Relay(downstream=sources[below], upstream=sources[above], created_by=cast.editor, created_at=now)
        for below, above in made.relays
    )
    return Tangled(made, sources)


def report_on(cast: Cast, desk: Tangled) -> Claim:
    """A claim whose elements rest each on another half of the first layer."""
    elements = max(number for numbers in desk.made.bears for number in numbers) + 1
    return report_claim(
        desk=cast.desk,
        fields=ClaimInput(
            statement=f"It hangs together ({next(_number)}).",
            elements=[ElementInput(text=f"Part {number}", essential=True) for number in range(elements)],
        ),
        evidence=[
            EvidenceInput(source=desk.sources[place].pk, stance="supports", elements=numbers)
            for place, numbers in enumerate(desk.made.bears)
            if numbers
        ],
        by=cast.editor,
    )
