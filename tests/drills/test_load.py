"""One person asks for what is hardest to count, eight times at once, while ten people work: nobody waits for it.

Quiet rounds and rounds under load follow each other, so that what else the machine does meets both.
"""

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.drills.people import DrillPerson, Refused
from tests.drills.system import LIMITS, System
from tests.mail import MailServer

PEOPLE, AT_ONCE = 10, 8
PAUSE = 0.15  # seconds between two things that somebody does
TIMES_AS_LONG = 2.0  # what the others' p95 may become

# Written past the actions: over the API a graph of 500 sources and 980 relays would take minutes, and say no more.
PREPARE = """
import json
from types import SimpleNamespace
from accounts.actions import create_token
from accounts.models import Desk, Role, User
from tests.claims.tangled import report_on, tangled_desk
from tests.factories import person
from tests.tangles import far_ends, tangle

desk, editor = Desk.objects.get(prefix="UKR"), User.objects.get(username="editor")
cast = SimpleNamespace(desk=desk, editor=editor)
made = tangled_desk(cast, tangle())
people = {}
for name in ["heavy", *(f"person{number}" for number in range(PEOPLE))]:
    user = person(name, Role.EDITOR if name == "heavy" else Role.REVIEWER, desk)
    people[name] = create_token(user=user)[1]
print(json.dumps({
    "people": people,
    "sources": [str(source.pk) for source in made.sources],
    "bears": made.made.bears,
    "ends": [ends for ends in far_ends(made.made)],
    "claim": report_on(cast, made).reference,
}))
"""


@dataclass
class Taken:
    """How long each answer took, in seconds, and what was refused."""

    seconds: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)

    def __call__(self, ask: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            return ask()
        except Refused as error:
            self.refused[error.status] += 1
            return None
        finally:
            self.seconds.append(time.monotonic() - began)

    def at(self, share: float) -> float:
        """The time within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Colleague:
    """Somebody who reads lists and claims, writes their own down, attaches to it and changes it."""

    def __init__(self, system: System, number: int, token: str) -> None:
        address = f"192.0.2.{number + 10}"
        self._program = DrillPerson(system.web.port, token, address=address)
        self._browser = DrillPerson(system.web.port, address=address).sign_in(f"person{number}")
        self._source = self._program.post("sources/", kind="statement", title=f"Seen by {number}")["id"]
        made = self._program.post(
            "claims/", statement=f"Seen by {number}.", evidence=[{"source": self._source, "stance": "supports"}]
        )
        self._claim, self._round = made["reference"], number  # nobody does the same at the same moment

    def work(self, taken: Taken, until: float) -> None:
        mine = f"claims/{self._claim}/"
        steps: tuple[Callable[[], Any], ...] = (
            lambda: self._browser.get("/"),
            lambda: self._browser.get("/claims/"),
            lambda: self._browser.get(f"/{mine}"),
            lambda: self._program.post(f"{mine}evidence/", source=self._source, stance="context"),
            lambda: self._program.get("claims/?q=seen"),
            lambda: self._program.patch(mine, place=f"Place {self._round}"),
            lambda: self._program.get(f"{mine}provenance/"),
        )
        while time.monotonic() < until:
            taken(steps[self._round % len(steps)])
            self._round += 1
            time.sleep(PAUSE)


class Heavy:
    """What one person does to the tangle: eight such requests are under way at once."""

    def __init__(self, system: System, made: dict[str, Any]) -> None:
        self._system, self._made = system, made
        self._ends: Iterator[tuple[int, int]] = iter(made["ends"])
        self._lock, self._number = threading.Lock(), 0
        self._signed_in = self._person().sign_in("heavy")

    def _person(self) -> DrillPerson:
        return DrillPerson(self._system.web.port, self._made["people"]["heavy"], address="198.51.100.7")

    def ask(self, place: int, taken: Taken, until: float) -> None:
        """One of the eight: a new claim, a look at it, another word, a relay at the far end, over and over."""
        person, mine = self._person(), self._made["claim"]
        refused = 0
        acts = (self._report, self._look, self._reword, self._relate, self._try, self._read)
        for act in cycle(acts[place % len(acts) :] + acts[: place % len(acts)]):
            if time.monotonic() > until:
                return
            taken(lambda: act(person, mine))  # noqa: B023 - done before the next
            if taken.refused.total() > refused:
                refused = taken.refused.total()
                time.sleep(2)  # as Retry-After asks

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def _end(self) -> tuple[int, int]:
        with self._lock:
            return next(self._ends)

    def _report(self, person: DrillPerson, _claim: str) -> None:
        sources = self._made["sources"]
        person.post(
            "claims/",
            statement=f"It hangs together ({self._next()}).",
            elements=[{"text": f"Part {number}"} for number in range(20)],
            evidence=[
                {"source": sources[place], "stance": "supports", "elements": numbers}
                for place, numbers in enumerate(self._made["bears"])
                if numbers
            ],
        )

    def _look(self, _person: DrillPerson, claim: str) -> None:
        self._signed_in.get(f"/claims/{claim}/provenance/")

    def _reword(self, person: DrillPerson, claim: str) -> None:
        person.patch(f"claims/{claim}/", place=f"Place {self._next()}")

    def _relate(self, person: DrillPerson, _claim: str) -> None:
        below, above = self._end()
        sources = self._made["sources"]
        person.post(f"sources/{sources[below]}/relays/", upstream=sources[above])

    def _try(self, person: DrillPerson, _claim: str) -> None:
        source = self._made["sources"][self._next() % 10]
        person.post(f"sources/{source}/retract/", reason="A drill.", dry_run=True)

    def _read(self, person: DrillPerson, claim: str) -> None:
        person.get(f"claims/{claim}/provenance/")


def _for(seconds: float, *loops: tuple[Callable[..., None], Any]) -> list[Taken]:
    """Runs all at once for so long; what each took."""
    until = time.monotonic() + seconds
    taken = [Taken() for _ in loops]
    failures: list[BaseException] = []

    def run(loop: Callable[..., None], first: Any, mine: Taken) -> None:
        try:
            loop(*first, mine, until)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=run, args=(loop, first, mine), daemon=True)
        for (loop, first), mine in zip(loops, taken, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return taken


def _together(found: list[Taken]) -> Taken:
    every = Taken()
    for one in found:
        every.seconds += one.seconds
        every.refused += one.refused
    return every


@pytest.fixture
def loaded(mail: MailServer) -> Iterator[System]:
    """A system of its own, with the limits that everybody has, behind a proxy that tells addresses apart."""
    given = {**dict.fromkeys(LIMITS, ""), "TRUSTED_PROXIES": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="second-source-drill-") as folder,
        System(Path(folder), mail.port, **given) as system,
    ):
        yield system


def test_one_person_does_not_stop_the_others(loaded: System, say: Callable[..., None], *, short: bool) -> None:
    made = json.loads(loaded.manage("shell", "-c", f"PEOPLE = {PEOPLE}\n{PREPARE}").stdout.splitlines()[-1])
    colleagues = [Colleague(loaded, number, made["people"][f"person{number}"]) for number in range(PEOPLE)]
    heavy = Heavy(loaded, made)
    working = [(each.work, ()) for each in colleagues]
    at_once = [(heavy.ask, (place,)) for place in range(AT_ONCE)]
    seconds, rounds = (6, 5) if short else (20, 4)
    _for(3, *working)  # whoever is asked first also loads what stays loaded
    quiet, under_load, asked = Taken(), Taken(), Taken()
    for _ in range(rounds):
        quiet = _together([quiet, *_for(seconds, *working)])
        found = _for(seconds, *working, *at_once)
        under_load = _together([under_load, *found[:PEOPLE]])
        asked = _together([asked, *found[PEOPLE:]])
    ratio = under_load.at(0.95) / quiet.at(0.95)
    say(
        answers=f"{len(quiet.seconds)} quiet, {len(under_load.seconds)} under load",
        p95=f"{quiet.at(0.95) * 1000:.0f} ms quiet, {under_load.at(0.95) * 1000:.0f} ms under load: {ratio:.2f} times",
        median=f"{quiet.at(0.5) * 1000:.0f} and {under_load.at(0.5) * 1000:.0f} ms",
        longest=f"{max(quiet.seconds):.2f} and {max(under_load.seconds):.2f} s",
        heavy=f"{len(asked.seconds)}, p95 {asked.at(0.95):.2f} s, longest {max(asked.seconds):.2f} s",
        heavy_refused=dict(asked.refused),
    )
    assert dict(under_load.refused) == dict(quiet.refused) == {}
    assert set(asked.refused) <= {429, 503}
    assert ratio < TIMES_AS_LONG
    assert max(under_load.seconds) < 8  # nobody meets the limit of a lock
    loaded.until(lambda: not loaded.rows("SELECT 1 FROM claims_recomputation LIMIT 1"), "all is recomputed")
    # The tangle was written past the actions: of its rows no entry of the ledger tells.
    untold = tuple(f"an entry {kind}, none" for kind in ("source_added", "actor_added", "relay_added"))
    assert [finding for finding in loaded.verify() if not finding.endswith(untold)] == []
