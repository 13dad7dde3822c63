"""The signer: signs a checkpoint only where it extends the last one that it signed.

Its folder holds the log's key and a mark, the last size and root that were signed. It lies outside the database and
outside the database's backups: after an old backup was restored, the mark still knows of what was published.
"""

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.tree import check_consistency
from ledger.verifier import Broken

LOG_KEY = "log.key"
Proof = Callable[[int, int], list[bytes]]
"""Gives the consistency proof from one size to a larger one."""


class SignerRefused(Exception):
    """The signer does not sign: its message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last checkpoint that was signed, and its signed note."""

    origin: str
    size: int
    root: bytes
    note: str


class Signer:
    """Signs the checkpoints of one log. Only one at a time may have the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = read_key(folder / LOG_KEY)
        self.origin = self._key.name
        self.mark = self._read_mark()
        if self.mark and self.mark.origin != self.origin:
            raise SignerRefused(f"{folder} has the key of {self.origin} and the mark of {self.mark.origin}")

    @property
    def verifier_key(self) -> str:
        """The public key, as policies name it."""
        return str(self._key.verifier_key)

    def sign(self, size: int, root: bytes, proof: Proof) -> str:
        """The signed note of the checkpoint (size, root), with the mark on disk. Raises SignerRefused.

        The same checkpoint again answers the same note. `proof` is asked for consistency with the last one.
        """
        last = self.mark
        if last is not None:
            if (size, root) == (last.size, last.root):
                return last.note
            self._check(last, size, root, proof)
        note = sign_note(checkpoint_text(self.origin, size, root), [self._key]).decode()
        self._write_mark(Mark(self.origin, size, root, note))
        return note

    def _check(self, last: Mark, size: int, root: bytes, proof: Proof) -> None:
        if size < last.size:
            raise SignerRefused(
                f"The database holds {size} entries and {last.size} were signed: it is older than what was published. "
                "Nothing is signed. See 'The signer refuses' in docs/operations.md"
            )
        try:
            check_consistency(last.size, last.root, size, root, proof(last.size, size))
        except (Broken, ValueError) as error:
            raise SignerRefused(
                f"The log of {size} entries does not extend the one of {last.size} that was signed: {error}. "
                "Nothing is signed. See 'The signer refuses' in docs/operations.md"
            ) from error

    def _read_mark(self) -> Mark | None:
        try:
            said = json.loads((self._folder / "mark.json").read_bytes())
            return Mark(said["origin"], said["size"], base64.b64decode(said["root"], validate=True), said["note"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise SignerRefused(f"{self._folder / 'mark.json'} cannot be read: {error}") from error

    def _write_mark(self, mark: Mark) -> None:
        """Whole or not at all, and on the disk before anybody is handed the note."""
        root = base64.b64encode(mark.root).decode()
        said = {"origin": mark.origin, "size": mark.size, "root": root, "note": mark.note}
        _write(self._folder / "mark.json", json.dumps(said, indent=1))
        self.mark = mark


def make_key(folder: Path, file: str, name: str) -> None:
    """A new key in the folder, readable by its owner alone; nothing where there is one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / file).exists():
        _write(folder / file, SigningKey.make(name).private_text + "\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the signer's folder for one process of this machine. Raises SignerRefused where another has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SignerRefused(f"{folder} is in use by another process") from error
        yield


def read_key(path: Path) -> SigningKey:
    """The private key in a file. Raises SignerRefused."""
    try:
        return SigningKey.read(path.read_text().strip())
    except FileNotFoundError as error:
        raise SignerRefused(f"{path} is missing: without it nothing can be signed") from error
    except (ValueError, UnicodeError) as error:
        raise SignerRefused(f"{path} holds no key: {error}") from error


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
