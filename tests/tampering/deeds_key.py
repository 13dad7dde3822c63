"""What somebody does who has the log's key and the signer's folder as well, by the numbers of the table."""

import random

from django.utils import timezone

from accounts.ledger_entries import key_rotated
from ledger.entries import format_time
from ledger.keys import Rotation
from ledger.models import Entry, Leaf
from ledger.notes import SigningKey, sign_note
from ledger.recording import record
from ledger.signer import LOG_KEY, MARK, Signer, read_key, write_first_mark
from tests import factories
from tests.ledger import test_tampering_database as by_force
from tests.tampering.deeds_log import (
    Deed,
    by_the_numbers,
    delete,
    edit_bytes_alone,
    past_guards,
    restore_yesterday,
    rewrite,
    rewrite_a_decider,
    rewrite_the_first,
    root_of,
)
from tests.tampering.doing import do, run
from tests.tampering.noticing import Outside


def sign_anew(outside: Outside) -> None:
    """Whatever the log says now, signed by its own key as if nothing had been signed before."""
    signer = outside.signer_copy()
    origin = read_key(signer / LOG_KEY).name
    with past_guards():
        run("DELETE FROM ledger_anchor")
        run("DELETE FROM ledger_checkpoint")
    (signer / MARK).unlink()
    write_first_mark(signer, origin)
    # By the key itself: the sequencer signs nothing that it would not have placed, from the mark on.
    size = Leaf.objects.count()
    Signer(signer).sign(size, root_of(size), lambda _old, _new: [])
    outside.desk.publish(signer)


def and_sign(*deeds: Deed) -> Deed:
    def deed(outside: Outside) -> None:
        for each in deeds:
            each(outside)
        sign_anew(outside)

    return deed


def withhold_the_last(outside: Outside) -> None:
    """The log's last entry is gone, with its act and its place."""
    [(entry,)] = run("SELECT entry_id FROM ledger_leaf ORDER BY index DESC LIMIT 1")
    with past_guards():
        run("DELETE FROM ledger_leaf WHERE entry_id = %s", entry)
    delete(entry)


def take_an_act_out(outside: Outside) -> None:
    """That a claim was closed: its row, what tells of it, its entry and its place; those after it move up."""
    entry = Entry.objects.filter(kind="claim_closed").latest("pk").pk
    stream = Entry.objects.get(pk=entry).stream.removeprefix("claim:")
    with past_guards():
        [(index,)] = run("DELETE FROM ledger_leaf WHERE entry_id = %s RETURNING index", entry)
        by_force._shift(index, -1)
        run(
            "UPDATE claims_claim SET closed_at = NULL, closed_reason = '', closed_note = '', version = version - 1"
            " WHERE id = %s",
            stream,
        )
        run("DELETE FROM claims_revision WHERE claim_id = %s AND version = 2", stream)
        run("DELETE FROM accounts_fieldchange WHERE row = %s AND version = 2", stream)
    delete(entry)


def put_an_entry_in(outside: Outside) -> None:
    """One of a stream of its own, in the middle of the log."""
    with past_guards():
        by_force.insert(outside.newest().size, random.Random(1))


def write_with_an_earlier_time(outside: Outside) -> None:
    """A claim of today that its entries say was written down yesterday."""
    factories.claim(outside.desk.cast, now=factories.days_ago(1))
    outside.desk.publish(outside.signer_copy())


def say_that_it_was_long_ago(outside: Outside) -> None:
    """An entry that tells of an older act, and does not say that it was brought in."""
    body = {"happened_at": format_time(factories.days_ago(300))}
    record(stream="claim:forged", kind="tried", at=timezone.now(), body=body, committed={})
    outside.desk.publish(outside.signer_copy())


def rotate_to_an_own_key(outside: Outside) -> None:
    """The log's key hands over to one of the forger's, by the rules; from then on that one signs alone."""
    signer = outside.signer_copy()
    old = read_key(signer / LOG_KEY)
    new = SigningKey(old.name, b"f" * 32)
    run("INSERT INTO ledger_key (text, signs_receipts, since) VALUES (%s, false, now())", str(new.verifier_key))
    note = sign_note(f"second-source/key-rotation/v1\n{old.name}\nlog\n{new.verifier_key}\n", [old]).decode()
    rotation = Rotation(False, str(old.verifier_key), str(new.verifier_key), note)
    key_rotated(rotation, by=None, now=timezone.now())
    (signer / LOG_KEY).chmod(0o600)
    (signer / LOG_KEY).write_text(f"{new.private_text}\n")
    outside.desk.publish(signer)


def another_key_in_the_folder(outside: Outside) -> None:
    """Nobody says that there is a new one."""
    signer = outside.signer_copy()
    new = SigningKey(read_key(signer / LOG_KEY).name, b"f" * 32)
    (signer / LOG_KEY).chmod(0o600)
    (signer / LOG_KEY).write_text(f"{new.private_text}\n")
    factories.claim(outside.desk.cast)
    outside.desk.publish(signer)


def remove_the_mark(outside: Outside) -> None:
    (outside.signer_copy() / MARK).unlink()


def put_the_mark_back(outside: Outside) -> None:
    signer = outside.signer_copy()
    (signer / MARK).unlink()
    write_first_mark(signer, read_key(signer / LOG_KEY).name)


def restore_yesterday_with_the_mark(outside: Outside) -> None:
    restore_yesterday(outside)
    sign_anew(outside)


def restore_and_go_on(outside: Outside) -> None:
    """The same, and other things are done from there on until the log is as long again."""
    restore_yesterday(outside)
    factories.claim(outside.desk.cast)
    factories.claim(outside.desk.cast)
    sign_anew(outside)


def sign_forged_rows(outside: Outside) -> None:
    """Rows were changed, and the log signed once more."""
    do((":text reason = 'Forged.' :second",), outside.desk)
    sign_anew(outside)


KEY: dict[str, Deed] = {
    "K1": and_sign(rewrite),
    "K2": and_sign(withhold_the_last),
    "K3": and_sign(take_an_act_out),
    "K4": and_sign(put_an_entry_in),
    "K5": and_sign(by_the_numbers(by_force.swap)),
    "K6": and_sign(rewrite_the_first),
    "K7": and_sign(rewrite_a_decider),
    "K8": write_with_an_earlier_time,
    "K9": say_that_it_was_long_ago,
    "K10": rotate_to_an_own_key,
    "K11": another_key_in_the_folder,
    "K12": remove_the_mark,
    "K13": put_the_mark_back,
    "K14": restore_yesterday_with_the_mark,
    "K15": restore_and_go_on,
    "K16": sign_forged_rows,
    "K17": and_sign(edit_bytes_alone),
    "K18": and_sign(by_the_numbers(by_force.truncate)),
}
