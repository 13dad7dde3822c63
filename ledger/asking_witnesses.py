"""Requests for cosignatures: each witness is asked in a thread of its own (C2SP tlog-witness).

Nothing waits for witnesses: a checkpoint is published first and cosigned afterwards. An unreachable witness is asked
again later, about the newest checkpoint only.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import psycopg
from django.utils import timezone

from ledger.sequencer import Connection, node_reader
from ledger.tree import consistency_proof
from ledger.verifier import (
    Broken,
    CheckedCosignature,
    PolicyWitness,
    VerifierKey,
    WitnessPolicy,
    read_cosignatures,
    split_note,
)
from ledger.witnessing import request_body

logger = logging.getLogger(__name__)

SECONDS_TO_ANSWER = 10.0
SECONDS_BETWEEN_LOOKS = 1.0
LONGEST_PAUSE = 60.0  # seconds, after failed attempts
LARGEST_ANSWER = 2**16  # bytes


class WitnessFailed(Exception):
    """A witness did not cosign. The text says why."""


class _Address:
    """The address of a witness, reached over one persistent connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = f"{parts.path.rstrip('/')}/add-checkpoint"
        of_scheme = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = of_scheme(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer, cut at LARGEST_ANSWER bytes. Raises WitnessFailed if none comes."""
        is_kept = self._connection.sock is not None
        try:
            return self._post(body)
        except (OSError, HTTPException) as error:
            self._connection.close()
            if is_kept and not isinstance(error, TimeoutError):
                # The witness may have closed the persistent connection meanwhile.
                with suppress(OSError, HTTPException):
                    return self._post(body)
                self._connection.close()
            raise WitnessFailed(f"no answer: {error or type(error).__name__}") from error

    def _post(self, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._path, body, {"Content-Type": "text/plain; charset=utf-8"})
        answer = self._connection.getresponse()
        content = answer.read(LARGEST_ANSWER)
        if not answer.isclosed():
            self._connection.close()
        return answer.status, content


class Asking:
    """Requests to one witness about the log in a database."""

    def __init__(self, witness: PolicyWitness, policy: WitnessPolicy) -> None:
        self._key, self._policy, self._address = witness.key, policy, _Address(witness.url)

    def ask(self, connection: Connection) -> bool:
        """Request a cosignature of the newest checkpoint and keep it. Returns False if it is kept already.

        `connection`: with the sequencer's role. Raises WitnessFailed.
        """
        key = str(self._key)
        newest = connection.execute("SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        last = connection.execute("SELECT max(checkpoint_id) FROM ledger_cosignature WHERE key = %s", [key]).fetchone()
        old = (last and last[0]) or 0
        if newest is None or (last and last[0] == newest[0]):
            return False
        size, note = newest
        answer = self._cosignature(connection, old, size=size, note=note)
        self._keep(connection, size, answer)
        return True

    def _cosignature(self, connection: Connection, old: int, *, size: int, note: str) -> CheckedCosignature:
        status, content = self._post(connection, old, size=size, note=note)
        if status == 409:  # the answer is the size up to which it knows the log
            seen = content.decode(errors="replace").removesuffix("\n")
            if not (seen.isascii() and seen.isdigit() and len(seen) <= 16 and int(seen) <= size):
                raise WitnessFailed(f"it says that it has seen {seen[:40]!r} entries, and this log has {size}")
            status, content = self._post(connection, int(seen), size=size, note=note)
        if status != 200:
            raise WitnessFailed(f"it answers {status}: {' '.join(content.decode(errors='replace').split())[:200]!r}")
        text = split_note(note.encode())[0]
        try:
            found = read_cosignatures(f"{text}\n".encode() + content, [self._key])
        except Broken as error:
            raise WitnessFailed(f"its answer is malformed: {error}") from error
        if not found:
            raise WitnessFailed("its answer has no cosignature by its key")
        return found[0]

    def _post(self, connection: Connection, old: int, *, size: int, note: str) -> tuple[int, bytes]:
        return self._address.post(request_body(old, consistency_proof(node_reader(connection), old, new=size), note))

    def _keep(self, connection: Connection, size: int, found: CheckedCosignature) -> None:
        """Keep a cosignature, and mark the checkpoint if it now has a quorum.

        The last of several concurrent commits sees all earlier ones, so no quorum is missed.
        """
        try:
            at = datetime.fromtimestamp(found.at, UTC)
        except (ValueError, OverflowError, OSError):
            raise WitnessFailed(f"its cosignature is dated {found.at}, which is no valid time") from None
        connection.execute(
            "INSERT INTO ledger_cosignature (checkpoint_id, key, at, line) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [size, str(found.key), at, found.line],
        )
        rows = connection.execute("SELECT key FROM ledger_cosignature WHERE checkpoint_id = %s", [size]).fetchall()
        texts = {text for (text,) in rows}
        by: list[VerifierKey] = [key for key in self._policy.witness_keys() if str(key) in texts]
        if self._policy.quorum is not None and self._policy.is_met(by):
            connection.execute(
                "INSERT INTO ledger_witnessedcheckpoint (checkpoint_id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [size, timezone.now()],
            )


@contextmanager
def asking_witnesses(policy: WitnessPolicy | None, url: str) -> Iterator[None]:
    """Asks all witnesses of a policy while the block runs. `url`: of the database, with the sequencer's role.

    Leaving the block does not wait for a slow witness.
    """
    end = threading.Event()
    for name, witness in policy.witnesses.items() if policy else ():
        asking = Asking(witness, policy)  # type: ignore[arg-type]  # the loop is empty without a policy
        threading.Thread(
            target=_keep_asking,
            args=(asking, name),
            kwargs={"url": url, "end": end},
            name=f"witness {name}",
            daemon=True,
        ).start()
    try:
        yield
    finally:
        end.set()


def _keep_asking(asking: Asking, name: str, *, url: str, end: threading.Event) -> None:
    """Request cosignatures of new checkpoints until the end, with a growing pause after each failure."""
    pause, said = SECONDS_BETWEEN_LOOKS, ""
    while not end.wait(pause):
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                while not end.wait(SECONDS_BETWEEN_LOOKS):
                    if asking.ask(connection):
                        pause = SECONDS_BETWEEN_LOOKS
                        if said:
                            logger.warning("witness %s cosigns again", name)
                            said = ""
        except (WitnessFailed, psycopg.Error) as error:
            pause = min(pause * 2, LONGEST_PAUSE)
            words = " ".join(str(error).split())
            if words != said:
                logger.warning("witness %s: %s", name, words)
                said = words
        except Exception:
            # An unforeseen answer must not end the thread, or this witness would never be asked again.
            logger.exception("witness %s", name)
            pause = LONGEST_PAUSE
