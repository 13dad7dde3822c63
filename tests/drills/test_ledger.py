"""kill -9 of the sequencer and of PostgreSQL amid work; an old backup; two sequencers."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from config.embedded import APPLICATION, SEQUENCER, create_database
from ledger.tiles import Tile, tile_node_reader
from ledger.tree import consistency_proof
from ledger.verifier import Policy, audit, check_consistency, folder_reader, read_policy
from tests.drills.people import DrillPerson
from tests.drills.system import ROOT, System
from tests.drills.work import Acknowledged, Attacher, Mover, Worker, WorkingDesk, lost_moves


class Watcher(Worker):
    """Somebody outside who keeps every checkpoint that is published."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.notes: dict[bytes, float] = {}
        self._person = DrillPerson(system.web.port)

    def once(self) -> None:
        self.notes.setdefault(self._person.download("/ledger/checkpoint"), time.monotonic())
        time.sleep(0.2)


def test_nothing_acknowledged_is_missing_and_no_two_checkpoints_disagree(
    system: System, desk: WorkingDesk, say: Callable[..., None], tmp_path: Path, *, short: bool
) -> None:
    movers, attacher, watcher = [Mover(desk, 700 + number) for number in range(2)], Attacher(desk), Watcher(system)
    working: list[Worker] = [*movers, attacher]
    for worker in [*working, watcher]:
        worker.start()
    kills = _kill(system, of_sequencer=8 if short else 100, of_database=1 if short else 20)
    for worker in working:
        worker.stop()
    system.until(lambda: system.rows("SELECT count(*) FROM ledger_outbox") == [(0,)], "every entry has its place")
    time.sleep(2)  # a checkpoint a second
    watcher.stop()
    moves = [move for mover in movers for move in mover.moves]
    policy, size, disagreeing = _outside(system, tmp_path, watcher)
    say(
        **kills,
        moves_acknowledged=len(moves),
        attachments_acknowledged=len(attacher.kept),
        checkpoints_seen=len(watcher.notes),
        entries=size,
    )
    assert lost_moves(desk, moves) == []
    assert attacher.lost() == []
    assert _without_a_place(desk, moves) == []
    assert disagreeing == []
    assert audit(folder_reader(tmp_path), policy).findings == []
    assert min(len(moves), len(watcher.notes)) > 1
    assert system.verify() == []


def _kill(system: System, *, of_sequencer: int, of_database: int) -> dict[str, int]:
    """Kills the one often and the other sometimes, at any moment; how often."""
    chance = random.Random(1)
    every = of_sequencer // of_database
    for number in range(of_sequencer):
        time.sleep(chance.uniform(0.05, 1.2))
        system.kill("sequencer")
        if number % every == every - 1:
            system.kill("PostgreSQL")
            system.start("PostgreSQL")
        system.start("sequencer")
    return {"kills_of_the_sequencer": of_sequencer, "kills_of_PostgreSQL": of_database}


def _outside(system: System, folder: Path, watcher: Watcher) -> tuple[Policy, int, list[str]]:
    """What somebody finds who has the export and the checkpoints that they kept: those that it does not extend."""
    system.manage("export_ledger", str(folder))
    policy = read_policy((folder / "policy").read_bytes())
    last = policy.checkpoint((folder / "checkpoint").read_bytes())
    read_file = folder_reader(folder)

    def tile(level: int, number: int) -> bytes:
        width = min(256, (last.size >> (8 * level)) - 256 * number)
        data = read_file(Tile(level, number, width).path)
        assert data is not None
        return data

    read, disagreeing = tile_node_reader(tile), []
    for note in watcher.notes:
        old = policy.checkpoint(note)
        try:
            proof = consistency_proof(read, old.size, new=last.size)
            check_consistency(old.size, old.root, last.size, last.root, proof)
        except ValueError as error:
            disagreeing.append(f"{old.size}: {error}")
    return policy, last.size, disagreeing


def _without_a_place(desk: WorkingDesk, moves: list[Acknowledged]) -> list[Acknowledged]:
    """Moves that were acknowledged and are not in the log."""
    placed = {
        (reference, row["seq"])
        for reference in {move.reference for move in moves}
        for row in desk.editor.get(f"claims/{reference}/history/")["results"]
        if row["log_index"] is not None
    }
    return [move for move in moves if (move.reference, move.seq) not in placed]


def test_a_second_sequencer_on_the_machine_ends_and_harms_nothing(
    system: System, desk: WorkingDesk, say: Callable[..., None]
) -> None:
    second = system.start_another("sequencer")
    system.until(lambda: second.process.poll() is not None, "the second one ends")
    del system.parts["sequencer-2"]
    before = DrillPerson(system.web.port).download("/ledger/checkpoint")
    desk.new_claim("Written while two would have run.")
    system.until(
        lambda: DrillPerson(system.web.port).download("/ledger/checkpoint") != before, "a checkpoint is published"
    )
    say(status_of_the_second=second.process.returncode)
    assert second.process.returncode == 1


def test_an_old_backup_is_not_signed(
    system: System, desk: WorkingDesk, say: Callable[..., None], tmp_path: Path
) -> None:
    system.manage("backup", str(tmp_path / "backup"))
    for number in range(3):
        desk.new_claim(f"Written after the backup ({number}).")
    system.until(lambda: system.rows("SELECT count(*) FROM ledger_outbox") == [(0,)], "every entry has its place")
    time.sleep(2)
    system.kill("sequencer")
    said = [_sequence_backup(system, tmp_path / "backup", f"yesterday_{number}") for number in range(3)]
    system.start("sequencer")
    say(refusals=len(said))
    assert ["older than what was published" in words for words in said] == [True, True, True]


def _sequence_backup(system: System, backup: Path, name: str) -> str:
    """What a sequencer says that is started on the backup, restored into a database of its own."""
    superuser = urlsplit(system.superuser_url)._replace(path="/postgres").geturl()
    with psycopg.connect(superuser, autocommit=True) as connection:
        create_database(connection, name)
        for role in (APPLICATION, SEQUENCER):
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(*map(sql.Identifier, (name, role))))
    urls = {key: url for key, url in system.environment.items() if key.startswith("DATABASE_")}
    there = {key: urlsplit(url)._replace(path=f"/{name}").geturl() for key, url in urls.items()}
    there["EVIDENCE_STORAGE"] = str(backup.with_name(f"{name}-evidence"))
    (dump,) = backup.glob("*.dump")

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        environment = system.environment | there
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    assert [manage("restore", str(dump)).returncode, manage("grant_roles").returncode] == [0, 0]
    done = manage("sequencer")
    return done.stderr if done.returncode == 1 else f"status {done.returncode}"
