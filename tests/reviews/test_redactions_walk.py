"""Redactions in the middle of a desk's work, in whatever order: rows and log agree at the end, both ways round.

The walk is drawn from its seed alone. A refusal is an answer like any other, and the walk goes on.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, publish_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import change_source, retract_source
from claims.inputs import ClaimInput, EvidenceInput, MergeInput
from claims.models import Claim, CloseReason, Evidence
from house.errors import DomainError
from reviews.actions.assignments import close_claim, open_claim
from reviews.actions.redactions import look_for, preview_of, propose_redaction, redact, refuse_redaction
from reviews.models import Redaction, RedactionState
from reviews.redaction_matches import find
from sources.actions import attach_file, create_actor
from sources.erasing import delete_asked
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Attachment, Source
from tests import factories
from tests.factories import Cast
from tests.integrity.looking import found, found_both_ways

ACTS = 60
WORDS = ("zelda", "moot", "quay", "supports", "editor", "restricted", "log.txt", "crane")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


class RedactionWalk:
    """A desk at work: each method does one thing to a row that is drawn."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.chance = cast, random.Random(seed)
        self.second: User = factories.person("editor2", "editor", cast.desk)
        self.acts: list[Callable[[], Any]] = [
            *(self.report, self.attach, self.restricted, self.file, self.restricted_file, self.edit, self.reword),
            *(self.withdraw, self.retract, self.merge, self.close, self.open, self.publish, self.verdict),
            *([self.words] * 3 + [self.unseen_words, self.whole_file, self.whole_file, self.refused]),
        ]

    def go(self) -> None:
        """All its acts, beginning with something to work on."""
        for act in (self.report, self.attach, self.file):
            act()
        for _number in range(ACTS):
            try:
                self.chance.choice(self.acts)()
            except DomainError:
                continue
        delete_asked()

    def text(self) -> str:
        return " ".join(self.chance.sample(WORDS, 2)) + f" {self.chance.randrange(1000)}"

    def one(self, rows: Any) -> Any:
        """One of the rows, None where there are none; by when they were made, as ids differ from run to run."""
        made = list(rows.order_by("created_at"))
        return self.chance.choice(made) if made else None

    @property
    def claim(self) -> Claim:
        found: Claim = self.one(Claim.objects.filter(desk=self.cast.desk))
        return found

    def report(self) -> None:
        factories.claim(self.cast, self.text(), elements=[self.text()], topics=[self.chance.choice(WORDS)])

    def attach(self, **fields: Any) -> None:
        source = factories.source(self.cast, self.text(), by=self.cast.editor, publisher=self.actor())
        factories.attach(self.cast, self.claim, source, "supports", excerpt=self.text(), **fields)

    def actor(self, **fields: Any) -> Actor:
        return factories.actor(self.cast, self.text(), by=self.cast.editor, **fields)

    def restricted(self) -> None:
        source = factories.source(self.cast, self.text(), by=self.cast.editor, visibility="restricted")
        factories.attach(
            self.cast, self.claim, source, "context", excerpt=self.text(), visibility="restricted", by=self.cast.editor
        )

    def file(self, **fields: Any) -> None:
        source = factories.source(self.cast, self.text(), by=self.cast.editor, **fields)
        content = self.text().encode()
        attach_file(source=source, chunks=[content], name=f"{self.text()}.txt", by=self.cast.editor)

    def restricted_file(self) -> None:
        self.file(visibility="restricted")

    def edit(self) -> None:
        edit_claim(claim=self.claim, fields=ClaimInput(place=self.text()), by=self.cast.editor)
        change_source(source=self.one(Source.objects.all()), fields=SourceInput(title=self.text()), by=self.cast.editor)

    def reword(self) -> None:
        edit_claim(claim=self.claim, fields=ClaimInput(statement=self.text()), by=self.cast.editor)
        change_evidence(
            evidence=self.one(Evidence.objects.all()), fields=EvidenceInput(excerpt=self.text()), by=self.cast.editor
        )

    def withdraw(self) -> None:
        withdraw_evidence(evidence=self.one(Evidence.objects.all()), reason=self.text(), by=self.cast.editor)

    def retract(self) -> None:
        retract_source(source=self.one(Source.objects.all()), reason=self.text(), by=self.cast.editor)

    def merge(self) -> None:
        into = create_actor(
            desk=self.cast.desk, fields=ActorInput(name=self.text(), kind="person"), by=self.cast.editor
        )
        own = Actor.objects.filter(desk=self.cast.desk, merged_into__isnull=True).exclude(pk=into.pk)
        merge_actors(
            actor=self.one(own) or self.actor(),
            fields=MergeInput(into=into.pk, reason=self.text()),
            by=self.cast.editor,
        )

    def close(self) -> None:
        why = self.chance.choice(CloseReason.values)
        close_claim(claim=self.claim, reason=why, note=self.chance.choice(["", self.text()]), by=self.cast.editor)

    def open(self) -> None:
        open_claim(claim=self.claim, reason=self.text(), by=self.cast.editor)

    def publish(self) -> None:
        publish_claim(claim=self.claim, reason=self.text(), by=self.cast.editor)

    def verdict(self) -> None:
        factories.claim_in(self.cast, "corroborated", elements=[self.text()])

    def words(self) -> None:
        word = self.chance.choice(WORDS)
        look_for(desk=self.cast.desk, words=word, file=None, by=self.cast.editor)
        self.seen(propose_redaction(desk=self.cast.desk, words=word, reason="—", by=self.cast.editor))

    def unseen_words(self) -> None:
        word = self.chance.choice(WORDS)
        row = propose_redaction(desk=self.cast.desk, words=word, reason="—", by=self.cast.editor)
        redact(redaction=row, seen=find(self.cast.desk, words=word, sha256="", by=self.second).seen, by=self.second)

    def whole_file(self) -> None:
        file = self.one(Attachment.objects.filter(erased_at__isnull=True))
        if file is not None:
            look_for(desk=self.cast.desk, words="", file=file.pk, by=self.cast.editor)
            self.seen(propose_redaction(desk=self.cast.desk, file=file.pk, reason="—", by=self.cast.editor))

    def refused(self) -> None:
        row = propose_redaction(desk=self.cast.desk, words=self.chance.choice(WORDS), reason="—", by=self.cast.editor)
        refuse_redaction(redaction=row, by=self.second)

    def seen(self, row: Redaction) -> None:
        redact(redaction=row, seen=preview_of(redaction=row, by=self.second).seen, by=self.second)


@pytest.mark.parametrize("seed", range(2))
def test_rows_and_log_agree_after_redactions_in_the_middle_of_work(cast: Cast, seed: int) -> None:
    RedactionWalk(cast, seed).go()
    assert Redaction.objects.filter(state=RedactionState.DONE).count() > 3
    assert (found(), found_both_ways()) == ([], [])
