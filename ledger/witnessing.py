"""A witness of other installations' logs (C2SP tlog-witness): it cosigns a checkpoint that extends the last one that it
cosigned of the same log, and never goes back.

Its folder holds its key and, for each log, the last note that it cosigned, which is on the disk before anybody has the
cosignature. Whatever dies in between: what was handed out is remembered.
"""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ledger.files import sync_folders, write_durably
from ledger.notes import CosigningKey, LogSize, VerifierKey, read_checkpoint
from ledger.tree import check_consistency, root_hash
from ledger.verifier import (
    Broken,
    Unusable,
    read_base64,
    read_cosignatures,
    read_witness_policy,
    signed_text,
    split_note,
)

KEY = "witness.key"
COSIGNED = "cosigned"  # folder: the last cosigned note of each log, by the SHA-256 of its origin
MOST_HASHES = 63  # of a consistency proof
LARGEST_REQUEST = 2**18  # bytes
PLAIN, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"

_OLD = re.compile("old (0|[1-9][0-9]{0,15})")


class WitnessRefused(Exception):
    """The witness cannot work: its message says why, and what to do."""


class NotCosigned(Exception):
    """A request that is refused: with which status of HTTP, and what is said."""

    def __init__(self, status: int, said: str, *, media_type: str = PLAIN) -> None:
        super().__init__(said)
        self.status, self.said, self.media_type = status, f"{said}\n", media_type


class Request(NamedTuple):
    """What add-checkpoint asks: to cosign a note, whose log extends one of the size `old` by the proof."""

    old: int
    proof: list[bytes]
    note: bytes


class _Last(NamedTuple):
    """The last checkpoint that was cosigned of a log, and when; size 0 before the first."""

    size: int
    root: bytes
    at: int


def request_body(old: int, proof: Iterable[bytes], note: str) -> bytes:
    """The body of an add-checkpoint request."""
    lines = [f"old {old}", *(base64.b64encode(part).decode() for part in proof)]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode() + note.encode()


def read_request(body: bytes) -> Request:
    """What a body of add-checkpoint asks; NotCosigned where it is none."""
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *rest = head.decode().split("\n")
        old = _OLD.fullmatch(first)
        if not blank or old is None or len(rest) > MOST_HASHES:
            raise NotCosigned(400, "no old size, proof lines, empty line and checkpoint")
        return Request(int(old[1]), [read_base64(line, "proof", 32) for line in rest], note)
    except ValueError as error:  # Broken is one
        raise NotCosigned(400, str(error)) from None


class Witness:
    """The witness that has a folder. Requests may come at once: those of one log are answered one after the other."""

    def __init__(self, folder: Path, logs: Sequence[VerifierKey], clock: Callable[[], float] = time.time) -> None:
        """`logs`: the keys of the logs that it watches, each named as its log's origin is. Raises WitnessRefused."""
        self._folder, self._clock, self.logs = folder / COSIGNED, clock, tuple(logs)
        self._key = read_witness_key(folder)
        if not self._folder.is_dir():
            raise WitnessRefused(
                f"{self._folder} is missing: this witness does not know what it cosigned, and cosigns nothing. Put it "
                "back, or begin anew with another key and name"
            )
        self._guard, self._locks = threading.Lock(), dict[str, threading.Lock]()

    @property
    def verifier_key(self) -> VerifierKey:
        """Its public key, as witness policies name it."""
        return self._key.verifier_key

    def add_checkpoint(self, body: bytes) -> str:
        """The line that cosigns the checkpoint of an add-checkpoint request. Raises NotCosigned."""
        request = read_request(body)
        checkpoint, text, signatures = self._opened(request.note)
        if request.old > checkpoint.size:
            raise NotCosigned(400, f"the old size is above that of the checkpoint, {checkpoint.size}")
        with self._lock_of(checkpoint.origin):
            last = self._last(checkpoint.origin)
            if request.old != last.size:
                raise NotCosigned(409, str(last.size), media_type=SIZE)
            _check_extends(last, checkpoint, request.proof)
            at = int(self._clock())
            if at < max(last.at, 1):
                raise NotCosigned(503, "the clock of this witness is before what it cosigned last")
            line = self._key.cosignature_line(text, at)
            write_durably(self._path(checkpoint.origin), f"{text}\n{signatures}{line}".encode(), mode=0o644)
            return line

    def last_note(self, origin_hash: str) -> bytes | None:
        """The last note that was cosigned of the log whose origin has this SHA-256 (hex); None where none was."""
        if not re.fullmatch("[0-9a-f]{64}", origin_hash):
            return None
        try:
            return (self._folder / origin_hash).read_bytes()
        except FileNotFoundError:
            return None

    def _opened(self, note: bytes) -> tuple[LogSize, str, str]:
        """The checkpoint of a request, its text, and the signatures by keys of its log. Raises NotCosigned."""
        try:
            text, signatures = split_note(note)
            checkpoint = read_checkpoint(text)
        except Broken as error:
            raise NotCosigned(400, str(error)) from None
        keys = [key for key in self.logs if key.name == checkpoint.origin]
        if not keys:
            raise NotCosigned(404, "no log that this witness watches")
        try:
            by = signed_text(note, keys)[1]
        except Broken as error:
            raise NotCosigned(403, str(error)) from None
        # Lines of keys that nobody here knows are not kept: anybody could add them.
        known = {(key.name, key.id) for key in by}
        lines = [
            f"— {name} {base64.b64encode(signature).decode()}\n"
            for name, signature in signatures
            if (name, signature[:4]) in known
        ]
        return checkpoint, text, "".join(dict.fromkeys(lines))

    def _last(self, origin: str) -> _Last:
        try:
            note = self._path(origin).read_bytes()
        except FileNotFoundError:
            return _Last(0, root_hash([]), 0)
        checkpoint = read_checkpoint(split_note(note)[0])
        (own,) = read_cosignatures(note, [self.verifier_key])
        return _Last(checkpoint.size, checkpoint.root, own.at)

    def _path(self, origin: str) -> Path:
        return self._folder / hashlib.sha256(origin.encode()).hexdigest()

    def _lock_of(self, origin: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(origin, threading.Lock())


def _check_extends(last: _Last, checkpoint: LogSize, proof: list[bytes]) -> None:
    """Raises NotCosigned unless the checkpoint's log begins with that of the last one."""
    try:
        check_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
        if checkpoint.size == 0 and checkpoint.root != root_hash([]):
            raise Broken("root", expected=root_hash([]).hex(), found=checkpoint.root.hex())
    except Broken as error:
        raise NotCosigned(422, str(error)) from None


def make_witness_key(folder: Path, name: str) -> None:
    """A new key of a witness, readable by its owner alone, and an empty memory; nothing where there is a key.

    The memory comes first: a key without one cosigns nothing. Raises ValueError for a name that no key may have.
    """
    if (folder / KEY).exists():
        return
    key = CosigningKey.make(name)
    (folder / COSIGNED).mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((folder / COSIGNED).iterdir()):
        raise WitnessRefused(f"{folder} has no key, and says what another one cosigned")
    sync_folders([folder.parent, folder])
    write_durably(folder / KEY, f"{key.private_text}\n".encode(), mode=0o600)


def read_witness_key(folder: Path) -> CosigningKey:
    """The key of the witness in a folder. Raises WitnessRefused."""
    try:
        return CosigningKey.read((folder / KEY).read_text().strip())
    except FileNotFoundError:
        raise WitnessRefused(f"{folder / KEY} is missing: without it nothing can be cosigned") from None
    except (ValueError, UnicodeError) as error:
        raise WitnessRefused(f"{folder / KEY} holds no key of a witness: {error}") from None


def read_logs(path: Path) -> tuple[VerifierKey, ...]:
    """The keys of the logs to watch: the `log` lines of a file in the format of C2SP tlog-policy, which has no
    witnesses and ends in `quorum none`. Raises WitnessRefused."""
    try:
        policy = read_witness_policy(path.read_bytes())
    except OSError as error:
        raise WitnessRefused(f"{path}: {error.strerror}") from None
    except Unusable as error:
        raise WitnessRefused(f"{path}: {error}") from None
    if policy.witnesses or policy.quorum is not None:
        raise WitnessRefused(f"{path}: set lines 'log <verifier key>', and 'quorum none'")
    return policy.logs
