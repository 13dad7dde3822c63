"""`bin/bench --ledger`: the cost of the ledger, compared with plain writes in the same run.

First whole moves: with the ledger, with receipts, and without both (`bench.moves`). Then writers in SQL: 16 connections
that each update a row and insert one into its history, against 16 that write an entry as `ledger.recording` does. Then
a steady stream of entries, with the time of each until a signed checkpoint holds it. Then inclusion proofs.
"""

import json
import os
import random
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from config import processes
from config.data_folder import PROJECT, DataFolder, StartRefused
from config.embedded import start_servers
from ledger.canonical import canonical
from ledger.entries import LeafEntry, commit, format_time, leaf_bytes, leaf_hash
from ledger.statements import HEAD, insert

WRITERS, STREAMS = 16, 10_000
MOVES = 2_000
A_SECOND = 200  # entries per second of the steady stream
Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class LedgerFigures:
    """The results: rates in transactions per second, times in milliseconds."""

    plain: list[float]
    ledger: list[float]
    ratio: float
    lost: int
    signed_p50: float
    signed_p99: float
    signed_worst: float
    leaves: int
    proof_p50: float
    proof_p95: float
    moves: list[float]
    moves_without: list[float]
    moves_ratio: float
    moves_with_receipts: list[float]
    receipts_ratio: float
    moves_with_receipts_fetched: list[float]
    fetched_ratio: float


def main(seconds: float, leaves: int, folder: Path) -> LedgerFigures:
    """Measure in a folder of its own, with its own servers. Raises StartRefused, ChildEnded."""
    data = DataFolder(folder)
    if not data.lock("manage.py"):
        raise StartRefused(f"{folder} is in use by {data.held_by()}; stop that")
    servers = start_servers(data, {"DATA_DIR": str(folder)})
    try:
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **servers.environment}
        for command in ("migrate", "grant_roles", "make_keys"):
            subprocess.run([sys.executable, "manage.py", command], cwd=PROJECT, env=environment, check=True, stdout=-3)  # noqa: S603
        seed = ("seed_scale", "--claims", str(MOVES), "--desk", "MOVES", "--reviewers", "1", "--deniable")
        subprocess.run([sys.executable, "manage.py", *seed], cwd=PROJECT, env=environment, check=True, stdout=-3)  # noqa: S603
        moves = json.loads(_inside(environment, "from bench.moves import main; main()"))
        return _measure(environment, data, seconds, leaves, moves)
    finally:
        servers.stop()
        data.unlock()


def _measure(
    environment: dict[str, str],
    data: DataFolder,
    seconds: float,
    leaves: int,
    moves: dict[str, Any],  # as results.json has them
) -> LedgerFigures:
    application, owner = environment["DATABASE_URL"], environment["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (id int PRIMARY KEY, state text, n int)")
        connection.execute(
            "CREATE TABLE plain_history (id bigserial PRIMARY KEY, plain int, state text, at timestamptz, why text)"
        )
        connection.execute("INSERT INTO plain SELECT n, 'reported', 0 FROM generate_series(0, %s) n", [STREAMS])
    plain: list[float] = []
    ledger: list[float] = []
    for _ in range(3):
        plain.append(_rate(owner, _plain, seconds / 3))
        ledger.append(_rate(application, append, seconds / 3))
    with _sequencer(environment, data):
        waits = _signed(application, 20)
        _fill(application, leaves)
        with psycopg.connect(application) as connection:
            lost = _until_placed(connection)
    proofs = _proofs(environment)
    found = json.loads(proofs)
    return LedgerFigures(
        plain=plain,
        ledger=ledger,
        ratio=median(ours / theirs for ours, theirs in zip(ledger, plain, strict=True)),
        lost=lost,
        signed_p50=1000 * median(waits),
        signed_p99=1000 * quantiles(waits, n=100)[-1],
        signed_worst=1000 * max(waits),
        leaves=found["leaves"],
        proof_p50=found["p50"],
        proof_p95=found["p95"],
        moves=moves["ours"],
        moves_without=moves["plain"],
        moves_ratio=moves["ratio"],
        moves_with_receipts=moves["named"],
        receipts_ratio=moves["named_ratio"],
        moves_with_receipts_fetched=moves["fetched"],
        fetched_ratio=moves["fetched_ratio"],
    )


def _rate(url: str, write: Callable[[Connection, random.Random], object], seconds: float) -> float:
    """Transactions per second of 16 concurrent writers."""
    counts, end = [0] * WRITERS, time.monotonic() + seconds

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - which row
        with psycopg.connect(url) as connection:
            while time.monotonic() < end:
                write(connection, chance)
                connection.commit()
                counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _plain(connection: Connection, chance: random.Random) -> None:
    row = chance.randrange(STREAMS)
    connection.execute("UPDATE plain SET state = 'denied', n = n + 1 WHERE id = %s", [row])
    connection.execute(
        "INSERT INTO plain_history (plain, state, at, why) VALUES (%s, 'denied', now(), 'That is what they say.')",
        [row],
    )


def append(connection: Connection, chance: random.Random) -> int:
    """Write the next entry of a random stream, as a status change. Returns its database id."""
    stream = f"claim:{chance.randrange(STREAMS):08d}"
    last, prev, _at = connection.execute(HEAD, [stream]).fetchone() or (None, None, None)
    hashes, openings = commit({"by": {"id": "1", "name": "editor"}, "reason": "That is what they say."})
    entry = LeafEntry(
        stream=stream,
        seq=(last or 0) + 1,  # type: ignore[operator]
        prev=bytes(prev).hex() if prev is not None else None,  # type: ignore[call-overload]
        kind="status_changed",
        at=format_time(datetime.now(UTC)),
        body={"claim": stream, "from": "reported", "to": "denied", "number": (last or 0) + 1},  # type: ignore[operator]
        c=hashes,
    )
    leaf = leaf_bytes(entry)
    values: list[object] = [stream, entry.seq, prev, entry.kind, entry.at, leaf, leaf_hash(leaf)]
    for name, one in openings.items():
        values += [name, one.salt, canonical(one.value)]
    row = connection.execute(insert(len(openings)), values).fetchone()
    return int(str(row[0])) if row else 0


@contextmanager
def _sequencer(environment: dict[str, str], data: DataFolder) -> Iterator[None]:
    command = [sys.executable, "manage.py", "sequencer"]
    child = processes.start(
        "sequencer",
        command,
        log=data.logs / "sequencer.log",
        env=environment,
        options=processes.ChildOptions(folder=PROJECT),
    )
    try:
        yield
        child.check()
    finally:
        processes.stop([child], 5)


def _signed(url: str, seconds: float) -> list[float]:
    """The time in seconds from commit to a published checkpoint, for each of a steady stream of entries."""
    with psycopg.connect(url) as connection:
        _until_placed(connection)
    committed: dict[int, float] = {}
    waits: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            seen = 0
            while not stop.is_set() or committed:
                row = connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone()
                size = int(str(row[0])) if row and row[0] else 0
                if size > seen:
                    now = time.monotonic()
                    placed = connection.execute(
                        "SELECT entry_id FROM ledger_leaf WHERE index >= %s AND index < %s", [seen, size]
                    )
                    for (entry,) in placed:
                        if (at := committed.pop(int(str(entry)), None)) is not None:
                            waits.append(now - at)
                    seen = size
                time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    chance = random.Random(secrets.randbits(32))  # noqa: S311 - which stream
    with psycopg.connect(url) as connection:
        began = time.monotonic()
        for number in range(int(seconds * A_SECOND)):
            time.sleep(max(0, began + number / A_SECOND - time.monotonic()))
            entry = append(connection, chance)
            connection.commit()
            committed[entry] = time.monotonic()
    stop.set()
    watcher.join()
    return waits


def _fill(url: str, leaves: int) -> None:
    """Add entries up to `leaves` by COPY, which runs the same triggers."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM ledger_entry").fetchone()
        missing = leaves - int(str(row[0] if row else 0))
        for start in range(0, missing, 20_000):
            with connection.cursor().copy(
                "COPY ledger_entry (stream, seq, prev, kind, at, leaf, leaf_hash) FROM STDIN"
            ) as copy:
                for number in range(start, min(start + 20_000, missing)):
                    at = format_time(datetime.now(UTC))
                    hashes, _openings = commit({})
                    leaf = leaf_bytes(LeafEntry(f"source:fill-{number}", 1, None, "source_added", at, {}, hashes))
                    copy.write_row((f"source:fill-{number}", 1, None, "source_added", at, leaf, leaf_hash(leaf)))
            connection.commit()


def _until_placed(connection: Connection) -> int:
    """Wait until a checkpoint covers every entry. Returns how many have no place then, and so were lost."""
    connection.autocommit = True
    unsigned = "SELECT count(*) > (SELECT coalesce(max(size), 0) FROM ledger_checkpoint) FROM ledger_entry"
    while connection.execute(unsigned).fetchone() == (True,):
        time.sleep(0.5)
    row = connection.execute(
        "SELECT (SELECT count(*) FROM ledger_entry) - (SELECT count(*) FROM ledger_leaf)"
    ).fetchone()
    return int(str(row[0])) if row else -1


_PROVE = """
import json, random, time
from statistics import median, quantiles
from ledger.models import Entry
from ledger.reading import newest_checkpoint, prove
checkpoint = newest_checkpoint()
times = []
for _ in range(300):
    index = random.randrange(checkpoint.size)
    began = time.perf_counter()
    assert len(prove(Entry.objects.filter(place__index=index), checkpoint)) == 1
    times.append(1000 * (time.perf_counter() - began))
print(json.dumps({"leaves": checkpoint.size, "p50": median(times), "p95": quantiles(times, n=20)[-1]}))
"""


def _proofs(environment: dict[str, str]) -> str:
    """Times of inclusion proofs in the server's own code, as JSON."""
    time.sleep(2)  # checkpoints come once a second
    return _inside(environment, _PROVE)


def _inside(environment: dict[str, str], code: str) -> str:
    """The last line that Python code prints inside the installation."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.splitlines()[-1]


def as_text(figures: LedgerFigures) -> str:
    """The figures as a table, with the targets of the design."""
    rows = [
        ("16 writers, entries to plain, transactions per second", f"{figures.ratio:.2f}", "0.5"),
        ("moves with the ledger to moves without", f"{figures.moves_ratio:.2f}", "0.67"),
        ("moves with receipts named to moves with the ledger", f"{figures.receipts_ratio:.2f}", "0.9"),
        ("the same, each receipt fetched", f"{figures.fetched_ratio:.2f}", ""),
        ("entries lost", str(figures.lost), "0"),
        (f"commit to signed checkpoint at {A_SECOND} a second, p99", f"{figures.signed_p99:.0f} ms", "2,000 ms"),
        (f"inclusion proof at {figures.leaves:,} leaves, p95", f"{figures.proof_p95:.1f} ms", "10 ms"),
    ]
    return "\n".join(f"| {what} | {found} | {bar} |" for what, found, bar in rows)


def as_json(figures: LedgerFigures) -> str:
    return json.dumps(asdict(figures), indent=1)
