"""Every table is asked of: by the ledger's entries, by other checks, or by nothing, for a reason that is given here."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.db import models

from accounts import models as accounts
from claims import models as claims
from ledger import models as ledger
from reviews import models as reviews
from sources import models as sources
from tests.integrity.test_both_ways import EXCUSED, TOLD_MODELS, UNTOLD
from tests.integrity.test_changes import CHANGES
from tests.tampering.table import LEDGER

OURS = ("accounts", "claims", "ledger", "reviews", "sources")
WORK = "work for later, which is done and gone"
UNSENT = "what people were told: it changes nothing that is shown of a claim"
DRAFT = "a draft, which nobody else sees"
THE_LOG = "`verify_ledger` and an audit ask the log, by keys that are kept elsewhere"
GROUNDS = "`grounds with their digest`, `watched grounds as they are` and their like"
SIGNED_IN = "who is signed in where, and how often somebody tried"
ELSEWHERE: dict[type[models.Model], str] = {
    **dict.fromkeys((accounts.Session, accounts.SignInTries, accounts.Spending), SIGNED_IN),
    accounts.Mail: UNSENT,
    accounts.ReadsOfDesk: "`what was read is in the ledger` asks the readings themselves",
    **dict.fromkeys((claims.Recomputation, claims.Bundle, claims.BundlePart), WORK),
    **dict.fromkeys((claims.Grounds, claims.StatusChangeGrounds, claims.GroundsWatch), GROUNDS),
    **dict.fromkeys((claims.GroundsTouch, claims.GroundsToKeep, claims.GroundsCheck), WORK),
    claims.StatusChangeGraph: "`status change with its graph`",
    claims.Task: "`task for lost support` and its like; that a verdict was confirmed is asked of the entry",
    **dict.fromkeys((ledger.Node, ledger.Checkpoint, ledger.Cosignature, ledger.WitnessedCheckpoint), THE_LOG),
    **dict.fromkeys((ledger.Key, ledger.Anchor, ledger.DailyStamp), THE_LOG),
    reviews.Reminder: "`reminder of its subject` and its like",
    reviews.Notification: UNSENT,
    **dict.fromkeys((reviews.AssessmentDraft, reviews.FormDraft), DRAFT),
    reviews.KeptOutcome: "the answer to who sends the same twice, forgotten after a day",
    **dict.fromkeys((sources.ChosenFile, sources.FileErasure), WORK),
    sources.DeclaredConflict: UNTOLD,
    Authenticator: "how many there are of which type is asked of the entries; no entry has what they are",
    SocialAccount: "asked of the entries, in `_account_now`",
}
# Of these, by words that are to be found in `docs/ledger.md`, "What nothing can notice":
UNNOTICED = {sources.DeclaredConflict: "Conflicts of interest", accounts.Mail: "mails", Authenticator: "second factor"}


def test_every_table_is_asked_of_or_a_reason_is_given() -> None:
    ours = {model for model in apps.get_models() if model._meta.app_label in OURS}
    known = {*TOLD_MODELS, *CHANGES, *ELSEWHERE}
    assert {model._meta.label for model in ours - known} == set()
    assert len(TOLD_MODELS) + len(CHANGES) + len(ELSEWHERE) == len(known)


def test_every_excuse_names_a_column_that_there_is() -> None:
    for model, columns in (*EXCUSED.items(), *CHANGES.items()):
        assert columns.keys() <= {field.name for field in model._meta.concrete_fields}, model
        assert all(columns.values())


def test_what_nothing_notices_is_said_in_plain_words() -> None:
    section = LEDGER.read_text().partition("### What nothing can notice")[2].partition("\n## ")[0]
    assert [words for words in UNNOTICED.values() if words not in section] == []
