"""The signer: signs a checkpoint only where it extends the last one that it signed.

Its folder holds the log's key and a mark, the last size and root that were signed. It lies outside the database and
outside the database's backups: after an old backup was restored, the mark still knows of what was published. Both are
made together. Without a mark nothing is signed: a key alone does not know what it has signed.
"""

import base64
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ledger.files import sync_folders, write_durably
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.tree import check_consistency, root_hash
from ledger.verifier import Broken

LOG = "log"
LOG_KEY = f"{LOG}.key"
MARK = "mark.json"
SIGNS_BESIDE = timedelta(days=30)  # an old key, beside the one that took its place
Proof = Callable[[int, int], list[bytes]]
"""Gives the consistency proof from one size to a larger one."""


class SignerRefused(Exception):
    """The signer does not sign: its message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last checkpoint that was signed, and its signed note; size 0 and no note before the first."""

    origin: str
    size: int
    root: bytes
    note: str


class Signer:
    """Signs the checkpoints of one log. Only one at a time may have the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.origin = read_key(folder / LOG_KEY).name
        self.mark = self._read_mark()
        if self.mark.origin != self.origin:
            raise SignerRefused(f"{folder} has the key of {self.origin} and the mark of {self.mark.origin}")

    @property
    def verifier_key(self) -> str:
        """The public key, as policies name it."""
        return str(self._read_key().verifier_key)

    def sign(self, size: int, root: bytes, proof: Proof) -> str:
        """The signed note of the checkpoint (size, root), with the mark on disk. Raises SignerRefused.

        The same checkpoint again answers the same note. `proof` is asked for consistency with the last one.
        """
        last = self.mark
        if last.note and (size, root) == (last.size, last.root):
            return last.note
        self._check(last, size, root, proof)
        key, *before = self._keys()
        note = sign_note(checkpoint_text(self.origin, size, root), [key, *before]).decode()
        self._write_mark(Mark(self.origin, size, root, note))
        for old in before:
            kept = _kept(self._folder, old)
            if kept.stat().st_mtime < time.time() - SIGNS_BESIDE.total_seconds():
                kept.unlink()
        return note

    def _keys(self) -> list[SigningKey]:
        """The log's key as it is now, and those that still sign beside it, whose place it took not long ago.

        Read each time: a rotation needs no restart. For SIGNS_BESIDE each checkpoint bears both signatures, so that
        whoever knows the old key alone has time to learn of the new one; then the old one is destroyed.
        """
        key = self._read_key()
        before = [read_key(path) for path in sorted(self._folder.glob(f"{LOG}-*.key"))]
        return [key, *(old for old in before if old != key)]

    def _read_key(self) -> SigningKey:
        key = read_key(self._folder / LOG_KEY)
        if key.name != self.origin:
            raise SignerRefused(f"{self._folder / LOG_KEY} is of {key.name}, and this log is {self.origin}")
        return key

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

    def _read_mark(self) -> Mark:
        path = self._folder / MARK
        try:
            said = json.loads(path.read_bytes())
            return Mark(said["origin"], said["size"], base64.b64decode(said["root"], validate=True), said["note"])
        except FileNotFoundError as error:
            raise SignerRefused(
                f"{path} is missing: without it nobody knows what was signed. Nothing is signed. Copy it from the "
                "signer that signed last. See 'The signer refuses' in docs/operations.md"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise SignerRefused(f"{path} cannot be read: {error}") from error

    def _write_mark(self, mark: Mark) -> None:
        """Whole or not at all, and on the disk before anybody is handed the note."""
        _write_mark(self._folder, mark)
        self.mark = mark


def make_signer(folder: Path, origin: str) -> None:
    """A new key of the log, with the mark of a log of which nothing was signed; nothing where there is a key.

    The mark comes first: a key without one signs nothing. A mark that is there stays, as it says what was signed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / LOG_KEY).exists():
        if not (folder / MARK).exists():
            write_first_mark(folder, origin)
        make_key(folder, LOG_KEY, name=origin)


def write_first_mark(folder: Path, origin: str) -> None:
    """The mark of a log of which nothing was signed."""
    _write_mark(folder, Mark(origin, 0, root_hash([]), ""))


def _write_mark(folder: Path, mark: Mark) -> None:
    root = base64.b64encode(mark.root).decode()
    said = {"origin": mark.origin, "size": mark.size, "root": root, "note": mark.note}
    write_durably(folder / MARK, json.dumps(said, indent=1).encode(), mode=0o600)


def make_key(folder: Path, file: str, *, name: str) -> None:
    """A new key in the folder, readable by its owner alone; nothing where there is one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / file).exists():
        write_durably(folder / file, f"{SigningKey.make(name).private_text}\n".encode(), mode=0o600)


def make_next_key(folder: Path, file: str, *, name: str) -> SigningKey:
    """The key that is to take the place of the one in `file`: made and on the disk, or left by a rotation that died."""
    make_key(folder, f"{file}.next", name=name)
    return read_key(folder / f"{file}.next")


def take_next_key(folder: Path, file: str, *, keep: SigningKey | None) -> None:
    """Let the next key take its place, in one step. `keep`: the old one, where it is to sign beside it for a while."""
    if keep is not None:
        with suppress(FileExistsError):
            os.link(folder / file, _kept(folder, keep))
        os.utime(_kept(folder, keep))  # from now on its time runs
    (folder / f"{file}.next").replace(folder / file)
    sync_folders([folder])


def _kept(folder: Path, old: SigningKey) -> Path:
    return folder / f"{LOG}-{old.verifier_key.id.hex()}.key"


@contextmanager
def locked(folder: Path, name: str = "lock") -> Iterator[None]:
    """Holds the signer's folder for one process of this machine. Raises SignerRefused where another has it.

    `name`: what for; a rotation goes on beside a sequencer, and not beside another rotation.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
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
