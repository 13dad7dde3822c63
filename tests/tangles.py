"""Graphs that are hard to count: layers of sources, each based on two sources of the next layer.

Voices are assigned at random, so that many paths share some and no small set cuts all. 50 layers of ten are 500 sources
and 980 relays; each of 20 elements has evidence from five of the first ten sources, hardly two from the same five.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

ELEMENTS, EVIDENCE = 20, 10


@dataclass(frozen=True)
class Tangle:
    """A tangled graph. `voices`: the number of each source's voice; `relays`: pairs of sources, downstream first;
    `origins`: the sources of the last layer; `bears`: for each source of the first layer, the numbers of its elements.
    """

    voices: list[int]
    relays: list[tuple[int, int]]
    origins: range
    bears: list[list[int]]


def tangle(
    layers: int = 50, width: int = EVIDENCE, voices: int = 60, elements: int = ELEMENTS, seed: int = 1
) -> Tangle:
    """A layered graph of `layers` times `width` sources; deterministic."""
    random = Random(seed)
    count = layers * width
    relays = [
        (place, (place // width + 1) * width + above)
        for place in range(count - width)
        for above in sorted(random.sample(range(width), 2))
    ]
    chosen = [set(random.sample(range(width), width // 2)) for _ in range(elements)]
    bears = [[number for number, first in enumerate(chosen) if place in first] for place in range(width)]
    return Tangle([random.randrange(voices) for _ in range(count)], relays, range(count - width, count), bears)


def far_ends(made: Tangle) -> Iterator[tuple[int, int]]:
    """New relays from the last layer but one to the last, which close no cycle."""
    width = len(made.origins)
    present = set(made.relays)
    for below in range(made.origins.start - width, made.origins.start):
        for above in made.origins:
            if (below, above) not in present:
                yield below, above
