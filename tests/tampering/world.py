"""A desk to tamper with, and what people outside have kept of its log: the keys, a checkpoint, a proof, a receipt."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.actions import create_token
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, publish_claim, set_threshold, unpublish_claim
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import remove_relay, retract_source
from claims.bundles.history_proofs import proof_file
from claims.inputs import ClaimInput, DeskEdit, EvidenceInput, MergeInput, ThresholdInput
from claims.models import Claim
from ledger.keys import policy_text, receipt
from ledger.models import Entry
from ledger.reading import newest_checkpoint
from ledger.verifier import Policy, read_entry, read_policy
from reviews.actions.assignments import close_claim
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from sources.actions import lease_captures, request_capture, run_capture
from sources.fetch import Fetched
from tests import factories
from tests.access.world import AccessWorld, make_world
from tests.factories import Cast, fresh
from tests.ledger.installation import publish_here


@dataclass(frozen=True)
class TamperedDesk:
    """`claim` was found corroborated, and is the one whose page, proof and bundle are looked at."""

    world: AccessWorld
    claim: Claim
    signer: Path

    @property
    def cast(self) -> Cast:
        return self.world.cast

    def publish(self, signer: Path | None = None) -> None:
        """Give what waits its place in the log, and sign."""
        publish_here(signer or self.signer, now=timezone.now())


@dataclass(frozen=True)
class KeptMaterial:
    """What somebody outside has from before. `checkpoint` is the newest one then, `older` one of earlier."""

    policy: Policy
    policy_file: Path
    older: bytes
    checkpoint: bytes
    proof: bytes
    receipt: bytes


def make_desk(files: Path) -> tuple[TamperedDesk, KeptMaterial]:
    """The world of tests/access with a verdict and some of each kind of act; what is kept goes beside `files`."""
    world = make_world(files)
    desk = TamperedDesk(world, _verdict(world.cast), files.with_name(f"{files.name}-signer"))
    desk.publish()
    older = _note()
    _show_to_everybody(world.cast)
    _go_on(world.cast, desk.claim)
    desk.publish()
    return desk, _kept(desk, older, files.with_name(f"{files.name}-policy.json"))


def _verdict(cast: Cast) -> Claim:
    claim = factories.claim_in(cast, "corroborated", elements=["a ship", "at night"], topics=["ships"], place="Izmail")
    return publish_claim(claim=claim, reason="Agreed with all.", by=cast.editor)


def _go_on(cast: Cast, verdict: Claim) -> None:
    """What else there is to tamper with."""
    editor = cast.editor
    source = verdict.evidence.order_by("created_at")[0].source
    spoken = factories.attach(cast, verdict, factories.source(cast, "A radio talk"), "context", excerpt="They left.")
    change_evidence(evidence=spoken, fields=EvidenceInput(excerpt="They left at ten."), by=editor)
    other = factories.attach(cast, verdict, factories.source(cast, "A letter"), "context", excerpt="Not me.")
    withdraw_evidence(evidence=other, reason="Of another day.", by=editor)
    factories.relay(cast, source, factories.source(cast, "The port's log"), quote="as the log has it")
    remove_relay(relay=factories.relay(cast, source, factories.source(cast, "A rumour")), by=editor)
    retract_source(source=factories.source(cast, "A false report"), reason="Taken back.", by=editor)
    whole = factories.actor(cast, "A group of papers")
    part = factories.actor(cast, "A paper", part_of=whole)
    factories.source(cast, "An article", publisher=part)
    merge_actors(
        actor=factories.actor(cast, "The paper"), fields=MergeInput(into=part.pk, reason="One and the same."), by=editor
    )
    denied = factories.claim_in(cast, "denied")
    edit_claim(claim=denied, fields=ClaimInput(place="Odesa"), by=editor)
    set_threshold(claim=fresh(denied), fields=ThresholdInput(threshold=3, reason="A grave matter."), by=editor)
    close_claim(claim=factories.claim(cast), reason="moot", note="Overtaken.", by=editor)
    change_policy(desk=cast.desk, edit=DeskEdit({"days_to_review": 5}, "Quicker."), by=editor)
    hidden = factories.source(cast, "A whisper", visibility="restricted", by=editor)
    factories.attach(cast, denied, hidden, "context", by=editor, excerpt="Heard by a neighbour.")
    create_token(user=cast.auditor, name="a script", scopes=["read"], by=cast.auditor)
    _capture(cast)
    _redact(cast)


def _show_to_everybody(cast: Cast) -> None:
    """A published claim with all that its page may show, and one that was published and taken back."""
    editor = cast.editor
    navy, port = (factories.actor(cast, name, kind="state", visibility="public") for name in ("The navy", "The port"))
    factories.actor(cast, "Another navy", kind="state", visibility="public")
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.", claimant=navy, topics=["sea"])
    set_threshold(claim=fresh(claim), fields=ThresholdInput(threshold=2, reason="As grave as most."), by=editor)
    for title, visibility in (("Open report", "public"), ("Desk view", "desk"), ("A false bulletin", "public")):
        source = factories.source(cast, title, visibility="public", publisher=port, url="https://port.example/")
        factories.attach(cast, claim, source, "context", visibility=visibility, excerpt=f"As {title} has it.")
    retract_source(source=source, reason="Taken back.", by=editor)
    publish_claim(claim=fresh(claim), by=editor)
    unpublish_claim(claim=publish_claim(claim=factories.claim(cast, "It was taken back."), by=editor), by=editor)


def _capture(cast: Cast) -> None:
    row = request_capture(source=factories.source(cast, "A page", url="https://example.org/"), by=cast.reviewer)
    with pytest.MonkeyPatch.context() as patch:
        answer = partial(Fetched, 200, "https://example.org/", [], [], False)
        patch.setattr("sources.actions.fetch", lambda _url, *, allow, sink: answer(sink([b"It is seen."], limit=99)))
        for lease in lease_captures(most=9):
            if lease.row == row.pk:
                run_capture(lease)


def _redact(cast: Cast) -> None:
    """Two editors erase a name from an excerpt, and a word from one that few may see."""
    claim, second = factories.claim(cast), factories.person("editor2", "editor", cast.desk)
    factories.attach(cast, claim, factories.source(cast), "context", excerpt="What Oksana saw.")
    for words in ("Oksana", "neighbour"):
        row = propose_redaction(desk=cast.desk, words=words, reason="She asked us to.", by=cast.editor)
        redact(redaction=row, seen=find(cast.desk, words=words, sha256="", by=second).seen, by=second)


def _note() -> bytes:
    newest = newest_checkpoint()
    assert newest is not None
    return newest.note.encode()


def _kept(desk: TamperedDesk, older: bytes, policy: Path) -> KeptMaterial:
    newest = newest_checkpoint()
    assert newest is not None
    policy.write_bytes(policy_text())
    moved = Entry.objects.filter(stream=f"claim:{desk.claim.pk}", kind="status_changed").latest("seq")
    promise = receipt(bytes(moved.leaf_hash), read_entry(bytes(moved.leaf)).at)
    assert promise is not None
    return KeptMaterial(
        policy=read_policy(policy.read_bytes()),
        policy_file=policy,
        older=older,
        checkpoint=newest.note.encode(),
        proof=proof_file(desk.cast.reporter, desk.claim, newest),
        receipt=promise.encode(),
    )
