"""A claim with everything that a bundle can show: made by people's actions, one after the other."""

from typing import TYPE_CHECKING

from claims.actions.claims import edit_claim, publish_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import change_actor, change_source, correct_source, remove_relay
from claims.inputs import ClaimInput, EvidenceInput
from reviews.actions.assessments import reject
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from sources.actions import lease_captures, run_capture
from sources.inputs import ActorInput, SourceInput
from tests import factories
from tests.claims.bundling import with_file
from tests.factories import fresh

if TYPE_CHECKING:
    from claims.models import Claim
    from sources.models import Source
    from tests.factories import Cast

ERASED = "Oksana Testova"


def full_claim(cast: "Cast", page: str) -> "Claim":
    """Reported, edited, with evidence of every kind, sent back and approved, and with words and a file erased. `page`:
    the address of one that is captured."""
    editor = cast.editor
    ministry = factories.actor(cast, "The ministry")
    claim = factories.claim(
        cast, "A ship unloaded at night.", elements=["a ship", "at night"], topics=["ships"], claimant=ministry
    )
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=editor)
    edit_claim(claim=fresh(claim), fields=ClaimInput(statement="A ship unloaded by night."), by=editor)
    first, _second = factories.firsthand(cast, claim, 2)
    _with_sources(cast, first.source, page)
    earlier = factories.attach(cast, fresh(claim), factories.source(cast, publisher=ministry), "context")
    later = factories.attach(cast, fresh(claim), factories.source(cast, publisher=ministry), "context")
    change_evidence(evidence=earlier, fields=EvidenceInput(superseded_by=later.pk), by=editor)
    wrong = factories.attach(cast, fresh(claim), factories.source(cast), "context", excerpt=f"As {ERASED} saw it.")
    change_evidence(evidence=wrong, fields=EvidenceInput(locator="page 3"), by=cast.reviewer)
    withdraw_evidence(evidence=wrong, reason="Another day.", by=cast.reviewer)
    change_actor(actor=ministry, fields=ActorInput(reliability="B"), by=editor)
    _decided(cast, claim)
    _restricted(cast, claim)
    publish_claim(claim=fresh(claim), reason="Agreed with all.", by=editor)
    _erased(cast, first.source)
    return fresh(claim)


def _with_sources(cast: "Cast", source: "Source", page: str) -> None:
    log = factories.source(cast, "The log", url=page)
    factories.relay(cast, source, log, quote="as the log has it")
    remove_relay(relay=factories.relay(cast, source, factories.source(cast, "A rumour")), by=cast.editor)
    change_source(source=source, fields=SourceInput(title="A better title"), by=cast.editor)
    correct_source(source=log, reason="The day was wrong.", by=cast.editor)
    with_file(cast, source)
    for lease in lease_captures(most=9):
        run_capture(lease)


def _decided(cast: "Cast", claim: "Claim") -> None:
    sent_back = factories.assessment(cast, claim, "corroborated", rationale="Too short.")
    reject(assessment=sent_back, reason="Say more.", seen_version=fresh(claim).version, by=cast.editor)
    again = factories.assessment(cast, claim, "corroborated", rationale=f"Two saw it, {ERASED} one of them.")
    factories.approved(cast, again)


def _restricted(cast: "Cast", claim: "Claim") -> None:
    secret = factories.source(cast, "A whisper", visibility="restricted", by=cast.editor)
    with_file(cast, secret, b"Heard.", "heard.txt", by=cast.editor)
    item = factories.attach(cast, fresh(claim), secret, "context", by=cast.editor, visibility="restricted")
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="Heard."), by=cast.editor)


def _erased(cast: "Cast", source: "Source") -> None:
    file = with_file(cast, source, b"A face.", "face.txt")
    second = factories.person("editor2", "editor", cast.desk)
    for what in ({"words": ERASED}, {"file": file.pk}):
        row = propose_redaction(desk=cast.desk, reason="She asked us to.", by=cast.editor, **what)
        redact(redaction=row, seen=find(cast.desk, words=row.words, sha256=row.sha256, by=second).seen, by=second)
