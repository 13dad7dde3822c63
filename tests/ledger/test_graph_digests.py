"""What a graph's digest digests, computed anew from docs/ledger.md, section 15, without the code that it describes."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from claims.models import StatusChange, StatusChangeGraph
from tests import factories
from tests.ledger.vectors import FOLDER

if TYPE_CHECKING:
    from tests.factories import Cast

VECTORS = json.loads((FOLDER / "graphs.json").read_text())
WEAKEST_FIRST = ["unknown", "secondhand", "firsthand"]


def voice(actor: str | None, day: str, actors: list[dict[str, Any]]) -> str | None:
    above = {one["id"]: one["part_of"] for one in actors if one["since"] <= day <= one["until"]}
    while actor in above:
        actor = above[actor]
    return actor


def graph_of(rows: dict[str, Any]) -> dict[str, Any]:
    """The graph of rows, as the specification has it."""
    claim, actors = rows["claim"], rows["actors"]
    sources = []
    for one in sorted(rows["sources"], key=lambda one: one["id"]):
        day, said = one["day"], [item["basis"] for item in rows["evidence"] if item["source"] == one["id"]]
        own = voice(one["publisher"], day, actors)
        involved = {voice(actor, day, actors) for actor in claim["claimants"] + claim["parties"]}
        basis = min([each for each in said if each] or [one["basis"]], key=WEAKEST_FIRST.index)
        countable = own is None or own not in involved
        sources.append({**one, "basis": basis, "voice": own, "countable": countable})
    evidence = sorted(rows["evidence"], key=lambda item: item["id"])
    return {
        "v": 1,
        "day": claim["day"],
        "threshold": claim["threshold"],
        "claimants": sorted(claim["claimants"]),
        "parties": sorted(claim["parties"]),
        "elements": claim["elements"],
        "evidence": [
            {**{k: v for k, v in item.items() if k != "basis"}, "elements": sorted(item["elements"])}
            for item in evidence
        ],
        "sources": sources,
        "relays": [{"downstream": below, "upstream": above} for below, above in sorted(rows["relays"])],
    }


def digest_of(graph: dict[str, Any]) -> str:
    # All names and values are ASCII, so that this is the canonical form.
    return hashlib.sha256(json.dumps(graph, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.parametrize("vector", VECTORS, ids=[one["name"] for one in VECTORS])
def test_the_digest_is_that_of_the_graph_that_the_specification_makes_of_the_rows(vector: dict[str, Any]) -> None:
    assert graph_of(vector["rows"]) == vector["graph"]
    assert digest_of(vector["graph"]) == vector["digest"]


def test_the_vectors_have_each_case_of_the_specification() -> None:
    [everything] = [one["graph"] for one in VECTORS if one["name"] == "everything"]
    sources = everything["sources"]
    assert {one["voice"] is None for one in sources} == {one["countable"] for one in sources} == {True, False}
    assert {one["voice"] == one["publisher"] for one in sources} == {True, False}
    assert {one["basis"] for one in sources} == {"firsthand", "secondhand"}


@pytest.mark.django_db
def test_the_graph_that_is_kept_with_a_change_has_the_digest_that_its_entry_commits_to() -> None:
    cast: Cast = factories.cast()
    factories.claim_in(cast, "refuted")
    kept = dict(StatusChangeGraph.objects.values_list("seq", "graph"))
    digests = dict(StatusChange.objects.values_list("seq", "graph_digest"))
    assert {seq: digest_of(json.loads(graph)) for seq, graph in kept.items()} == digests
