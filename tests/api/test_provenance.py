"""Who got it from whom, as the API tells it."""

import hashlib

from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.snapshots import snapshot
from tests import factories
from tests.api.client import Api
from tests.factories import Cast


def test_three_sources_that_all_go_back_to_the_claimant_are_independence_nought(cast: Cast, reviewer: Api) -> None:
    government = factories.actor(cast, "The government", kind="state")
    spokesman = factories.actor(cast, "The spokesman", kind="person", part_of=government)
    agency, magazine = factories.actor(cast, "Agency"), factories.actor(cast, "Magazine")
    said = factories.source(cast, "Briefing", publisher=spokesman, basis="firsthand")
    carried = factories.source(cast, "Wire", publisher=agency, basis="secondhand")
    copied = factories.source(cast, "Article", publisher=magazine, basis="secondhand")
    factories.relay(cast, carried, said, quote="he told reporters")
    factories.relay(cast, copied, carried)
    evidence = [{"source": copied.pk, "stance": "supports"}]
    claim = factories.claim(cast, claimant=government, parties=[government], evidence=evidence)

    found = reviewer.get(f"claims/{claim.reference}/provenance/").json()

    assert found["independence"] == {"min": 0, "max": 0}
    assert found["uncountable"] == [
        {
            "voice": str(government.pk),
            "name": "The government",
            "reasons": ["claimant", "party"],
            "sources": [str(said.pk)],
        }
    ]
    assert {one["name"]: one["sources"] for one in found["voices"]} == {
        "The government": [str(said.pk)],
        "Agency": [str(carried.pk)],
        "Magazine": [str(copied.pk)],
    }
    assert {(one["downstream"], one["upstream"], one["quote"]) for one in found["relays"]} == {
        (str(carried.pk), str(said.pk), "he told reporters"),
        (str(copied.pk), str(carried.pk), ""),
    }
    assert {one["title"]: (one["countable"], one["unknown_lineage"]) for one in found["sources"]} == {
        "Briefing": (False, False),
        "Wire": (True, False),
        "Article": (True, False),
    }


def test_one_voice_is_the_single_point_of_failure_and_counts_by_element(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast, elements=["by sea", "covertly"])
    by_sea = claim.elements.all()[0]
    (item,) = factories.firsthand(cast, claim, 1, elements=[by_sea])
    found = reviewer.get(f"claims/{claim.reference}/provenance/").json()
    assert [(one["text"], one["independence"], one["threshold"]) for one in found["elements"]] == [
        ("by sea", {"min": 1, "max": 1}, 2),
        ("covertly", {"min": 0, "max": 0}, 2),
    ]
    assert found["elements"][0]["single_points_of_failure"] == [str(item.source.publisher_id)]
    assert found["independence"] == {"min": 0, "max": 0}


def test_refuting_evidence_is_counted_apart(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2, stance="refutes")
    found = reviewer.get(f"claims/{claim.reference}/provenance/").json()
    assert found["refuting"] == {"independence": {"min": 2, "max": 2}, "single_points_of_failure": []}
    assert found["elements"] == []


def test_an_unknown_voice_is_null_and_its_lineage_said_to_be_unknown(cast: Cast, reviewer: Api) -> None:
    evidence = [{"source": factories.source(cast, "Leaflet").pk, "stance": "supports"}]
    claim = factories.claim(cast, evidence=evidence)
    found = reviewer.get(f"claims/{claim.reference}/provenance/").json()
    assert [(one["id"], one["name"]) for one in found["voices"]] == [(None, None)]
    assert [(one["voice"], one["unknown_lineage"]) for one in found["sources"]] == [(None, True)]
    assert (found["independence"], found["single_points_of_failure"]) == ({"min": 0, "max": 1}, [])


def test_the_digest_is_that_of_the_graph_as_it_would_be_recorded(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    digest = hashlib.sha256(snapshot(load_evidence_graph(claim)).encode()).hexdigest()
    assert reviewer.get(f"claims/{claim.reference}/provenance/").json()["digest"] == digest


def test_restricted_material_changes_nothing_for_anybody(cast: Cast, reviewer: Api, editor: Api) -> None:
    claim = factories.claim(cast)
    before = reviewer.get(f"claims/{claim.reference}/provenance/").json()
    witness = factories.actor(cast, "A brave person", kind="person", visibility="restricted", by=cast.editor)
    secret = factories.source(cast, publisher=witness, basis="firsthand", visibility="restricted", by=cast.editor)
    factories.attach(cast, claim, secret, by=cast.editor)
    assert reviewer.get(f"claims/{claim.reference}/provenance/").json() == before
    assert editor.get(f"claims/{claim.reference}/provenance/").json() == before
