"""Moves: which there are and what they lack, those that one person makes, and the history of all."""

import hashlib

import pytest

from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast


def test_every_move_from_here_says_what_it_lacks(cast: Cast, auditor: Api) -> None:
    claim = factories.claim(cast)
    moves = auditor.rows(f"claims/{claim.reference}/moves/")
    assert [(move["to"], move["name"], move["decides"], move["possible"]) for move in moves] == [
        ("denied", "record denial", "alone", False),
        ("corroborated", "corroborate", "second", False),
        ("refuted", "refute", "second", False),
    ]
    assert [[item["code"] for item in move["missing"]] for move in moves] == [
        ["no_party_denial"],
        ["voices_supports"],
        ["voices_refutes"],
    ]
    assert moves[1]["missing"][0]["text"].startswith("2 more independent voices.")


def test_what_a_verdict_has_to_answer_is_named(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast, evidence=[{"source": factories.source(cast).pk, "stance": "supports"}])
    (refuting,) = factories.firsthand(cast, claim, 1, stance="refutes")
    (supporting,) = claim.evidence.filter(stance="supports")
    contrary = {move["to"]: move["contrary"] for move in reviewer.rows(f"claims/{claim.reference}/moves/")}
    assert contrary == {"denied": [], "corroborated": [str(refuting.pk)], "refuted": [str(supporting.pk)]}


def test_from_a_closed_claim_no_move_is_possible(cast: Cast, editor: Api) -> None:
    claim = factories.claim_in(cast, "denied")
    editor.post(f"claims/{claim.reference}/close/", {"reason": "moot"})
    moves = editor.rows(f"claims/{claim.reference}/moves/")
    assert {move["possible"] for move in moves} == {False}
    assert {move["missing"][0]["code"] for move in moves} == {"closed"}


def test_a_denial_is_recorded_and_withdrawn_by_one_person(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    path = f"claims/{claim.reference}/"
    version = factories.fresh(claim).version
    body = {"to": "denied", "reason": "The ministry said no.", "evidence": [str(denial.pk)], "seen_version": version}
    response = editor.post(path + "moves/", body)
    change = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/{path}history/2/"
    assert {name: change[name] for name in ("seq", "from", "to", "by", "decided_by", "reason", "evidence")} == {
        "seq": 2,
        "from": "reported",
        "to": "denied",
        "by": "editor",
        "decided_by": None,
        "reason": "The ministry said no.",
        "evidence": [str(denial.pk)],
    }
    editor.post(f"{path}evidence/{denial.pk}/withdraw/", {"reason": "Misheard."})
    body = {"to": "reported", "reason": "It was never said.", "seen_version": factories.fresh(claim).version}
    assert editor.post(path + "moves/", body).json()["to"] == "reported"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to": "corroborated"}, 409),  # a second person decides
        ({"to": "reported"}, 409),  # no such move
        ({"seen_version": 1}, 409),
        ({"to": "true"}, 400),
        ({"evidence": []}, 400),
        ({"reason": " "}, 400),
        ({"seen_version": None}, 400),
        ({"evidence": ["f2b6ad0c-0f2a-4f4c-9d7e-000000000000"]}, 400),
    ],
)
def test_a_move_that_cannot_be_made_says_why(cast: Cast, editor: Api, change: dict[str, object], status: int) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    body = {
        "to": "denied",
        "reason": "So.",
        "evidence": [str(denial.pk)],
        "seen_version": factories.fresh(claim).version,
    }
    response = editor.post(f"claims/{claim.reference}/moves/", body | change)
    assert response.status_code == status
    assert factories.fresh(claim).state == "reported"


def test_a_denial_that_is_none_is_not_possible_yet(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    other = factories.attach(cast, claim, factories.source(cast), "denies")
    body = {
        "to": "denied",
        "reason": "So.",
        "evidence": [str(other.pk)],
        "seen_version": factories.fresh(claim).version,
    }
    response = editor.post(f"claims/{claim.reference}/moves/", body)
    assert response.status_code == 422
    assert [item["code"] for item in response.json()["missing"]] == ["no_party_denial"]


def test_seen_version_is_required(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    assert errors(editor.post(f"claims/{claim.reference}/moves/", {"to": "denied"})) == ["seen_version"]


def test_the_history_is_told_oldest_first(cast: Cast, auditor: Api) -> None:
    claim = factories.claim_in(cast, "corroborated")
    changes = auditor.rows(f"claims/{claim.reference}/history/")
    assert [(one["seq"], one["from"], one["to"]) for one in changes] == [
        (1, None, "reported"),
        (2, "reported", "corroborated"),
    ]
    last = changes[1]
    assert (last["by"], last["decided_by"]) == ("reviewer", "editor")
    assert (last["reason"], last["decision_reason"]) == ("This is what the evidence shows.", "I agree.")
    assert (last["stance"], last["independence"], last["threshold"]) == ("supports", {"min": 2, "max": 2}, 2)
    assert len(last["evidence"]) == len(set(last["evidence"])) == 3


def test_a_status_change_shows_the_graph_that_its_digest_is_of(cast: Cast, auditor: Api) -> None:
    claim = factories.claim_in(cast, "refuted")
    change = auditor.get(f"claims/{claim.reference}/history/2/").json()
    assert hashlib.sha256(change["graph"].encode()).hexdigest() == change["graph_digest"]


def test_a_status_change_that_was_not_made_is_not_here(cast: Cast, auditor: Api) -> None:
    claim = factories.claim(cast)
    assert auditor.get(f"claims/{claim.reference}/history/2/").status_code == 404
    assert auditor.get(f"claims/{claim.reference}/history/99999999999999999999/").status_code == 404
