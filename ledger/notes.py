"""Signing notes, checkpoints and receipts (C2SP signed-note, tlog-checkpoint). `ledger.verifier` opens them."""

import base64
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.verifier import (
    BUNDLE,
    COSIGNATURE,
    ED25519,
    RECEIPT,
    BundleNote,
    LogSize,
    Policy,
    Receipt,
    VerifierKey,
    cosigned_text,
    is_key_name,
    open_note,
    read_base64,
    read_bundle_note,
    read_checkpoint,
    read_receipt,
    read_verifier_key,
    rotation_text,
)

__all__ = [
    "CosigningKey",
    "LogSize",
    "Policy",
    "Receipt",
    "SigningKey",
    "VerifierKey",
    "bundle_text",
    "checkpoint_text",
    "open_note",
    "read_checkpoint",
    "read_receipt",
    "read_verifier_key",
    "receipt_key_name",
    "receipt_text",
    "rotation_text",
    "sign_note",
]

_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key with the name under which it signs. `seed`: its 32 bytes."""

    name: str
    seed: bytes
    signs: ClassVar[int] = ED25519  # a signature type

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.seed) != 32:
            raise ValueError("a key needs a name without space and plus, and 32 bytes")

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"  # without the seed, which would end up in logs

    @classmethod
    def make(cls, name: str) -> Self:
        """A new key."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> Self:
        """The key in 'PRIVATE+KEY+name+hash+base64'. Raises ValueError if its parts do not match."""
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        hashed, _, encoded = rest.partition("+")
        data = read_base64(encoded, "key", 33)
        if not text.startswith(_PRIVATE) or data[0] != cls.signs:
            raise ValueError("not a private key for this type of signature")
        key = cls(name, data[1:])
        if hashed != key.verifier_key.id.hex():
            raise ValueError("the id does not match the private key")
        return key

    @property
    def private_text(self) -> str:
        """The key as 'PRIVATE+KEY+name+hash+base64', for `read`."""
        encoded = base64.b64encode(bytes([self.signs]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier_key.id.hex()}+{encoded}"

    @property
    def verifier_key(self) -> VerifierKey:
        """The public key, whose text goes into policies."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, public, self.signs)

    def signature_line(self, text: str) -> str:
        """The signature line for a note's text."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"— {self.name} {base64.b64encode(self.verifier_key.id + signature).decode()}\n"


class CosigningKey(SigningKey):
    """A witness's key, which signs that it saw a checkpoint, and when (C2SP tlog-cosignature, Ed25519)."""

    signs: ClassVar[int] = COSIGNATURE

    def signature_line(self, text: str) -> str:
        """The cosignature line for a checkpoint's text, dated now."""
        return self.cosignature_line(text, int(time.time()))

    def cosignature_line(self, text: str, at: int) -> str:
        """The cosignature line for a checkpoint's text. `at`: POSIX time in seconds, above 0."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(cosigned_text(at, text.encode()))
        return f"— {self.name} {base64.b64encode(self.verifier_key.id + at.to_bytes(8, 'big') + signature).decode()}\n"


def sign_note(text: str, keys: Iterable[SigningKey]) -> bytes:
    """A note: the text, an empty line, and one signature for each key.

    Raises ValueError if the text does not end in a newline, holds other control characters, or has no key to sign it.
    """
    if not text.endswith("\n") or any(sign < " " and sign != "\n" for sign in text):
        raise ValueError("a note's text must end in a newline and hold no other control characters")
    lines = [key.signature_line(text) for key in keys]
    if not lines:
        raise ValueError("a note needs at least one key to sign it")
    return f"{text}\n{''.join(lines)}".encode()


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint, to be signed. Raises ValueError if it would not read back the same."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    if read_checkpoint(text) != LogSize(origin, size, root):
        raise ValueError("not a valid checkpoint")
    return text


def receipt_key_name(origin: str) -> str:
    """The name of a log's receipt key: separate, so that no receipt passes as a checkpoint."""
    return f"{origin}/receipts"


def receipt_text(receipt: Receipt) -> str:
    """The text of a receipt, to be signed. Raises ValueError if it would not read back the same."""
    origin, hashed, at, delay = receipt
    text = f"{RECEIPT}\n{origin}\n{base64.b64encode(hashed).decode()}\n{at}\n{delay}\n"
    if read_receipt(text) != receipt:
        raise ValueError("not a valid receipt")
    return text


def bundle_text(note: BundleNote) -> str:
    """The text that signs an evidence bundle. Raises ValueError if it would not read back the same."""
    origin, reference, digest, at = note
    text = f"{BUNDLE}\n{origin}\n{reference}\n{base64.b64encode(digest).decode()}\n{at}\n"
    if read_bundle_note(text) != note:
        raise ValueError("not a valid note of a bundle")
    return text
