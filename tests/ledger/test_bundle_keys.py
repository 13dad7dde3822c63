"""By whose signature a bundle proves something: a key of the policy, or one that the log vouches for."""

import io
from typing import Any

import pytest

from ledger.notes import SigningKey, receipt_key_name, sign_note
from ledger.verifier import (
    KEY_ROTATED,
    KEYS,
    KEYS_PROOF_PATH,
    Policy,
    Report,
    ZippedBundle,
    check_bundle,
    rotation_text,
)
from tests.ledger.exports import ORIGIN, POLICY, RECEIPT_KEY
from tests.ledger.sample_bundle import erased_log, sample_bundle
from tests.ledger.vectors import zipped

NEW = SigningKey(receipt_key_name(ORIGIN), b"n" * 32)
STRANGER = SigningKey(receipt_key_name(ORIGIN), b"s" * 32)
NOTHING = "this bundle proves nothing"


def checked(files: dict[str, bytes], policy: Policy = POLICY) -> Report:
    report = Report()
    return check_bundle(ZippedBundle(io.BytesIO(zipped(files)), report), policy, report)


def given_over(by: SigningKey, **changes: Any) -> dict[str, bytes]:
    """A bundle that the new key signed, whose log says that the former one gave over to it, signed by `by`."""
    log, key = erased_log(), str(NEW.verifier_key)
    body = {"key": key, "replaces": str(RECEIPT_KEY.verifier_key), "signs": "receipts"}
    signed = sign_note(rotation_text(ORIGIN, signs="receipts", key=key), [by]).decode()
    log.add(KEYS, KEY_ROTATED, {**body, "signed": signed, **changes}, {"blind": None})
    return sample_bundle({"key": NEW}, log=log, more_proofs={KEYS_PROOF_PATH: log.proof(KEYS)})


def test_a_key_that_followed_in_the_log_counts() -> None:
    assert checked(given_over(RECEIPT_KEY)).findings == []


@pytest.mark.parametrize(
    "files",
    [
        sample_bundle({"key": STRANGER}),
        sample_bundle({"key": NEW}),
        given_over(STRANGER),
        given_over(RECEIPT_KEY, signs="log"),
        given_over(RECEIPT_KEY, replaces=str(STRANGER.verifier_key)),
    ],
    ids=["a stranger's", "the new key alone", "not by the former", "for checkpoints", "of another"],
)
def test_a_key_that_nobody_vouches_for_proves_nothing(files: dict[str, bytes]) -> None:
    report = checked(files)
    assert str(report.findings[-1]).endswith(NOTHING)
    assert report.said["state"] == "denied"  # which the proofs say by themselves


def test_without_the_logs_own_key_nothing_is_said() -> None:
    other = SigningKey(ORIGIN, b"o" * 32)
    report = checked(sample_bundle(), Policy(ORIGIN, (other.verifier_key,), POLICY.receipt_keys))
    assert (str(report.findings[-1]).endswith(NOTHING), report.said) == (True, {})
