"""Two persons erase words or a file: nothing on the desk holds them afterwards, and the history still verifies."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, models, transaction

from accounts.actions import set_role
from accounts.actions.invitations import invite
from accounts.models import Act, User
from claims.actions.bundles import ask_for_bundle
from claims.bundles.history_proofs import proof_file
from claims.models import Bundle, Claim, Grounds, StatusChangeText
from claims.record.entry_labels import KINDS, READ_BY_ADMINISTRATORS, READ_BY_EDITORS
from config.backup import run_postgres_program
from house.errors import Conflict, Forbidden, Invalid, NotFound
from house.transactions import recorded_transaction
from ledger.erasing import erase
from ledger.keys import policy_text
from ledger.models import Entry, Erasure, Secret
from ledger.reading import newest_checkpoint, published
from ledger.verifier import audit, check_claim_proof, read_policy
from reviews.actions.assessments import approve
from reviews.actions.drafts import keep_draft
from reviews.actions.redactions import (
    look_for,
    propose_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.inputs import AssessmentInput
from reviews.ledger_entries import redacted
from reviews.models import Assessment, AssessmentDraft, Redaction
from reviews.redaction_matches import PLACES, find
from sources.actions import attach_file, create_source
from sources.erasing import delete_asked
from sources.evidence_storage import open_stored
from sources.inputs import SourceInput
from sources.models import Attachment, FileErasure
from tests import factories
from tests.claims.bundling import bundle_of, checked
from tests.factories import Cast, fresh
from tests.hostile.answers import Database
from tests.ledger.installation import publish_here
from tests.pages import got

NAME = "Oksana Testova"
# Columns of text in which nobody writes of claims: accounts, and what a table is told by.
# Ours, and those of packages in which people write something.
ROOMS = ("accounts", "sources", "claims", "reviews", "mfa", "socialaccount")
OF_PEOPLE = {"Desk", "User", "Session", "SignInTries", "Token", "Invitation", "Mail", "Act"}
OF_PEOPLE |= {"Authenticator", "SocialAccount", "SocialApp", "SocialToken"}
CODES = {
    *(
        "RestrictedRead.subject",
        "Spending.key",
        "StatusChange.evidence",
        "Bundle.error",
        "Bundle.shown",
        "BundlePart.path",
        "BundlePart.sha256",
    ),
    *("Claim.reference", "Claim.language", "Source.language", "StatusChange.from_state", "StatusChange.to_state"),
    *("StatusChange.graph_digest", "StatusChangeGraph.graph", "Attachment.sha256", "Attachment.media_type"),
    *("FileErasure.sha256", "Redaction.words", "Redaction.sha256", "Reminder.error"),
    *("KeptOutcome.method", "KeptOutcome.path", "KeptOutcome.key", "KeptOutcome.body_digest", "KeptOutcome.at"),
    *("KeptOutcome.effects", "FieldChange.fields", "ChosenFile.sha256"),
    *("FormDraft.name", "FormDraft.path", "FormDraft.window"),
    *("Grounds.digest", "Grounds.named", "Grounds.answered", "GroundsWatch.digest", "GroundsWatch.subjects"),
    *("GroundsChange.digest", "GroundsChange.fields", "GroundsChange.kind", "GroundsCheck.kind"),
}


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def editor2(cast: Cast) -> User:
    return factories.person("editor2", "editor", cast.desk)


def done(cast: Cast, editor2: User, **what: Any) -> Redaction:
    """A redaction that one editor proposed, and the other has just done."""
    row = propose_redaction(desk=cast.desk, reason="She asked us to.", by=cast.editor, **what)
    seen = find(cast.desk, words=row.words, sha256=row.sha256, by=editor2).seen
    return redact(redaction=row, seen=seen, by=editor2)


def kept_file(cast: Cast, content: bytes = b"The log of the ship.", name: str = "log.txt") -> Attachment:
    return attach_file(source=factories.source(cast), chunks=[content], name=name, by=cast.reviewer)


def verdict_that_names(cast: Cast) -> Claim:
    """A corroborated claim, in whose assessment and decision the name stands."""
    claim = factories.claim(cast, f"{NAME} saw the convoy.")
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated", rationale="As oksana TESTOVA said: twelve.")
    version = fresh(claim).version
    approve(assessment=assessment, reason=f"I called {NAME}.", seen_version=version, by=cast.editor)
    return fresh(claim)


def secrets_with(text: str) -> int:
    return sum(
        text.casefold().encode() in bytes(value).lower() for value in Secret.objects.values_list("value", flat=True)
    )


def test_words_are_gone_from_every_row_and_from_what_opens_the_ledger(cast: Cast, editor2: User) -> None:
    claim = verdict_that_names(cast)
    assert Database().holds("Testova") and secrets_with("testova") > 3
    row = done(cast, editor2, words=NAME)
    held = [text for text in (NAME, NAME.lower(), NAME.upper(), "oksana TESTOVA", "testova") if Database().holds(text)]
    assert (held, secrets_with("testova")) == ([], 0)
    assert (row.state, row.words, row.erased) == ("done", "", 6)
    assert fresh(claim).statement == "[redacted] saw the convoy."
    assert StatusChangeText.objects.get(claim=claim, seq=2).decision_reason == "[redacted]"


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_neither_a_dump_nor_the_search_nor_the_logs_have_any_of_it(
    cast: Cast, editor2: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    claim = verdict_that_names(cast)
    file = kept_file(cast, NAME.encode(), name=f"{NAME}.txt")
    digest, shown = file.sha256, "/claims/?q=Testova"
    assert (claim.reference in got(cast.editor, shown).content.decode(), holding(dumped(tmp_path), digest)) == (True, 2)
    done(cast, editor2, words=NAME, file=file.pk)
    delete_asked()
    assert claim.reference not in got(cast.editor, shown).content.decode()
    assert {text: holding(dumped(tmp_path), text) for text in ("Testova", "TESTOVA", digest)} == {
        **dict.fromkeys(("Testova", "TESTOVA", digest), 0)
    }
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    assert "testova" not in caplog.text.lower()


def dumped(folder: Path) -> str:
    """All that the database holds, as pg_dump writes it."""
    run_postgres_program("pg_dump", "--format=plain", f"--file={folder / 'dump.sql'}")
    return (folder / "dump.sql").read_text()


def holding(dump: str, text: str) -> int:
    """How many lines of a dump hold a text, as it is or in the hexadecimal of bytes."""
    return sum(text in line or text.encode().hex() in line for line in dump.splitlines())


def test_the_history_still_verifies_and_says_what_is_closed(cast: Cast, editor2: User, tmp_path: Path) -> None:
    claim = verdict_that_names(cast)
    done(cast, editor2, words=NAME)
    publish_here(tmp_path)
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    report = check_claim_proof(proof_file(cast.editor, claim, checkpoint), read_policy(policy_text()))
    # Of the first: what it said; of the verdict: both reasons; of the assessment's decision: the reason.
    assert (report.findings, report.counts["fields redacted"]) == ([], 4)
    assert audit(lambda path: published(path, checkpoint), read_policy(policy_text())).findings == []


def test_the_log_says_which_fields_were_erased_by_whom_and_why(cast: Cast, editor2: User) -> None:
    verdict_that_names(cast)
    row = done(cast, editor2, words=NAME)
    act = Act.objects.get(kind="redacted", sealed=False)
    assert (act.by, act.desk, act.about) == (editor2, cast.desk, f"redaction:{row.pk}")
    openings = {one.name: bytes(one.value).decode() for one in Secret.objects.filter(entry=act.entry)}
    assert openings["reason"] == '"She asked us to."'
    assert f'"{cast.editor.pk}"' in openings["proposed_by"]
    said = set(Erasure.objects.exclude(row="").values_list("row", flat=True))
    table = "claims_statuschangetext"
    claim = Claim.objects.get()
    assessment, kept = Assessment.objects.get(), Grounds.objects.get()
    assert said == {
        *(f"{table}:{claim.pk}/2:reason", f"{table}:{claim.pk}/2:decision_reason"),
        *(f"reviews_assessment:{assessment.pk}:rationale", f"reviews_decision:{assessment.decision.pk}:reason"),
        f"claims_grounds:{kept.pk}:content",
    }


def test_what_is_readable_afterwards_is_committed_anew(cast: Cast, editor2: User) -> None:
    claim = verdict_that_names(cast)
    done(cast, editor2, words=NAME)
    last = Entry.objects.filter(stream=f"claim:{claim.pk}").order_by("-seq")[0]
    value = bytes(Secret.objects.get(entry=last, name="content").value).decode()
    assert (last.kind, "[redacted] saw the convoy." in value) == ("claim_edited", True)


def test_a_form_with_the_old_words_is_told_that_the_claim_changed(cast: Cast, editor2: User) -> None:
    claim = verdict_that_names(cast)
    done(cast, editor2, words=NAME)
    assert fresh(claim).version == claim.version + 1


def test_restricted_evidence_is_erased_and_no_open_entry_or_version_tells_of_it(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast)
    source = factories.source(cast, f"Interview with {NAME}", by=cast.editor, visibility="restricted")
    factories.attach(cast, claim, source, by=cast.editor, visibility="restricted", excerpt=f"I, {NAME}, was there.")
    version = fresh(claim).version
    row = done(cast, editor2, words=NAME)
    assert (secrets_with("testova"), row.erased, fresh(claim).version) == (0, 2, version)
    assert [(act.kind, act.sealed) for act in Act.objects.filter(kind="redacted")] == [("redacted", True)]
    assert {erasure.said_in.kind for erasure in Erasure.objects.select_related("said_in")} == {"sealed"}


def test_no_open_entry_names_an_assessment_that_nobody_has_decided_on(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.", elements=["a ship"])
    (against,) = factories.firsthand(cast, claim, 1, stance="refutes", excerpt=f"{NAME} was away.")
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated", rationale=f"{NAME} told me.", answers=[against])
    done(cast, editor2, words=NAME)
    erased = set(Erasure.objects.exclude(row="").values_list("row", flat=True))
    assert {row.partition(":")[0] for row in erased} >= {"reviews_assessment", "claims_grounds"}
    keys = {str(assessment.pk), *(row.split(":")[1] for row in erased)}
    open_leaves = [bytes(leaf).decode() for leaf in Entry.objects.exclude(kind="sealed").values_list("leaf", flat=True)]
    assert [(key, leaf) for key in sorted(keys) for leaf in open_leaves if key in leaf] == []
    said_in = Erasure.objects.exclude(row="").values_list("said_in", flat=True)
    assert not Erasure.objects.filter(said_in__in=said_in, row="").exists()


def test_a_draft_loses_the_words_too(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    factories.assigned(cast, claim)
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale=f"{NAME} says no.", seen_version=claim.version), by=cast.reviewer
    )
    done(cast, editor2, words=NAME)
    assert AssessmentDraft.objects.get().content["rationale"] == "[redacted] says no."


def test_bundles_that_were_asked_for_are_forgotten(cast: Cast, editor2: User) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    ask_for_bundle(claim=claim, by=cast.reviewer)
    done(cast, editor2, words=NAME)
    assert Bundle.objects.count() == 0


@pytest.mark.long
def test_a_bundle_that_is_made_afterwards_verifies_and_holds_none_of_it(
    cast: Cast, editor2: User, tmp_path: Path
) -> None:
    claim = verdict_that_names(cast)
    source = claim.evidence.earliest("created_at").source
    file = attach_file(source=source, chunks=[b"The log."], name=f"{NAME}.txt", by=cast.reviewer)
    done(cast, editor2, words=NAME, file=file.pk)
    publish_here(tmp_path)
    data = bundle_of(cast.editor, claim)
    assert checked(data).findings == []
    assert b"testova" not in data.lower()


def test_another_desks_words_stay(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    source = create_source(desk=cast.other_desk, fields=SourceInput(title="Theirs"), capture=False, by=cast.stranger)
    named = [{"source": source.pk, "stance": "supports"}]
    other = factories.report_as(cast.stranger, cast.other_desk, named, statement=f"{NAME} saw it there.")
    done(cast, editor2, words=NAME)
    assert fresh(other).statement == f"{NAME} saw it there."


def test_names_of_fields_are_not_taken_for_words(cast: Cast, editor2: User) -> None:
    factories.claim(cast, "A statement of the ministry.")
    found = find(cast.desk, words="original_statement", sha256="", by=cast.editor)
    assert (found.texts, found.fields) == ((), ())


def test_a_file_goes_with_its_name_and_digest_wherever_the_desk_kept_it(cast: Cast, editor2: User) -> None:
    file, twin = kept_file(cast), kept_file(cast, name="same.txt")
    digest = file.sha256
    assert secrets_with(digest) == 2
    done(cast, editor2, file=file.pk)
    assert {(one.sha256, one.size, one.name) for one in (fresh(file), fresh(twin))} == {("", 0, "[redacted]")}
    assert (secrets_with(digest), Database().holds("log.txt")) == (0, False)
    assert delete_asked() == 1
    with pytest.raises(FileNotFoundError):
        open_stored(digest)
    assert (FileErasure.objects.count(), Database().holds(digest)) == (0, False)


def test_a_file_that_another_desk_keeps_stays_for_it(cast: Cast, editor2: User) -> None:
    file = kept_file(cast)
    source = create_source(desk=cast.other_desk, fields=SourceInput(title="Theirs"), capture=False, by=cast.stranger)
    theirs = attach_file(source=source, chunks=[b"The log of the ship."], name="x.txt", by=cast.stranger)
    done(cast, editor2, file=file.pk)
    assert (delete_asked(), fresh(theirs).sha256, FileErasure.objects.count()) == (0, file.sha256, 0)
    open_stored(theirs.sha256).close()


def test_the_same_file_may_be_attached_again_later(cast: Cast, editor2: User) -> None:
    file = kept_file(cast)
    done(cast, editor2, file=file.pk)
    again = kept_file(cast)
    assert delete_asked() == 0
    open_stored(again.sha256).close()


def test_whoever_proposed_does_not_decide(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    row = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=cast.editor)
    with pytest.raises(Forbidden):
        redact(redaction=row, seen=find(cast.desk, words=NAME, sha256="", by=cast.editor).seen, by=cast.editor)
    with pytest.raises(Forbidden):
        refuse_redaction(redaction=row, by=cast.editor)
    with pytest.raises(Forbidden):
        withdraw_redaction(redaction=row, by=editor2)


@pytest.mark.parametrize(("who", "refusal"), [("reviewer", Forbidden), ("auditor", Forbidden), ("stranger", NotFound)])
def test_only_editors_of_the_desk_look_for_words(cast: Cast, who: str, refusal: type[Exception]) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    with pytest.raises(refusal):
        look_for(desk=cast.desk, words=NAME, file=None, by=getattr(cast, who))


def test_more_than_was_shown_is_not_erased(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    row = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=cast.editor)
    seen = find(cast.desk, words=NAME, sha256="", by=cast.editor).seen
    factories.claim(cast, f"{NAME} heard it.")
    with pytest.raises(Conflict):
        redact(redaction=row, seen=seen, by=editor2)
    assert (fresh(row).state, Erasure.objects.count()) == ("proposed", 0)


def test_a_refused_or_withdrawn_redaction_keeps_no_words(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    first = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=cast.editor)
    second = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=cast.editor)
    ended = refuse_redaction(redaction=first, by=editor2), withdraw_redaction(redaction=second, by=cast.editor)
    assert [(row.state, row.words) for row in ended] == [("refused", ""), ("withdrawn", "")]
    assert list(Act.objects.filter(kind__startswith="redaction_").order_by("pk").values_list("kind", flat=True)) == [
        *("redaction_proposed", "redaction_proposed", "redaction_refused", "redaction_withdrawn")
    ]
    with pytest.raises(Conflict):
        withdraw_redaction(redaction=first, by=cast.editor)


def test_other_proposals_for_the_words_end_with_them(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    other = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=editor2)
    done(cast, editor2, words="testova")
    assert (fresh(other).state, Database().holds("Testova")) == ("withdrawn", False)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"words": "ab"}, "words"),
        ({"words": " "}, "words"),
        ({"words": "x" * 201}, "words"),
        ({"words": "redacted"}, "words"),
        ({"words": "nobody says this"}, "words"),
        ({"words": "A\x00B"}, "words"),
        ({"words": NAME, "reason": f"As {NAME.lower()} asked."}, "reason"),
        ({"words": NAME, "reason": " "}, "reason"),
    ],
)
def test_what_cannot_be_looked_for_is_refused_by_name(cast: Cast, fields: dict[str, Any], name: str) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    with pytest.raises(Invalid) as refusal:
        propose_redaction(desk=cast.desk, **{"reason": "Asked.", **fields}, by=cast.editor)
    assert (list(refusal.value.errors), Redaction.objects.count()) == ([name], 0)


def test_a_file_of_another_desk_cannot_be_named(cast: Cast) -> None:
    with pytest.raises(NotFound):
        look_for(desk=cast.other_desk, words="", file=kept_file(cast).pk, by=cast.stranger)


# The database's own refusals


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_not_even_the_owner_erases_what_no_redaction_names(cast: Cast) -> None:
    factories.claim(cast)
    for statement in ("DELETE FROM ledger_secret", "UPDATE claims_statuschangetext SET reason = '[redacted]'"):
        with pytest.raises(DatabaseError) as refusal, connections["owner"].cursor() as cursor:
            cursor.execute(statement)
        assert type(refusal.value.__cause__).__name__ == "RestrictViolation"


@pytest.mark.parametrize("statement", ["DELETE FROM ledger_secret", "UPDATE claims_statuschangetext SET reason = ''"])
def test_the_application_erases_nothing_by_itself(cast: Cast, statement: str) -> None:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert type(refusal.value.__cause__).__name__ == "InsufficientPrivilege"


def test_an_erasure_that_its_entry_does_not_name_is_refused(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    done(cast, editor2, words=NAME)
    said, other = Act.objects.get(kind="redacted").entry_id, Secret.objects.order_by("pk")[0]
    insert = "INSERT INTO ledger_erasure (said_in_id, entry_id, name, row) VALUES (%s, %s, %s, %s)"
    assert "erasure_is_in_the_log" in _constraint(insert, said, other.entry_id, other.name, "")
    assert "erasure_is_in_the_log" in _constraint(insert, said, None, "", "claims_statuschangetext:x:reason")


def test_an_erasure_without_a_second_person_is_refused(cast: Cast) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    row = propose_redaction(desk=cast.desk, words=NAME, reason="Asked.", by=cast.editor)
    found = find(cast.desk, words=NAME, sha256="", by=cast.editor)
    with pytest.raises(DatabaseError) as refusal, recorded_transaction():
        for entry, fields, rows in redacted(row, found, by=cast.editor, now=claim.created_at):
            erase(entry, fields=fields, rows=rows)
    assert "no two persons redacted this" in str(refusal.value)
    assert Erasure.objects.count() == 0


def _constraint(statement: str, *values: Any) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def test_every_column_of_text_is_searched_or_said_to_hold_no_words() -> None:
    searched = {f"{place.model.__name__}.{column}" for place in PLACES for column in place.columns}
    every = set()
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS or model.__name__ in OF_PEOPLE:
            continue
        for field in model._meta.concrete_fields:
            written = isinstance(field, models.CharField | models.TextField | models.JSONField | ArrayField)
            if written and not field.choices and not field.generated and not isinstance(field, models.UUIDField):
                every.add(f"{model.__name__}.{field.name}")
    assert every == searched | CODES


@pytest.mark.django_db(transaction=True)
def test_what_is_left_agrees_with_itself(cast: Cast, editor2: User) -> None:
    verdict_that_names(cast)
    done(cast, editor2, words=NAME, file=kept_file(cast).pk)
    delete_asked()
    call_command("verify")  # fails with status 1 for anything that does not agree


def test_who_reads_its_committed_values_is_said_of_every_kind_of_act() -> None:
    assert set(KINDS) == READ_BY_EDITORS | READ_BY_ADMINISTRATORS
    assert not READ_BY_EDITORS & READ_BY_ADMINISTRATORS


def _invited(cast: Cast) -> str:
    invite(desk=cast.desk, role="reporter", name="Zephyrine Quill", email="zephyrine@example.org", by=cast.admin)
    return "zephyrine@example.org"


def test_an_editor_does_not_learn_from_a_preview_who_is_invited(cast: Cast) -> None:
    address = _invited(cast)
    for words in (address, "Zephyrine Quill", "nobody@example.org"):
        with pytest.raises(Invalid, match="No text on this desk contains these words"):
            look_for(desk=cast.desk, words=words, file=None, by=cast.editor)


def test_nor_from_what_a_redaction_of_the_same_words_erases(cast: Cast, editor2: User) -> None:
    address = _invited(cast)
    factories.claim(cast, f"{address} saw it.")
    row = done(cast, editor2, words=address)
    assert (row.state, secrets_with(address)) == ("done", 1)


def test_an_administrator_who_edits_the_desk_finds_an_invitation(cast: Cast) -> None:
    address = _invited(cast)
    set_role(desk=cast.desk, user=cast.admin, role="editor", by=None)
    _words, _digest, found = look_for(desk=cast.desk, words=address, file=None, by=fresh(cast.admin))
    assert [one.name for one in found.fields] == ["email"]
