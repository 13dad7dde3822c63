"""A witness cosigns what extends what it cosigned, and never goes back (C2SP tlog-witness); by its real command."""

import hashlib
import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger import witness_server
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.tree import Frontier, consistency_proof, leaf_hash, root_hash
from ledger.verifier import LogSize, VerifierKey, read_checkpoint, read_cosignatures, split_note
from ledger.witness_server import WitnessServer
from ledger.witnessing import (
    COSIGNED,
    KEY,
    LARGEST_REQUEST,
    NotCosigned,
    Witness,
    WitnessRefused,
    make_witness_key,
    read_logs,
    request_body,
)
from tests.ledger.witnesses import Running, running_witness, write_logs

ORIGIN = "log.example.org/ledger"
LOG = SigningKey(ORIGIN, bytes([1] * 32))
NEXT = SigningKey(ORIGIN, bytes([2] * 32))
STRANGER = SigningKey("other.example.org/ledger", bytes([3] * 32))
SIZE = 300


class Tree:
    """A log of so many leaves; another `fork` has others from the leaf `forked_at` on."""

    def __init__(self, fork: int = 0, forked_at: int = 0) -> None:
        salts = [fork if number >= forked_at else 0 for number in range(SIZE)]
        self.hashes = [leaf_hash(b"%d %d" % pair) for pair in zip(range(SIZE), salts, strict=True)]
        frontier = Frontier()
        self._nodes = {(n.level, n.number): n.hash for hashed in self.hashes for n in frontier.append(hashed)}

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(lambda *node: self._nodes[node], old, new=new)

    def note(self, size: int, *keys: SigningKey) -> str:
        return sign_note(checkpoint_text(ORIGIN, size, root_hash(self.hashes[:size])), keys or [LOG]).decode()

    def body(self, old: int, size: int) -> bytes:
        return request_body(old, self.proof(old, size), self.note(size))


TREE, FORK = Tree(), Tree(1, forked_at=10)


class WitnessAnswer(NamedTuple):
    status: int
    media_type: str
    content: str


def post(running: Running, body: bytes, path: str = "/add-checkpoint") -> WitnessAnswer:
    connection = HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return WitnessAnswer(answer.status, answer.getheader("Content-Type", ""), answer.read().decode())
    finally:
        connection.close()


def get(running: Running, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def cosigned(note: str, answer: WitnessAnswer, key: VerifierKey) -> LogSize:
    """The checkpoint that an answer cosigns."""
    assert answer.status == 200, answer
    (found,) = read_cosignatures(f"{note}{answer.content}".encode(), [key])
    assert found.at > 0
    return read_checkpoint(split_note(note.encode())[0])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A witness that has cosigned the log of 100 entries."""
    folder = tmp_path_factory.mktemp("witness")
    with running_witness(folder / "w", write_logs(folder / "logs", LOG.verifier_key)) as one:
        cosigned(TREE.note(100), post(one, TREE.body(0, 100)), one.key)
        yield one


def test_it_answers_the_same_checkpoint_again(running: Running) -> None:
    assert cosigned(TREE.note(100), post(running, TREE.body(100, 100)), running.key).size == 100


def test_another_size_than_its_own_is_a_conflict_that_tells_it(running: Running) -> None:
    for old in (0, 50, 99):
        assert post(running, TREE.body(old, 200)) == (409, "text/x.tlog.size", "100\n")


REFUSED = {
    "a fork": (request_body(100, FORK.proof(100, 200), FORK.note(200)), 422),
    "a fork of the same size": (request_body(100, [], FORK.note(100)), 422),
    "another proof": (request_body(100, TREE.proof(99, 200), TREE.note(200)), 422),
    "no proof": (request_body(100, [], TREE.note(200)), 422),
    "a proof between equal sizes": (request_body(100, [bytes(32)], TREE.note(100)), 422),
    "a log that it does not watch": (
        request_body(0, [], sign_note(checkpoint_text(STRANGER.name, 0, root_hash([])), [STRANGER]).decode()),
        404,
    ),
    "signed by nobody it knows": (request_body(100, TREE.proof(100, 200), TREE.note(200, STRANGER)), 403),
    "signed by another key of that name": (request_body(100, TREE.proof(100, 200), TREE.note(200, NEXT)), 403),
    "a signature of another text": (
        request_body(100, TREE.proof(100, 200), TREE.note(200).replace("\n200\n", "\n201\n")),
        403,
    ),
    "an old size above the new one": (request_body(100, [], TREE.note(50)), 400),
    "64 hashes": (request_body(100, [bytes(32)] * 64, TREE.note(200)), 400),
    "a size with a zero in front": (TREE.body(100, 200).replace(b"old 100", b"old 0100"), 400),
    "a size below nothing": (TREE.body(100, 200).replace(b"old 100", b"old -1"), 400),
    "no size": (TREE.body(100, 200).replace(b"old 100", b"old"), 400),
    "two spaces": (TREE.body(100, 200).replace(b"old 100", b"old  100"), 400),
    "hashes of another length": (request_body(100, [bytes(31)], TREE.note(200)), 400),
    "no base64": (TREE.body(100, 200).replace(b"\n", b"\n*\n", 1), 400),
    "other line ends": (TREE.body(100, 200).replace(b"\n", b"\r\n"), 400),
    "no empty line": (b"old 100\n" + TREE.note(200).encode(), 400),
    "no signature": (request_body(100, [], TREE.note(200).partition("\n\n")[0] + "\n"), 400),
    "no UTF-8": (b"old 100\n\n\xff" + TREE.note(200).encode(), 400),
    "nothing": (b"", 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(running: Running, name: str) -> None:
    body, status = REFUSED[name]
    answer = post(running, body)
    assert (answer.status, "—" in answer.content) == (status, False)
    # And nothing of it is remembered.
    assert post(running, TREE.body(0, 200)) == (409, "text/x.tlog.size", "100\n")


def test_an_empty_log_has_the_root_of_no_leaves(tmp_path: Path) -> None:
    make_witness_key(tmp_path, "witness.example.org/w")
    witness = Witness(tmp_path, [LOG.verifier_key])
    wrong = sign_note(checkpoint_text(ORIGIN, 0, bytes(32)), [LOG]).decode()
    with pytest.raises(NotCosigned) as refused:
        witness.add_checkpoint(request_body(0, [], wrong))
    assert refused.value.status == 422
    with pytest.raises(NotCosigned) as refused:
        witness.add_checkpoint(request_body(0, [bytes(32)], TREE.note(5)))
    assert refused.value.status == 422
    assert witness.add_checkpoint(request_body(0, [], TREE.note(0))).startswith("— witness.example.org/w ")


def test_who_monitors_gets_the_last_cosigned_note_without_lines_of_strangers(tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "logs", LOG.verifier_key, NEXT.verifier_key)
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    with running_witness(tmp_path / "w", logs) as one:
        assert get(one, path)[0] == 404
        note = TREE.note(7, LOG, STRANGER, NEXT)
        cosigned(note, post(one, request_body(0, [], note)), one.key)
        status, content = get(one, path)
    _text, signatures = split_note(content)
    assert (status, [name for name, _ in signatures]) == (200, [ORIGIN, ORIGIN, one.key.name])
    assert read_cosignatures(content, [one.key])


@pytest.mark.parametrize("path", ["/", "/x/checkpoint", f"/{'0' * 64}/checkpoint", f"/{'0' * 64}/../witness.key"])
def test_nothing_else_is_served(running: Running, path: str) -> None:
    assert get(running, path)[0] == 404
    assert post(running, TREE.body(100, 200), path).status == 404


def raw(running: Running, data: bytes) -> bytes:
    """What the first answer to these bytes is."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(data)
        return connection.recv(2**16)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"Content-Length: {LARGEST_REQUEST + 1}", b"413"),
        ("Content-Length: 99999999999999999999", b"411"),
        ("Content-Length: -1", b"411"),
        ("Transfer-Encoding: chunked", b"411"),
        ("X-Nothing: of a length", b"411"),
    ],
)
def test_a_body_of_no_length_or_too_large_is_not_read(running: Running, head: str, status: bytes) -> None:
    answer = raw(running, f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n{head}\r\n\r\n".encode())
    assert answer.split(b" ")[1] == status and b"Connection: close" in answer


def test_connections_that_say_nothing_hold_nobody_up(running: Running) -> None:
    silent = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(20)]
    try:
        assert post(running, TREE.body(100, 100)).status == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_connection_that_ends_in_silence_is_no_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(witness_server._Handler, "timeout", 0.1)
    make_witness_key(tmp_path, "witness.example.org/w")
    witness = Witness(tmp_path, read_logs(write_logs(tmp_path / "logs", LOG.verifier_key)))
    with WitnessServer(("127.0.0.1", 0), witness) as server:
        threading.Thread(target=server.serve_forever).start()
        for said in (b"", b"GET / HTTP/1.1\r\nHost: w\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.server_port)) as silent:
                silent.sendall(said)
                while silent.recv(1000):
                    pass
        server.shutdown()
    assert capsys.readouterr() == ("", "")


def test_its_key_is_readable_by_its_owner_alone_and_stays(tmp_path: Path) -> None:
    logs, keys = write_logs(tmp_path / "logs", LOG.verifier_key), []
    for _ in range(2):
        with running_witness(tmp_path / "w", logs, "witness.example.org/first") as one:
            keys.append(one.key)
    assert keys[0] == keys[1] and (tmp_path / "w" / KEY).stat().st_mode & 0o777 == 0o600


def test_a_key_without_its_memory_cosigns_nothing(tmp_path: Path) -> None:
    make_witness_key(tmp_path, "witness.example.org/w")
    (tmp_path / COSIGNED).rmdir()
    with pytest.raises(WitnessRefused, match="does not know what it cosigned"):
        Witness(tmp_path, [LOG.verifier_key])


def test_a_clock_that_was_put_back_cosigns_nothing(tmp_path: Path) -> None:
    make_witness_key(tmp_path, "witness.example.org/w")
    Witness(tmp_path, [LOG.verifier_key], lambda: 1000.0).add_checkpoint(TREE.body(0, 1))
    behind = Witness(tmp_path, [LOG.verifier_key], lambda: 999.0)
    with pytest.raises(NotCosigned) as refused:
        behind.add_checkpoint(TREE.body(1, 2))
    assert refused.value.status == 503
    assert Witness(tmp_path, [LOG.verifier_key], lambda: 1000.0).add_checkpoint(TREE.body(1, 2))


@pytest.mark.parametrize("text", ["log x\n", "quorum none", f"log {LOG.verifier_key}\n", "witness w x\nquorum w\n"])
def test_a_file_that_names_no_logs_as_it_should_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "logs").write_text(text)
    with pytest.raises(WitnessRefused, match="logs"):
        read_logs(tmp_path / "logs")


class Cosigned:
    """What a log was handed: for each size the roots."""

    def __init__(self, key: VerifierKey) -> None:
        self._key, self._guard = key, threading.Lock()
        self.roots: dict[int, set[bytes]] = {}

    def take(self, note: str, answer: WitnessAnswer) -> None:
        found = cosigned(note, answer, self._key)
        with self._guard:
            self.roots.setdefault(found.size, set()).add(found.root)


def ask_at_random(running: Running, handed: Cosigned, seed: int, times: int) -> int:
    """Asks for either history from whatever size the witness says it has; how often it cosigned."""
    chance, old, taken = random.Random(seed), 0, 0
    for _ in range(times):
        tree = chance.choice([TREE, FORK])
        size = min(old + chance.randrange(6), SIZE)
        with suppress(OSError, HTTPException):
            answer = post(running, request_body(old, tree.proof(old, size), tree.note(size)))
            if answer.status == 409:
                old = int(answer.content)
            elif answer.status == 200:
                handed.take(tree.note(size), answer)
                old, taken = size, taken + 1
    return taken


def agree(handed: Cosigned) -> bool:
    """Whether all that was cosigned is of one of the two histories."""
    return any(
        all(roots == {root_hash(tree.hashes[:size])} for size, roots in handed.roots.items()) for tree in (TREE, FORK)
    )


def test_two_histories_asked_for_at_once_are_never_both_cosigned(tmp_path: Path) -> None:
    with running_witness(tmp_path / "w", write_logs(tmp_path / "logs", LOG.verifier_key)) as one:
        handed = Cosigned(one.key)
        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(lambda seed: ask_at_random(one, handed, seed, 40), range(8)))
    assert taken > 8 and max(handed.roots) > 10
    assert agree(handed)


def test_a_witness_that_is_killed_amid_requests_never_goes_back(tmp_path: Path) -> None:
    logs, chance, handed, most = write_logs(tmp_path / "logs", LOG.verifier_key), random.Random(1), None, 0
    for number in range(6):
        with running_witness(tmp_path / "w", logs) as one:
            handed = handed or Cosigned(one.key)
            killing = threading.Timer(chance.uniform(0.02, 0.3), os.kill, (one.process.pid, signal.SIGKILL))
            with ThreadPoolExecutor(4) as pool:
                asking = [pool.submit(ask_at_random, one, handed, 10 * number + each, 60) for each in range(4)]
                killing.start()
                _taken = [one_asking.result() for one_asking in asking]
            killing.join()
        with running_witness(tmp_path / "w", logs) as again:
            said = post(again, TREE.body(0, SIZE))
            has = int(said.content) if said.status == 409 else 0
        # What was handed out is remembered; what it remembers beyond that nobody was handed.
        assert has >= max(handed.roots, default=0) and has >= most
        most = has
        if has == SIZE:
            break
    assert handed is not None and agree(handed) and max(handed.roots) > 10


def test_what_cannot_be_kept_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_witness_key(tmp_path, "witness.example.org/w")
    witness = Witness(tmp_path, [LOG.verifier_key])

    def full(number: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            witness.add_checkpoint(TREE.body(0, 5))
    # Whichever history comes first now is the one.
    assert witness.add_checkpoint(FORK.body(0, 20))


def test_a_changed_file_of_logs_is_read_again(tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "logs", STRANGER.verifier_key)
    with running_witness(tmp_path / "w", logs) as one:
        assert post(one, TREE.body(0, 5)).status == 404
        write_logs(logs, STRANGER.verifier_key, LOG.verifier_key)
        for _ in range(100):
            if (answer := post(one, TREE.body(0, 5))).status == 200:
                break
            threading.Event().wait(0.1)
        assert answer.status == 200
