"""The least cut between voices, each as one node. It meets every support path, so it bounds the answer from above."""

from collections import deque
from collections.abc import Iterator

from sources.independence.bits import bits, closure, mask
from sources.independence.graph import LIMIT
from sources.independence.net import Net

_Side = tuple[int, bool]  # a voice, and whether at its exit
_START, _END = -1, -2


def chains(net: Net) -> list[int]:
    """A largest set of voice-disjoint chains from evidence to origins, at most LIMIT, each as a set of voices.

    All sources of a voice are one node here. Uses augmenting paths with each voice split into entry and exit (Ford and
    Fulkerson, 1956), so the number of chains equals the least number of voices that cut all of them (Menger, 1927).
    """
    above, starts, ends = _between_voices(net)
    arcs: set[tuple[int, int]] = set()
    # No more than LIMIT: beyond five no decision depends on the number.
    for _ in range(LIMIT):
        before = {voice: earlier for earlier, voice in arcs if voice != _END}
        route = _augmenting(net, above, starts, ends=ends, before=before)
        if route is None:
            break
        arcs ^= set(route)
    after = {voice: later for voice, later in arcs if voice != _START}
    return [_chain(voice, after) for earlier, voice in arcs if earlier == _START]


def _between_voices(net: Net) -> tuple[list[int], int, int]:
    """For each voice the sources directly above its own; then the sources that start chains, and those that end them.

    Leaves out paths through an origin or a second start: a shorter path has a subset of their voices.
    """
    above = [0] * len(net.sources_of)
    all_starts = ends = 0
    for usable, starts in net.views:
        reached = closure(net.up, starts, within=usable, ends=net.origins)
        used = closure(net.down, reached & net.origins, within=reached, ends=starts)
        # A voice with several sources is entered by any and left by any: so the cut is a bound, and not yet the answer.
        for number in bits(used & ~net.origins):
            above[net.voice_of[number]] |= net.up[number] & used & ~starts
        all_starts |= used & starts
        ends |= used & net.origins
    return above, all_starts, ends


def _augmenting(
    net: Net, above: list[int], starts: int, *, ends: int, before: dict[int, int]
) -> list[tuple[int, int]] | None:
    """The arcs between voices to add or remove for one more chain; None if there is none.

    `before`: for each voice on a chain, the preceding one.
    """
    came: dict[_Side, _Side | None] = {(voice, False): None for voice in _voices(net, starts)}
    entered = net.sources_by(mask(voice for voice, _ in came))
    waiting = deque(came)
    while waiting:
        here = voice, at_exit = waiting.popleft()
        if at_exit:
            if net.sources_of[voice] & ends:
                return _arcs(came, here)
            own = net.sources_of[voice] if voice in before else 0
            steps = [(each, False) for each in _voices(net, (above[voice] | own) & ~entered)]
            entered |= net.sources_by(mask(each for each, _ in steps))
        else:
            way_out = (before.get(voice, voice), True)
            steps = [way_out] if way_out[0] != _START and way_out not in came else []
        came.update(dict.fromkeys(steps, here))
        waiting += steps
    return None


def _voices(net: Net, sources: int) -> Iterator[int]:
    while sources:
        voice = net.voice_of[next(bits(sources))]
        sources &= ~net.sources_of[voice]
        yield voice


def _arcs(came: dict[_Side, _Side | None], last: _Side) -> list[tuple[int, int]]:
    arcs = [(last[0], _END)]
    here = last
    while (earlier := came[here]) is not None:
        if earlier[0] != here[0]:
            arcs.append((here[0], earlier[0]) if here[1] else (earlier[0], here[0]))
        here = earlier
    return [*arcs, (_START, here[0])]


def _chain(voice: int, after: dict[int, int]) -> int:
    chain = 0
    while voice != _END:
        chain |= 1 << voice
        voice = after[voice]
    return chain
