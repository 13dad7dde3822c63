"""Notes, checkpoints, receipts; the keys and notes of Go's sumdb/note and of C2SP first."""

import base64

import pytest

from ledger.entries import Broken
from ledger.notes import (
    LogSize,
    Policy,
    Receipt,
    SigningKey,
    checkpoint_text,
    open_note,
    read_checkpoint,
    read_receipt,
    read_verifier_key,
    receipt_text,
    sign_note,
)
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, POLICY, RECEIPT_KEY, receipt_for

# golang.org/x/mod/sumdb/note, note_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
peter, enoch = read_verifier_key(PETER), read_verifier_key(ENOCH)


def test_a_verifier_key_reads_back() -> None:
    assert (str(peter), peter.name, peter.id.hex()) == (PETER, "PeterNeumann", "c74f20a3")


def test_every_part_and_every_change_of_a_verifier_key_is_refused() -> None:
    parts = {PETER[i:j] for i in range(len(PETER)) for j in range(i + 1, len(PETER) + 1)} - {PETER}
    changed = {PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))}
    for text in parts | changed:
        with pytest.raises(Broken):
            read_verifier_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "",
        None,
        5,
    ],
)
def test_keys_of_another_length_or_type_are_refused(text: object) -> None:
    with pytest.raises(Broken):
        read_verifier_key(text)


def test_a_signing_key_reads_back_and_does_not_show_itself() -> None:
    key = SigningKey.read(PETER_PRIVATE)
    assert (key.private_text, str(key.verifier_key), repr(key)) == (PETER_PRIVATE, PETER, "SigningKey('PeterNeumann')")
    made = SigningKey.make("EnochRoot")
    assert SigningKey.read(made.private_text) == made


def test_every_part_of_a_private_key_is_refused() -> None:
    for i in range(len(PETER_PRIVATE)):
        for text in (PETER_PRIVATE[i + 1 :], PETER_PRIVATE[:i]):
            with pytest.raises(ValueError):
                SigningKey.read(text)


def test_a_note_is_signed_as_go_signs_it() -> None:
    assert sign_note(TEXT, [SigningKey.read(PETER_PRIVATE)]).decode() == f"{TEXT}\n{BY_PETER}"


@pytest.mark.parametrize(
    ("signatures", "keys"),
    [
        (BY_PETER + BY_ENOCH, [peter]),
        (BY_PETER + BY_ENOCH, [enoch]),
        (BY_PETER + BY_ENOCH, [peter, enoch]),
        (BY_ENOCH + BY_PETER, [peter]),
        (BY_PETER + BY_ENOCH + BY_ENOCH[:60] + "ABCD" + BY_ENOCH[60:], [peter]),
    ],
)
def test_a_note_opens_by_a_known_key_and_passes_over_the_others(signatures: str, keys: list[object]) -> None:
    assert open_note(f"{TEXT}\n{signatures}".encode(), keys) == TEXT  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("note", "because"),
    [
        (TEXT, "a text, an empty line"),
        (TEXT + "\n", "a text, an empty line"),
        (TEXT + "\n" + BY_PETER[:-1], "a text, an empty line"),
        ("\x01" + TEXT + "\n" + BY_PETER, "no control characters"),
        ("\t" + TEXT + "\n" + BY_PETER, "no control characters"),
        (TEXT.replace("\n", "\r\n") + "\n" + BY_PETER, "no control characters"),
        (TEXT + "\n" + BY_PETER.replace("PeterNeumann", "Bad Name"), "a signature line"),
        (TEXT + "\n" + BY_PETER.replace("PeterNeumann", "Bad\u00a0Name"), "a signature line"),
        (TEXT + "\n" + BY_PETER.replace("PeterNeumann", "Bad+Name"), "a signature line"),
        (TEXT + "\n" + BY_PETER + "Unexpected line.\n", "a signature line"),
        (TEXT + "\n" + BY_PETER.replace("—", "-"), "a signature line"),
        (TEXT + "\n" + BY_PETER.replace("— ", "—  "), "a signature line"),
        (TEXT + "\n" + BY_PETER[:-2] + "\n", "base64"),
        (TEXT + "\n" + BY_PETER.replace("AM=", "AN="), "base64 in its one spelling"),
        (TEXT + "\n" + BY_PETER + "— EnochRoot rwz+eA==\n", "a key id and a signature"),
        (TEXT + "\n" + BY_PETER * 101, "at most 100 signatures"),
        (TEXT + "\n" + BY_PETER[:60] + "ABCD" + BY_PETER[60:], "one that does not"),
        (TEXT.replace("answer", "Answer") + "\n" + BY_PETER, "one that does not"),
        ("\n" + TEXT + "\n" + BY_PETER, "one that does not"),
        (TEXT + "\n" + BY_ENOCH, r"only by EnochRoot\+af0cfe78$"),
        (TEXT + "\n" + BY_PETER.replace("PeterNeumann", "CarmenSandiego"), r"only by CarmenSandiego\+c74f20a3"),
        (TEXT + "\n" + BY_PETER.replace("x08g", "xxxx"), "only by PeterNeumann"),
    ],
)
def test_a_note_that_is_malformed_or_not_signed_by_a_known_key_is_refused(note: str, because: str) -> None:
    with pytest.raises(Broken, match=because):
        open_note(note.encode(), [peter])


def test_a_note_that_is_no_utf8_or_too_long_is_refused() -> None:
    with pytest.raises(Broken, match="UTF-8"):
        open_note(b"\xff" + f"{TEXT}\n{BY_PETER}".encode(), [peter])
    with pytest.raises(Broken, match="at most 1000000 bytes"):
        open_note(("x" * 1_000_000 + f"{TEXT}\n{BY_PETER}").encode(), [peter])


def test_a_text_that_no_note_may_hold_is_not_signed() -> None:
    for text in ("", "abc", "a\tb\n", "a\r\n"):
        with pytest.raises(ValueError, match="a note's text"):
            sign_note(text, [LOG_KEY])
    with pytest.raises(ValueError, match="at least one key"):
        sign_note("abc\n", [])
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(ValueError, match="without space and plus"):
            SigningKey(name, bytes(32))


# C2SP tlog-checkpoint, the example of the specification
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")


def test_the_specifications_checkpoint_reads_and_is_written() -> None:
    assert read_checkpoint(EXAMPLE) == LogSize("example.com/behind-the-sofa", 20852163, ROOT)
    assert checkpoint_text("example.com/behind-the-sofa", 20852163, ROOT) == EXAMPLE


def test_extension_lines_are_read_over() -> None:
    assert read_checkpoint(EXAMPLE + "one more\n").extensions == ("one more",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        EXAMPLE[:-1],
        EXAMPLE + "\n",
        EXAMPLE + "\nmore\n",
        "\n" + EXAMPLE,
        "a\n5\n",
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("20852163", "-1"),
        EXAMPLE.replace("20852163", "+1"),
        EXAMPLE.replace("20852163", "1 "),
        EXAMPLE.replace("20852163", "٢"),
        EXAMPLE.replace("20852163", "9007199254740992"),
        EXAMPLE.replace("20852163", "1e3"),
        EXAMPLE.replace("q2I=", "q2I"),
        EXAMPLE.replace("q2I=", "q2J="),
        EXAMPLE.replace("q2I=", ""),
    ],
)
def test_another_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Broken):
        read_checkpoint(text)


@pytest.mark.parametrize(("origin", "size"), [("", 1), ("a\nb", 1), ("a", -1), ("a", 2**53)])
def test_a_checkpoint_that_would_read_otherwise_is_not_written(origin: str, size: int) -> None:
    with pytest.raises(ValueError):
        checkpoint_text(origin, size, ROOT)


def test_a_policy_takes_its_own_logs_checkpoints_only() -> None:
    assert POLICY.checkpoint(sign_note(checkpoint_text(ORIGIN, 5, ROOT), [LOG_KEY])) == LogSize(ORIGIN, 5, ROOT)
    with pytest.raises(Broken, match=r"origin: expected desk\.example\.org/ledger"):
        POLICY.checkpoint(sign_note(checkpoint_text("other.example.org", 5, ROOT), [LOG_KEY]))
    with pytest.raises(Broken, match="signature"):
        POLICY.checkpoint(sign_note(checkpoint_text(ORIGIN, 5, ROOT), [RECEIPT_KEY]))


def test_a_checkpoint_opens_after_a_change_of_keys() -> None:
    later = SigningKey(ORIGIN, bytes(range(32)))
    policy = Policy(ORIGIN, (LOG_KEY.verifier_key, later.verifier_key))
    for keys in ([LOG_KEY], [later], [LOG_KEY, later]):
        assert policy.checkpoint(sign_note(checkpoint_text(ORIGIN, 5, ROOT), keys)).size == 5


def test_a_receipt_reads_back() -> None:
    receipt = POLICY.receipt(receipt_for(b"leaf", BEGIN))
    assert (receipt.origin, receipt.at, receipt.longest_delay) == (ORIGIN, "2026-11-22T22:14:03.123Z", 60)
    assert read_receipt(receipt_text(receipt)) == receipt


def test_a_receipt_has_a_key_of_its_own() -> None:
    assert RECEIPT_KEY.name == f"{ORIGIN}/receipts"
    text = receipt_text(Receipt(ORIGIN, ROOT, "2026-11-22T22:14:03.123Z", 60))
    with pytest.raises(Broken, match="signature"):
        POLICY.receipt(sign_note(text, [LOG_KEY]))


RECEIPT = receipt_text(Receipt(ORIGIN, ROOT, "2026-11-22T22:14:03.123Z", 60))


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE,
        RECEIPT[:-1],
        RECEIPT + "\n",
        RECEIPT + "more\n",
        RECEIPT.replace("/v1", "/v2"),
        RECEIPT.replace(ORIGIN, ""),
        RECEIPT.replace("CsUY", "CsU"),
        RECEIPT.replace(".123Z", "Z"),
        RECEIPT.replace("\n60\n", "\n060\n"),
        RECEIPT.replace("\n60\n", "\n-1\n"),
    ],
)
def test_another_receipt_is_refused(text: str) -> None:
    with pytest.raises(Broken):
        read_receipt(text)
