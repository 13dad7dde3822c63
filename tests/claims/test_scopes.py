"""What was found open, each by itself: through which other rows somebody read what they may not see."""

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Act, Role, User
from claims.access.scopes import evidence_for
from claims.actions.evidence import change_evidence
from claims.actions.releasing import release_source
from claims.actions.sources import add_relay, change_actor, change_source, correct_source
from claims.inputs import EvidenceInput
from claims.models import Evidence
from claims.queries import attachments_of, captures_of, evidence_of, get_evidence, get_source, visible_sources
from claims.verdicts.snapshots import snapshot_digest
from house.errors import Invalid
from ledger.keys import policy_text
from ledger.reading import openings_of
from ledger.verifier import check_claim_proof, read_policy
from reviews.actions.assignments import decline, reassign, withdraw_assignment
from reviews.actions.memberships import change_role
from reviews.models import Notification
from reviews.tasks import send_due_reminders
from sources.actions import attach_file, request_capture
from sources.inputs import ActorInput, SourceInput
from sources.models import Source
from tests import factories
from tests.factories import Cast, fresh
from tests.ledger.installation import publish_here
from tests.pages import signed_in

UNSAID = ["This is not possible now."]


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


def _with_material(cast: Cast) -> Source:
    source = factories.source(cast, "The log", by=cast.editor, url="https://log.example/")
    attach_file(source=source, chunks=[b"Hers."], name="hers.txt", visibility="restricted", by=cast.editor)
    capture = request_capture(source=source, by=cast.editor)
    type(capture).objects.update(visibility="restricted")
    return source


def test_who_attaches_a_source_themselves_reads_no_restricted_material_of_it(cast: Cast) -> None:
    source, claim = _with_material(cast), factories.claim(cast)
    factories.assigned(cast, claim, accepted=False)
    factories.attach(cast, claim, source, "context", by=cast.reviewer)
    assert (list(attachments_of(cast.reviewer, source)), list(captures_of(cast.reviewer, source))) == ([], [])


@pytest.mark.parametrize("accepted", [False, True])
def test_what_an_editor_placed_on_a_claim_its_reviewers_read(cast: Cast, accepted: bool) -> None:
    source, claim = _with_material(cast), factories.claim(cast)
    factories.assigned(cast, claim, accepted=accepted)
    factories.attach(cast, claim, source, "context", by=cast.editor)
    assert (attachments_of(cast.reviewer, source).count(), captures_of(cast.reviewer, source).count()) == (1, 1)


def test_what_its_uploader_placed_is_read_and_what_others_put_in_is_not(cast: Cast) -> None:
    source = factories.source(cast, "Hers", by=cast.reporter, visibility="restricted")
    own = attach_file(source=source, chunks=[b"Hers."], name="own.txt", by=cast.reporter)
    attach_file(source=source, chunks=[b"Theirs."], name="theirs.txt", by=cast.editor)
    claim = factories.claim(cast, by=cast.reporter)
    factories.assigned(cast, claim)
    factories.attach(cast, claim, source, "context", by=cast.reporter)
    assert list(attachments_of(cast.reviewer, get_source(cast.reviewer, source.pk))) == [own]


def test_who_is_made_an_editor_places_nothing_in_hindsight(cast: Cast) -> None:
    source, claim = _with_material(cast), factories.claim(cast)
    factories.assigned(cast, claim)
    factories.attach(cast, claim, source, "context", by=cast.reviewer2)
    change_role(desk=cast.desk, user=cast.reviewer2, role=Role.EDITOR, by=cast.admin)
    assert list(attachments_of(cast.reviewer, source)) == []


@pytest.mark.parametrize("end", ["withdraw", "decline", "hand_over"])
def test_what_an_assignment_showed_ends_with_it(cast: Cast, end: str) -> None:
    source = factories.source(cast, "Hers", by=cast.editor, visibility="restricted")
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    item = factories.attach(cast, claim, source, "context", by=cast.editor)
    assert get_evidence(cast.reviewer, claim, item.pk).source.title == "Hers"
    if end == "withdraw":
        withdraw_assignment(assignment=assignment, by=cast.editor)
    elif end == "decline":
        decline(assignment=assignment, reason="Too much.", by=cast.reviewer)
    else:
        reassign(assignment=assignment, to=cast.reviewer2, reason="Yours.", by=cast.reviewer)
    seen = evidence_of(cast.reviewer, claim).filter(pk=item.pk), visible_sources(cast.reviewer).filter(pk=source.pk)
    assert [rows.exists() for rows in seen] == [False, False]


def test_who_attached_it_once_reads_nothing_of_it_after_it_was_restricted(cast: Cast) -> None:
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    source = factories.source(cast, "The log", by=cast.editor)
    item = factories.attach(cast, claim, source, "context", by=cast.reviewer)
    withdraw_assignment(assignment=assignment, by=cast.editor)
    change_source(source=source, fields=SourceInput(visibility="restricted", title="Her name"), by=cast.editor)
    client = signed_in(cast.reviewer)
    for address in (f"/claims/{claim.reference}/", f"/api/v1/claims/{claim.reference}/evidence/", "/sources/"):
        text = client.get(address).content.decode()
        assert [word for word in ("Her name", "The log", str(item.pk), str(source.pk)) if word in text] == []
    # As the editor reads it, so that the page is known to tell of it at all.
    assert "Her name" in signed_in(cast.editor).get(f"/claims/{claim.reference}/").content.decode()


def test_evidence_is_seen_by_nobody_who_may_not_see_its_source(cast: Cast) -> None:
    claim = factories.claim(cast)
    source = factories.source(cast, by=cast.editor)
    item = factories.attach(cast, claim, source, by=cast.reviewer)
    change_source(source=source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    people = {who: user for who, user in vars(cast).items() if hasattr(user, "username")}
    for user in people.values():
        seen = type(item).objects.filter(evidence_for(user), pk=item.pk).exists()
        assert seen == (visible_sources(user).filter(pk=source.pk).exists() and user == cast.editor)


def test_the_uploader_reads_no_name_that_an_editor_hid_behind_their_source(cast: Cast) -> None:
    source = factories.source(cast, "Hers", by=cast.reporter, visibility="restricted")
    witness = factories.actor(cast, "Oksana Testova", by=cast.editor, visibility="restricted")
    change_source(source=source, fields=SourceInput(publisher=witness.pk), by=cast.editor)
    client, at = signed_in(cast.reporter), f"/api/v1/sources/{source.pk}/"
    shown = client.get(at).json()
    assert (shown["title"], shown["publisher"]) == ("Hers", None)
    pages = [client.get(f"/sources/{source.pk}/{end}").content.decode() for end in ("", "edit/")]
    found = client.get(f"/api/v1/sources/?publisher={witness.pk}").json()["results"]
    assert ([page for page in pages if "Oksana" in page or str(witness.pk) in page], found) == ([], [])
    # What they did not see they do not take away by saving what they saw.
    answer = client.patch(at, json.dumps({"publisher": None, "title": "Hers still"}), content_type="application/json")
    assert (answer.json()["publisher"], fresh(source).publisher_id, fresh(source).title) == (
        *(None, witness.pk),
        "Hers still",
    )


def test_a_reviewer_reads_the_hidden_publisher_of_what_an_editor_placed_and_names_it_nowhere(cast: Cast) -> None:
    witness = factories.actor(cast, "Oksana Testova", by=cast.editor, visibility="restricted")
    source = factories.source(cast, "Hers", by=cast.editor, publisher=witness, visibility="restricted")
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    factories.attach(cast, claim, source, by=cast.editor)
    client = signed_in(cast.reviewer)
    assert client.get(f"/api/v1/actors/{witness.pk}/").status_code == 200
    with pytest.raises(Invalid):
        factories.source(cast, "Mine", publisher=witness, by=cast.reviewer, visibility="restricted")
    withdraw_assignment(assignment=assignment, by=cast.editor)
    assert client.get(f"/api/v1/actors/{witness.pk}/").status_code == 404


def test_nobody_is_reminded_of_an_excerpt_that_they_may_not_see(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    source = factories.source(cast, by=cast.editor)
    factories.attach(cast, claim, source, by=cast.reviewer2)
    change_source(source=source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    correct_source(source=source, reason="Another day.", by=cast.editor)
    send_due_reminders()
    told = Notification.objects.filter(kind="recheck").values_list("recipient__username", flat=True)
    assert list(told) == ["editor"]


def test_a_relay_that_would_close_a_hidden_circle_is_refused_without_a_word_of_it(cast: Cast) -> None:
    own = factories.source(cast, "Mine", by=cast.reporter, visibility="restricted")
    other = factories.source(cast, "Open", by=cast.reporter)
    hidden = factories.source(cast, "Hers", by=cast.editor, visibility="restricted")
    add_relay(downstream=other, upstream=hidden.pk, by=cast.editor)
    add_relay(downstream=hidden, upstream=own.pk, by=cast.editor)
    with pytest.raises(Invalid) as refusal:
        add_relay(downstream=own, upstream=other.pk, by=cast.reporter)
    assert refusal.value.errors == {"upstream": UNSAID}
    with pytest.raises(Invalid, match="would close a cycle"):
        add_relay(downstream=own, upstream=other.pk, by=cast.editor)


def test_a_circle_of_actors_through_a_hidden_one_is_refused_without_a_word_of_it(cast: Cast) -> None:
    own, other = (
        factories.actor(cast, name, by=cast.reporter, visibility="restricted") for name in ("Mine", "Also mine")
    )
    hidden = factories.actor(cast, "Hers", by=cast.editor, visibility="restricted")
    change_actor(actor=other, fields=ActorInput(part_of=hidden.pk), by=cast.editor)
    change_actor(actor=hidden, fields=ActorInput(part_of=own.pk), by=cast.editor)
    with pytest.raises(Invalid) as refusal:
        change_actor(actor=own, fields=ActorInput(part_of=other.pk), by=cast.reporter)
    assert refusal.value.errors == {"part_of": UNSAID}


def test_statements_that_would_supersede_each_other_through_a_hidden_one_are_refused_without_a_word_of_it(
    cast: Cast,
) -> None:
    """Both hers and the editor's are restricted, so that she may name the one and not the other."""
    claim = factories.claim(cast, by=cast.reporter)
    voice, day = factories.actor(cast), factories.days_ago(3)

    def said(by: User) -> Evidence:
        source = factories.source(cast, publisher=voice, published_at=day, by=by, visibility="restricted")
        return factories.attach(cast, claim, source, by=by, visibility="restricted")

    own, other, hidden = said(cast.reporter), said(cast.reporter), said(cast.editor)
    change_evidence(evidence=other, fields=EvidenceInput(superseded_by=hidden.pk), by=cast.editor)
    change_evidence(evidence=hidden, fields=EvidenceInput(superseded_by=own.pk), by=cast.editor)
    with pytest.raises(Invalid) as refusal:
        change_evidence(evidence=fresh(own), fields=EvidenceInput(superseded_by=other.pk), by=cast.reporter)
    assert refusal.value.errors == {"superseded_by": UNSAID}
    with pytest.raises(Invalid, match="in a circle"):
        change_evidence(evidence=fresh(own), fields=EvidenceInput(superseded_by=other.pk), by=cast.editor)


def test_a_second_capture_is_not_refused_for_one_that_its_person_may_not_see(cast: Cast) -> None:
    source = factories.source(cast, "Hers", by=cast.reporter, visibility="restricted", url="https://hers.example/")
    request_capture(source=source, by=cast.editor)
    assert request_capture(source=source, by=cast.reporter).requested_by == cast.reporter


@pytest.mark.parametrize("row", ["source", "actor", "evidence"])
def test_a_form_that_was_open_when_an_editor_restricted_the_row_does_not_take_that_back(cast: Cast, row: str) -> None:
    client = signed_in(cast.reporter)
    claim = factories.claim(cast, by=cast.reporter)
    actor = factories.actor(cast, "A witness", by=cast.reporter)
    source = factories.source(cast, "The log", by=cast.reporter)
    item = factories.attach(cast, claim, source, by=cast.reporter)
    cases: dict[str, tuple[str, dict[str, Any], Any]] = {
        "source": (
            f"/sources/{source.pk}/edit/",
            {"title": "A log", "kind": "article", "basis": "unknown"},
            change_source,
        ),
        "actor": (f"/actors/{actor.pk}/edit/", {"name": "Witness", "kind": "person", "reliability": "F"}, change_actor),
        "evidence": (
            f"/claims/{claim.reference}/evidence/{item.pk}/",
            {"stance": "context", "seen_version": fresh(claim).version + 1},
            change_evidence,
        ),
    }
    address, given, change = cases[row]
    rows: dict[str, Any] = {"source": source, "actor": actor, "evidence": item}
    changed = rows[row]
    assert client.get(address).status_code == 200
    kinds: dict[str, Any] = {"source": SourceInput, "actor": ActorInput, "evidence": EvidenceInput}
    change(**{row: changed}, fields=kinds[row](visibility="restricted"), by=cast.editor)
    answer = client.post(address, {**given, "visibility": "desk", "new_publisher_kind": "person"})
    assert (answer.status_code in (302, 400, 409), fresh(changed).visibility) == (True, "restricted")


def test_an_edit_form_offers_nothing_looser(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor, visibility="restricted")
    page = signed_in(cast.editor).get(f"/sources/{source.pk}/edit/").content.decode()
    assert ('value="restricted"' in page, 'value="desk"' in page, 'value="public"' in page) == (True, False, False)


def test_releasing_says_what_becomes_visible_to_whom_and_is_recorded_with_the_reason(cast: Cast) -> None:
    source = factories.source(cast, "Hers", by=cast.editor, visibility="restricted")
    client, at = signed_in(cast.editor), f"/sources/{source.pk}/release/"
    page = client.get(at).content.decode()
    assert [word for word in ("Hers", "reporter", "reviewer", "auditor") if word not in page] == []
    assert client.post(at, {"visibility": "desk", "reason": " "}).status_code == 400
    assert fresh(source).visibility == "restricted"
    assert client.post(at, {"visibility": "desk", "reason": "She agreed."}).status_code == 302
    act = Act.objects.get(kind="source_released")
    opened = openings_of([act.entry_id])[act.entry_id]
    assert (act.by, opened["reason"].value, opened["content"].value["visibility"]) == (
        *(cast.editor, "She agreed."),
        "desk",
    )
    assert fresh(source).visibility == "desk"


@pytest.mark.parametrize("sort", ["source", "actor", "evidence", "attachment", "capture"])
def test_the_api_releases_each_sort_of_thing(cast: Cast, sort: str) -> None:
    claim = factories.claim(cast)
    actor = factories.actor(cast, by=cast.editor, visibility="restricted")
    source = factories.source(cast, by=cast.editor, url="https://log.example/")
    item = factories.attach(cast, claim, source, by=cast.editor, visibility="restricted")
    file = attach_file(source=source, chunks=[b"Hers."], name="hers.txt", visibility="restricted", by=cast.editor)
    capture = request_capture(source=source, by=cast.editor)
    type(capture).objects.update(visibility="restricted")
    hidden = factories.source(cast, by=cast.editor, visibility="restricted")
    rows: dict[str, Any] = {"source": hidden, "actor": actor, "evidence": item, "attachment": file, "capture": capture}
    address = {
        "source": f"sources/{hidden.pk}",
        "actor": f"actors/{actor.pk}",
        "evidence": f"claims/{claim.reference}/evidence/{item.pk}",
        "attachment": f"attachments/{file.pk}",
        "capture": f"sources/{source.pk}/capture/{capture.pk}",
    }[sort]
    body = json.dumps({"visibility": "desk", "reason": "She agreed."})
    answers = [
        signed_in(user).post(f"/api/v1/{address}/release/", body, content_type="application/json").status_code
        for user in (cast.reviewer, cast.editor, cast.editor)
    ]
    assert (answers[0] in (403, 404), answers[1:], fresh(rows[sort]).visibility) == (True, [200, 400], "desk")


def test_a_file_is_released_with_its_capture_and_never_looser_than_its_source(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor, url="https://log.example/", visibility="restricted")
    file = attach_file(source=source, chunks=[b"Hers."], name="hers.txt", by=cast.editor)
    capture = request_capture(source=source, by=cast.editor)
    capture.attachment = file
    capture.save()
    with pytest.raises(Invalid, match="Release the source first"):
        factories.released(file, cast.editor)
    factories.released(source, cast.editor)
    factories.released(file, cast.editor)
    assert (fresh(file).visibility, fresh(capture).visibility) == ("desk", "desk")


def test_a_stale_release_is_refused(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor)
    with pytest.raises(Invalid):
        release_source(source=source, visibility="desk", reason="Again.", by=cast.editor)


@pytest.mark.django_db(transaction=True)
def test_the_graph_and_the_proof_of_a_verdict_withhold_what_is_restricted_now(cast: Cast, tmp_path: Path) -> None:
    claim = factories.claim_in(cast, "corroborated")
    item = claim.evidence.filter(source__basis="firsthand").earliest("created_at")
    change_source(source=item.source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    publish_here(tmp_path / "signer")
    hidden = (str(item.pk), str(item.source_id))
    for user in (cast.auditor, cast.reporter, cast.editor):
        client, sees = signed_in(user), user == cast.editor
        change = client.get(f"/api/v1/claims/{claim.reference}/history/2/").json()
        assert (change["graph_withheld"], snapshot_digest(change["graph"]) == change["graph_digest"]) == (
            not sees,
            sees,
        )
        assert {pk in change["graph"] for pk in hidden} == {sees}
        proof = client.get(f"/ledger/claims/{claim.reference}/proof").content
        report = check_claim_proof(proof, read_policy(policy_text()))
        assert (report.findings, bool(report.counts.get("entries withheld"))) == ([], not sees)
        leaves = "".join(json.dumps(one) for one in _read(proof))
        assert {pk in leaves for pk in hidden} == {sees}


def _read(proof: bytes) -> list[Any]:
    import base64

    return [
        {**one, "leaf": base64.b64decode(one["leaf"]).decode()} if "leaf" in one else one
        for one in json.loads(proof)["entries"]
    ]


@pytest.mark.django_db(transaction=True)
def test_entries_of_the_log_are_for_who_audits_every_desk(cast: Cast, tmp_path: Path) -> None:
    factories.claim(cast)
    publish_here(tmp_path / "signer")
    at = "/ledger/tile/entries/000.p/1"
    assert signed_in(cast.auditor).get(at).status_code == 404
    change_role(desk=cast.other_desk, user=cast.auditor, role=Role.AUDITOR, by=cast.admin)
    assert signed_in(cast.auditor).get(at).status_code == 200


def test_releasing_a_source_names_what_stays_and_nothing_that_is_not_there(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor, visibility="restricted")
    at = f"/sources/{source.pk}/release/"
    assert "Evidence based on it stays as restricted as it is." in signed_in(cast.editor).get(at).content.decode()
    attach_file(source=source, chunks=[b"Hers."], name="hers.txt", visibility="restricted", by=cast.editor)
    page = signed_in(cast.editor).get(at).content.decode()
    assert "Its 1 file, and evidence based on it, stay as restricted as they are." in page
