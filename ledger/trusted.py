"""The keys that the log in the database is checked by. They come from a file: whoever can change the log can change the
table of keys beside it."""

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from ledger.canonical import canonical
from ledger.entries import Broken, LeafEntry, read_entry
from ledger.keys import POLICY, RECEIPTS, configured_certificates, stamp_member, witness_member
from ledger.models import Checkpoint, Key, Leaf
from ledger.models import Entry as EntryRow
from ledger.reading import newest_witnessed
from ledger.signer import LOG
from ledger.verifier import (
    KEY_ROTATED,
    KEYS,
    LONGEST_UNWITNESSED,
    WITNESSED,
    Policy,
    Report,
    Unusable,
    check_rotation,
    check_witnessed,
    read_policy,
    read_verifier_key,
)

logger = logging.getLogger(__name__)

NO_POLICY = (
    "No file says which keys the ledger has. Set LEDGER_POLICY to a copy of the policy.json that make_keys leaves "
    "in the signer's folder, which this process can read"
)


def policy_file() -> Path | None:
    """LEDGER_POLICY, else the policy that `make_keys` left beside the log's key; None where neither is there."""
    if settings.LEDGER_POLICY:
        return Path(settings.LEDGER_POLICY)
    made: Path = settings.LEDGER_SIGNER / POLICY
    return made if os.access(made, os.R_OK) else None


def read_policy_file(path: Path) -> Policy:
    """The policy in a file. One that names no certificates for time stamps takes those of TIMESTAMP_AUTHORITIES: a
    setting, like the file, and nothing of the database. Raises Unusable."""
    try:
        policy = read_policy(path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
    return replace(policy, timestamp_certificates=policy.timestamp_certificates or configured_certificates())


def own_policy() -> Policy:
    """What this installation's pages, bundles and exports name and check by: the keys of its policy's file, and those
    that these gave over to in the log. Never the table's. Raises Unusable."""
    return followed(with_witnesses(_policy_in_file()), rotations())


def _policy_in_file() -> Policy:
    file = policy_file()
    if file is None:
        raise Unusable(NO_POLICY)
    return read_policy_file(file)


def shown_policy() -> bytes:
    """The same as a file. Raises Unusable."""
    return written(own_policy())


def has_policy() -> bool:
    """Whether there is such a policy. Where there is none, nothing that this server shows is said to be verified."""
    try:
        _policy_in_file()
    except Unusable as error:
        logger.error("keys would have to be taken from the database: %s", error)
        return False
    return True


def with_witnesses(policy: Policy) -> Policy:
    """A policy that says nothing of witnesses takes those of WITNESS_POLICY, a file as well."""
    return policy if policy.witnesses else replace(policy, witnesses=settings.WITNESS_POLICY)


def written(policy: Policy) -> bytes:
    """A policy as a file has it."""
    keys = {"log_keys": list(map(str, policy.log_keys)), "receipt_keys": list(map(str, policy.receipt_keys))}
    more = {**witness_member(policy.witnesses), **stamp_member(policy.timestamp_certificates)}
    return canonical({"origin": policy.origin, **keys, **more}) + b"\n"


def rotations() -> list[LeafEntry]:
    """The entries of new keys, in their order. Those that name no keys are left out: an audit says so of them.

    Also those that wait for their place: what makes them count is the former key's signature, and the new one signs
    receipts at once.
    """
    rows = EntryRow.objects.filter(stream=KEYS).order_by("seq")
    found = []
    for leaf in rows.values_list("leaf", flat=True):
        try:
            entry = read_entry(bytes(leaf))
        except Broken:
            continue
        names = [entry.body.get(name) for name in ("key", "replaces", "signs")]
        if entry.kind == KEY_ROTATED and all(isinstance(name, str) for name in names):
            found.append(entry)
    return found


def followed(policy: Policy, entries: Iterable[LeafEntry]) -> Policy:
    """The policy and the keys to which its own ones gave over, each by a signature in the log."""
    log, receipts = list(policy.log_keys), list(policy.receipt_keys)
    for entry in entries:
        held = {LOG: log, RECEIPTS: receipts}.get(entry.body["signs"], [])
        if entry.body["replaces"] in map(str, held) and _is_signed(entry, policy.origin):
            key = read_verifier_key(entry.body["key"])
            if key not in held:
                held.insert(0, key)
    return replace(policy, log_keys=tuple(log), receipt_keys=tuple(receipts))


def _is_signed(entry: LeafEntry, origin: str) -> bool:
    try:
        return check_rotation(entry, origin)
    except Broken:
        return False


def check_witnesses(policy: Policy, newest: Checkpoint, now: datetime, report: Report) -> None:
    """Notes where an entry of the newest checkpoint has waited for a quorum of witnesses for longer than an hour.

    The newest one of all need not have it: it may be a second old.
    """
    if policy.witnesses is None or policy.witnesses.quorum is None:
        return
    witnessed = newest_witnessed()
    size = 0
    if witnessed is not None:
        report.said |= check_witnessed(policy, witnessed.note.encode(), WITNESSED, report)
        size = witnessed.size
    since = now - timedelta(seconds=LONGEST_UNWITNESSED)
    waiting = Leaf.objects.filter(index__gte=size, index__lt=newest.size, entry__at__lt=since).order_by("index")
    if (first := waiting.first()) is not None:
        expected = f"a quorum of witnesses within {LONGEST_UNWITNESSED} seconds"
        report.expect(
            False, f"entry {first.index}", part="cosignatures", expected=expected, found=f"the last of {size} entries"
        )


def known_keys(policy: Policy, entries: Sequence[LeafEntry]) -> set[tuple[str, str]]:
    """The keys that belong into the table, each with what it signs: those that the policy names, that one of these gave
    over to by its signature, or that the log names as the one before such a key."""
    trusted = followed(policy, entries)
    known = {(str(key), LOG) for key in trusted.log_keys} | {(str(key), RECEIPTS) for key in trusted.receipt_keys}
    for entry in reversed(entries):
        if (entry.body["key"], entry.body["signs"]) in known:
            known.add((entry.body["replaces"], entry.body["signs"]))
    return known


def keys_in_table() -> set[tuple[str, str]]:
    """The keys that the database names, each with what it signs."""
    rows = Key.objects.values_list("text", "signs_receipts")
    return {(text, RECEIPTS if signs_receipts else LOG) for text, signs_receipts in rows}


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as `/ledger/` lists it: `is_known` where the policy, or a rotation, accounts for it."""

    text: str
    is_known: bool


def keys_shown() -> list[ShownKey]:
    """The keys that the policy and the log account for, and those that the table has besides, as such."""
    try:
        known = known_keys(own_policy(), rotations())
    except Unusable:
        known = set()
    return [ShownKey(text, is_known=(text, signs) in known) for text, signs in sorted(known | keys_in_table())]


def check_keys(policy: Policy, entries: Sequence[LeafEntry], report: Report) -> None:
    """Notes where the table of keys is not what the policy and the log say."""
    known = known_keys(policy, entries)
    table = keys_in_table()
    expected = "the policy to name it, or a key_rotated entry that the key before signed"
    for text, signs in sorted(table - known):
        is_named = any((entry.body["key"], entry.body["signs"]) == (text, signs) for entry in entries)
        found = "such an entry without its signature" if is_named else "neither"
        report.expect(False, f"key {text}", part=signs, expected=expected, found=found)
    for text, signs in sorted(known - table):
        report.expect(False, f"key {text}", part=signs, expected="a row in the table of keys", found="none")
    report.count("keys", len(table))
