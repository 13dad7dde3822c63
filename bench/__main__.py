"""`bin/bench`: starts the servers, measures, prints the table, and saves JSON, table and chart in a folder."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import ledger
from bench.installation import Installation, installation
from bench.load import Driver, UnexpectedAnswer
from bench.measuring import Measured, Plan, measure, memory
from bench.plot import drawing
from bench.report import BenchRun, as_json, growth, table
from bench.scenarios import baselines, main_pages, scenarios
from bench.weight import weigh
from config.data_folder import PROJECT, StartRefused
from config.processes import ChildEnded

LONG, SHORT = Plan(seconds=1.5, rounds=7), Plan(seconds=0.5, rounds=3)
MOVES_LONG, MOVES_SHORT = 8000, 1200  # claims to move


def main() -> int:
    """Run the benchmarks. Returns 0 if everything was measured, whatever the figures; else 1, after one line of
    explanation."""
    chosen = _arguments(sys.argv[1:])
    os.umask(0o077)
    runs: list[BenchRun] = []
    try:
        if chosen.ledger:
            return _measure_ledger(chosen)
        for claims in chosen.claims:
            runs.append(_run(claims, chosen))
            # Saved after each size, in case a later one fails.
            _keep(runs, chosen.out)
    except (StartRefused, ChildEnded, UnexpectedAnswer) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _say(f"{table(runs)}\nSaved in {chosen.out}")
    return 0


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures the application; see docs/bench.md.")
    parser.add_argument(
        "--claims", type=_sizes, default=[1_000, 100_000], metavar="N,N", help="numbers of claims (1000,100000)"
    )
    parser.add_argument("--short", action="store_true", help="few and short rounds, for a first impression")
    parser.add_argument(
        "--ledger", type=int, default=0, metavar="LEAVES", help="only the ledger, with this many leaves"
    )
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="number of rounds (7, or 3 with --short)")
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="only these scenarios")
    parser.add_argument("--data", type=Path, help="keep the databases in this folder, and reuse them")
    parser.add_argument(
        "--out", type=Path, default=PROJECT / "var" / "bench", help="folder for the results (var/bench)"
    )
    return parser.parse_args(given)


def _measure_ledger(chosen: argparse.Namespace) -> int:
    folder = chosen.data or Path(tempfile.mkdtemp(prefix="second-source-bench-"))
    try:
        figures = ledger.main(6 if chosen.short else 60, chosen.ledger, folder)
    finally:
        if chosen.data is None:
            shutil.rmtree(folder)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "ledger.json").write_text(ledger.as_json(figures) + "\n")
    _say(ledger.as_text(figures))
    return 0


def _sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(part) for part in text.split(",")})
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: enter numbers separated by commas") from error
    if sizes[0] < 1000:
        raise argparse.ArgumentTypeError("at least 1000 claims are needed to have some of each kind")
    return sizes


def _run(claims: int, chosen: argparse.Namespace) -> BenchRun:
    folder = (chosen.data or Path(tempfile.mkdtemp(prefix="second-source-bench-"))) / str(claims)
    _say(f"Making {claims:,} claims in {folder}")
    moves = MOVES_SHORT if chosen.short else MOVES_LONG
    try:
        with installation(folder, claims=claims, moves=moves) as site:
            return _measure(site, claims, chosen)
    finally:
        if chosen.data is None:
            shutil.rmtree(folder.parent)


def _measure(site: Installation, claims: int, chosen: argparse.Namespace) -> BenchRun:
    plan = SHORT if chosen.short else LONG
    plan = replace(plan, rounds=chosen.rounds or plan.rounds)
    only = set(filter(None, chosen.only.split(",")))
    driver = Driver()
    try:
        bare = baselines(site)
        found: list[Measured] = []
        for scenario in scenarios(site):
            for clients in plan.clients if not only or scenario.name in only else ():
                found.append(measure(site, driver, scenario, bare, clients, plan))
                _say(_line(found[-1]))
    finally:
        driver.stop()
    person, pages = main_pages(site)
    weights = [weigh(site.ours.port, person, page) for page in pages]
    pids = {"web": site.ours.child.process.pid, "bare web": site.bare.child.process.pid}
    pids["database"] = site.database.process.pid
    return BenchRun(claims, found, weights, {name: memory(pid) for name, pid in pids.items()})


def _line(each: Measured) -> str:
    page = each.page
    return (
        f"{each.name:22} {each.clients:2} clients {page.rate:7.0f}/s  p50 {page.p50:6.1f} ms  p95 {page.p95:6.1f} ms  "
        f"CPU {page.web_cpu:5.1f} + {page.database_cpu:4.1f} ms  bare {each.bare.rate:6.0f}/s  ratio {each.ratio:.2f}"
    )


def _keep(runs: list[BenchRun], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    machine = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    (folder / "results.json").write_text(json.dumps(as_json(machine, runs), indent=1) + "\n")
    (folder / "table.md").write_text(table(runs))
    if len(runs) > 1:
        (folder / "growth.svg").write_text(drawing(growth(runs)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
