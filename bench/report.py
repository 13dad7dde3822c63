"""The results: as a table for people, as JSON for programs."""

from dataclasses import asdict, dataclass
from typing import Any

from bench.measuring import Measured
from bench.weight import MOST, Weight

MOST_GROWTH = 1.2  # allowed time at the most claims, relative to the fewest


@dataclass(frozen=True)
class BenchRun:
    """All results at one number of claims. Memory in bytes."""

    claims: int
    measured: list[Measured]
    weights: list[Weight]
    memory: dict[str, int]


def as_json(machine: dict[str, Any], runs: list[BenchRun]) -> dict[str, Any]:  # JSON of several shapes
    return {"machine": machine, "runs": [asdict(run) for run in runs], "growth": growth(runs)}


def growth(runs: list[BenchRun]) -> dict[str, dict[str, float]]:
    """The time of each scenario relative to its time at the fewest claims, with one client.

    Times are relative to the bare view's in the same rounds, so that a slower machine does not look like growth.
    """
    found: dict[str, dict[str, float]] = {}
    for run in runs:
        for measured in run.measured:
            if measured.clients == 1:
                first = found.setdefault(measured.name, {})
                first[str(run.claims)] = 1 / measured.ratio
    return {
        name: {claims: round(times / next(iter(by_claims.values())), 3) for claims, times in by_claims.items()}
        for name, by_claims in found.items()
    }


def table(runs: list[BenchRun]) -> str:
    """All results in Markdown."""
    lines: list[str] = []
    for run in runs:
        lines += [f"### {run.claims:,} claims", "", *_rates(run), ""]
        lines.append(", ".join(f"{name}: {size / 1e6:.0f} MB" for name, size in run.memory.items()))
        lines.append("")
    if len(runs) > 1:
        lines += ["### Growth", "", *_growth(runs), ""]
    lines += ["### Page weight", "", *_weights(runs[0].weights), ""]
    return "\n".join(lines)


def _rates(run: BenchRun) -> list[str]:
    head = ["what", "clients", "a second", "p50 ms", "p95 ms", "CPU ms web", "CPU ms database", "bare a second"]
    head += ["ratio", "at least", "to the bare list"]
    lines = [_row(head), _row(["---"] * 2 + ["---:"] * (len(head) - 2))]
    for each in run.measured:
        page = each.page
        lines.append(
            _row(
                [
                    each.name,
                    str(each.clients),
                    f"{page.rate:.0f}",
                    f"{page.p50:.1f}",
                    f"{page.p95:.1f}",
                    f"{page.web_cpu:.1f}",
                    f"{page.database_cpu:.1f}",
                    f"{each.bare.rate:.0f}",
                    f"{each.ratio:.2f}",
                    _bar(each),
                    f"{each.ratio_to_list:.2f}" if each.ratio_to_list is not None else "",
                ]
            )
        )
    return lines


def _bar(each: Measured) -> str:
    if each.bar is None:
        return ""
    return f"{each.bar} {'met' if each.ratio >= each.bar else 'missed'}"


def _growth(runs: list[BenchRun]) -> list[str]:
    sizes = [str(run.claims) for run in runs]
    lines = [_row(["what", *(f"{int(size):,}" for size in sizes), f"at most {MOST_GROWTH}"])]
    lines.append(_row(["---", *["---:"] * len(sizes), "---"]))
    for name, times in growth(runs).items():
        said = "met" if times[sizes[-1]] <= MOST_GROWTH else "missed"
        lines.append(_row([name, *(f"{times[size]:.2f}" for size in sizes), said]))
    return lines


def _weights(weights: list[Weight]) -> list[str]:
    lines = [_row(["page", "HTML", "its files", "together, bytes", f"under {MOST:,}"])]
    lines.append(_row(["---", "---:", "---:", "---:", "---"]))
    for each in weights:
        said = "met" if each.total < MOST else "missed"
        lines.append(_row([each.page, f"{each.html:,}", f"{each.files:,}", f"{each.total:,}", said]))
    return lines


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
