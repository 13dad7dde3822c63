"""A witness, a client and a verifier that are not ours (aics-witness and aics-tlog from PyPI) against ours, over HTTP.

`bin/test -m interop tests/ledger/interop/test_other_witness.py`; needs the package index.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from ledger.asking_witnesses import Asking, WitnessFailed
from ledger.models import Cosignature
from ledger.notes import VerifierKey, read_verifier_key
from ledger.reading import newest_witnessed
from ledger.signer import LOG_KEY, read_key
from ledger.verifier import COSIGNATURE, Broken, Policy, read_witness_policy
from ledger.witnessing import request_body
from tests.ledger.exports import POLICY
from tests.ledger.installation import sequencing
from tests.ledger.test_asking_witnesses import forked, publish
from tests.ledger.test_mutations import mutate_bytes
from tests.ledger.test_witnessing import FORK, LOG, ORIGIN, TREE, post
from tests.ledger.vectors import WITNESS_KEYS, cosigned
from tests.ledger.witnesses import Running, running_witness, write_logs

pytestmark = pytest.mark.interop

NAME = "third.example.org/witness"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the other implementation was installed into."""
    folder = tmp_path_factory.mktemp("packages")
    listed = Path(__file__).parent / "requirements.txt"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*command, "--require-hashes", "--target", str(folder), "-r", str(listed)], check=True)
    return folder


class Other:
    """The other witness's command, with its state in a folder."""

    def __init__(self, packages: Path, folder: Path) -> None:
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages)}
        self._config = str(folder / "witness.json")
        folder.mkdir()

    def run(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            self._command(command, *arguments), env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def serve(self) -> "subprocess.Popen[str]":
        command = self._command("serve", "--listen", "127.0.0.1:0")
        return subprocess.Popen(command, env=self._environment, stderr=subprocess.PIPE, text=True)

    def _command(self, command: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "aics_witness", command, "--config", self._config, *arguments]


@pytest.fixture
def other(packages: Path, tmp_path: Path) -> Iterator[Running]:
    """Their witness, which watches the log of this installation and that of `LOG`."""
    witness = Other(packages, tmp_path / "other")
    witness.run("init", "--name", NAME)
    for key in (log_key(), LOG.verifier_key):
        witness.run("add-log", "--origin", key.name, "--vkey", str(key))
    process = witness.serve()
    try:
        assert process.stderr is not None
        said = ""
        while "listening on " not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        named = said.partition("witness vkey ")[2].split()[0]
        url = said.partition("listening on ")[2].split()[0]
        yield Running(read_verifier_key(named, COSIGNATURE), url, process)
    finally:
        process.kill()
        process.communicate()


def log_key() -> VerifierKey:
    return read_key(settings.LEDGER_SIGNER / LOG_KEY).verifier_key


@pytest.mark.django_db(transaction=True)
def test_their_witness_and_ours_are_the_quorum_of_our_log(other: Running, tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "logs", log_key())
    with (
        running_witness(tmp_path / "w", logs) as ours,
        sequencing(tmp_path / "signer") as sequencer,
        psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection,
    ):
        text = f"{ours.line('ours')}{other.line('theirs')}group both all ours theirs\nquorum both\n"
        policy = read_witness_policy(text.encode())
        askings = [Asking(witness, policy) for witness in policy.witnesses.values()]
        for count in (3, 1, 300):
            publish(sequencer, count)
            assert [asking.ask(connection) for asking in askings] == [True, True]
        found = newest_witnessed()
    assert found is not None and found.size == 304
    witnessed = Policy(log_key().name, (log_key(),), (), policy).witnessed(found.note.encode())
    assert witnessed is not None and witnessed.is_met and [one.key for one in witnessed.by] == [ours.key, other.key]


@pytest.mark.django_db(transaction=True)
def test_their_witness_cosigns_no_fork_of_our_log(other: Running, tmp_path: Path) -> None:
    with (
        sequencing(tmp_path / "signer") as sequencer,
        psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection,
    ):
        publish(sequencer, 3)
        assert post(other, request_body(0, [], forked(2))).status == 200
        policy = read_witness_policy(f"{other.line('theirs')}quorum theirs\n".encode())
        (asking,) = (Asking(witness, policy) for witness in policy.witnesses.values())
        with pytest.raises(WitnessFailed, match="answers 422"):
            asking.ask(connection)
    assert Cosignature.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_both_witnesses_answer_alike(other: Running, tmp_path: Path) -> None:
    """The same requests, one after the other: the same status, and what is said with a conflict."""
    chance = random.Random(1)
    with running_witness(tmp_path / "w", write_logs(tmp_path / "logs", LOG.verifier_key)) as ours:
        old, statuses = 0, set[int]()
        for _ in range(300):
            tree = chance.choice([TREE, TREE, FORK])
            size = min(old + chance.randrange(4), 300)
            said = chance.choice([old, old, chance.randrange(size + 1)])
            note = tree.note(size)
            if chance.randrange(6) == 0:
                note = note.replace(ORIGIN, chance.choice(["other.example.org", ORIGIN + "x"]), 1)
            body = request_body(said, tree.proof(said, size), note)
            if chance.randrange(6) == 0:
                body = body[:-30] + body[-30:].replace(b"A", b"B")
            if chance.randrange(4) == 0:
                body = body.replace(b"\n", b"\n" + chance.randbytes(1), 1)
            one, another = post(ours, body), post(other, body)
            assert one.status == another.status, (body, one, another)
            if one.status == 409:
                assert one == another
            if one.status == 200:
                old = size
            statuses.add(one.status)
    assert statuses >= {200, 400, 403, 404, 409, 422}


CLIENT = """
import json, sys
from aics_witness.feeder import WitnessClient, WitnessRejected
asked = json.load(sys.stdin)
client, found = WitnessClient(asked["url"], asked["key"]), []
for note, proofs in asked["notes"]:
    proof = lambda old, new: [bytes.fromhex(one) for one in proofs[str(old)]]
    try:
        found.append(client.submit(note, proof))
    except WitnessRejected as error:
        found.append(error.status)
print(json.dumps(found))
"""
VERIFIER = """
import json, sys
from aics_tlog import parse_note, parse_vkey, verify_checkpoint
asked, found = json.load(sys.stdin), []
keys = [parse_vkey(key) for key in asked["witnesses"]]
for note in asked["notes"]:
    try:
        parsed = parse_note(note.encode())
        result = verify_checkpoint(parsed, parse_vkey(asked["log"]), keys, quorum=asked["quorum"])
        found.append(bool(result.ok))
    except ValueError:
        found.append(False)
print(json.dumps(found))
"""


def asked_of_theirs(packages: Path, program: str, question: dict[str, Any]) -> list[Any]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(question),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


def test_their_client_gets_the_cosignatures_of_our_witness(packages: Path, tmp_path: Path) -> None:
    def proofs(size: int) -> dict[str, list[str]]:
        return {str(old): [one.hex() for one in TREE.proof(old, size)] for old in (0, 7, 100) if old <= size}

    with running_witness(tmp_path / "w", write_logs(tmp_path / "logs", LOG.verifier_key)) as ours:
        notes = [[TREE.note(size), proofs(size)] for size in (7, 100, 300)]
        notes.append([FORK.note(300), {"300": []}])
        asked = {"url": ours.url, "key": str(ours.key), "notes": notes}
        found = asked_of_theirs(packages, CLIENT, asked)
    assert [isinstance(one, str) for one in found] == [True, True, True, False] and found[3] == 422


def test_their_verifier_and_ours_agree_on_cosigned_notes(packages: Path) -> None:
    """A quorum of any two; notes with cosignatures by any, whole and changed."""
    chance, notes = random.Random(2), list[str]()
    lines = "".join(f"witness {name} {key.verifier_key}\n" for name, key in WITNESS_KEYS.items())
    policy = read_witness_policy(f"{lines}group two 2 a b c d e f\nquorum two\n".encode())
    while len(notes) < 1000:
        note = cosigned("".join(sorted(chance.sample("abcdef", chance.randrange(5)))))
        if chance.randrange(2):
            note = mutate_bytes(note, chance)
        if not note.endswith(b"\n"):
            continue  # theirs takes a last line without its end; C2SP's text, Go and ours do not
        try:
            notes.append(note.decode())
        except UnicodeDecodeError:
            continue
    keys = [str(key.verifier_key) for key in WITNESS_KEYS.values()]
    asked = {"log": str(POLICY.log_keys[0]), "witnesses": keys, "quorum": 2, "notes": notes}
    found = asked_of_theirs(packages, VERIFIER, asked)
    expected = []
    of_policy = replace(POLICY, witnesses=policy)
    for text in notes:
        try:
            of_policy.checkpoint(text.encode())
            witnessed = of_policy.witnessed(text.encode())
            expected.append(witnessed is not None and witnessed.is_met)
        except Broken:
            expected.append(False)
    assert found == expected, [n for n, a, b in zip(notes, found, expected, strict=True) if a != b][:1]
    assert 100 < sum(found) < 900
