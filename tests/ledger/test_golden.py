"""The leaf of each kind of entry, and what it commits to, is that of the golden files: the format changes in the open.

`WRITE_GOLDEN=yes pytest tests/ledger/test_golden.py` writes them anew; what then differs is for a human to read.
Identifiers, hashes and moments differ from run to run and stand as their sorts.
"""

import json
import os
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts.actions import change_desk, change_user, create_token, revoke_token
from accounts.actions.factors import remove_factor, reset_factors, use_code
from accounts.actions.identities import link_identity, unlink_identity
from accounts.actions.invitations import invite, revoke_invitation
from accounts.actions.reads import note_export, note_reads, record_reads
from accounts.actions.sessions import end_access_of, end_session, end_sessions
from accounts.ledger_entries import key_rotated
from accounts.models import Act, Role, User
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, publish_claim, unpublish_claim
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence, confirm_excerpt, withdraw_evidence
from claims.actions.sources import change_actor, change_source, correct_source, remove_relay, retract_source
from claims.inputs import ClaimInput, DeskEdit, EvidenceInput, MergeInput
from claims.record.entry_labels import KINDS
from claims.record.reads import note_shown
from ledger.entries import read_entry
from ledger.keys import Rotation
from ledger.models import Entry
from ledger.reading import openings_of
from reviews.actions.assignments import change_due, close_claim, name_decider, open_claim, unname_decider
from reviews.actions.grounds import confirm_assessment, confirm_verdict
from reviews.actions.redactions import (
    look_for,
    name_second,
    propose_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.grounds_shown import of_assessment, of_verdict
from reviews.redaction_matches import find
from sources.actions import attach_file, lease_captures, request_capture, run_capture
from sources.fetch import Fetched
from sources.inputs import ActorInput, SourceInput
from sources.models import Capture, Source
from tests import factories, second_factors
from tests.factories import fresh

if TYPE_CHECKING:
    from tests.factories import Cast

GOLDEN = Path(__file__).parent / "golden"
SORTS = (
    (re.compile(r"[0-9a-f]{64}"), "<hash>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"[0-9a-f]{32}"), "<random>"),
    (re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<moment>"),
    (re.compile(r"20\d\d-\d\d-\d\d"), "<day>"),
    (re.compile(r'(?<=[a-z]) \d+(?=")'), " <number>"),
)


def _sorted_out(text: str) -> str:
    for pattern, sort in SORTS:
        text = pattern.sub(sort, text)
    return text


def do_everything(cast: "Cast") -> None:
    """Each kind of act at least once."""
    editor = cast.editor
    claim = factories.claim(cast, "A ship unloaded at night.", elements=["a ship", "at night"], topics=["ships"])
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=editor)
    edit_claim(claim=claim, fields=ClaimInput(statement="A ship unloaded by night."), by=editor)
    publish_claim(claim=fresh(claim), reason="Agreed with all.", by=editor)
    unpublish_claim(claim=fresh(claim), by=editor)
    close_claim(claim=fresh(claim), reason="moot", note="Overtaken.", by=editor)
    open_claim(claim=fresh(claim), reason="Not so.", by=editor)
    assignment = factories.assigned(cast, fresh(claim))
    change_due(assignment=assignment, due_at=timezone.now() + timedelta(days=9), by=editor)
    unname_decider(decider=name_decider(claim=claim, user=cast.reviewer2, by=editor), by=editor)
    sources = [item.source for item in factories.firsthand(cast, claim, 2)]
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    item = factories.attach(cast, fresh(claim), factories.source(cast), "context")
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="Seen."), by=cast.reviewer)
    withdraw_evidence(evidence=item, reason="Another day.", by=cast.reviewer)
    relay = factories.relay(cast, sources[0], factories.source(cast, "The log"), quote="as the log has it")
    remove_relay(relay=relay, by=editor)
    change_source(source=sources[0], fields=SourceInput(title="A better title"), by=editor)
    change_source(source=sources[0], fields=SourceInput(reliability="C"), by=editor)
    correct_source(source=sources[0], reason="The day was wrong.", by=editor)
    corrected = claim.evidence.get(source=sources[0])
    confirm_excerpt(evidence=corrected, note="It still says so.", by=editor)
    retract_source(source=sources[1], reason="Taken back.", by=editor)
    attach_file(source=sources[0], chunks=[b"Seen."], name="seen.txt", by=cast.reviewer)
    _capture(cast)
    actor, twin = factories.actor(cast, "A witness"), factories.actor(cast, "The witness")
    change_actor(actor=actor, fields=ActorInput(reliability="B"), by=editor)
    merge_actors(actor=twin, fields=MergeInput(into=actor.pk, reason="One and the same."), by=editor)
    change_policy(desk=cast.desk, edit=DeskEdit({"days_to_review": 5}, "Quicker."), by=editor)
    redact_something(cast)
    _confirm(cast)
    note_export(by=cast.auditor, what={"list": "acts"})
    _do_everything_with_accounts(cast)
    _release(cast)
    keys = ("a.example/log+00000000+AA", "a.example/log+11111111+AA")
    key_rotated(Rotation(False, *keys, "a note"), by=None, now=timezone.now())


def _capture(cast: "Cast") -> None:
    request_capture(source=factories.source(cast, url="https://example.org/"), by=cast.reviewer)
    [lease] = lease_captures(most=1)
    with pytest.MonkeyPatch.context() as patch:
        answer = partial(Fetched, 200, "https://example.org/", [], [], False)
        patch.setattr("sources.actions.fetch", lambda _url, *, allow, sink: answer(sink([b"It is seen."], limit=99)))
        run_capture(lease)


def _release(cast: "Cast") -> None:
    """What is restricted is read, which stands in the ledger with the next full hour, and released."""
    now, editor = timezone.now(), cast.editor
    actor = factories.actor(cast, "A hidden witness", visibility="restricted", by=editor)
    source = factories.source(cast, "A whisper", publisher=actor, visibility="restricted", by=editor)
    item = factories.attach(cast, factories.claim(cast), source, "context", by=editor)
    kept = attach_file(source=source, chunks=[b"Heard."], name="heard.txt", by=editor)
    capture = Capture.objects.create(
        source=source, visibility="restricted", url="https://example.org/", requested_by=editor, requested_at=now
    )
    record_reads(now=now)
    note_shown(editor, [Source.objects.get(pk=source.pk)])
    # Of the desk whose prefix is the first: its entry is the one that is kept.
    note_reads(by=editor, subjects={f"actor:{actor.pk}": cast.other_desk.pk}, now=now)
    record_reads(now=now + timedelta(hours=1))
    for row in (actor, source, item, kept, capture):
        factories.released(row, editor)


def _confirm(cast: "Cast") -> None:
    """An assessor confirms what changed before the decision, somebody else what changed after it."""
    claim = factories.claim(cast)
    (item, _other) = factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    change_source(source=item.source, fields=SourceInput(title="Another title"), by=cast.reviewer2)
    shown = of_assessment(cast.reviewer, assessment)
    assert shown is not None
    seen: dict[str, Any] = {"seen_version": fresh(claim).version, "seen_grounds": shown.now}
    confirm_assessment(assessment=assessment, **seen, by=cast.reviewer)
    factories.approved(cast, assessment)
    change_source(source=item.source, fields=SourceInput(title="A third title"), by=cast.reviewer2)
    after = of_verdict(cast.editor, fresh(claim))
    assert after is not None
    confirm_verdict(claim=claim, reason="The title alone.", seen_grounds=after.now, by=cast.editor)


def redact_something(cast: "Cast") -> None:
    """One redaction that another desk is asked for, one that is refused, one that is withdrawn, one that two persons
    make."""
    claim = factories.claim(cast)
    factories.attach(cast, claim, factories.source(cast), "context", excerpt="What Oksana saw.")
    asked: dict[str, Any] = {"desk": cast.desk, "words": "Oksana", "reason": "She asked us to."}
    name_second(redaction=propose_redaction(**asked, by=cast.editor), user=cast.stranger, by=cast.editor)
    second = factories.person("editor2", "editor", cast.desk)
    refuse_redaction(redaction=propose_redaction(**asked, by=cast.editor), by=second)
    withdraw_redaction(redaction=propose_redaction(**asked, by=cast.editor), by=cast.editor)
    look_for(desk=cast.desk, words="a ship", file=None, by=cast.editor)
    row = propose_redaction(**asked, by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words="Oksana", sha256="", by=second).seen, by=second)


def _do_everything_with_accounts(cast: "Cast") -> None:
    desk, admin = cast.desk, cast.admin
    invite(desk=desk, role=Role.REVIEWER, name="Nadia", email="nadia@example.org", by=admin)
    other = invite(desk=desk, role=Role.REVIEWER, name="Oleh", email="oleh@example.org", by=admin)
    revoke_invitation(invitation=other, by=admin)
    change_user(user=cast.stranger, changes={"is_active": False}, by=cast.admin)
    change_desk(desk=cast.desk, changes={"name": "The desk"}, by=cast.editor)
    token, _text = create_token(user=cast.auditor, name="a script", by=cast.auditor)
    revoke_token(token_id=token.id, by=cast.auditor)
    end_sessions(by=cast.auditor)
    end_session(session_id=_session_of(cast.auditor), by=cast.auditor)
    end_access_of(user=cast.auditor, by=cast.admin)
    _have_second_factors(cast)


def _session_of(user: User) -> UUID:
    Client().force_login(user)
    return user.sessions.get().id


def _have_second_factors(cast: "Cast") -> None:
    user = cast.reviewer
    link_identity(provider="oidc:an-issuer", subject="r-1", by=user)
    unlink_identity(provider="oidc:an-issuer", by=user)
    codes = second_factors.app(user).codes
    use_code(user=user, code=codes[0])
    remove_factor(factor_id=Authenticator.objects.get(user=user, type="totp").pk, by=user)
    second_factors.app(user)
    reset_factors(user=user, reason="She lost her telephone; I called her.", by=cast.admin)


@pytest.mark.django_db
def test_the_leaf_of_each_kind() -> None:
    do_everything(factories.cast())
    found = {}
    for act in Act.objects.order_by("-entry"):  # the first of each kind stays
        row = Entry.objects.get(pk=act.entry_id)
        opened = {name: one.value for name, one in openings_of([row.pk])[row.pk].items()}
        said = {"entry": read_entry(bytes(row.leaf))._asdict(), "opened": dict(sorted(opened.items()))}
        found[act.kind] = _sorted_out(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False)) + "\n"
    assert set(found) == set(KINDS)
    if os.environ.get("WRITE_GOLDEN"):
        for kind, text in found.items():
            (GOLDEN / f"{kind}.json").write_text(text)
    golden = {path.stem: path.read_text() for path in GOLDEN.glob("*.json")}
    assert found == golden
