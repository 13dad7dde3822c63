"""Receipts as people get them: in the answer, on the next page, in a list of their own; nobody gets another's."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.actions import set_role
from accounts.models import Act, User
from claims.actions.actors import merge_actors
from claims.actions.evidence import change_evidence
from claims.inputs import EvidenceInput, MergeInput
from ledger.keys import policy_text
from ledger.verifier import read_policy, split_receipts
from reviews.actions.memberships import change_account
from sources.actions import create_actor
from sources.inputs import ActorInput
from tests import factories
from tests.api.client import Api
from tests.factories import Cast
from tests.ledger.installation import publish_here
from tests.pages import fields_of, signed_in, text_of

pytestmark = pytest.mark.django_db

LINE = "Recorded in the ledger. Keep the receipt"


def leaves_of(user: User) -> list[str]:
    """The leaf hashes of all that a person did, newest first."""
    return [bytes(act.entry.leaf_hash).hex() for act in Act.objects.filter(by=user).order_by("-entry")]


def denied(cast: Cast, api: Api) -> Any:
    """A status change that an editor makes alone, by the API."""
    claim = factories.claim(cast)
    item = factories.party_denial(cast, claim)
    version = factories.fresh(claim).version
    body = {"to": "denied", "reason": "So.", "evidence": [str(item.pk)], "seen_version": version}
    return api.post(f"claims/{claim.reference}/moves/", body)


def test_an_answer_of_the_api_names_the_receipts(cast: Cast) -> None:
    api = Api(cast.editor)
    answer = denied(cast, api)
    [leaf] = [one for one in leaves_of(cast.editor) if one in answer["Ledger-Receipts"]]
    assert answer["Ledger-Receipts"] == f"http://testserver/api/v1/receipts/?leaves={leaf}"
    [row] = api.get("receipts/", leaves=leaf).json()["results"]
    assert row == api.get(f"receipts/{leaf}/").json()
    assert (row["kind"], row["leaf_hash"], row["log_index"]) == ("status_changed", leaf, None)
    receipt = read_policy(policy_text()).receipt(row["receipt"].encode())
    assert (receipt.leaf_hash.hex(), receipt.longest_delay) == (leaf, 60)
    assert answer.json()["receipt"] == row["receipt"]


def test_a_receipt_says_where_the_entry_is_once_it_is_in_the_log(cast: Cast, tmp_path: Path) -> None:
    api = Api(cast.editor)
    address = denied(cast, api)["Ledger-Receipts"]
    publish_here(tmp_path / "signer")
    [row] = api.client.get(address, headers=api.headers).json()["results"]
    assert isinstance(row["log_index"], int)


def test_what_records_nothing_names_no_receipt(cast: Cast) -> None:
    api = Api(cast.editor)
    answers = [api.get("claims/"), api.post("claims/", {"statement": ""})]
    assert [answer.headers.get("Ledger-Receipts") for answer in answers] == [None, None]


def test_nobody_gets_a_receipt_of_anothers_act(cast: Cast) -> None:
    api = Api(cast.editor)
    denied(cast, api)
    own = leaves_of(cast.editor)[0]
    for other in (cast.reviewer, cast.admin, cast.auditor, cast.stranger):
        of_other = Api(other)
        asked = [of_other.get(f"receipts/{leaf}/") for leaf in (own, "0" * 64)]
        assert [answer.status_code for answer in asked] == [404, 404]
        assert asked[0].json() == asked[1].json()
        assert of_other.get("receipts/", leaves=own).json()["results"] == []
        assert signed_in(other).get(f"/account/receipts/file?leaves={own}").status_code == 404


def test_the_next_page_offers_the_receipts_once(cast: Cast) -> None:
    claim, client = factories.claim(cast), signed_in(cast.editor)
    answer = client.post(f"/claims/{claim.reference}/publish/", {"reason": "Agreed.", "version": claim.version})
    assert (answer.status_code, "Ledger-Receipts" in answer) == (302, True), text_of(answer)
    pages = [client.get(answer["Location"]) for _time in range(2)]
    assert [LINE in text_of(page) for page in pages] == [True, False]
    [leaf, *_rest] = leaves_of(cast.editor)
    file = client.get(f"/account/receipts/file?leaves={leaf}")
    assert pages[0].content.decode().count(f"/account/receipts/file?leaves={leaf}") == 1
    assert file["Content-Disposition"] == f'attachment; filename="receipt-{leaf[:12]}.txt"'
    assert read_policy(policy_text()).receipt(file.content).leaf_hash.hex() == leaf


def test_the_line_is_for_the_person_alone(cast: Cast) -> None:
    claim, client = factories.claim(cast), signed_in(cast.editor)
    client.post(f"/claims/{claim.reference}/publish/", {"reason": "Agreed.", "version": claim.version})
    client.force_login(cast.reporter)
    assert LINE not in text_of(client.get("/account/"))


def test_several_receipts_are_one_file(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    leaves = leaves_of(cast.reviewer)[:4]
    file = signed_in(cast.reviewer).get(f"/account/receipts/file?leaves={','.join(leaves)}").content
    policy = read_policy(policy_text())
    assert {policy.receipt(note).leaf_hash.hex() for note in split_receipts(file)} == set(leaves)


def test_a_receipt_is_the_same_when_it_is_fetched_again(cast: Cast) -> None:
    factories.claim(cast)
    leaf, client = leaves_of(cast.reporter)[0], signed_in(cast.reporter)
    first, again = (client.get(f"/account/receipts/file?leaves={leaf}").content for _time in range(2))
    assert first == again


def test_one_s_receipts_are_listed(cast: Cast, tmp_path: Path) -> None:
    factories.claim(cast)
    publish_here(tmp_path / "signer")
    shown = text_of(signed_in(cast.reporter).get("/account/receipts/"))
    assert "claim created" in shown
    assert "in the log at index" in shown
    assert "claim created" not in text_of(signed_in(cast.admin).get("/account/receipts/"))


def test_the_list_names_what_each_is_about_while_one_may_see_it(cast: Cast) -> None:
    claim = factories.claim(cast)
    source = factories.source(cast, "What the harbour says", by=cast.reporter)
    page = text_of(signed_in(cast.reporter).get("/account/receipts/"))
    assert [f"claim created {claim.reference}" in page, f"source created {source.title}" in page] == [True] * 2
    set_role(desk=cast.desk, user=cast.reporter, role=None, by=None)
    page = text_of(signed_in(cast.reporter).get("/account/receipts/"))
    assert ["claim created" in page, claim.reference in page, source.title in page] == [True, False, False]


def test_what_is_taken_back_gives_no_receipt(cast: Cast) -> None:
    claim = factories.claim(cast)
    source = factories.firsthand(cast, claim, 1)[0].source
    api = Api(cast.editor)
    answer = api.post(f"sources/{source.pk}/retract/", {"reason": "Untrue.", "dry_run": True})
    assert (answer.status_code, answer.headers.get("Ledger-Receipts")) == (200, None)


def test_what_follows_on_desks_of_others_is_told_to_nobody(cast: Cast) -> None:
    """Neither how many claims a person had to review, nor how many name an actor: an administrator reads no claims."""
    for _number in range(2):
        factories.assigned(cast, factories.claim(cast))
    change_account(user=cast.reviewer, changes={"is_active": False}, by=cast.admin)
    assert Act.objects.filter(by=cast.admin, kind="assignment_ended").count() == 2
    kinds = [row["kind"] for row in Api(cast.admin).get("receipts/").json()["results"]]
    assert (kinds[0], "assignment_ended" in kinds) == ("account_changed", False)


def test_an_answer_names_none_of_what_follows_on_desks_of_others(cast: Cast) -> None:
    factories.assigned(cast, factories.claim(cast))
    client = Client()
    client.force_login(cast.admin)
    address = f"/desk/{cast.desk.pk}/members/{cast.reviewer.memberships.get().pk}/remove/"
    answer = client.post(address, fields_of(client.get(address)))
    made = Act.objects.filter(by=cast.admin, kind__in=["assignment_ended", "role_granted"]).order_by("entry")
    hashes = {act.kind: bytes(act.entry.leaf_hash).hex() for act in made}
    assert set(hashes) == {"role_granted", "assignment_ended"}, answer.status_code
    named = answer["Ledger-Receipts"]
    assert [hashes["role_granted"] in named, hashes["assignment_ended"] in named] == [True, False]


@pytest.mark.parametrize(("role", "is_told"), [("reporter", False), ("auditor", False), ("editor", True)])
def test_restricted_evidence_that_a_merge_reaches_is_told_to_editors_of_the_desk_alone(
    cast: Cast, role: str, is_told: bool
) -> None:
    """An administrator merges actors that all desks share, and has a role on a desk besides."""
    merged, remains = (
        create_actor(desk=None, fields=ActorInput(name=name, kind="person"), by=cast.admin) for name in ("Ann", "Anne")
    )
    source = factories.source(cast, by=cast.editor, visibility="restricted")
    against: dict[str, Any] = {"against_interest": merged, "against_interest_reason": "It costs her."}
    factories.attach(cast, factories.claim(cast), source, by=cast.editor, **against)
    set_role(desk=cast.desk, user=cast.admin, role=role, by=None)
    merge_actors(actor=merged, fields=MergeInput(into=remains.pk, reason="One person."), by=cast.admin)
    assert Act.objects.filter(by=cast.admin, kind="evidence_changed", sealed=True).count() == 1
    kinds = [row["kind"] for row in Api(cast.admin).get("receipts/").json()["results"]]
    assert ("actor_merged" in kinds, "evidence_changed" in kinds) == (True, is_told)


def test_restricted_evidence_that_one_changes_oneself_gives_a_receipt(cast: Cast) -> None:
    source = factories.source(cast, by=cast.reviewer, visibility="restricted")
    item = factories.attach(cast, factories.claim(cast), source, by=cast.reviewer)
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="Other words."), by=cast.reviewer)
    kinds = [row["kind"] for row in Api(cast.reviewer).get("receipts/").json()["results"]]
    assert kinds[0] == "evidence_changed"
