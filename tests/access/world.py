"""One desk with something of every kind on it, for tests that walk every address."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.actions import create_token
from accounts.actions.account import ask_for_password, change_address
from accounts.actions.invitations import invite
from accounts.models import Invitation, Membership, Role, Session, User
from claims.actions.claims import publish_claim
from claims.actions.conflicts import declare_conflict
from claims.models import Bundle, Claim, Evidence, Participant
from reviews.actions.assignments import name_decider
from reviews.actions.drafts import keep_draft
from reviews.actions.form_drafts import About, SeenDraft, keep_form_draft
from reviews.actions.redactions import propose_redaction, propose_shared_redaction
from reviews.inputs import AssessmentInput, FormDraftInput
from reviews.models import Assessment, Assignment, FormDraft, Redaction
from sources.actions import attach_file, create_actor, request_capture
from sources.inputs import ActorInput
from sources.models import Actor, Attachment, DeclaredConflict, Relay, Source
from tests import factories, second_factors
from tests.claims.bundling import made
from tests.factories import Cast
from tests.ledger.installation import publish_here
from tests.links import links_sent


@dataclass(frozen=True)
class AccessWorld:
    """`claim` is the reporter's, assigned to the reviewer, whose assessment waits beside their draft. Published."""

    files: Path
    cast: Cast
    other_reporter: User
    claim: Claim
    actor: Actor
    source: Source
    upstream: Source
    relay: Relay
    evidence: Evidence
    attachment: Attachment
    assignment: Assignment
    assessment: Assessment
    decider: Participant
    own_tokens: dict[str, Any]
    own_session: Session
    membership_id: Any  # the reporter's
    own_conflict: DeclaredConflict
    own_factor: int
    invitation: Invitation
    bundle: Bundle
    redaction: Redaction
    shared_actor: Actor
    shared_redaction: Redaction
    form_draft: FormDraft
    links: dict[str, str]

    @property
    def people(self) -> dict[str, User | None]:
        """Everybody who might ask, by what they are to the claim; None is somebody who is not signed in."""
        cast = self.cast
        return {
            "anonymous": None,
            "stranger": cast.stranger,
            "administrator": cast.admin,
            "reporter": cast.reporter,
            "other reporter": self.other_reporter,
            "assigned reviewer": cast.reviewer,
            "other reviewer": cast.reviewer2,
            "editor": cast.editor,
            "auditor": cast.auditor,
        }


def make_world(files: Path) -> AccessWorld:
    """The desk, made through the actions that people use; `files` is where it keeps evidence."""
    cast = factories.cast()
    other_reporter = factories.person("reporter2", Role.REPORTER, cast.desk)
    claim = factories.claim(
        cast, "A ship unloaded containers at night.", elements=["a ship", "at night"], topics=["ships"]
    )
    evidence = factories.firsthand(cast, claim, 2, by=cast.reporter)[0]
    source = evidence.source
    upstream = factories.source(cast, "The harbour log", by=cast.reporter, url="https://harbour.example/log")
    relay = factories.relay(cast, source, upstream, quote="as the log has it")
    attachment = attach_file(source=source, chunks=[b"What the witness wrote."], name="witness.txt", by=cast.reporter)
    request_capture(source=upstream, by=cast.reporter)
    assignment = factories.assigned(cast, claim)
    assessment = factories.assessment(cast, claim, "corroborated")
    third = factories.person("reviewer3", Role.REVIEWER, cast.desk)
    decider = name_decider(claim=claim, user=third, by=cast.editor)
    keep_draft(claim=claim, fields=AssessmentInput(rationale="On second thoughts.", seen_version=1), by=cast.reviewer)
    publish_claim(claim=factories.fresh(claim), by=cast.editor)
    publisher = source.publisher
    assert publisher is not None
    shared = create_actor(desk=None, fields=ActorInput(name="The harbour office", kind="organisation"), by=cast.admin)
    factories.source(cast, "What the harbour says", publisher=shared, by=cast.reporter)
    publish_here(files.with_name(f"{files.name}-signer"))
    return AccessWorld(
        files=files,
        cast=cast,
        other_reporter=other_reporter,
        claim=factories.fresh(claim),
        actor=publisher,
        source=source,
        upstream=upstream,
        relay=relay,
        evidence=evidence,
        attachment=attachment,
        assignment=assignment,
        assessment=assessment,
        decider=decider,
        own_tokens={user.username: create_token(user=user)[0] for user in (cast.reporter, cast.editor)},
        own_session=_session_of(cast.reporter),
        membership_id=Membership.objects.get(user=cast.reporter).pk,
        own_factor=_factor_of(cast.reporter),
        own_conflict=declare_conflict(actor_id=factories.actor(cast, "A cousin").pk, by=cast.reporter),
        invitation=invite(desk=cast.desk, role=Role.REVIEWER, name="Nadia", email="nadia@example.org", by=cast.admin),
        bundle=made(cast.reporter, claim),
        redaction=propose_redaction(desk=cast.desk, words="unloaded", reason="It was asked for.", by=cast.editor),
        shared_actor=shared,
        shared_redaction=propose_shared_redaction(
            actor=shared, words="harbour office", reason="It was asked for.", by=cast.admin
        ),
        form_draft=keep_form_draft(
            fields=FormDraftInput(
                name="attach", path=f"/claims/{claim.reference}/attach/", content=[("excerpt", "Half a sentence")]
            ),
            about=About(desk=cast.desk, claim=claim),
            seen=SeenDraft(),
            by=cast.reviewer,
        ),
        links=_links(cast.reporter),
    )


def _session_of(user: User) -> Session:
    """In another browser than those that ask."""
    Client().force_login(user)
    return user.sessions.get()


def _factor_of(user: User) -> int:
    """An authenticator app of the person's, by its number."""
    second_factors.app(user)
    return int(Authenticator.objects.get(user=user, type="totp").pk)


def _links(user: User) -> dict[str, str]:
    """The links in the mails that wait, and in those about the person's account, by the address that each leads to."""
    change_address(email="new@example.org", by=user)
    ask_for_password(email=user.email)
    return links_sent()
