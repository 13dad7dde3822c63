"""Rounds of measurement: baseline and page alternate, so that other load on the machine affects both."""

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from bench.installation import Installation
from bench.load import Driver, Job, LoadOutcome
from bench.scenarios import Requests, Scenario

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Plan:
    """The length of each turn in seconds, the number of rounds, and the numbers of clients."""

    seconds: float
    rounds: int
    clients: tuple[int, ...] = (1, 16)


@dataclass(frozen=True)
class RequestFigures:
    """The figures of one kind of request: times in milliseconds, processor time (web, PostgreSQL) per request."""

    requests: int
    rate: float
    p50: float
    p95: float
    web_cpu: float
    database_cpu: float
    bytes: int


@dataclass(frozen=True)
class Measured:
    """A scenario at a number of clients. `ratio`: of its rate to its baseline's, the median over the rounds."""

    name: str
    clients: int
    page: RequestFigures
    bare: RequestFigures
    ratio: float
    ratio_to_list: float | None
    bar: float | None


@dataclass
class _Turns:
    """The turns of one kind of request, added up."""

    outcomes: list[LoadOutcome]
    web: float = 0
    database: float = 0

    @property
    def rates(self) -> list[float]:
        return [len(outcome.latencies) / outcome.seconds for outcome in self.outcomes]

    def figures(self) -> RequestFigures:
        latencies = sorted(latency for outcome in self.outcomes for latency in outcome.latencies)
        count = len(latencies)
        return RequestFigures(
            requests=count,
            rate=count / sum(outcome.seconds for outcome in self.outcomes),
            p50=1000 * median(latencies),
            p95=1000 * (quantiles(latencies, n=20)[-1] if count > 1 else latencies[0]),
            web_cpu=1000 * self.web / count,
            database_cpu=1000 * self.database / count,
            bytes=max(outcome.largest for outcome in self.outcomes),
        )


def measure(
    site: Installation, driver: Driver, scenario: Scenario, bare: dict[str, Requests], clients: int, plan: Plan
) -> Measured:
    """Measure a scenario in turns with its baseline, and with the bare list if its baseline is another one."""
    sorts = {"page": scenario.requests, "bare": bare[scenario.baseline]}
    if scenario.baseline != "list":
        sorts["list"] = bare["list"]
    for requests in sorts.values():
        if not requests.once:
            driver.run(_job(requests, clients, plan.seconds / 4))
    turns = {name: _Turns([]) for name in sorts}
    for number in range(plan.rounds):
        # Forwards, then backwards, so that a slow drift affects both alike.
        for name in list(sorts) if number % 2 else reversed(list(sorts)):
            _take_turn(site, driver, sorts[name], turns[name], clients, plan)
    return Measured(
        name=scenario.name,
        clients=clients,
        page=turns["page"].figures(),
        bare=turns["bare"].figures(),
        ratio=_ratio(turns["page"], bare=turns["bare"]),
        ratio_to_list=_ratio(turns["page"], bare=turns["list"]) if "list" in turns else None,
        bar=scenario.bar,
    )


def _ratio(page: _Turns, *, bare: _Turns) -> float:
    return median(ours / theirs for ours, theirs in zip(page.rates, bare.rates, strict=True))


def _take_turn(site: Installation, driver: Driver, requests: Requests, turns: _Turns, clients: int, plan: Plan) -> None:
    web = site.ours if requests.port == site.ours.port else site.bare
    before = cpu_seconds(web.child.process.pid), cpu_seconds(site.database.process.pid)
    outcome = driver.run(_job(requests, clients, plan.seconds))
    after = cpu_seconds(web.child.process.pid), cpu_seconds(site.database.process.pid)
    if requests.once:
        requests.used = len(requests.requests) - outcome.left
    turns.outcomes.append(outcome)
    turns.web += after[0] - before[0]
    turns.database += after[1] - before[1]


def _job(requests: Requests, clients: int, seconds: float) -> Job:
    return Job(requests.port, clients, seconds, requests.next_ones(), requests.status, requests.once)


def cpu_seconds(pid: int) -> float:
    """The processor time of a process, its children, and its ended children (proc(5), stat)."""
    user, system, *ended = _stat(pid)[11:15]
    total = user + system + sum(ended)
    for child in _children(pid):
        try:
            own = _stat(child)
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += own[11] + own[12]
    return total / _TICKS


def memory(pid: int) -> int:
    """The memory of a process and its children in bytes, with shared pages counted once."""
    found = 0
    for each in (pid, *_children(pid)):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found += int(line.split()[1]) * 1024
    return found


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _stat(pid: int) -> list[int]:
    """The numbers in /proc/<pid>/stat from the third field on; the third, a letter, as 0."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *(int(value) for value in fields[1:])]
