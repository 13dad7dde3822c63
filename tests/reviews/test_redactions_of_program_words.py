"""Redacting a word that the program itself writes: only what people wrote is searched, and the log still agrees."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import CharField, TextChoices

from accounts.models import User
from claims.models import Revision
from claims.record.entry_kinds import CATALOGUE, SHAPES, TYPES
from house.errors import Invalid
from ledger.models import Secret
from reviews.actions.assignments import close_claim
from reviews.actions.drafts import keep_draft
from reviews.actions.form_drafts import About, SeenDraft, keep_form_draft
from reviews.actions.redactions import SHORTEST, propose_redaction, redact
from reviews.inputs import AssessmentInput, FormDraftInput
from reviews.models import AssessmentDraft, Assignment, FormDraft
from reviews.redaction_matches import REDACTED, find
from reviews.written_words import changed, written_in, written_in_entry
from tests import factories
from tests.factories import Cast, fresh
from tests.integrity.looking import found, found_both_ways

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def editor2(cast: Cast) -> User:
    return factories.person("editor2", "editor", cast.desk)


def _words() -> list[str]:
    """Every value and label that a column can have of a few, and every name of the catalogue."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    words = {str(one) for field in fields if isinstance(field, CharField) for pair in field.flatchoices for one in pair}
    of_classes = {str(one) for each in TextChoices.__subclasses__() for pair in each.choices for one in pair}
    words |= of_classes | set(CATALOGUE) | set(SHAPES) | set(TYPES)
    return sorted(word for word in words if len(word) >= SHORTEST and word.casefold() not in REDACTED)


def _redacted(cast: Cast, second: User, words: str) -> bool:
    """Whether anybody wrote it; then two editors have it erased."""
    try:
        row = propose_redaction(desk=cast.desk, words=words, reason="—", by=cast.editor)
    except Invalid:
        return False
    redact(redaction=row, seen=find(cast.desk, words=words, sha256="", by=second).seen, by=second)
    return True


def _chosen() -> list[Any]:
    """All that columns have which hold one of a few words, row by row."""
    found: list[Any] = []
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if field.choices]
        if names and model.__name__ not in ("Redaction", "Act"):
            rows = model._default_manager.order_by("pk").values_list("pk", *names)
            found.append((model.__name__, sorted(map(str, rows))))
    return found


def _desk(cast: Cast) -> None:
    """A verdict, what waits, drafts, and claims closed for each reason, in words that are nobody's but people's."""
    factories.claim_in(cast, "corroborated", elements=["qq"])
    for number, why in enumerate(("moot", "duplicate", "mistake", "uncheckable")):
        claim = factories.claim(cast, f"Zz {number}")
        factories.assigned(cast, claim)
        close_claim(claim=claim, reason=why, note="" if number == 0 else "Ww", by=cast.editor)
    claim = factories.claim(cast, "Zz drafted")
    factories.assigned(cast, claim)
    keep_draft(
        claim=claim,
        fields=AssessmentInput(proposed_state="corroborated", rationale="Ww", seen_version=1),
        by=cast.reviewer,
    )
    content = [("stance", "supports"), ("visibility", "desk"), ("excerpt", "It supports that.")]
    about = About(desk=cast.desk, claim=claim)
    keep_form_draft(
        fields=FormDraftInput(name="claim-attach", path="/a", content=content),
        about=about,
        seen=SeenDraft(),
        by=cast.reviewer,
    )
    content = [("reason", "moot"), ("note", "A moot point.")]
    keep_form_draft(
        fields=FormDraftInput(name="claim-close", path="/b", content=content),
        about=about,
        seen=SeenDraft(),
        by=cast.reviewer,
    )


def test_no_word_of_the_program_is_taken_and_the_log_agrees(cast: Cast, editor2: User) -> None:
    _desk(cast)
    before = _chosen()
    accounts = set(User.objects.values_list("username", flat=True))  # some are called as their roles are
    erased = [word for word in _words() if word not in accounts and _redacted(cast, editor2, word)]
    assert (found(), found_both_ways()) == ([], [])
    after = [(name, rows) for name, rows in _chosen() if name != "Revision"]
    kept = dict(before)
    assert [name for name, rows in after if not set(kept[name]) <= set(rows)] == []
    assert len(erased) < len(_words()) / 4, erased


@pytest.mark.parametrize("word", ["moot", "duplicate"])
def test_why_a_claim_was_closed_stays_and_the_note_loses_the_word(cast: Cast, editor2: User, word: str) -> None:
    claim = factories.claim(cast)
    close_claim(claim=claim, reason=word, note=f"It is {word} by now.", by=cast.editor)
    assert _redacted(cast, editor2, word)
    row = Revision.objects.exclude(closed_as="").get(claim=claim)
    assert (row.closed_as, row.note, fresh(claim).closed_reason) == (word, f"It is {REDACTED} by now.", word)
    assert (found(), found_both_ways()) == ([], [])


def test_where_nobody_wrote_it_there_is_nothing_to_redact(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast, "Zz")
    factories.assigned(cast, claim)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    assert [_redacted(cast, editor2, word) for word in ("moot", "claim was closed", "withdrawn", "claim_closed")] == [
        *[False] * 4
    ]
    assert Assignment.objects.get(claim=claim).ended_reason == "The claim was closed."


def test_what_was_chosen_in_a_draft_stays_and_what_was_typed_goes(cast: Cast, editor2: User) -> None:
    _desk(cast)
    factories.claim(cast, "It supports a moot point that is corroborated.")
    assert all(_redacted(cast, editor2, word) for word in ("supports", "moot", "corroborated"))
    drafts = FormDraft.objects.order_by("path").values_list("content", flat=True)
    assert [*drafts] == [
        [["stance", "supports"], ["visibility", "desk"], ["excerpt", f"It {REDACTED} that."]],
        [["reason", "moot"], ["note", f"A {REDACTED} point."]],
    ]
    assert AssessmentDraft.objects.get().content["proposed_state"] == "corroborated"


def test_ids_and_digests_are_no_words(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast, "Zz")
    assert _redacted(cast, editor2, str(claim.pk)[:8]) is False


def test_what_the_catalogue_does_not_know_is_searched() -> None:
    value = {"colour": "red", "stance": "supports"}
    assert list(written_in_entry("claim_painted", name="content", value=value, sealed=False)) == ["red", "supports"]
    assert list(written_in_entry("evidence_attached", name="content", value=value, sealed=False)) == ["red"]
    assert list(written_in({"colour": "red", "stance": "supports", "more": ["a"]})) == ["red", "a"]


def test_in_grounds_what_the_program_wrote_stays() -> None:
    grounds = {"evidence": {"1": {"stance": "supports", "elements": ["supports"], "excerpt": "It supports that."}}}
    assert changed(grounds, lambda text: text.replace("supports", REDACTED)) == {
        "evidence": {"1": {"stance": "supports", "elements": ["supports"], "excerpt": f"It {REDACTED} that."}}
    }


def test_the_name_of_an_account_is_erased_by_the_whole_name_alone(cast: Cast, editor2: User) -> None:
    person = factories.person("t.petrenko", "reviewer", cast.desk)
    claim = factories.claim(cast, by=person)
    name = f"claim:{claim.pk}"
    with pytest.raises(Invalid):
        propose_redaction(desk=cast.desk, words="petrenko", reason="—", by=cast.editor)
    assert _redacted(cast, editor2, "T.Petrenko")
    held = [bytes(value) for value in Secret.objects.filter(entry__stream=name).values_list("value", flat=True)]
    assert (any(b"petrenko" in value for value in held), [*found(), *found_both_ways()]) == (False, [])
