"""What a superuser without the key does to entries, the log, its checkpoints and keys, by the numbers of the table."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from accounts.ledger_entries import key_rotated
from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from claims.record.ledger_entries import claim_set
from ledger.entries import leaf_bytes, leaf_hash, read_entry
from ledger.keys import Rotation
from ledger.models import Checkpoint, Entry, Outbox
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.verifier import root_hash
from tests import factories
from tests.integrity.forging import forge, value_of
from tests.ledger import test_tampering_database as by_force
from tests.tampering.doing import do, run
from tests.tampering.noticing import Outside

Deed = Callable[[Outside], object]
FORGED = "Forged."


@contextmanager
def past_guards() -> Iterator[None]:
    """Inside no trigger stops anybody."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL session_replication_role = replica")
    yield
    run("SET LOCAL session_replication_role = origin")


def entry_of(outside: Outside, kind: str = "status_changed") -> int:
    """The newest entry of the claim's stream of a kind."""
    return Entry.objects.filter(stream=f"claim:{outside.desk.claim.pk}", kind=kind).latest("seq").pk


def by_the_numbers(tampering: by_force.Tampering, seed: int = 1) -> Deed:
    """One of the six of `tests/ledger/test_tampering_database.py`."""

    def deed(outside: Outside) -> None:
        with past_guards():
            tampering(outside.newest().size, random.Random(seed))

    return deed


def edit_bytes_alone(outside: Outside) -> None:
    """Of an entry that is published the bytes, and nothing beside them."""
    entry = Entry.objects.get(pk=entry_of(outside))
    changed = read_entry(bytes(entry.leaf))
    leaf = leaf_bytes(changed._replace(body={**changed.body, "to": "refuted"}))
    with past_guards():
        run("UPDATE ledger_entry SET leaf = %s WHERE id = %s", leaf, entry.pk)


def rewrite(outside: Outside) -> None:
    """A reason: its row, what opens it, the entry, all that follow it, and their places."""
    with past_guards():
        forge(entry_of(outside), "reason", FORGED)
    do((":text reason = 'Forged.' :second",), outside.desk)


def rewrite_the_first(outside: Outside) -> None:
    """The same of the claim's first status change."""
    entry = Entry.objects.filter(stream=f"claim:{outside.desk.claim.pk}", kind="status_changed").earliest("seq").pk
    with past_guards():
        forge(entry, "reason", FORGED)
    do(("UPDATE claims_statuschangetext SET reason = 'Forged.' WHERE claim_id = :claim_id AND seq = 1",), outside.desk)


def rewrite_a_decider(outside: Outside) -> None:
    """Somebody else decided, in row, decision, act and entry."""
    entry = entry_of(outside)
    do(
        (
            ":change decided_by_id = :user(auditor) :second",
            ":decision decided_by_id = :user(auditor) WHERE assessment_id = :assessment_id",
        ),
        outside.desk,
    )
    [(pk,)] = run("SELECT id FROM accounts_user WHERE username = 'auditor'")
    decided = Entry.objects.filter(stream=f"claim:{outside.desk.claim.pk}", kind="decided").latest("seq").pk
    with past_guards():
        who = {"id": str(pk), "name": "auditor"}
        forge(entry, "decided_by", who)
        forge(entry, "by", who) if value_of(entry, "by")["name"] == "editor" else None
        forge(decided, "by", who)
        run("UPDATE accounts_act SET by_id = %s WHERE entry_id = %s", pk, decided)


def change_a_hash(_outside: Outside) -> None:
    with past_guards():
        run("UPDATE ledger_leaf SET hash = sha256('') WHERE index = 3")


def put_an_old_checkpoint_back(outside: Outside) -> None:
    outside.a_minute_later()  # until then, entries beyond the checkpoint may still be sequenced
    with past_guards():
        run("DELETE FROM ledger_checkpoint WHERE size = %s", outside.newest().size)


def forge_a_size(outside: Outside) -> None:
    """A checkpoint of one entry more, with the signature of the newest one."""
    newest = outside.newest()
    note = newest.note.replace(f"\n{newest.size}\n", f"\n{newest.size + 1}\n")
    with past_guards():
        run("UPDATE ledger_checkpoint SET size = size + 1, note = %s WHERE size = %s", note, newest.size)


def forge_a_root(outside: Outside) -> None:
    """Over what is there now, after a change, without a signature that fits."""
    rewrite(outside)
    newest = outside.newest()
    root = root_of(newest.size)
    text = checkpoint_text(origin_of(newest), newest.size, root)
    note = text + "\n" + newest.note.rpartition("\n\n")[2]
    with past_guards():
        run("UPDATE ledger_checkpoint SET root = %s, note = %s WHERE size = %s", root, note, newest.size)


def sign_with_an_own_key(outside: Outside) -> None:
    """The change of `rewrite`, signed by a key of one's own that stands in the table instead of the log's."""
    rewrite(outside)
    newest = outside.newest()
    forger, root = SigningKey(origin_of(newest), b"f" * 32), root_of(newest.size)
    note = sign_note(checkpoint_text(forger.name, newest.size, root), [forger]).decode()
    with past_guards():
        run("UPDATE ledger_key SET text = %s WHERE NOT signs_receipts", str(forger.verifier_key))
        run("UPDATE ledger_checkpoint SET root = %s, note = %s WHERE size = %s", root, note, newest.size)


def add_a_key(outside: Outside) -> None:
    forger = SigningKey(origin_of(outside.newest()), b"f" * 32)
    run("INSERT INTO ledger_key (text, signs_receipts, since) VALUES (%s, false, now())", str(forger.verifier_key))


def take_a_key_away(_outside: Outside) -> None:
    with past_guards():
        run("DELETE FROM ledger_key WHERE signs_receipts")


def forge_a_rotation(outside: Outside) -> None:
    """To a key of one's own, with an entry that the sequencer gives its place and a signature by that key itself."""
    newest = outside.newest()
    forger = SigningKey(origin_of(newest), b"f" * 32)
    old = str(outside.kept.policy.log_keys[0])
    note = sign_note(f"second-source/key-rotation/v1\n{forger.name}\nlog\n{forger.verifier_key}\n", [forger]).decode()
    add_a_key(outside)
    key_rotated(Rotation(False, old, str(forger.verifier_key), note), by=None, now=timezone.now())
    outside.desk.publish(outside.signer_copy())


def restore_yesterday(outside: Outside) -> None:
    """Somebody saw the log as it was today; then yesterday's copy of the database was put back."""
    outside.visit()
    with transaction.atomic():
        factories.claim(outside.desk.cast)
        outside.desk.publish(outside.signer_copy())
        outside.keep_anew()
        outside.visit()
        transaction.set_rollback(True)


def an_act_that_waits(outside: Outside, claim: Claim | None = None) -> int:
    """Something was done a moment ago with the claim, or another; the sequencer has not seen it yet. Its entry."""
    claim = factories.fresh(claim or outside.desk.claim)
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=outside.desk.cast.editor)
    waiting: int = Outbox.objects.latest("entry_id").entry_id
    outside.keep_receipt(waiting)
    return waiting


def drop_what_waits(outside: Outside) -> None:
    entry = an_act_that_waits(outside)
    with past_guards():
        run("DELETE FROM ledger_outbox WHERE entry_id = %s", entry)


def put_off_what_waits(outside: Outside) -> None:
    """Behind it other words would stand in the heading for ever."""
    entry = an_act_that_waits(outside)
    with past_guards():
        run("DELETE FROM ledger_outbox WHERE entry_id = %s", entry)
        run("UPDATE ledger_entry SET at = at + interval '100 years' WHERE id = %s", entry)
    do((":claim statement = 'Forged.' :this",), outside.desk)


def double_what_waits(outside: Outside) -> None:
    """Has its place, and waits for another."""
    entry = an_act_that_waits(outside)
    outside.desk.publish(outside.signer_copy())
    with past_guards():
        run("INSERT INTO ledger_outbox (entry_id) VALUES (%s)", entry)


def forge_what_waits(outside: Outside) -> None:
    """An act with its entry, of which no row tells: that a claim was published."""
    other = outside.desk.world.claim
    claim_set("claim_closed", other, by=outside.desk.cast.editor, now=timezone.now(), reason=FORGED, why="moot")


def place_what_is_no_entry(outside: Outside) -> None:
    """Bytes that are no entry, with a place of their own behind all others."""
    leaf = b"\xff no entry"
    with past_guards():
        run(
            "WITH forged AS (INSERT INTO ledger_entry (stream, seq, kind, at, leaf, leaf_hash)"
            " VALUES ('claim:forged', 1, 'tried', now(), %s, %s) RETURNING id, leaf_hash)"
            " INSERT INTO ledger_leaf (index, entry_id, hash)"
            " SELECT (SELECT max(index) + 1 FROM ledger_leaf), id, leaf_hash FROM forged",
            leaf,
            leaf_hash(leaf),
        )


def change_what_waits(outside: Outside, claim: Claim | None = None) -> None:
    entry = an_act_that_waits(outside, claim)
    content = value_of(entry, "content")
    with past_guards():
        forge(entry, "content", {**content, "place": FORGED})


def change_what_waits_and_its_rows(outside: Outside) -> None:
    change_what_waits(outside)
    do((":claim place = 'Forged.' :this",), outside.desk)
    outside.desk.publish(outside.signer_copy())


def delete_what_waits(outside: Outside) -> None:
    """Its entry, and not what it did."""
    delete(an_act_that_waits(outside))


def undo_what_waits(outside: Outside) -> None:
    """Its entry and all that it did, before anything was signed."""
    with transaction.atomic():
        an_act_that_waits(outside)
        transaction.set_rollback(True)
    factories.claim(outside.desk.cast)
    outside.desk.publish(outside.signer_copy())


def delete(entry: int) -> None:
    with past_guards():
        for table in ("accounts_act", "ledger_outbox", "ledger_secret"):
            run(f"DELETE FROM {table} WHERE entry_id = %s", entry)  # noqa: S608 - ours
        run("DELETE FROM ledger_entry WHERE id = %s", entry)


def act_without_an_entry(_outside: Outside) -> None:
    columns = "desk_id, by_id, kind, about, at, sealed"
    with past_guards():
        run(f"INSERT INTO accounts_act (entry_id, {columns}) SELECT -1, {columns} FROM accounts_act LIMIT 1")  # noqa: S608


def swap_sealed_streams(_outside: Outside) -> None:
    with past_guards():
        [(one, first), (other, second)] = run("SELECT subject, name FROM ledger_sealedstream ORDER BY subject LIMIT 2")
        run("DELETE FROM ledger_sealedstream WHERE subject = %s", one)
        run("UPDATE ledger_sealedstream SET name = %s WHERE subject = %s", first, other)
        run("INSERT INTO ledger_sealedstream (subject, name) VALUES (%s, %s)", one, second)


def drop_a_guard_first(outside: Outside) -> None:
    """The table's triggers are dropped; then the change is one like any other."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    for (name,) in run(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'claims_statuschangetext'::regclass AND NOT tgisinternal"
    ):
        run(f'DROP TRIGGER "{name}" ON claims_statuschangetext')
    run("UPDATE claims_statuschangetext SET reason = %s WHERE claim_id = %s AND seq = 2", FORGED, outside.desk.claim.pk)


def change_a_column_of_an_entry(outside: Outside) -> None:
    """When it was written, in the column that only repeats its bytes."""
    with past_guards():
        run("UPDATE ledger_entry SET at = at + interval '1 hour' WHERE id = %s", entry_of(outside))


def delete_an_entry(outside: Outside) -> None:
    """A published one, with its act, what opens it, and its place."""
    entry = entry_of(outside, "evidence_withdrawn")
    with past_guards():
        run("DELETE FROM ledger_leaf WHERE entry_id = %s", entry)
    delete(entry)


def origin_of(checkpoint: Checkpoint) -> str:
    return checkpoint.note.partition("\n")[0]


def root_of(size: int) -> bytes:
    return root_hash([bytes(hashed) for (hashed,) in run("SELECT hash FROM ledger_leaf ORDER BY index LIMIT %s", size)])


LOG: dict[str, Deed] = {
    "L1": edit_bytes_alone,
    "L2": by_the_numbers(by_force.edit, seed=3),
    "L3": delete_an_entry,
    "L4": by_the_numbers(by_force.delete),
    "L5": by_the_numbers(by_force.insert),
    "L6": by_the_numbers(by_force.swap),
    "L7": by_the_numbers(by_force.duplicate, seed=3),
    "L8": by_the_numbers(by_force.truncate),
    "L9": rewrite,
    "L10": change_a_hash,
    "L11": change_a_column_of_an_entry,
    "L12": put_an_old_checkpoint_back,
    "L13": forge_a_size,
    "L14": forge_a_root,
    "L15": sign_with_an_own_key,
    "L16": add_a_key,
    "L17": take_a_key_away,
    "L18": forge_a_rotation,
    "L19": restore_yesterday,
    "L20": drop_what_waits,
    "L21": double_what_waits,
    "L22": forge_what_waits,
    "L23": change_what_waits,
    "L24": change_what_waits_and_its_rows,
    "L25": delete_what_waits,
    "L26": undo_what_waits,
    "L27": act_without_an_entry,
    "L28": swap_sealed_streams,
    "L29": drop_a_guard_first,
    "L30": put_off_what_waits,
    "L40": place_what_is_no_entry,
}
