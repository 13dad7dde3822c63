"""`python -m sources.independence GRAPH.json`, as a command of its own."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from sources.independence import Counting, GraphError, main, read_graph

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS, UNCHECKED = (
    json.loads(Path(__file__).with_name(f"independence_{name}.json").read_text())
    for name in ("vectors", "unchecked_vectors")
)
GRAPH = {
    "sources": [
        {"id": "a", "voice": "A", "basis": "secondhand", "live": True},
        {"id": "o", "voice": None, "basis": "firsthand", "live": True},
    ],
    "relays": [{"downstream": "a", "upstream": "o"}],
    "evidence": [{"source": "a", "against_interest": None}],
    "uncountable": ["P"],
}


def changed(path: list[str | int], value: object) -> dict[str, Any]:
    """GRAPH with one value replaced."""
    graph: Any = deepcopy(GRAPH)
    place = graph
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return graph  # type: ignore[no-any-return]


def without(path: list[str | int]) -> dict[str, Any]:
    graph: Any = deepcopy(GRAPH)
    place = graph
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return graph  # type: ignore[no-any-return]


@pytest.mark.parametrize("vector", [VECTORS[0], VECTORS[6], VECTORS[17], VECTORS[21]], ids=lambda each: each["name"])
def test_command_prints_what_the_vector_expects(vector: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text(json.dumps(vector["graph"]))
    done = run(tmp_path / "graph.json")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, vector["expect"], "")


@pytest.mark.parametrize("vector", [*VECTORS, *UNCHECKED], ids=lambda each: each["name"])
def test_every_vector_through_the_command(
    vector: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "graph.json").write_text(json.dumps(vector["graph"]))
    assert (main([str(tmp_path / "graph.json")]), json.loads(capsys.readouterr().out)) == (0, vector["expect"])


def test_command_loads_nothing_of_django(tmp_path: Path) -> None:
    code = "import sys, sources.independence; print([name for name in sys.modules if name.startswith('django')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_command_says_on_one_line_where_a_file_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text(json.dumps(changed(["relays", 0, "upstream"], "z")))
    done = run(file)
    expected = f'"{file}": relays[0].upstream: no source has the id "z"\n'
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "not JSON at line 1, column 1: Expecting value"),
        (b'{"sources": [}', "not JSON at line 1, column 14: Expecting value"),
        (b"\xff\xfe\xfd", "not JSON: "),
        (b"[" * 100_000, "not a graph: nested too deep"),
        (b'{"sources": ' + b"9" * 5000 + b"}", "not JSON: "),
        (b'{"sources": [], "sources": []}', 'the key "sources" stands twice in one object'),
        (b"null", "the graph: must be an object with sources, relays, evidence, uncountable"),
        (b"NaN", "the graph: must be an object with sources, relays, evidence, uncountable"),
    ],
)
def test_file_that_is_no_graph(content: bytes, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "graph.json"
    file.write_bytes(content)
    status = main([str(file)])
    said = capsys.readouterr()
    assert (status, said.out, said.err.count("\n"), said.err.startswith(f'"{file}": {where}')) == (2, "", 1, True)


def test_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err == f'"{tmp_path}/none.json": cannot be read: No such file or directory\n'


def test_folder_instead_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f'"{tmp_path}": cannot be read: Is a directory\n'


@pytest.mark.parametrize("arguments", [[], ["a.json", "b.json"]])
def test_anything_but_one_file_shows_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m sources.independence GRAPH.json\n"


@pytest.mark.parametrize("name", ["none\x00.json", "two\nlines.json", "ill\udcff.json"])
def test_strange_file_names_give_one_plain_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main([name])
    said = capsys.readouterr().err
    assert (status, said.count("\n"), said.isascii()) == (2, 1, True)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (without(["uncountable"]), "the graph: uncountable is missing"),
        (without(["sources", 1, "live"]), "sources[1]: live is missing"),
        (without(["evidence", 0, "against_interest"]), "evidence[0]: against_interest is missing"),
        (changed(["more"], 1), 'the graph: "more" is not one of sources, relays, evidence, uncountable, unchecked'),
        (changed(["unchecked"], ["A", ""]), "unchecked[1]: must be a text that is not empty"),
        (changed(["sources", 0, "counts"], 1), 'sources[0]: "counts" is not one of id, voice, basis, live'),
        (changed(["sources"], {}), "sources: must be a list"),
        (changed(["sources", 0], "a"), "sources[0]: must be an object with id, voice, basis, live"),
        (changed(["sources", 0, "id"], 7), "sources[0].id: must be a text that is not empty"),
        (changed(["sources", 0, "voice"], ""), "sources[0].voice: must be a text that is not empty"),
        (
            changed(["sources", 0, "basis"], "hearsay"),
            'sources[0].basis: must be "firsthand", "secondhand" or "unknown"',
        ),
        (changed(["sources", 0, "basis"], []), 'sources[0].basis: must be "firsthand", "secondhand" or "unknown"'),
        (changed(["sources", 0, "live"], 1), "sources[0].live: must be true or false"),
        (changed(["sources", 1, "id"], "a"), 'sources[1].id: "a" is already the id of sources[0]'),
        (changed(["relays", 0, "downstream"], None), "relays[0].downstream: must be a text that is not empty"),
        (changed(["relays", 0, "downstream"], "z"), 'relays[0].downstream: no source has the id "z"'),
        (changed(["relays", 0, "upstream"], "a"), 'relays: a cycle: "a" got it from "a"'),
        (changed(["evidence", 0, "source"], "z\n"), 'evidence[0].source: no source has the id "z\\n"'),
        (
            changed(["evidence", 0, "against_interest"], 3),
            "evidence[0].against_interest: must be a text that is not empty",
        ),
        (changed(["uncountable", 0], None), "uncountable[0]: must be a text that is not empty"),
    ],
)
def test_malformed_graph_is_refused_with_the_place(graph: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphError) as refused:
        read_graph(graph)
    assert str(refused.value) == message


def test_long_cycle_is_shown_in_a_line_of_bearable_length() -> None:
    count = 1000
    sources = [{"id": str(n), "voice": None, "basis": "secondhand", "live": True} for n in range(count)]
    relays = [{"downstream": str(n), "upstream": str((n + 1) % count)} for n in range(count)]
    with pytest.raises(GraphError) as refused:
        read_graph({"sources": sources, "relays": relays, "evidence": [], "uncountable": []})
    assert str(refused.value) == (
        'relays: a cycle: "0" got it from "1" got it from "2" got it from "3" got it from "4" got it from "5"'
        ' got it from (989 more) got it from "995" got it from "996" got it from "997" got it from "998"'
        ' got it from "999" got it from "0"'
    )


def run(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sources.independence", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_bounds_are_printed_as_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Enough to pack, to cut and to gather paths, and nothing for branching.
    monkeypatch.setitem(Counting.independence.__kwdefaults__ or {}, "most_work", 205)
    pairs = ["AB", "BC", "CA"]  # any two of the three voices are needed: one search deep
    graph = {
        "sources": [
            {"id": f"{pair}{place}", "voice": voice, "basis": ("secondhand", "firsthand")[place], "live": True}
            for pair in pairs
            for place, voice in enumerate(pair)
        ],
        "relays": [{"downstream": f"{pair}0", "upstream": f"{pair}1"} for pair in pairs],
        "evidence": [{"source": f"{pair}0", "against_interest": None} for pair in pairs],
        "uncountable": [],
    }
    (tmp_path / "graph.json").write_text(json.dumps(graph))
    assert main([str(tmp_path / "graph.json")]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "min": 1, "max": 3, "single_points_of_failure": [], "exact": False,
    }  # fmt: skip
