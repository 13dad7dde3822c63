"""Who got it from whom: how many separate voices would have to be wrong for a claim's support to vanish.

Pure: plain data in, plain data out; no database, no Django. The definitions (voice, countable, origin, unknown
lineage, support path) are those of the design's page on provenance. It also runs by itself:
`python -m sources.independence GRAPH.json`.

The answer is the smallest set of voices that meets every support path: a minimum hitting set. It is found exactly:

1. voice-disjoint paths are packed greedily; six of them prove 5+;
2. the least cut between voices (each voice one node) meets every path, so it bounds the answer from above, and its
   disjoint chains that are real paths bound it from below. Where each voice has one source the two always agree
   (Menger's theorem), which keeps long chains and wide layers cheap;
3. only where they still differ, it is asked for one number after the other whether that many voices are enough, by
   branching on the voices of a path that survives, at most five deep. The paths found so far cut most branches off
   before the graph is looked at again.

Sets of sources and of voices are kept as the bits of integers: one operation then treats all of them at once.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import Literal

Voice = str | None
"""The name of a voice; None for an unknown one."""

Basis = Literal["firsthand", "secondhand", "unknown"]

LIMIT = 6
"""Stands for 5+: nobody decides differently on more than five separate voices."""


class GraphError(ValueError):
    """The graph is malformed or has a cycle. The text is one line that says where."""


@dataclass(frozen=True, slots=True)
class SourceNode:
    """One source. `counts`: not retracted, reliability not E. `countable`: its voice, at the source's date, is neither
    the claimant's nor an also_claimed_by's nor a party's (an unknown voice is countable whatever stands here)."""

    id: str
    voice: Voice
    basis: Basis
    counts: bool
    countable: bool


@dataclass(frozen=True, slots=True)
class Bearing:
    """One piece of evidence that counts, by its source. `against_interest`: the voice that admits something against
    its own interest; it is countable on the paths that start at this evidence."""

    source: str
    against_interest: Voice = None


@dataclass(frozen=True, slots=True)
class Graph:
    """All that bears on one element by one stance. `relays`: (downstream, upstream) pairs of source ids."""

    sources: Sequence[SourceNode]
    relays: Sequence[tuple[str, str]]
    evidence: Sequence[Bearing]


@dataclass(frozen=True, slots=True)
class Independence:
    """`min` and `max` from 0 to LIMIT. `single_points_of_failure`: where min is 1, the voices each of which alone
    would take all support away, sorted, the unknown voice last; otherwise none."""

    min: int
    max: int
    single_points_of_failure: tuple[Voice, ...]


def independence(graph: Graph) -> Independence:
    """The interval of independent support in `graph`, whose source ids are unique.

    Raises GraphError where a relay or a piece of evidence names a source that is not listed.
    """
    relays = _Relays(graph)
    net = _Net(graph, relays, generous=False)
    search = _Search(net)
    low = search.least()
    high = _Search(_Net(graph, relays, generous=True)).least()
    single = net.names(search.on_all()) if low == 1 else []
    return Independence(low, high, tuple(sorted(single, key=lambda name: (name is None, name or ""))))


def find_cycle(relays: Iterable[tuple[str, str]]) -> list[str] | None:
    """The source ids along one cycle of the relays, the first repeated at the end; None where there is no cycle."""
    upstream: dict[str, list[str]] = defaultdict(list)
    for downstream, source in relays:
        upstream[downstream].append(source)
    done: set[str] = set()
    for root in list(upstream):
        chain = {root: iter(upstream[root])}  # insertion order is the order along the chain
        while chain:
            here = next(reversed(chain))
            above = next((each for each in chain[here] if each not in done), None)
            if above is None:
                done.add(here)
                del chain[here]
            elif above in chain:
                ids = list(chain)
                return [*ids[ids.index(above) :], above]
            else:
                chain[above] = iter(upstream.get(above, ()))
    return None


# The graph made ready for the search


class _Net:
    """One reading of a graph, for finding support paths; sources by their number, voices by theirs.

    `generous` is the reading of max: unknown lineage is an origin, and each unknown voice is one of its own. Otherwise
    it is the reading of min. `views` has, for each voice that evidence admits against interest (and for None), the
    sources usable on the paths that start there, and those starts.
    """

    def __init__(self, graph: Graph, relays: _Relays, *, generous: bool) -> None:
        self._up, self._down = relays.up, relays.down
        self._voice_of: list[int] = []
        self.sources_of: list[int] = []
        self._names: list[Voice] = []
        self._origins = 0
        numbers: dict[Voice | tuple[str], int] = {}
        for number, source in enumerate(graph.sources):
            key = (source.id,) if generous and source.voice is None else source.voice
            voice = numbers.setdefault(key, len(numbers))
            if voice == len(self._names):
                self._names.append(source.voice)
                self.sources_of.append(0)
            self._voice_of.append(voice)
            self.sources_of[voice] |= 1 << number
            if _is_origin(source, bool(self._up[number]), generous):
                self._origins |= 1 << number
        self._views = _views(graph, relays.numbers)

    def names(self, voices: int) -> list[Voice]:
        """The names of a set of voices."""
        return [self._names[voice] for voice in _bits(voices)]

    def path(self, gone: int, load: Sequence[int]) -> int | None:
        """The voices of a support path without any of the voices `gone`; None where none is left.

        It has the fewest sources that its evidence allows and, among such, prefers voices of little `load`.
        """
        barred = self._sources(gone)
        for usable, starts in self._views:
            layers = self._layers(starts & ~barred, usable & ~barred)
            if layers:
                return self._back(layers, load)
        return None

    def _layers(self, starts: int, usable: int) -> list[int]:
        """The sources at each distance from the evidence, up to the first origins; empty where none is reached."""
        layers = [starts]
        fresh = usable & ~starts
        while layers[-1] and not layers[-1] & self._origins:
            above = _union(self._up, layers[-1]) & fresh
            fresh &= ~above
            layers.append(above)
        return layers if layers[-1] else []

    def _back(self, layers: list[int], load: Sequence[int]) -> int:
        voices, choice = 0, layers[-1] & self._origins
        for layer in (*reversed(layers[:-1]), 0):
            numbers = ((0 if voices >> (v := self._voice_of[s]) & 1 else 1 + load[v], s) for s in _bits(choice))
            number = min(numbers)[1]
            voices |= 1 << self._voice_of[number]
            choice = layer & self._down[number]
        return voices

    def _sources(self, voices: int) -> int:
        return _union(self.sources_of, voices)

    def chains(self) -> list[int]:
        """As many chains of voices from evidence to origins as exist without a common voice, at most LIMIT, each as a
        set, where all sources of a voice are taken as one.

        By augmenting paths on the graph with each voice split into an entry and an exit (Ford and Fulkerson, 1956), so
        their number is also the least number of voices that cut all chains (Menger, 1927).
        """
        above, starts, ends = self._between_voices()
        arcs: set[tuple[int, int]] = set()
        for _ in range(LIMIT):
            before = {voice: earlier for earlier, voice in arcs if voice != _END}
            route = self._augmenting(above, starts, ends, before)
            if route is None:
                break
            arcs ^= set(route)
        after = {voice: later for voice, later in arcs if voice != _START}
        return [_chain(voice, after) for earlier, voice in arcs if earlier == _START]

    def _between_voices(self) -> tuple[list[int], int, int]:
        """For each voice the sources directly above its own; the sources that start chains, and those that end them.

        A path that runs on through an origin or a second start has the voices of a shorter one and more: left out.
        """
        above = [0] * len(self._names)
        all_starts = ends = 0
        for usable, starts in self._views:
            reached = _closure(self._up, starts, usable, self._origins)
            used = _closure(self._down, reached & self._origins, reached, starts)
            for number in _bits(used & ~self._origins):
                above[self._voice_of[number]] |= self._up[number] & used & ~starts
            all_starts |= used & starts
            ends |= used & self._origins
        return above, all_starts, ends

    def _augmenting(
        self, above: list[int], starts: int, ends: int, before: dict[int, int]
    ) -> list[tuple[int, int]] | None:
        """The arcs between voices to add or to take back for one more chain; None where there is none.

        `before` holds each voice that a chain already uses, with the one before it.
        """
        came: dict[_Side, _Side | None] = {(voice, False): None for voice in self._voices(starts)}
        entered = self._sources(_mask(voice for voice, _ in came))
        waiting = deque(came)
        while waiting:
            here = voice, at_exit = waiting.popleft()
            if at_exit:
                if self.sources_of[voice] & ends:
                    return _arcs(came, here)
                own = self.sources_of[voice] if voice in before else 0
                steps = [(each, False) for each in self._voices((above[voice] | own) & ~entered)]
                entered |= self._sources(_mask(each for each, _ in steps))
            else:
                way_out = (before.get(voice, voice), True)
                steps = [way_out] if way_out[0] != _START and way_out not in came else []
            came.update(dict.fromkeys(steps, here))
            waiting += steps
        return None

    def _voices(self, sources: int) -> Iterator[int]:
        while sources:
            voice = self._voice_of[next(_bits(sources))]
            sources &= ~self.sources_of[voice]
            yield voice


_Side = tuple[int, bool]  # a voice, and whether at its exit
_START, _END = -1, -2


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


class _Relays:
    """The number of each source, and by number the sources directly up- and downstream."""

    def __init__(self, graph: Graph) -> None:
        self.numbers = {source.id: number for number, source in enumerate(graph.sources)}
        self.up = [0] * len(graph.sources)
        self.down = [0] * len(graph.sources)
        for place, (downstream, upstream) in enumerate(graph.relays):
            below = _listed(self.numbers, downstream, f"relays[{place}].downstream")
            above = _listed(self.numbers, upstream, f"relays[{place}].upstream")
            self.up[below] |= 1 << above
            self.down[above] |= 1 << below


def _listed(numbers: dict[str, int], source: str, where: str) -> int:
    number = numbers.get(source)
    if number is None:
        raise GraphError(f"{where}: no source has the id {_quoted(source)}")
    return number


def _views(graph: Graph, numbers: dict[str, int]) -> list[tuple[int, int]]:
    usable = 0
    admissible: dict[Voice, int] = defaultdict(int)
    for number, source in enumerate(graph.sources):
        if source.counts and (source.countable or source.voice is None):
            usable |= 1 << number
        elif source.counts:
            admissible[source.voice] |= 1 << number
    starts: dict[Voice, int] = defaultdict(int)
    for place, piece in enumerate(graph.evidence):
        admitted = piece.against_interest if piece.against_interest in admissible else None
        starts[admitted] |= 1 << _listed(numbers, piece.source, f"evidence[{place}].source")
    views = ((usable | admissible.get(admitted, 0), first) for admitted, first in starts.items())
    return [(sources, first & sources) for sources, first in views]


def _is_origin(source: SourceNode, has_upstream: bool, generous: bool) -> bool:
    unknown_lineage = source.basis == "unknown" or (source.basis == "secondhand" and not has_upstream)
    return source.basis == "firsthand" or (generous and unknown_lineage)


def _bits(numbers: int) -> Iterator[int]:
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest


def _mask(numbers: Iterable[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def _union(sets: Sequence[int], members: int) -> int:
    union = 0
    for number in _bits(members):
        union |= sets[number]
    return union


def _closure(steps: Sequence[int], first: int, within: int, ends: int) -> int:
    """All that is reached from `first` by `steps` inside `within`, going no further from the `ends`."""
    reached = layer = first
    while layer:
        layer = _union(steps, layer & ~ends) & within & ~reached
        reached |= layer
    return reached


# The search


class _Search:
    """The search for the least set of voices that meets all support paths of a net.

    `_paths` are those known so far, as sets of voices; `_met_by` has, for each voice, the known paths that it is on.
    """

    def __init__(self, net: _Net) -> None:
        self._net = net
        self._paths: list[int] = []
        self._met_by = [0] * len(net.sources_of)
        self._load = [0] * len(net.sources_of)

    def least(self) -> int:
        """The number of voices in that set, at most LIMIT."""
        low = self._find_disjoint(0, LIMIT)
        if low in (0, LIMIT):
            return low
        chains = self._net.chains()
        everyone = (1 << len(self._met_by)) - 1
        low = max(low, sum(self._net.path(everyone & ~chain, self._load) is not None for chain in chains))
        high = len(chains)
        if low < high:
            for _ in range(_SPREAD):
                self._find_disjoint(0, 1)
        while low < high and not self._can_meet_all(0, 0, low):
            low += 1
        return low

    def on_all(self) -> int:
        """The voices that every support path has."""
        common = -1
        for path in self._paths:
            common &= path
        for voice in _bits(common):
            if common >> voice & 1:
                without = self._net.path(1 << voice, self._load)
                common &= -1 if without is None else without
        return common

    def _find_disjoint(self, gone: int, most: int) -> int:
        """Find up to `most` paths without the voices `gone`, no two with a common voice. Returns how many."""
        for found in range(most):
            path = self._net.path(gone, self._load)
            if path is None:
                return found
            for voice in _bits(path):
                self._met_by[voice] |= 1 << len(self._paths)
                self._load[voice] += 1
            self._paths.append(path)
            gone |= path
        return most

    def _can_meet_all(self, gone: int, kept: int, budget: int) -> bool:
        """Whether at most `budget` voices besides `gone`, none of them `kept`, leave no support path. Exact."""
        if self._known_too_many(gone, kept, budget):
            return False
        if self._find_disjoint(gone, budget + 1) == 0:
            return True
        if self._known_too_many(gone, kept, budget):
            return False
        met_by, left = self._met_by, self._left(gone)
        shortest = min((self._paths[each] & ~kept for each in _bits(left)), key=int.bit_count)
        for voice in sorted(_bits(shortest), key=lambda voice: -(met_by[voice] & left).bit_count()):
            if self._can_meet_all(gone | 1 << voice, kept, budget - 1):
                return True
            kept |= 1 << voice  # every set with this voice has now been tried
        return False

    def _left(self, gone: int) -> int:
        return ((1 << len(self._paths)) - 1) & ~_union(self._met_by, gone)

    def _known_too_many(self, gone: int, kept: int, budget: int) -> bool:
        """Whether the known paths alone show that `budget` voices are too few: the ones on most of them do not add up
        to all of them, or more of them than that have no voice in common."""
        left = self._left(gone)
        most = nlargest(
            budget, ((paths & left).bit_count() for voice, paths in enumerate(self._met_by) if not kept >> voice & 1)
        )
        if sum(most) < left.bit_count():
            return True
        taken = packed = 0
        for path in sorted((self._paths[each] & ~kept for each in _bits(left)), key=int.bit_count):
            if not path & taken:
                taken |= path
                packed += 1
        return packed > budget


_SPREAD = 60
"""Paths gathered before branching, each through voices that few of the earlier ones use. By trial on layered graphs of
500 sources: 30 cut off too little, 150 cost more than they save."""


# The command


def read_graph(data: object) -> Graph:
    """The graph in the JSON form of the design: `sources` (`id`, `voice`, `basis`, `live`), `relays` (`downstream`,
    `upstream`), `evidence` (`source`, `against_interest`) and `uncountable` voices, all of them required.

    Raises GraphError with one line that names the field, or shows the cycle.
    """
    top = _object(data, "the graph", ("sources", "relays", "evidence", "uncountable"))
    uncountable = {_name(each, where) for each, where in _list(top, "uncountable")}
    sources = [_source(each, where, uncountable) for each, where in _list(top, "sources")]
    known: dict[str, int] = {}
    for place, source in enumerate(sources):
        if known.setdefault(source.id, place) != place:
            first = f"sources[{known[source.id]}]"
            raise GraphError(f"sources[{place}].id: {_quoted(source.id)} is already the id of {first}")
    relays = []
    for each, where in _list(top, "relays"):
        relay = _object(each, where, ("downstream", "upstream"))
        relays.append((_known_id(relay, "downstream", where, known), _known_id(relay, "upstream", where, known)))
    cycle = find_cycle(relays)
    if cycle:
        raise GraphError(f"relays: a cycle: {_shown(cycle)}")
    evidence = []
    for each, where in _list(top, "evidence"):
        piece = _object(each, where, ("source", "against_interest"))
        voice = _voice(piece["against_interest"], f"{where}.against_interest")
        evidence.append(Bearing(_known_id(piece, "source", where, known), voice))
    return Graph(sources, relays, evidence)


def _source(data: object, where: str, uncountable: set[str]) -> SourceNode:
    source = _object(data, where, ("id", "voice", "basis", "live"))
    name = _name(source["id"], f"{where}.id")
    voice = _voice(source["voice"], f"{where}.voice")
    basis = source["basis"]
    if basis not in ("firsthand", "secondhand", "unknown"):
        raise GraphError(f'{where}.basis: must be "firsthand", "secondhand" or "unknown"')
    if not isinstance(source["live"], bool):
        raise GraphError(f"{where}.live: must be true or false")
    return SourceNode(name, voice, basis, source["live"], voice not in uncountable)


def _object(data: object, where: str, keys: Sequence[str]) -> dict[str, object]:
    if not isinstance(data, dict):
        raise GraphError(f"{where}: must be an object with {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise GraphError(f"{where}: {key} is missing")
    for key in data:
        if key not in keys:
            raise GraphError(f"{where}: {_quoted(key)} is not one of {', '.join(keys)}")
    return data


def _list(top: dict[str, object], key: str) -> list[tuple[object, str]]:
    items = top[key]
    if not isinstance(items, list):
        raise GraphError(f"{key}: must be a list")
    return [(each, f"{key}[{place}]") for place, each in enumerate(items)]


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise GraphError(f"{where}: must be a text that is not empty")
    return value


def _voice(value: object, where: str) -> Voice:
    return None if value is None else _name(value, where)


def _known_id(data: dict[str, object], key: str, where: str, known: dict[str, int]) -> str:
    name = _name(data[key], f"{where}.{key}")
    _listed(known, name, f"{where}.{key}")
    return name


def _quoted(text: str) -> str:
    """In one line of plain ASCII, whatever the text holds, and of bearable length."""
    return json.dumps(text if len(text) <= 80 else f"{text[:79]}…")


def _shown(cycle: list[str]) -> str:
    steps = [_quoted(each) for each in cycle]
    if len(steps) > 12:
        steps = [*steps[:6], f"({len(steps) - 12} more)", *steps[-6:]]
    return " got it from ".join(steps)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise GraphError(f"the key {_quoted(key)} stands twice in one object")
        found[key] = value
    return found


def _read_file(path: str) -> Graph:
    try:
        return read_graph(json.loads(Path(path).read_bytes(), object_pairs_hook=_no_key_twice))
    except OSError as error:
        raise GraphError(f"cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise GraphError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise GraphError("not a graph: nested too deep") from error
    except GraphError:
        raise
    except ValueError as error:  # bytes that are no text, a number too long to read
        raise GraphError(f"not JSON: {_quoted(str(error))}") from error


def main(arguments: Sequence[str]) -> int:
    """Print the independence of the graph in the named file as JSON. Returns the exit status: 0, or 2 with one line on
    the standard error output that says where the input is wrong."""
    if len(arguments) != 1:
        print("usage: python -m sources.independence GRAPH.json", file=sys.stderr)
        return 2
    try:
        answer = independence(_read_file(arguments[0]))
    except GraphError as error:
        print(f"{json.dumps(arguments[0])}: {error}", file=sys.stderr)
        return 2
    voices = list(answer.single_points_of_failure)
    print(json.dumps({"min": answer.min, "max": answer.max, "single_points_of_failure": voices}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
