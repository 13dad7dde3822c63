"""The keys of the log: the signer's, which signs checkpoints, and the web server's, which signs receipts.

The web server never holds the log's key: an intruder there can forge receipts, but not the log.
"""

import logging
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from ledger.canonical import canonical
from ledger.entries import format_time
from ledger.files import write_durably
from ledger.models import Key
from ledger.notes import Receipt, SigningKey, receipt_key_name, receipt_text, rotation_text, sign_note
from ledger.signer import (
    LOG,
    LOG_KEY,
    SignerRefused,
    locked,
    make_key,
    make_next_key,
    make_signer,
    read_key,
    take_next_key,
)
from ledger.verifier import LONGEST_DELAY as LONGEST_DELAY  # of the receipts that are signed here
from ledger.verifier import WitnessPolicy

logger = logging.getLogger(__name__)

RECEIPTS = "receipts"
RECEIPT_KEY = f"{RECEIPTS}.key"
POLICY = "policy.json"  # in the signer's folder: the keys that this machine made


def make_keys() -> None:
    """Make the missing keys of this machine, and save their public halves in the database, as the tables' owner.

    Also writes a policy beside the log's key if there is none, from the keys on disk and not from the database.
    """
    folder: Path = settings.LEDGER_SIGNER
    make_signer(folder, settings.LEDGER_ORIGIN)
    log = read_key(folder / LOG_KEY)
    if not settings.LEDGER_RECEIPT_KEY:
        make_key(settings.DATA_DIR, RECEIPT_KEY, name=receipt_key_name(log.name))
    _save_public(log, signs_receipts=False)
    _save_public(receipt_key(), signs_receipts=True)
    if not (folder / POLICY).exists():
        # Keys only: witnesses and certificates come from the settings at each use.
        write_durably(
            folder / POLICY, _policy([str(log.verifier_key)], receipts=[str(receipt_key().verifier_key)], more={})
        )


def _save_public(key: SigningKey, *, signs_receipts: bool) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_key (text, signs_receipts, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [str(key.verifier_key), signs_receipts, timezone.now()],
        )


@dataclass(frozen=True, slots=True)
class Rotation:
    """The replacement of a key by another, each as policies name it. `signed`: the note by which the old key agrees."""

    signs_receipts: bool
    old: str
    new: str
    signed: str

    @property
    def signs(self) -> str:
        """The purpose of the key in the ledger's terms: 'log' or 'receipts'."""
        return RECEIPTS if self.signs_receipts else LOG


def _rotation(old: SigningKey, *, new: SigningKey, signs_receipts: bool) -> Rotation:
    origin = old.name.removesuffix(receipt_key_name("")) if signs_receipts else old.name
    key = str(new.verifier_key)
    note = sign_note(rotation_text(origin, signs=RECEIPTS if signs_receipts else LOG, key=key), [old])
    return Rotation(signs_receipts, str(old.verifier_key), key, note.decode())


@contextmanager
def rotating(*, receipts: bool, at_once: bool) -> Iterator[Rotation]:
    """Replaces the log's key, or with `receipts` the receipt key, when the block ends without an error.

    In the block, which records the rotation, the new key is on disk and in the database but not in use. After a crash
    the same call continues with the same key. `at_once`: the log's old key stops signing immediately. Runs as the
    tables' owner. Raises SignerRefused.
    """
    folder: Path = settings.DATA_DIR if receipts else settings.LEDGER_SIGNER
    file = RECEIPT_KEY if receipts else LOG_KEY
    with locked(folder, "rotating"):
        old = receipt_key() if receipts else read_key(folder / file)
        new = make_next_key(folder, file, name=old.name)
        _save_public(new, signs_receipts=receipts)
        yield _rotation(old, new=new, signs_receipts=receipts)
        take_next_key(folder, file, keep=None if receipts or at_once else old)


def receipt_key() -> SigningKey:
    """The key that signs receipts, from LEDGER_RECEIPT_KEY or its file. Raises SignerRefused, ValueError.

    The file is read each time, as a rotation may have replaced it.
    """
    if settings.LEDGER_RECEIPT_KEY:
        return SigningKey.read(settings.LEDGER_RECEIPT_KEY)
    return read_key(settings.DATA_DIR / RECEIPT_KEY)


def receipt(leaf_hash: bytes, at: str) -> str | None:
    """The signed promise that an entry will be in the log within a minute, always the same for one entry.

    None if this server has no key: the change is made all the same, and readiness reports a degraded ledger.
    """
    return receipts_for([(leaf_hash, at)])[0]


def receipts_for(entries: Iterable[tuple[bytes, str]]) -> list[str | None]:
    """The receipts of entries given by leaf hash and time, as `receipt` makes each; the key is read once.

    None also for a time in the future, for which no honest entry exists.
    """
    try:
        key = receipt_key()
    except SignerRefused:
        logger.exception("no receipts can be signed")
        return [None for _entry in entries]
    origin = key.name.removesuffix(receipt_key_name(""))
    latest = format_time(timezone.now() + timedelta(seconds=LONGEST_DELAY))
    promised = [Receipt(origin, leaf_hash, at, LONGEST_DELAY) for leaf_hash, at in entries]
    return [sign_note(receipt_text(one), [key]).decode() if one.at <= latest else None for one in promised]


def policy_text() -> bytes:
    """The keys in the database as a policy, newest first, with the witnesses and certificates of the settings.

    They prove nothing against the database's owner: only `verify_ledger` uses them, and reports that as a mismatch.
    """
    rows = list(Key.objects.order_by("-since", "text").values_list("text", "signs_receipts"))
    log = [text for text, signs_receipts in rows if not signs_receipts]
    more = {**witness_member(settings.WITNESS_POLICY), **stamp_member(configured_certificates())}
    return _policy(log, receipts=[text for text, signs_receipts in rows if signs_receipts], more=more)


def configured_certificates() -> tuple[bytes, ...]:
    """The distinct certificates (DER) of all authorities in TIMESTAMP_AUTHORITIES."""
    return tuple(dict.fromkeys(one for each in settings.TIMESTAMP_AUTHORITIES.values() for one in each))


def _policy(log: list[str], *, receipts: list[str], more: Mapping[str, Any]) -> bytes:
    origin = log[0].partition("+")[0] if log else ""
    return canonical({"origin": origin, "log_keys": log, "receipt_keys": receipts, **more}) + b"\n"


def witness_member(witnesses: WitnessPolicy | None) -> dict[str, str]:
    """The policy's member about witnesses; empty if there are none."""
    return {"witness_policy": witnesses.text.decode()} if witnesses else {}


def stamp_member(certificates: Sequence[bytes]) -> dict[str, list[str]]:
    """The policy's member about time stamps, from certificates (DER); empty if there are none."""
    return {"timestamp_certificates": [ssl.DER_cert_to_PEM_cert(one) for one in certificates]} if certificates else {}
