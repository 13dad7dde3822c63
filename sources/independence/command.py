"""The command: reads a graph as JSON and prints its independence as JSON."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sources.independence.count import independence
from sources.independence.graph import Bearing, Graph, GraphError, SourceNode, Voice, find_cycle
from sources.independence.net import quoted, source_number


def read_graph(data: object) -> Graph:
    """The graph in a JSON object; every key but `unchecked` is required.

    Keys: `sources` (`id`, `voice`, `basis`, `live`), `relays` (`downstream`, `upstream`), `evidence` (`source`,
    `against_interest`), `uncountable` and `unchecked` (voices). Raises GraphError with one line that names the field or
    the cycle.
    """
    top = _object(data, "the graph", ("sources", "relays", "evidence", "uncountable"), optional=("unchecked",))
    uncountable = {_name(each, where) for each, where in _list(top, "uncountable")}
    unchecked = {_name(each, where) for each, where in _list(top, "unchecked")} if "unchecked" in top else set()
    sources = [
        _source(each, where, uncountable=uncountable, unchecked=unchecked) for each, where in _list(top, "sources")
    ]
    known: dict[str, int] = {}
    for place, source in enumerate(sources):
        if known.setdefault(source.id, place) != place:
            first = f"sources[{known[source.id]}]"
            raise GraphError(f"sources[{place}].id: {quoted(source.id)} is already the id of {first}")
    relays = []
    for each, where in _list(top, "relays"):
        relay = _object(each, where, ("downstream", "upstream"))
        relays.append(
            (
                _known_id(relay, "downstream", where=where, known=known),
                _known_id(relay, "upstream", where=where, known=known),
            )
        )
    cycle = find_cycle(relays)
    if cycle:
        raise GraphError(f"relays: a cycle: {_shown(cycle)}")
    evidence = []
    for each, where in _list(top, "evidence"):
        piece = _object(each, where, ("source", "against_interest"))
        voice = _voice(piece["against_interest"], f"{where}.against_interest")
        evidence.append(Bearing(_known_id(piece, "source", where=where, known=known), voice))
    return Graph(sources, relays, evidence)


def _source(data: object, where: str, *, uncountable: set[str], unchecked: set[str]) -> SourceNode:
    source = _object(data, where, ("id", "voice", "basis", "live"))
    name = _name(source["id"], f"{where}.id")
    voice = _voice(source["voice"], f"{where}.voice")
    basis = source["basis"]
    if basis not in ("firsthand", "secondhand", "unknown"):
        raise GraphError(f'{where}.basis: must be "firsthand", "secondhand" or "unknown"')
    if not isinstance(source["live"], bool):
        raise GraphError(f"{where}.live: must be true or false")
    return SourceNode(
        name,
        voice,
        basis,
        counts=source["live"],
        countable=voice not in uncountable,
        is_checked=voice not in unchecked,
    )


def _object(data: object, where: str, keys: Sequence[str], *, optional: Sequence[str] = ()) -> dict[str, object]:
    if not isinstance(data, dict):
        raise GraphError(f"{where}: must be an object with {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise GraphError(f"{where}: {key} is missing")
    # A misspelt key must not pass as one that was left out.
    for key in data:
        if key not in keys and key not in optional:
            raise GraphError(f"{where}: {quoted(key)} is not one of {', '.join([*keys, *optional])}")
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


def _known_id(data: dict[str, object], key: str, *, where: str, known: dict[str, int]) -> str:
    name = _name(data[key], f"{where}.{key}")
    source_number(known, name, where=f"{where}.{key}")
    return name


def _shown(cycle: list[str]) -> str:
    steps = [quoted(each) for each in cycle]
    if len(steps) > 12:
        steps = [*steps[:6], f"({len(steps) - 12} more)", *steps[-6:]]
    return " got it from ".join(steps)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    # JSON would keep the last of two: the graph would be another than its author reads.
    for key, value in pairs:
        if key in found:
            raise GraphError(f"the key {quoted(key)} stands twice in one object")
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
    except ValueError as error:  # bytes that are not text, or a number too long to parse
        raise GraphError(f"not JSON: {quoted(str(error))}") from error


def main(arguments: Sequence[str]) -> int:
    """Print the independence of the graph in a file as JSON, with `"exact": false` if `min` and `max` are bounds.

    Returns the exit status: 0, or 2 with one line on standard error that locates the mistake in the input.
    """
    if len(arguments) != 1:
        print("usage: python -m sources.independence GRAPH.json", file=sys.stderr)
        return 2
    try:
        answer = independence(_read_file(arguments[0]))
    except GraphError as error:
        print(f"{json.dumps(arguments[0])}: {error}", file=sys.stderr)
        return 2
    voices = list(answer.single_points_of_failure)
    bounds = {} if answer.exact else {"exact": False}
    print(json.dumps({"min": answer.min, "max": answer.max, "single_points_of_failure": voices, **bounds}))
    return 0
