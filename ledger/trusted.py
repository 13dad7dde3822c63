"""The trusted keys for checking the log. They come from a file, as an attacker who changes the log in the database can
also change the table of keys beside it."""

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
    "No file names the ledger's keys. Set LEDGER_POLICY to a copy, readable by this process, of the policy.json that "
    "make_keys leaves in the signer's folder"
)


def policy_file() -> Path | None:
    """LEDGER_POLICY, else the policy that `make_keys` left beside the log's key; None if neither is readable."""
    if settings.LEDGER_POLICY:
        return Path(settings.LEDGER_POLICY)
    made: Path = settings.LEDGER_SIGNER / POLICY
    return made if os.access(made, os.R_OK) else None


def read_policy_file(path: Path) -> Policy:
    """The policy in a file, with the certificates of TIMESTAMP_AUTHORITIES if it names none. Raises Unusable.

    Settings may be trusted like the file, unlike the database.
    """
    try:
        policy = read_policy(path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
    return replace(policy, timestamp_certificates=policy.timestamp_certificates or configured_certificates())


def own_policy() -> Policy:
    """The policy of this installation's pages, bundles and exports. Raises Unusable.

    Its keys are those of the policy file and their successors by rotations in the log, never those of the table.
    """
    return followed(with_witnesses(_policy_in_file()), rotations())


def _policy_in_file() -> Policy:
    file = policy_file()
    if file is None:
        raise Unusable(NO_POLICY)
    return read_policy_file(file)


def shown_policy() -> bytes:
    """The installation's own policy as a file. Raises Unusable."""
    return written(own_policy())


def has_policy() -> bool:
    """Whether there is a policy file. Without one, the server shows nothing as verified."""
    try:
        _policy_in_file()
    except Unusable as error:
        logger.error("no policy: keys would come from the database: %s", error)
        return False
    return True


def with_witnesses(policy: Policy) -> Policy:
    """The policy, with the witnesses of WITNESS_POLICY (also a file) if it names none."""
    return policy if policy.witnesses else replace(policy, witnesses=settings.WITNESS_POLICY)


def written(policy: Policy) -> bytes:
    """The policy in the form of a file."""
    keys = {"log_keys": list(map(str, policy.log_keys)), "receipt_keys": list(map(str, policy.receipt_keys))}
    more = {**witness_member(policy.witnesses), **stamp_member(policy.timestamp_certificates)}
    return canonical({"origin": policy.origin, **keys, **more}) + b"\n"


def rotations() -> list[LeafEntry]:
    """The entries that record key rotations, in order, without malformed ones, which audits report.

    Includes entries not yet in the log: they count by the former key's signature, and a new receipt key signs at once.
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
    """The policy with the successors of its keys, each by a rotation in the log that the former key signed."""
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
    """Report an entry of the newest checkpoint that has waited over an hour for a quorum of witnesses.

    The newest checkpoint itself needs no quorum, as it may be a second old.
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
    """The keys that belong in the table, each with its purpose.

    These are the policy's keys, their successors by signed rotations, and their predecessors named in the log.
    """
    trusted = followed(policy, entries)
    known = {(str(key), LOG) for key in trusted.log_keys} | {(str(key), RECEIPTS) for key in trusted.receipt_keys}
    for entry in reversed(entries):
        if (entry.body["key"], entry.body["signs"]) in known:
            known.add((entry.body["replaces"], entry.body["signs"]))
    return known


def keys_in_table() -> set[tuple[str, str]]:
    """The keys in the database, each with its purpose."""
    rows = Key.objects.values_list("text", "signs_receipts")
    return {(text, RECEIPTS if signs_receipts else LOG) for text, signs_receipts in rows}


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as `/ledger/` lists it. `is_known`: the policy or a rotation accounts for it."""

    text: str
    is_known: bool


def keys_shown() -> list[ShownKey]:
    """The keys that the policy and the log account for, and the others in the table, marked as unknown."""
    try:
        known = known_keys(own_policy(), rotations())
    except Unusable:
        known = set()
    return [ShownKey(text, is_known=(text, signs) in known) for text, signs in sorted(known | keys_in_table())]


def check_keys(policy: Policy, entries: Sequence[LeafEntry], report: Report) -> None:
    """Report differences between the table of keys and the policy with the log."""
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
