"""Graphs that are made to be hard to count: layers of sources, each of which got it from two of the next.

Voices are dealt out at random, so that many paths share some of them and no few cut all. 50 layers of ten are 500
sources and 980 relays; each of 20 elements rests on five of the first ten sources, hardly two on the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

ELEMENTS, EVIDENCE = 20, 10


@dataclass(frozen=True)
class Tangle:
    """`voices`: the number of the voice of each source; `relays`: pairs of sources, downstream first; `origins`: the
    sources of the last layer; `bears`: for each source of the first layer the numbers of the elements it bears on."""

    voices: list[int]
    relays: list[tuple[int, int]]
    origins: range
    bears: list[list[int]]


def tangle(
    layers: int = 50, width: int = EVIDENCE, voices: int = 60, elements: int = ELEMENTS, seed: int = 1
) -> Tangle:
    """A layered graph of `layers` times `width` sources; the same for the same numbers."""
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
    """Relays that the graph does not have yet, from its last layer but one to its last, which close no circle."""
    width = len(made.origins)
    present = set(made.relays)
    for below in range(made.origins.start - width, made.origins.start):
        for above in made.origins:
            if (below, above) not in present:
                yield below, above
