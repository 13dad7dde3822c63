"""The log's checkpoints are cosigned by real witnesses, and nothing waits for them."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ledger import keys
from ledger.asking_witnesses import Asking, WitnessFailed, asking_witnesses
from ledger.models import Checkpoint, Cosignature, WitnessedCheckpoint
from ledger.notes import CosigningKey, VerifierKey, checkpoint_text, sign_note
from ledger.reading import checkpoint_with_all, newest_checkpoint, newest_witnessed
from ledger.recording import record
from ledger.sequencer import Connection, Sequencer, node_reader
from ledger.signer import LOG_KEY, read_key
from ledger.tree import consistency_proof, leaf_hash, root_hash
from ledger.verifier import (
    Policy,
    WitnessPolicy,
    audit,
    folder_reader,
    read_policy,
    read_witness_policy,
    split_note,
)
from ledger.witnessing import request_body
from tests import factories
from tests.access.asking import signed_in
from tests.conftest import ROOT, superuser
from tests.ledger.installation import NOW, make_signer, sequencing
from tests.ledger.test_witnessing import post
from tests.ledger.witnesses import policy_of, running_witness, write_logs
from tests.logs import recorded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with sequencing(tmp_path / "signer") as one:
        publish(one, 3)
        yield one


@pytest.fixture
def connection() -> Iterator[Connection]:
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as own:
        yield own


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write_logs(tmp_path / "logs", log_key())


def log_key() -> VerifierKey:
    return read_key(settings.LEDGER_SIGNER / LOG_KEY).verifier_key


def publish(sequencer: Sequencer, count: int = 1, stream: str = "claim:1") -> None:
    """So many more entries in the log, and a checkpoint of them."""
    for number in range(count):
        record(stream=stream, kind="tried", at=NOW, body={"n": number}, committed={"by": "Ada"})
    sequencer.integrate()
    assert sequencer.publish(NOW)


def readers(policy: WitnessPolicy) -> Policy:
    """What a reader trusts who has this policy."""
    return Policy(log_key().name, (log_key(),), (), policy)


def askings(policy: WitnessPolicy) -> list[Asking]:
    return [Asking(witness, policy) for witness in policy.witnesses.values()]


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_checkpoint_is_witnessed_once_a_quorum_cosigned_it(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "w0", logs) as one, running_witness(tmp_path / "w1", logs) as other:
        policy = policy_of(one, other)
        first, second = askings(policy)
        assert first.ask(connection)
        assert (newest_witnessed(), Cosignature.objects.count()) == (None, 1)
        assert second.ask(connection)
        found = newest_witnessed()
    assert found is not None and found.size == 3
    witnessed = readers(policy).witnessed(found.note.encode())
    assert witnessed is not None and witnessed.is_met
    assert [one.key for one in witnessed.by] == [one.key, other.key]


def test_the_checkpoint_is_served_with_its_cosignatures_and_the_witnessed_one_beside_it(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        (asking,) = askings(policy_of(one))
        before = Client().get("/ledger/checkpoint.witnessed")
        asking.ask(connection)
        both = [Client().get(f"/ledger/{name}") for name in ("checkpoint", "checkpoint.witnessed")]
        publish(sequencer)
        newer, witnessed = [Client().get(f"/ledger/{name}").content for name in ("checkpoint", "checkpoint.witnessed")]
    assert (before.status_code, [answer["Cache-Control"] for answer in both]) == (404, ["public, max-age=1"] * 2)
    assert both[0].content == both[1].content == witnessed and witnessed.count(b"\xe2\x80\x94") == 2
    assert (newer.split(b"\n")[1], newer.count(b"\xe2\x80\x94")) == (b"4", 1)


def test_it_is_asked_about_the_newest_checkpoint_alone_and_about_each_once(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        (asking,) = askings(policy_of(one))
        publish(sequencer)
        publish(sequencer, 300)
        assert (asking.ask(connection), asking.ask(connection)) == (True, False)
        publish(sequencer, 2)
        assert asking.ask(connection)
    assert list(WitnessedCheckpoint.objects.order_by("pk").values_list("pk", flat=True)) == [304, 306]


def test_a_witness_that_says_that_it_has_seen_more_is_asked_from_there(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        # Its answer got lost, or the database was put back to before it.
        note = Checkpoint.objects.get(size=3).note
        assert post(one, request_body(0, [], note)).status == 200
        (asking,) = askings(policy_of(one))
        assert asking.ask(connection)
        publish(sequencer, 5)
        assert post(one, request_body(3, proof(connection, 3, 8), Checkpoint.objects.get(size=8).note)).status == 200
        publish(sequencer, 5)
        assert asking.ask(connection)
    assert list(Cosignature.objects.order_by("pk").values_list("checkpoint_id", flat=True)) == [3, 13]


def proof(connection: Connection, old: int, new: int) -> list[bytes]:
    return consistency_proof(node_reader(connection), old, new=new)


def forked(size: int) -> str:
    """A note by this log's key of a log of so many other entries."""
    key = read_key(settings.LEDGER_SIGNER / LOG_KEY)
    return sign_note(checkpoint_text(key.name, size, root_hash([leaf_hash(b"other")] * size)), [key]).decode()


@pytest.mark.parametrize(("size", "words"), [(2, "answers 422"), (3, "answers 422"), (5, "it has seen '5' entries")])
def test_a_log_that_was_forked_is_never_cosigned(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path, size: int, words: str
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        assert post(one, request_body(0, [], forked(size))).status == 200
        (asking,) = askings(policy_of(one))
        for _ in range(2):
            with pytest.raises(WitnessFailed, match=words):
                asking.ask(connection)
    assert (Cosignature.objects.count(), newest_witnessed()) == (0, None)


def test_a_database_that_was_put_back_and_grew_again_is_never_cosigned(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    """The witness was shown the log that was, with the key that signs: it does not take the other."""
    with running_witness(tmp_path / "w", logs) as one:
        (asking,) = askings(policy_of(one))
        asking.ask(connection)
        publish(sequencer, 4)
        key = read_key(settings.LEDGER_SIGNER / LOG_KEY)
        hashes = [leaf_hash(b"another past")] * 9
        note = sign_note(checkpoint_text(key.name, 9, root_hash(hashes)), [key]).decode()
        with superuser() as past_all_rights:
            past_all_rights.execute(
                "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (9, %s, %s, now())",
                [root_hash(hashes), note],
            )
            past_all_rights.execute("SET session_replication_role = replica")
            past_all_rights.execute(
                "INSERT INTO ledger_leaf (index, entry_id, hash) SELECT n, 1000 + n, %s FROM generate_series(7, 8) n",
                [hashes[0]],
            )
        with pytest.raises(WitnessFailed, match="answers 422"):
            asking.ask(connection)
    assert list(Cosignature.objects.values_list("checkpoint_id", flat=True)) == [3]


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """The address of a server that gives everybody these bytes; None: that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    if answer is not None:
                        connection.recv(2**16)
                        connection.sendall(answer)
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            for connection in held:
                connection.close()


SOMEBODY = CosigningKey("witness.example.org/somebody", bytes([7] * 32))
ANOTHER = CosigningKey("witness.example.org/somebody", bytes([8] * 32))


def http(status: str, content: bytes, media_type: str = "text/plain") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def of_somebody(url: str) -> WitnessPolicy:
    return read_witness_policy(f"witness s {SOMEBODY.verifier_key} {url}\nquorum s\n".encode())


ANSWERS = {
    "nothing that is HTTP": (b"hello\r\n\r\n", "no answer"),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answers 302"),
    "an error": (http("500 Oops", b"\x1b[2Jno"), "answers 500"),
    "no line": (http("200 OK", b""), "its answer is malformed"),
    "a line of nothing": (http("200 OK", "— x y\n".encode()), "its answer is malformed"),
    "a cosignature by another": (
        http("200 OK", ANOTHER.cosignature_line("x\n0\n\n", 5).encode()),
        "no cosignature by its key",
    ),
    "a cosignature of another text": (http("200 OK", SOMEBODY.cosignature_line("x", 5).encode()), "that verifies"),
    "a conflict that is none": (http("409 Conflict", b"many\n"), "it says that it has seen"),
    "a conflict beyond": (http("409 Conflict", b"4\n"), "it says that it has seen '4' entries, and this log has 3"),
    "a conflict each time": (http("409 Conflict", b"2\n"), "answers 409"),
    "too much": (http("200 OK", b"x" * 2**20), "its answer is malformed"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_cosignature_is_not_kept(sequencer: Sequencer, connection: Connection, name: str) -> None:
    answer, words = ANSWERS[name]
    with answering(answer) as url:
        (asking,) = askings(of_somebody(url))
        with pytest.raises(WitnessFailed, match=words):
            asking.ask(connection)
    assert Cosignature.objects.count() == 0


def test_a_witness_that_cosigns_at_a_time_that_no_calendar_has_is_not_kept(
    sequencer: Sequencer, connection: Connection
) -> None:
    text = split_note(Checkpoint.objects.get(size=3).note.encode())[0]
    with answering(http("200 OK", SOMEBODY.cosignature_line(text, 2**62).encode())) as url:
        (asking,) = askings(of_somebody(url))
        with pytest.raises(WitnessFailed, match="no valid time"):
            asking.ask(connection)


def test_a_witness_that_is_away_holds_up_neither_the_log_nor_another_witness(
    sequencer: Sequencer, logs: Path, tmp_path: Path
) -> None:
    address = os.environ["DATABASE_SEQUENCER_URL"]
    with answering(None) as url, running_witness(tmp_path / "w", logs) as one:
        silent = f"witness s {SOMEBODY.verifier_key} {url}\n"
        gone = f"witness g {CosigningKey.make('witness.example.org/gone').verifier_key} http://127.0.0.1:1/\n"
        policy = read_witness_policy(f"{silent}{gone}{one.line('w')}group all all s g w\nquorum all\n".encode())
        with asking_witnesses(policy, address):
            until(lambda: Cosignature.objects.filter(checkpoint=3).exists(), "the one that answers cosigns")
            publish(sequencer, 2)
            until(lambda: Cosignature.objects.filter(checkpoint=5).exists(), "and goes on to")
    newest = newest_checkpoint()
    assert newest is not None and newest.size == 5 and newest.note.count("—") == 2
    assert newest_witnessed() is None


def test_the_log_says_which_witness_answers_what(sequencer: Sequencer) -> None:
    with recorded() as log, answering(http("503 Service Unavailable", b"resting")) as url:
        policy = read_witness_policy(f"witness night-desk {SOMEBODY.verifier_key} {url}\nquorum night-desk\n".encode())
        with asking_witnesses(policy, os.environ["DATABASE_SEQUENCER_URL"]):
            until(lambda: log.text, "it says so")
    assert [line["message"] for line in log.lines] == ["witness night-desk: it answers 503: 'resting'"]


def test_a_witness_that_was_away_cosigns_once_it_is_back(sequencer: Sequencer, logs: Path, tmp_path: Path) -> None:
    address = os.environ["DATABASE_SEQUENCER_URL"]
    with running_witness(tmp_path / "w", logs) as one:
        policy = policy_of(one)
    with asking_witnesses(policy, address):
        publish(sequencer, 2)
        with running_witness(tmp_path / "w", logs, port=one.port):
            until(newest_witnessed, "it cosigns")
    assert WitnessedCheckpoint.objects.get().pk == 5


def test_entries_are_proven_against_the_witnessed_checkpoint_where_it_has_them(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    def sizes() -> list[int]:
        found = [checkpoint_with_all([stream]) for stream in ("claim:1", "claim:2", "claim:3")]
        return [one.size for one in found if one]

    assert sizes() == [3, 3, 3]
    with running_witness(tmp_path / "w", logs) as one:
        (asking,) = askings(policy_of(one))
        asking.ask(connection)
        publish(sequencer, 1, "claim:2")
        assert sizes() == [3, 4, 3]
        asking.ask(connection)
        assert sizes() == [4, 4, 4]


@pytest.mark.parametrize("table", ["ledger_cosignature", "ledger_witnessedcheckpoint"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET at = now()", "TRUNCATE {}"])
def test_what_was_cosigned_is_never_changed(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path, table: str, statement: str
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        askings(policy_of(one))[0].ask(connection)
    with superuser() as past_all_rights, pytest.raises(psycopg.errors.RestrictViolation):
        past_all_rights.execute(statement.format(table).encode())


def test_the_sequencers_command_asks_the_witnesses_of_its_policy(logs: Path, tmp_path: Path) -> None:
    record(stream="claim:1", kind="tried", at=NOW, body={"n": 1}, committed={"by": "Ada"})
    make_signer(tmp_path / "signer")
    with running_witness(tmp_path / "w", logs) as one:
        (tmp_path / "policy").write_bytes(policy_of(one).text)
        environment = {
            **os.environ,
            "WITNESS_POLICY": str(tmp_path / "policy"),
            "LEDGER_SIGNER": str(tmp_path / "signer"),
        }
        command = [sys.executable, "manage.py", "sequencer"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            until(newest_witnessed, "a checkpoint is witnessed")
        finally:
            process.terminate()
            said = process.communicate(timeout=30)[1]
    assert (said, process.returncode) == ("", 0)


def verified(*options: str) -> tuple[bool, str]:
    said = StringIO()
    try:
        call_command("verify_ledger", *options, stdout=said)
    except CommandError:
        return False, said.getvalue()
    return True, said.getvalue()


def test_verify_ledger_names_what_no_quorum_confirmed_within_the_hour(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path, settings: Any
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        settings.WITNESS_POLICY = policy_of(one)
        is_good, said = verified()
        assert not is_good and "entry 0: cosignatures: expected a quorum of witnesses within 3600 seconds" in said
        askings(settings.WITNESS_POLICY)[0].ask(connection)
        is_good, said = verified()
        assert is_good and f"witnessed by: {one.key.name} at 20" in said
        record(stream="claim:9", kind="tried", at=timezone.now(), body={}, committed={"by": "Ada"})
        sequencer.integrate()
        sequencer.publish(NOW)
        # It is not an hour old.
        assert verified()[0]


def test_the_policy_that_is_shown_names_the_witnesses(settings: Any, tmp_path: Path) -> None:
    settings.WITNESS_POLICY = of_somebody("https://witness.example.org/")
    shown = read_policy(Client().get("/ledger/policy").content)
    (tmp_path / "mine").write_bytes(keys.policy_text().replace(b'"witness_policy"', b'"other"'))
    settings.LEDGER_POLICY = str(tmp_path / "mine")
    by_file = read_policy(Client().get("/ledger/policy").content)
    assert shown.witnesses == by_file.witnesses == settings.WITNESS_POLICY


def test_an_export_waits_a_little_for_its_witnesses(
    sequencer: Sequencer, logs: Path, tmp_path: Path, settings: Any
) -> None:
    with running_witness(tmp_path / "w", logs) as one:
        settings.WITNESS_POLICY = policy_of(one)
        with asking_witnesses(settings.WITNESS_POLICY, os.environ["DATABASE_SEQUENCER_URL"]):
            call_command("export_ledger", str(tmp_path / "export"), stdout=StringIO())
    policy = read_policy((tmp_path / "export/policy").read_bytes())
    report = audit(folder_reader(tmp_path / "export"), policy)
    assert report.findings == [] and report.said["witnessed by"].startswith(one.key.name)


def test_the_ledgers_page_says_who_cosigns_and_who_is_away(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path, settings: Any
) -> None:
    editor = signed_in(factories.cast().editor)
    with running_witness(tmp_path / "w", logs) as one:
        silent = f"witness silent {SOMEBODY.verifier_key} https://witness.example.org/\n"
        settings.WITNESS_POLICY = read_witness_policy(f"{one.line('good')}{silent}quorum good\n".encode())
        askings(settings.WITNESS_POLICY)[0].ask(connection)
        page = text_of(editor.get("/ledger/"))
        assert "No cosignature yet." in page and "Last cosigned" in page and "3 entries." in page
        assert "Away" not in page and "Newest witnessed checkpoint" in page
        publish(sequencer)  # at a time long past
        assert "Not responding: no cosignature since" in text_of(editor.get("/ledger/"))
    settings.WITNESS_POLICY = None
    assert "two readers could be shown different logs" in text_of(editor.get("/ledger/"))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())
