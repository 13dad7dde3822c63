"""Claims: written down, read, changed, published, closed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.actions import set_role
from accounts.models import Desk
from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast

NAMES = {
    *("reference", "desk", "statement", "original_statement", "language", "claimant", "also_claimed_by", "parties"),
    *("claimed_on", "happened_from", "happened_to", "place", "topics", "elements", "state", "contested"),
    *("support_lost", "independence", "threshold", "threshold_reason", "version", "due_at", "published_at"),
    *("closed_at", "closed_reason", "closed_note", "created_by", "created_at", "changed_at", "changed_since_verdict"),
}


def new_claim(cast: Cast, **fields: Any) -> dict[str, Any]:
    source = factories.source(cast, "A report")
    return {
        "statement": "Shells were sent by sea.",
        "evidence": [{"source": str(source.pk), "stance": "supports"}],
        **fields,
    }


def test_a_reporter_writes_a_claim_down_on_the_only_desk_they_are_on(cast: Cast, reporter: Api) -> None:
    response = reporter.post("claims/", new_claim(cast))
    claim = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/claims/{claim['reference']}/"
    assert response.headers["ETag"] == f'"v{claim["version"]}"'
    assert set(claim) == NAMES
    assert (claim["reference"], claim["state"], claim["desk"]) == ("UKR-1", "reported", str(cast.desk.pk))
    assert (claim["independence"], claim["threshold"], claim["created_by"]) == ({"min": 0, "max": 1}, 2, "reporter")


def test_every_field_of_a_claim_comes_back_as_it_was_given(cast: Cast, reporter: Api) -> None:
    people = [str(factories.actor(cast).pk) for _ in range(3)]
    fields = {
        "statement": "Снаряды отправлены морем.",
        "original_statement": "The shells went by sea.",
        "language": "en",
        "claimant": people[0],
        "also_claimed_by": [people[1]],
        "parties": [people[2]],
        "claimed_on": "2022-11-02",
        "happened_from": "2022-10-01",
        "happened_to": "2022-10-31",
        "place": "Wonsan",
        "topics": ["arms", "shipping"],
    }
    elements = [{"text": "by sea"}, {"text": "covertly", "essential": False}]
    claim = reporter.post("claims/", new_claim(cast, **fields, elements=elements)).json()
    assert {name: claim[name] for name in fields} == fields
    assert [(element["text"], element["essential"]) for element in claim["elements"]] == [
        ("by sea", True),
        ("covertly", False),
    ]


def test_inline_evidence_names_elements_by_their_number(cast: Cast, reporter: Api) -> None:
    body = new_claim(cast, elements=[{"text": "by sea"}, {"text": "covertly"}])
    body["evidence"][0]["elements"] = [1]
    claim = reporter.post("claims/", body).json()
    evidence = reporter.rows(f"claims/{claim['reference']}/evidence/")
    assert [item["elements"] for item in evidence] == [[claim["elements"][1]["id"]]]


def test_reporting_without_a_source_is_not_possible_yet(cast: Cast, reporter: Api) -> None:
    response = reporter.post("claims/", {"statement": "Shells were sent by sea."})
    assert response.status_code == 422
    assert [item["code"] for item in response.json()["missing"]] == ["no_source"]


def test_who_is_on_two_desks_names_one(cast: Cast, reporter: Api) -> None:
    set_role(desk=cast.other_desk, user=cast.reporter, role="reporter", by=None)
    assert errors(reporter.post("claims/", new_claim(cast))) == ["desk"]
    assert reporter.post("claims/", new_claim(cast, desk=str(cast.desk.pk))).status_code == 201


def test_another_desks_actor_source_or_desk_is_as_absent(cast: Cast, reporter: Api) -> None:
    strange = Api(cast.stranger)
    actor = strange.post("actors/", {"name": "Elsewhere", "kind": "state"}).json()["id"]
    source = strange.post("sources/", {"title": "Elsewhere"}).json()["id"]
    evidence = [{"source": source, "stance": "supports"}]
    assert errors(reporter.post("claims/", new_claim(cast, claimant=actor))) == ["claimant"]
    assert errors(reporter.post("claims/", new_claim(cast, evidence=evidence))) == ["evidence.0.source"]
    assert errors(reporter.post("claims/", new_claim(cast, desk=str(cast.other_desk.pk)))) == ["desk"]


def test_a_name_that_is_no_field_is_refused_and_named(cast: Cast, reporter: Api) -> None:
    assert errors(reporter.post("claims/", new_claim(cast, statment="x"))) == ["statment"]
    assert errors(reporter.post("claims/", new_claim(cast, elements=[{"text": "a", "esential": True}]))) == [
        "elements.0.esential"
    ]


def test_a_claim_is_read_with_its_version_as_entity_tag(cast: Cast, auditor: Api) -> None:
    claim = factories.fresh(factories.claim(cast))
    response = auditor.get(f"claims/{claim.reference}/")
    assert response.json()["statement"] == claim.statement
    assert response.headers["ETag"] == f'"v{claim.version}"'
    assert response.headers["Cache-Control"] == "no-store"


def test_a_change_of_some_fields_leaves_the_others(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast, place="Wonsan")
    before = reviewer.get(f"claims/{claim.reference}/").json()
    after = reviewer.patch(f"claims/{claim.reference}/", {"language": "uk", "topics": ["arms"]}).json()
    changed = {name for name in NAMES if before[name] != after[name]}
    assert changed == {"language", "topics", "version", "changed_at"}


def test_a_change_of_nothing_is_refused(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    assert errors(reviewer.patch(f"claims/{claim.reference}/", {})) == [""]
    assert errors(reviewer.patch(f"claims/{claim.reference}/", {"seen_version": 1})) == [""]


def test_elements_are_kept_by_id_and_added_without(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast, elements=["by sea"])
    (element,) = reviewer.get(f"claims/{claim.reference}/").json()["elements"]
    elements = [{"id": element["id"], "text": "by ship"}, {"text": "covertly"}]
    after = reviewer.patch(f"claims/{claim.reference}/", {"elements": elements}).json()["elements"]
    assert [one["text"] for one in after] == ["by ship", "covertly"]
    assert after[0]["id"] == element["id"]


@pytest.mark.parametrize("header", ['"v{}"', '"v0", "v{}"', "*"])
def test_if_match_lets_the_present_version_be_changed(cast: Cast, reviewer: Api, header: str) -> None:
    claim = factories.fresh(factories.claim(cast))
    tag = {"If-Match": header.format(claim.version)}
    assert reviewer.patch(f"claims/{claim.reference}/", {"place": "Rason"}, headers=tag).status_code == 200


@pytest.mark.parametrize("header", ['"v0"', 'W/"v{}"', "v{}", "", '"'])
def test_if_match_refuses_any_other(cast: Cast, reviewer: Api, header: str) -> None:
    claim = factories.fresh(factories.claim(cast))
    tag = {"If-Match": header.format(claim.version)}
    response = reviewer.patch(f"claims/{claim.reference}/", {"place": "Rason"}, headers=tag)
    assert response.status_code == 412
    assert factories.fresh(claim).version == claim.version


def test_a_stale_version_in_the_body_says_what_happened_since(cast: Cast, reviewer: Api) -> None:
    claim = factories.fresh(factories.claim(cast))
    edit_claim(claim=claim, fields=ClaimInput(place="Rason"), by=cast.editor)
    response = reviewer.patch(f"claims/{claim.reference}/", {"place": "Wonsan", "seen_version": claim.version})
    assert response.status_code == 409
    assert (response.json()["version"], response.json()["changes"]) == (
        claim.version + 1,
        ["editor changed this while you were editing: place."],
    )


def test_an_editor_sets_a_threshold_with_the_reason_and_takes_it_back(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    body = {"threshold": 3, "threshold_reason": "Lives depend on it."}
    after = editor.patch(f"claims/{claim.reference}/", body).json()
    assert (after["threshold"], after["threshold_reason"]) == (3, "Lives depend on it.")
    assert editor.patch(f"claims/{claim.reference}/", {"threshold": None}).json()["threshold"] == 2
    assert errors(editor.patch(f"claims/{claim.reference}/", {"threshold": 3})) == ["reason"]
    assert errors(editor.patch(f"claims/{claim.reference}/", {"threshold_reason": "So."})) == ["threshold"]


def test_a_threshold_and_a_field_are_changed_together_or_not_at_all(cast: Cast, editor: Api) -> None:
    claim = factories.fresh(factories.claim(cast))
    body = {"place": "Rason", "threshold": 9, "threshold_reason": "So."}
    assert errors(editor.patch(f"claims/{claim.reference}/", body)) == ["threshold"]
    assert factories.fresh(claim).place == claim.place


def test_publishing_closing_and_taking_back_answer_the_claim(cast: Cast, editor: Api) -> None:
    path = f"claims/{factories.claim(cast).reference}/"
    assert editor.post(path + "publish/").json()["published_at"] is not None
    assert editor.post(path + "publish/").status_code == 409
    assert editor.post(path + "unpublish/", {}).json()["published_at"] is None
    closed = editor.post(path + "close/", {"reason": "moot", "note": "It is over."}).json()
    assert (closed["closed_reason"], closed["closed_note"]) == ("moot", "It is over.")
    assert editor.post(path + "close/", {"reason": "moot"}).status_code == 409
    opened = editor.post(path + "open/").json()
    assert (opened["closed_at"], opened["closed_reason"]) == (None, None)


def test_the_reasons_that_editors_give_are_kept_with_the_versions(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    path = f"claims/{claim.reference}/"
    editor.post(path + "publish/", {"reason": "It is out."})
    editor.post(path + "unpublish/", {"reason": "A source is in danger."})
    editor.post(path + "close/", {"reason": "moot", "note": "It is over."})
    editor.post(path + "open/", {"reason": "It is not."})
    notes = claim.revisions.order_by("-version").values_list("note", flat=True)[:4]
    assert list(notes) == ["It is not.", "It is over.", "A source is in danger.", "It is out."]


def test_a_claim_is_closed_for_one_of_four_reasons(cast: Cast, editor: Api) -> None:
    path = f"claims/{factories.claim(cast).reference}/close/"
    response = editor.post(path, {"reason": "boring"})
    assert response.json()["errors"] == {"reason": ["Choose one of: duplicate, moot, uncheckable, mistake."]}


def test_due_at_is_null_until_the_claim_is_assigned(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    assert reviewer.get(f"claims/{claim.reference}/").json()["due_at"] is None
    due = datetime(2090, 1, 1, 12, tzinfo=UTC)
    factories.assigned(cast, claim, due_at=due)
    assert reviewer.get(f"claims/{claim.reference}/").json()["due_at"] == "2090-01-01T12:00:00Z"


def test_the_desks_threshold_is_the_claims(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    editor.patch(f"desks/{cast.desk.pk}/", {"min_independence": 4})
    assert Desk.objects.get(pk=cast.desk.pk).min_independence == 4
    assert editor.get(f"claims/{claim.reference}/").json()["threshold"] == 4


def test_the_claimants_own_firsthand_source_is_the_first_of_two(cast: Cast, reviewer: Api) -> None:
    witness = factories.actor(cast, "A witness", kind="person")
    source = factories.source(cast, publisher=witness, basis="firsthand")
    evidence = [{"source": source.pk, "stance": "supports"}]
    claim = factories.claim(cast, claimant=witness, parties=[], evidence=evidence)
    assert reviewer.get(f"claims/{claim.reference}/").json()["threshold"] == 1
    assert [row["threshold"] for row in reviewer.rows("claims/")] == [1]
