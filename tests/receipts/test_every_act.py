"""Every act that records, done by people on pages and by the API: each gives its receipts, and they hold."""

from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Act, Invitation, Token
from claims.models import Claim, Evidence
from claims.record.entry_labels import KINDS
from house.transactions import kept_acts
from ledger.models import Entry
from reviews.grounds_shown import of_assessment, of_verdict
from reviews.models import Assessment, Assignment, Redaction
from sources.models import Attachment, Capture, Relay
from tests import factories
from tests.factories import Cast, fresh
from tests.ledger.installation import publish_here
from tests.ledger.test_golden import do_everything
from tests.pages import signed_in
from tests.receipts.walking import ActsWalk

pytestmark = pytest.mark.django_db

DUE = "2999-03-01T09:00"
# What nobody does by a request as themselves, each with the reason.
BY_NOBODY = {
    "restricted_read": "by the hour, for all who read",
    "key_rotated": "by a command",
    "capture_kept": "by a worker, for whoever asked",
    "account_made": "by a command, or before one is signed in",
    "identity_linked": "at the organisation's sign-in: tests/accounts/test_organisation.py",
    "identity_unlinked": "as the other",
    "recovery_code_used": "while one signs in: tests/accounts/test_second_factors.py",
    "factor_added": "with a device in hand: tests/accounts/test_second_factors.py",
    "factor_removed": "as the other",
    "factors_reset": "as the other",
    "recovery_codes_made": "as the other",
    "desk_made": "on the administration site, and by the API below",
    "desk_changed": "as the other",
    "access_ended": "on the administration site: below",
}
BY_PAGES_ALONE = {
    "account_changed", "session_ended", "sessions_ended", "role_granted", "invited",
    "invitation_revoked", "exported", "redaction_previewed", "redaction_proposed", "redaction_second_named",
    "redaction_refused", "redaction_withdrawn", "redacted",
}  # fmt: skip


@pytest.mark.long
def test_every_action_hands_over_what_it_recorded(cast: Cast) -> None:
    with kept_acts() as acts:
        do_everything(cast)
    # Desks are made with the cast, and keys change by a command: the API below, and tests/ledger/test_rotation.py.
    assert {one.kind for one in acts} == set(KINDS) - {"desk_made", "key_rotated"}
    rows = Act.objects.filter(entry__leaf_hash__in=[one.leaf_hash for one in acts]).select_related("entry")
    found = {bytes(row.entry.leaf_hash): (row.kind, row.by_id) for row in rows}
    assert found == {one.leaf_hash: (one.kind, one.by) for one in acts}
    since = min(row.entry_id for row in rows)
    assert Entry.objects.filter(pk__gte=since).exclude(kind="key_rotated").count() == len(acts)


@pytest.mark.long
def test_by_the_api(cast: Cast, tmp_path: Path) -> None:
    walk = ActsWalk()
    send = walk.send
    editor, reporter = cast.editor, cast.reporter
    send(cast.admin, "POST", "desks/", {"name": "Third desk", "prefix": "THR"})
    send(editor, "PATCH", f"desks/{cast.desk.pk}/", {"name": "War desk", "days_to_review": 5})
    source, other = (send(reporter, "POST", "sources/", {"kind": "article", "title": t})["id"] for t in ("A", "B"))
    named = [{"source": source, "stance": "supports"}]
    row = send(reporter, "POST", "claims/", {"statement": "A ship came in.", "evidence": named})
    claim = f"claims/{row['reference']}/"
    send(editor, "PATCH", claim, {"place": "Odesa"})
    send(editor, "PATCH", claim, {"statement": "A ship came in by night."})
    for act, body in (("publish", {}), ("unpublish", {}), ("close", {"reason": "moot"}), ("open", {})):
        send(editor, "POST", f"{claim}{act}/", body)
    _evidence_by_the_api(walk, cast, claim, source, other)
    _actors_by_the_api(walk, cast)
    _reviews_by_the_api(walk, cast, claim)
    token = walk.did(reporter, lambda: walk.client(reporter).post("/api/v1/tokens/", {}, "application/json")).json()
    send(reporter, "DELETE", f"tokens/{token['id']}/")
    assert walk.kinds == set(KINDS) - (BY_NOBODY.keys() - {"desk_made", "desk_changed"}) - BY_PAGES_ALONE
    walk.judge(tmp_path)


def _evidence_by_the_api(walk: ActsWalk, cast: Cast, claim: str, source: str, other: str) -> None:
    send, editor, reviewer = walk.send, cast.editor, cast.reviewer
    item = send(reviewer, "POST", f"{claim}evidence/", {"source": other, "stance": "context"})["id"]
    send(reviewer, "PATCH", f"{claim}evidence/{item}/", {"excerpt": "Seen."})
    send(reviewer, "POST", f"{claim}evidence/{item}/withdraw/", {"reason": "Another day."})
    relay = send(reviewer, "POST", f"sources/{source}/relays/", {"upstream": other, "quote": "as B has it"})["id"]
    send(reviewer, "DELETE", f"sources/{source}/relays/{relay}/")
    send(reviewer, "PATCH", f"sources/{source}/", {"title": "A better title"})
    send(reviewer, "PATCH", f"sources/{source}/", {"reliability": "C"})
    send(editor, "POST", f"sources/{source}/correct/", {"reason": "The day was wrong."})
    first = Evidence.objects.get(source_id=UUID(source))
    send(editor, "POST", f"{claim}evidence/{first.pk}/recheck/", {"note": "It still says so."})
    send(editor, "POST", f"sources/{other}/retract/", {"reason": "Taken back."})
    hidden = send(editor, "POST", "sources/", {"kind": "interview", "title": "A whisper", "visibility": "restricted"})[
        "id"
    ]
    body = {"source": hidden, "stance": "context", "visibility": "restricted"}
    whispered = send(editor, "POST", f"{claim}evidence/", body)["id"]
    capture = Capture.objects.create(
        source_id=hidden, visibility="restricted", url="https://example.org/", requested_by=editor,
        requested_at=timezone.now(),
    )  # fmt: skip
    api = walk._apis[editor]
    file = SimpleUploadedFile("heard.txt", b"Heard.")
    kept = walk.did(editor, lambda: api.upload(f"sources/{hidden}/attachments/", file=file)).json()["id"]
    wider = {"visibility": "desk", "reason": "Agreed."}
    for path in (
        *(f"sources/{hidden}/", f"attachments/{kept}/", f"sources/{hidden}/capture/{capture.pk}/"),
        f"{claim}evidence/{whispered}/",
    ):
        send(editor, "POST", f"{path}release/", wider)


def _actors_by_the_api(walk: ActsWalk, cast: Cast) -> None:
    send, editor, reviewer = walk.send, cast.editor, cast.reviewer
    names = ("A witness", "The witness")
    actor, twin = (send(reviewer, "POST", "actors/", {"name": n, "kind": "person"})["id"] for n in names)
    send(reviewer, "PATCH", f"actors/{actor}/", {"reliability": "B"})
    send(editor, "POST", f"actors/{twin}/merge/", {"into": actor, "reason": "One and the same."})
    hidden = {"name": "A hidden witness", "kind": "person", "visibility": "restricted"}
    pk = send(editor, "POST", "actors/", hidden)["id"]
    send(editor, "POST", f"actors/{pk}/release/", {"visibility": "desk", "reason": "Agreed."})


def _reviews_by_the_api(walk: ActsWalk, cast: Cast, claim: str) -> None:
    send, editor, reviewer = walk.send, cast.editor, cast.reviewer
    reference = claim.split("/")[1]
    pk = send(editor, "POST", "assignments/", {"claim": reference, "reviewer": "reviewer"})["id"]
    send(editor, "PATCH", f"assignments/{pk}/", {"due_at": "2999-03-01T09:00:00Z"})
    send(reviewer, "POST", f"assignments/{pk}/accept/")
    send(reviewer, "POST", f"assignments/{pk}/decline/", {"reason": "I know the captain."})
    decider = send(editor, "POST", f"{claim}deciders/", {"person": "stranger"})["id"]
    send(editor, "DELETE", f"{claim}deciders/{decider}/")
    verdict = factories.claim(cast)
    items = factories.firsthand(cast, verdict, 2)
    factories.assigned(cast, verdict)
    body = {
        "proposed_state": "corroborated",
        "rationale": "Two saw it.",
        "evidence": [str(item.pk) for item in items],
        "seen_version": fresh(verdict).version,
    }
    path = f"claims/{verdict.reference}/"
    assessment = send(reviewer, "POST", f"{path}assessments/", body)["id"]
    send(cast.reviewer2, "PATCH", f"sources/{items[0].source_id}/", {"title": "Another title"})
    shown = of_assessment(reviewer, Assessment.objects.get(pk=assessment))
    assert shown is not None
    seen = {"seen_version": fresh(verdict).version, "seen_grounds": shown.now}
    send(reviewer, "POST", f"{path}assessments/{assessment}/confirm/", seen)
    decision = {"reason": "Yes.", "seen_version": fresh(verdict).version}
    send(editor, "POST", f"{path}assessments/{assessment}/approve/", decision)
    send(cast.reviewer2, "PATCH", f"sources/{items[0].source_id}/", {"title": "A third title"})
    after = of_verdict(editor, fresh(verdict))
    assert after is not None
    send(editor, "POST", f"{path}grounds/confirm/", {"seen_grounds": after.now, "reason": "The title alone."})


@pytest.mark.long
def test_on_pages(cast: Cast, tmp_path: Path) -> None:
    walk = ActsWalk()
    publish_here(tmp_path / "signer")  # without a checkpoint nothing is exported
    claim = _claims_on_pages(walk, cast)
    _evidence_on_pages(walk, cast, claim)
    _actors_on_pages(walk, cast)
    _reviews_on_pages(walk, cast, claim)
    _redactions_on_pages(walk, cast)
    _accounts_on_pages(walk, cast)
    assert walk.kinds == set(KINDS) - BY_NOBODY.keys()
    walk.judge(tmp_path)


def _claims_on_pages(walk: ActsWalk, cast: Cast) -> Claim:
    new = {
        "statement": "The harbour was closed.", "stance": "supports", "kind": "article", "source_basis": "unknown",
        "visibility": "desk", "new_claimant_kind": "state", "new_parties_kind": "state", "title": "A notice",
        "new_publisher_kind": "organisation", "elements-TOTAL_FORMS": 0, "elements-INITIAL_FORMS": 0,
    }  # fmt: skip
    walk.did(cast.reporter, lambda: walk.client(cast.reporter).post("/claims/new/", new))
    claim = Claim.objects.latest("created_at")
    page, none = f"/claims/{claim.reference}/", {"elements-TOTAL_FORMS": 0, "elements-INITIAL_FORMS": 0}
    walk.form(cast.editor, f"{page}edit/", place="Odesa", **none)
    walk.form(cast.editor, f"{page}edit/", statement="The harbour was shut.", **none)
    walk.form(cast.editor, f"{page}publish/", reason="Agreed.")
    walk.form(cast.editor, f"{page}unpublish/", reason="Not yet.")
    walk.form(cast.editor, f"{page}close/", reason="moot", note="Overtaken.")
    walk.form(cast.editor, f"{page}open/", reason="Not so.")
    return claim


def _evidence_on_pages(walk: ActsWalk, cast: Cast, claim: Claim) -> None:
    editor, reviewer, page = cast.editor, cast.reviewer, f"/claims/{claim.reference}/"
    walk.form(reviewer, f"{page}attach/", title="A log", stance="context")
    item = Evidence.objects.get(source__title="A log")
    walk.form(reviewer, f"{page}evidence/{item.pk}/", excerpt="Seen.")
    walk.form(reviewer, f"{page}evidence/{item.pk}/withdraw/", reason="Another day.")
    first = claim.evidence.earliest("created_at")
    source = f"/sources/{first.source_id}/"
    walk.form(reviewer, f"{source}relays/", upstream=str(item.source_id), quote="as the log has it")
    walk.form(reviewer, f"{source}relays/{Relay.objects.get().pk}/remove/")
    walk.form(reviewer, f"{source}edit/", title="A better title")
    walk.form(reviewer, f"{source}edit/", reliability="C")
    walk.form(editor, f"{source}correct/", reason="The day was wrong.", confirmed="yes")
    walk.form(editor, f"{page}evidence/{first.pk}/recheck/", note="It still says so.")
    walk.form(editor, f"/sources/{item.source_id}/retract/", reason="Taken back.", confirmed="yes")
    hidden = factories.source(cast, "A whisper", visibility="restricted", by=editor)
    whispered = factories.attach(cast, claim, hidden, "context", by=editor)
    file = SimpleUploadedFile("heard.txt", b"Heard.")
    walk.did(editor, lambda: walk.client(editor).post(f"/sources/{hidden.pk}/attachments/", {"file": file}))
    capture = Capture.objects.create(
        source=hidden, visibility="restricted", url="https://example.org/", requested_by=editor,
        requested_at=timezone.now(),
    )  # fmt: skip
    release = partial(walk.form, editor, visibility="desk", reason="Agreed.")
    release(f"/sources/{hidden.pk}/release/")
    release(f"/attachments/{Attachment.objects.get().pk}/release/")
    release(f"/sources/{hidden.pk}/capture/{capture.pk}/release/")
    release(f"{page}evidence/{whispered.pk}/release/")


def _actors_on_pages(walk: ActsWalk, cast: Cast) -> None:
    editor, reviewer = cast.editor, cast.reviewer
    walk.form(reviewer, "/actors/new/", name="A witness", kind="person")
    actor, twin = factories.actor(cast, "The witness"), factories.actor(cast, "That witness")
    walk.form(reviewer, f"/actors/{actor.pk}/edit/", reliability="B")
    merge = {"into": str(actor.pk), "reason": "One and the same.", "chain": "", "confirmed": "yes"}
    walk.form(editor, f"/actors/{twin.pk}/merge/", **merge)
    hidden = factories.actor(cast, "A hidden witness", visibility="restricted", by=editor)
    walk.form(editor, f"/actors/{hidden.pk}/release/", visibility="desk", reason="Agreed.")


def _reviews_on_pages(walk: ActsWalk, cast: Cast, claim: Claim) -> None:
    editor, reviewer, page = cast.editor, cast.reviewer, f"/claims/{claim.reference}/"
    walk.form(editor, f"{page}assign/", reviewer=str(reviewer.pk), due_at=DUE)
    assignment = f"/assignments/{Assignment.objects.get().pk}/"
    walk.form(editor, f"{assignment}due/", due_at="2999-04-01T09:00")
    walk.form(reviewer, f"{assignment}accept/")
    walk.form(reviewer, f"{assignment}decline/", reason="I know the captain.")
    walk.form(editor, f"{page}decider/", person="stranger")
    walk.form(editor, f"{page}decider/{claim.participants.get(role='decider').pk}/end/")
    verdict = factories.claim(cast)
    items = factories.firsthand(cast, verdict, 2)
    factories.assigned(cast, verdict)
    supporting = [str(item.pk) for item in items]
    walk.form(
        reviewer, f"/claims/{verdict.reference}/assess/", proposed_state="corroborated", rationale="Two saw it.",
        evidence=supporting,
    )  # fmt: skip
    assessment = Assessment.objects.get()
    walk.form(cast.reviewer2, f"/sources/{items[0].source_id}/edit/", title="Another title")
    shown = of_assessment(reviewer, assessment)
    assert shown is not None
    seen = {"seen_version": fresh(verdict).version, "seen_grounds": shown.now}
    walk.did(reviewer, lambda: walk.client(reviewer).post(f"/reviews/{assessment.pk}/confirm/", seen))
    walk.form(editor, f"/reviews/{assessment.pk}/", decision="approve", reason="Yes.")
    walk.form(cast.reviewer2, f"/sources/{items[0].source_id}/edit/", title="A third title")
    after = of_verdict(editor, fresh(verdict))
    assert after is not None
    given = {"reason": "The title alone.", "seen_grounds": after.now}
    walk.did(editor, lambda: walk.client(editor).post(f"/claims/{verdict.reference}/grounds/", given))


def _redactions_on_pages(walk: ActsWalk, cast: Cast) -> None:
    factories.attach(cast, factories.claim(cast), factories.source(cast), "context", excerpt="What Oksana saw.")
    desk = f"/desk/{cast.desk.pk}/redactions/"

    def propose() -> Redaction:
        given = {"words": "Oksana", "reason": "She asked us to.", "confirmed": "yes"}
        walk.form(cast.editor, f"{desk}new/", **given)
        return Redaction.objects.latest("proposed_at")

    walk.form(cast.editor, f"{desk}{propose().pk}/", decision="withdraw")
    row = propose()
    walk.form(cast.editor, f"{desk}{row.pk}/", decision="ask", person="stranger")
    walk.form(cast.stranger, f"/redactions/{row.pk}/", decision="refuse")
    row = propose()
    walk.form(cast.editor, f"{desk}{row.pk}/", decision="ask", person="stranger")
    seen = walk.did(cast.stranger, lambda: walk.client(cast.stranger).get(f"/redactions/{row.pk}/")).context["seen"]
    walk.form(cast.stranger, f"/redactions/{row.pk}/", decision="erase", seen=seen)


def _accounts_on_pages(walk: ActsWalk, cast: Cast) -> None:
    admin, desk = cast.admin, f"/desk/{cast.desk.pk}/"
    walk.form(cast.editor, f"{desk}policy/", days_to_review="5", reason="Quicker.", confirmed="yes")
    walk.form(admin, f"{desk}members/add/", user=str(cast.stranger.pk), role="auditor")
    invited = {"desk": str(cast.desk.pk), "role": "reviewer", "name": "Nadia", "email": "nadia@example.org"}
    walk.form(admin, "/invitations/", **invited)
    walk.form(admin, f"/invitations/{Invitation.objects.get().pk}/revoke/")
    walk.did(cast.auditor, lambda: walk.client(cast.auditor).get("/ledger/export.csv"))
    walk.form(cast.reporter, "/account/tokens/", name="a script", lifetime_days="30", scopes=["read"])
    walk.form(cast.reporter, f"/account/tokens/{Token.objects.get().id}/end/")
    signed_in(cast.reporter)
    this = walk.client(cast.reporter).session.session_key
    [other, *_more] = cast.reporter.sessions.exclude(session_key=this)
    walk.form(cast.reporter, f"/account/signing-in/{other.id}/end/")
    walk.form(cast.reporter, "/account/signing-in/end-others/")
    new = {"oldpassword": factories.password_of(cast.reporter), "password1": "another long one, surely"}
    walk.form(cast.reporter, "/account/password/change/", **new, password2=new["password1"])


def test_on_the_administration_site(cast: Cast) -> None:
    walk = ActsWalk()
    chosen = {"action": "end_access", "_selected_action": [str(cast.reporter.pk)]}
    walk.did(cast.admin, lambda: walk.client(cast.admin).post("/administration/accounts/user/", chosen))
    assert walk.kinds == {"access_ended"}
