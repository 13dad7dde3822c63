"""A witness of other installations' logs (C2SP tlog-witness): it cosigns only checkpoints that extend the last one that
it cosigned of the same log.

Its folder holds its key and, for each log, the last cosigned note, which is on disk before the cosignature is given
out, so that even after a crash the witness remembers it.
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
MOST_HASHES = 63  # in a consistency proof
LARGEST_REQUEST = 2**18  # bytes
PLAIN, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"

_OLD = re.compile("old (0|[1-9][0-9]{0,15})")


class WitnessRefused(Exception):
    """The witness cannot work. The text says why, and what to do."""


class NotCosigned(Exception):
    """A refused request, with the HTTP status and text of the answer."""

    def __init__(self, status: int, said: str, *, media_type: str = PLAIN) -> None:
        super().__init__(said)
        self.status, self.said, self.media_type = status, f"{said}\n", media_type


class Request(NamedTuple):
    """An add-checkpoint request: to cosign a note whose log, by the proof, extends one of size `old`."""

    old: int
    proof: list[bytes]
    note: bytes


class _Last(NamedTuple):
    """The last cosigned checkpoint of a log; size 0 before the first. `at`: POSIX time in seconds."""

    size: int
    root: bytes
    at: int


def request_body(old: int, proof: Iterable[bytes], note: str) -> bytes:
    """The body of an add-checkpoint request."""
    lines = [f"old {old}", *(base64.b64encode(part).decode() for part in proof)]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode() + note.encode()


def read_request(body: bytes) -> Request:
    """The request in the body of an add-checkpoint. Raises NotCosigned if it is malformed."""
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
    """The witness with its key in a folder. Safe for concurrent requests: those about one log are answered in turn."""

    def __init__(self, folder: Path, logs: Sequence[VerifierKey], clock: Callable[[], float] = time.time) -> None:
        """`logs`: the keys of the watched logs, each named as its log's origin. Raises WitnessRefused."""
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
        """The public key in the form of witness policies."""
        return self._key.verifier_key

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line for the checkpoint in an add-checkpoint request. Raises NotCosigned."""
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
        """The last cosigned note of the log whose origin has this SHA-256 (hex); None if there is none."""
        if not re.fullmatch("[0-9a-f]{64}", origin_hash):
            return None
        try:
            return (self._folder / origin_hash).read_bytes()
        except FileNotFoundError:
            return None

    def _opened(self, note: bytes) -> tuple[LogSize, str, str]:
        """The checkpoint in a note, its text, and the signature lines by keys of its log. Raises NotCosigned."""
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
        # Lines of unknown keys are dropped, as anyone could have added them.
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
    """Raise NotCosigned unless the checkpoint's log extends that of the last one."""
    try:
        check_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
        if checkpoint.size == 0 and checkpoint.root != root_hash([]):
            raise Broken("root", expected=root_hash([]).hex(), found=checkpoint.root.hex())
    except Broken as error:
        raise NotCosigned(422, str(error)) from None


def make_witness_key(folder: Path, name: str) -> None:
    """Make a witness's key, readable by its owner only, and its empty memory; does nothing if there is a key.

    The memory comes first, as a key without one cosigns nothing. Raises ValueError (invalid name), WitnessRefused.
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
    """The keys of the logs to watch, from the `log` lines of a C2SP tlog-policy file. Raises WitnessRefused.

    The file must name no witnesses and end in `quorum none`.
    """
    try:
        policy = read_witness_policy(path.read_bytes())
    except OSError as error:
        raise WitnessRefused(f"{path}: {error.strerror}") from None
    except Unusable as error:
        raise WitnessRefused(f"{path}: {error}") from None
    if policy.witnesses or policy.quorum is not None:
        raise WitnessRefused(f"{path}: set lines 'log <verifier key>', and 'quorum none'")
    return policy.logs
