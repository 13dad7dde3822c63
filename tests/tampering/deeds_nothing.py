"""What nothing notices, by the numbers of the table. `docs/ledger.md` says it in plain words.

Of a desk: everybody is asked, as of any other tampering. Of files and logs: whoever could have noticed.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from claims.actions.claims import edit_claim
from claims.actions.conflicts import declare_conflict
from claims.inputs import ClaimInput
from claims.models import Claim
from claims.record.reads import note_shown
from ledger.recording import older_acts
from ledger.verifier import Memory, audit, check_claim_proof, watch
from sources.models import Source
from tests import factories
from tests.integrity.forging import forge
from tests.ledger.exports import BEGIN, POLICY, ExportedLog
from tests.tampering import deeds_key, deeds_log
from tests.tampering.deeds_files import changed
from tests.tampering.deeds_log import FORGED, Deed, an_act_that_waits, change_what_waits, past_guards
from tests.tampering.doing import do, run
from tests.tampering.handing_over import LOG, OTHER, PROOF, first
from tests.tampering.noticing import Outside


def say_what_is_not_so(outside: Outside) -> None:
    """An editor writes it down themselves, through the pages."""
    edit_claim(
        claim=factories.fresh(outside.desk.claim), fields=ClaimInput(place="Elsewhere"), by=outside.desk.cast.editor
    )
    outside.desk.publish(outside.signer_copy())


def act_as_somebody_else(outside: Outside) -> None:
    """Whoever owns the database lets an act be another's, in rows, act and entry alike, before it is signed."""
    receipt = outside.kept.receipt
    entry = an_act_that_waits(outside)
    [(other,)] = run("SELECT id FROM accounts_user WHERE username = 'reporter'")
    with past_guards():
        forge(entry, "by", {"id": str(other), "name": "reporter"})
        run("UPDATE accounts_act SET by_id = %s WHERE entry_id = %s", other, entry)
        for table, column in (("claims_revision", "claim_id"), ("accounts_fieldchange", "row")):
            run(
                f"UPDATE {table} SET by_id = %s WHERE {column} = %s"  # noqa: S608 - ours
                " AND version = (SELECT version FROM claims_claim WHERE id = %s)",
                *(other, outside.desk.claim.pk, outside.desk.claim.pk),
            )
        run("UPDATE claims_groundschange SET by_id = %s WHERE id = (SELECT max(id) FROM claims_groundschange)", other)
    outside.forget(receipt)
    outside.desk.publish(outside.signer_copy())


def change_an_act_before_it_is_signed(outside: Outside) -> None:
    """Of a claim without a verdict, whose grounds nobody watches; whoever did it keeps no receipt."""
    receipt, claim = outside.kept.receipt, Claim.objects.filter(state="reported", closed_at=None).latest("created_at")
    change_what_waits(outside, claim)
    with past_guards():
        run("UPDATE claims_claim SET place = %s WHERE id = %s", FORGED, claim.pk)
    outside.forget(receipt)
    outside.desk.publish(outside.signer_copy())


def undo_an_act_before_it_is_signed(outside: Outside) -> None:
    """As if it was refused, and nobody keeps a receipt."""
    with transaction.atomic():
        receipt = outside.kept.receipt
        an_act_that_waits(outside)
        transaction.set_rollback(True)
    outside.forget(receipt)
    factories.claim(outside.desk.cast)
    outside.desk.publish(outside.signer_copy())


def rewrite_before_anybody_looked(outside: Outside) -> None:
    """With the key; nobody has kept anything but the public keys, and the browser is new."""
    deeds_key.and_sign(deeds_log.rewrite)(outside)
    outside.keep_only_what_is_served()


def restore_before_anybody_looked(outside: Outside) -> None:
    """With the key: yesterday's copy of database and mark. Nobody saw what was done since."""
    with transaction.atomic():
        factories.claim(outside.desk.cast)
        outside.desk.publish(outside.signer_copy())
        transaction.set_rollback(True)
    deeds_key.sign_anew(outside)


def set_a_password(_outside: Outside) -> None:
    run("UPDATE accounts_user SET password = 'another' WHERE username = 'editor'")


def set_a_tokens_digest(outside: Outside) -> None:
    do(("UPDATE accounts_token SET digest = repeat('ab', 64) WHERE user_id = :user(reporter)",), outside.desk)


def change_a_draft(_outside: Outside) -> None:
    run("UPDATE reviews_formdraft SET content = '[]'")
    run("UPDATE reviews_assessmentdraft SET content = jsonb_set(content, '{rationale}', '\"Forged.\"')")


def read_everything(_outside: Outside) -> None:
    assert run("SELECT value, salt FROM ledger_secret")
    assert run("SELECT excerpt FROM claims_evidence WHERE visibility = 'restricted'")


def drop_guards_and_put_them_back(_outside: Outside) -> None:
    with past_guards():
        run("ALTER TABLE claims_statuschange DISABLE TRIGGER USER")
        run("ALTER TABLE claims_statuschange ENABLE TRIGGER USER")


def make_up_a_past(outside: Outside) -> None:
    """A claim of a year ago, which says that it was brought in today."""
    with older_acts():
        factories.claim_in(outside.desk.cast, "denied", now=factories.days_ago(300))
    outside.desk.publish(outside.signer_copy())


def take_a_conflict_away(outside: Outside) -> None:
    declare_conflict(actor_id=factories.actor(outside.desk.cast, "A cousin").pk, by=outside.desk.cast.reviewer)
    outside.desk.publish(outside.signer_copy())
    assert run("DELETE FROM sources_declaredconflict RETURNING 1")


def take_a_reading_away(outside: Outside) -> None:
    """Before the full hour."""
    hidden = Source.objects.filter(visibility="restricted").latest("created_at")
    note_shown(outside.desk.cast.auditor, [hidden])
    assert run("DELETE FROM accounts_restrictedread WHERE entry_id IS NULL RETURNING 1")


def change_what_a_site_answered(_outside: Outside) -> None:
    with past_guards():
        assert run('UPDATE sources_capture SET headers = \'[["server", "forged"]]\', taken_at = NULL RETURNING 1')


DESK: dict[str, Deed] = {
    "N1": say_what_is_not_so,
    "N2": act_as_somebody_else,
    "N3": change_an_act_before_it_is_signed,
    "N4": undo_an_act_before_it_is_signed,
    "N5": rewrite_before_anybody_looked,
    "N6": restore_before_anybody_looked,
    "N7": set_a_password,
    "N8": set_a_tokens_digest,
    "N9": change_a_draft,
    "N10": read_everything,
    "N11": drop_guards_and_put_them_back,
    "N12": make_up_a_past,
    "N19": take_a_conflict_away,
    "N20": take_a_reading_away,
    "N21": change_what_a_site_answered,
}


def two_logs_for_two_readers(folder: Path) -> list[str]:
    """The key signs both; each of the two sees one of them alone."""
    return [
        str(finding)
        for name, log in (("one", LOG), ("other", OTHER))
        for size in (200, 300)
        for finding in watch(first(size, log).export().get, POLICY, Memory(folder / name)).findings
    ]


def forget_what_was_seen(folder: Path) -> list[str]:
    """A watcher's memory is deleted; then the log is written anew with the key."""
    watch(LOG.export().get, POLICY, Memory(folder / "seen"))
    return [str(finding) for finding in watch(OTHER.export().get, POLICY, Memory(folder / "anew")).findings]


def cut_a_proof_for_who_knows_no_more(_folder: Path) -> list[str]:
    """Its reader has this one file."""
    hand = changed(lambda value: value["entries"].pop())
    assert hand.proof is not None
    return [str(finding) for finding in check_claim_proof(hand.proof, POLICY).findings]


def keep_what_was_erased(_folder: Path) -> list[str]:
    """A proof of before a redaction, with the words in it, still holds."""
    assert b"Statement 1" in PROOF
    return [str(finding) for finding in check_claim_proof(PROOF, POLICY).findings]


def set_the_clock_wrong(folder: Path) -> list[str]:
    """All of a log's times are a year off, alike."""
    log, at = ExportedLog(), BEGIN - timedelta(days=365)
    for number in range(50):
        log.add("claim:1", "tried", {"number": number}, {"reason": "Because."}, at + timedelta(minutes=number))
    return [str(finding) for finding in audit(log.export().get, POLICY).findings]


FILES: dict[str, Callable[[Path], list[str]]] = {
    "N13": two_logs_for_two_readers,
    "N14": forget_what_was_seen,
    "N15": cut_a_proof_for_who_knows_no_more,
    "N16": keep_what_was_erased,
    "N17": set_the_clock_wrong,
}
PROGRAM = "N18"  # in a browser: see test_database.py
