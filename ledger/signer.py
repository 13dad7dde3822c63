"""The signer: signs a checkpoint only if it extends the last one that it signed.

Its folder holds the log's key and a mark: the last size and root signed. It is outside the database and its backups, so
that the mark survives the restoration of an old backup. Key and mark are made together; without a mark nothing is
signed, as the key alone does not tell what it has signed.
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
SIGNS_BESIDE = timedelta(days=30)  # how long a replaced key also signs
Proof = Callable[[int, int], list[bytes]]
"""Gives the consistency proof from one size to a larger one."""


class SignerRefused(Exception):
    """The signer does not sign. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last signed checkpoint and its note; size 0 and no note before the first."""

    origin: str
    size: int
    root: bytes
    note: str


class Signer:
    """Signs the checkpoints of one log. Only one process at a time may use the folder (`locked`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The key's name and not PUBLIC_URL: another address of the site is no other log (decision 75).
        self.origin = read_key(folder / LOG_KEY).name
        self.mark = self._read_mark()
        if self.mark.origin != self.origin:
            raise SignerRefused(f"{folder} has the key of {self.origin} and the mark of {self.mark.origin}")

    @property
    def verifier_key(self) -> str:
        """The public key in the form of policies."""
        return str(self._read_key().verifier_key)

    def sign(self, size: int, root: bytes, proof: Proof) -> str:
        """Sign the checkpoint (size, root) and return its note, once the mark is on disk. Raises SignerRefused.

        The same checkpoint always gets the same note. `proof`: gives the consistency proof from the last one.
        """
        last = self.mark
        # The mark was written and the checkpoint perhaps not published: the same note is given again (decision 75).
        if last.note and (size, root) == (last.size, last.root):
            return last.note
        self._check(last, size, root, proof)
        key, *before = self._keys()
        note = sign_note(checkpoint_text(self.origin, size, root), [key, *before]).decode()
        # Before the note leaves: what is signed and forgotten could be signed again over another log (decision 75).
        self._write_mark(Mark(self.origin, size, root, note))
        # A replaced key has no use any more, and a thief could sign a second log with it (decision 80).
        for old in before:
            kept = _kept(self._folder, old)
            if kept.stat().st_mtime < time.time() - SIGNS_BESIDE.total_seconds():
                kept.unlink()
        return note

    def _keys(self) -> list[SigningKey]:
        """The log's current key, then recently replaced ones that still sign.

        Read each time, so that a rotation needs no restart. For SIGNS_BESIDE each checkpoint has both signatures, so
        that readers who know only the old key can learn of the new one; then the old key is destroyed.
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
        # As after the restoration of an old backup: its log would go on differently from what others hold.
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
        """Write the mark, whole and on disk, before the note is given out."""
        _write_mark(self._folder, mark)
        self.mark = mark


def make_signer(folder: Path, origin: str) -> None:
    """Make a key of the log, and the mark of a log not yet signed; does nothing if there is a key.

    The mark comes first, as a key without one signs nothing. An existing mark stays: it tells what was signed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / LOG_KEY).exists():
        # A mark without a key signs nothing; a key without its mark would not know what it has signed (decision 99).
        if not (folder / MARK).exists():
            write_first_mark(folder, origin)
        make_key(folder, LOG_KEY, name=origin)


def write_first_mark(folder: Path, origin: str) -> None:
    """Write the mark of a log of which nothing is signed."""
    _write_mark(folder, Mark(origin, 0, root_hash([]), ""))


def _write_mark(folder: Path, mark: Mark) -> None:
    root = base64.b64encode(mark.root).decode()
    said = {"origin": mark.origin, "size": mark.size, "root": root, "note": mark.note}
    write_durably(folder / MARK, json.dumps(said, indent=1).encode(), mode=0o600)


def make_key(folder: Path, file: str, *, name: str) -> None:
    """Make a key in the folder, readable by its owner only; does nothing if there is one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / file).exists():
        write_durably(folder / file, f"{SigningKey.make(name).private_text}\n".encode(), mode=0o600)


def make_next_key(folder: Path, file: str, *, name: str) -> SigningKey:
    """The key that will replace the one in `file`: made and on disk, or left by an interrupted rotation."""
    make_key(folder, f"{file}.next", name=name)
    return read_key(folder / f"{file}.next")


def take_next_key(folder: Path, file: str, *, keep: SigningKey | None) -> None:
    """Replace the key by the next one in a single step. `keep`: the old key, if it is to go on signing for a while."""
    if keep is not None:
        with suppress(FileExistsError):
            os.link(folder / file, _kept(folder, keep))
        os.utime(_kept(folder, keep))  # SIGNS_BESIDE counts from now
    # A rename is whole or not done: at no moment is there no key, or half of one (decision 80).
    (folder / f"{file}.next").replace(folder / file)
    sync_folders([folder])


def _kept(folder: Path, old: SigningKey) -> Path:
    return folder / f"{LOG}-{old.verifier_key.id.hex()}.key"


@contextmanager
def locked(folder: Path, name: str = "lock") -> Iterator[None]:
    """Locks a folder for one process of this machine. Raises SignerRefused if another holds it.

    `name`: the lock; a rotation may run beside a sequencer, but not beside another rotation.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        try:
            # The system releases it when the process dies, unlike a file that says so.
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
