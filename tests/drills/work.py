"""What people do while parts of the system fail: each keeps what was acknowledged, to be looked for afterwards."""

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import local
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.drills.people import DrillPerson, Refused
from tests.drills.system import System

T = TypeVar("T")
SIZE = 200_000  # bytes of an attachment


@dataclass
class WorkingDesk:
    """The people of the demonstration desk, and a source that carries whatever they write down."""

    system: System
    reporter: DrillPerson
    reviewer: DrillPerson
    editor: DrillPerson
    source: str = ""

    @classmethod
    def of(cls, system: System) -> "WorkingDesk":
        def person(name: str) -> DrillPerson:
            return DrillPerson(system.web.port, system.manage("create_token", name).stdout.split()[-1])

        desk = cls(system, person("reporter"), person("reviewer"), person("editor"))
        desk.source = desk.new_source()
        return desk

    def another(self, person: DrillPerson) -> DrillPerson:
        """The same person at another window."""
        return DrillPerson(person._port, person._token)

    def new_source(self, **fields: Any) -> str:
        return str(self.editor.post("sources/", kind="statement", title="What somebody said", **fields)["id"])

    def new_actor(self, name: str) -> str:
        return str(self.editor.post("actors/", kind="organisation", name=name, speaks_for_checked=True)["id"])

    def new_claim(self, statement: str, **fields: Any) -> str:
        """The reference of a reported claim."""
        evidence = fields.pop("evidence", [{"source": self.source, "stance": "supports"}])
        return str(self.editor.post("claims/", statement=statement, evidence=evidence, **fields)["reference"])

    def assign(self, reference: str, due_at: datetime, reviewer: str = "reviewer") -> str:
        body = {"claim": reference, "reviewer": reviewer, "due_at": due_at.isoformat()}
        return str(self.editor.post("assignments/", **body)["id"])


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


WINDOWS = 4  # at which people write and assign at once


def give(desk: WorkingDesk, number: int, what: str, *, seconds: float) -> float:
    """So many claims written and given to the reviewer, all due at one moment; when that is, on the monotonic clock.

    It is `seconds` away, or as long as a slow machine needs until the last of them is given.
    """
    began = time.monotonic()
    claims = _at_windows(desk, lambda own, n: own.new_claim(f"{what} ({n})."), range(number))
    due = in_seconds(max(seconds, 2 * (time.monotonic() - began)))
    _at_windows(desk, lambda own, reference: own.assign(reference, due), claims)
    ahead = (due - in_seconds(0)).total_seconds()
    assert ahead > 0, "some were due before the last was given"
    return time.monotonic() + ahead


def _at_windows(desk: WorkingDesk, do: Callable[[WorkingDesk, T], str], things: Iterable[T]) -> list[str]:
    windows = local()

    def at_a_window(thing: T) -> str:
        if not hasattr(windows, "desk"):
            windows.desk = WorkingDesk(
                desk.system, desk.reporter, desk.reviewer, desk.another(desk.editor), desk.source
            )
        return do(windows.desk, thing)

    with ThreadPoolExecutor(WINDOWS) as pool:
        return list(pool.map(at_a_window, things))


def wait_until(moment: float) -> None:
    """Until a moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))


class Worker(threading.Thread):
    """Somebody who does one thing over and over until told to stop, and goes on after a refusal."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.refused = 0
        self._stopping = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.once()
            except Refused:
                self.refused += 1
                time.sleep(0.2)
            except BaseException as error:
                self.failure = error
                return

    def once(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """Raises what went wrong with the drill itself."""
        self._stopping.set()
        self.join()
        if self.failure is not None:
            raise self.failure


@dataclass(frozen=True)
class Acknowledged:
    """A status change whose answer came."""

    reference: str
    seq: int
    to: str


class Mover(Worker):
    """An editor who records a party's denial and takes it back again, on a claim of their own."""

    def __init__(self, desk: WorkingDesk, number: int) -> None:
        super().__init__()
        self.moves: list[Acknowledged] = []
        self.person = desk.another(desk.editor)
        party = desk.new_actor(f"Accused {number}")
        self._denial = desk.new_source(publisher=party)
        self._reference = desk.new_claim(f"A drill is under way at place {number}.", parties=[party])

    def once(self) -> None:
        claim = self.person.get(f"claims/{self._reference}/")
        live = [
            item["id"]
            for item in self.person.get(f"claims/{self._reference}/evidence/")["results"]
            if item["stance"] == "denies" and not item["withdrawn_at"]
        ]
        if claim["state"] == "reported" and not live:
            self.person.post(f"claims/{self._reference}/evidence/", source=self._denial, stance="denies")
        elif claim["state"] == "reported":
            self._move("denied", live, claim["version"])
        elif live:
            self.person.post(f"claims/{self._reference}/evidence/{live[0]}/withdraw/", reason="A drill.")
        else:
            self._move("reported", [], claim["version"])

    def _move(self, to: str, evidence: list[str], version: int) -> None:
        path = f"claims/{self._reference}/moves/"
        answer = self.person.post(path, to=to, reason="A drill.", evidence=evidence, seen_version=version)
        self.moves.append(Acknowledged(self._reference, answer["seq"], to))


class Reviewing(Worker):
    """A reviewer and an editor who corroborate a claim and withdraw that again: assign, accept, assess, approve."""

    def __init__(self, desk: WorkingDesk) -> None:
        super().__init__()
        self.moves: list[Acknowledged] = []
        self._desk = desk
        self._reviewer, self._editor = desk.another(desk.reviewer), desk.another(desk.editor)
        seen = [
            {
                "source": desk.new_source(basis="firsthand", publisher=desk.new_actor(f"Witness {n}")),
                "stance": "supports",
            }
            for n in (1, 2)
        ]
        self._reference = desk.new_claim("Two people saw the drill.", evidence=seen)

    def once(self) -> None:
        waiting = self._waiting()
        claim = self._editor.get(f"claims/{self._reference}/")
        if waiting:
            path = f"claims/{self._reference}/assessments/{waiting[0]['id']}/approve/"
            self._editor.post(path, reason="Agreed.", seen_version=claim["version"])
            to = waiting[0]["proposed_state"]
            history = self._editor.get(f"claims/{self._reference}/history/")["results"]
            self.moves.append(Acknowledged(self._reference, history[-1]["seq"], to))
            return
        self._accept()
        evidence = self._editor.get(f"claims/{self._reference}/evidence/")["results"]
        self._reviewer.post(
            f"claims/{self._reference}/assessments/",
            proposed_state="corroborated" if claim["state"] == "reported" else "reported",
            rationale="A drill.",
            evidence=[item["id"] for item in evidence],
            seen_version=claim["version"],
        )

    def _waiting(self) -> list[Any]:
        found = self._editor.get(f"claims/{self._reference}/assessments/")["results"]
        return [one for one in found if one["state"] == "waiting"]

    def _accept(self) -> None:
        mine = self._reviewer.get("assignments/?mine=true")["results"]
        mine = [one for one in mine if one["claim"] == self._reference and one["state"] in ("offered", "accepted")]
        if not mine:
            self._desk.assign(self._reference, in_seconds(3600))
            return self._accept()
        if mine[0]["state"] == "offered":
            self._reviewer.post(f"assignments/{mine[0]['id']}/accept/")


class Attacher(Worker):
    """A reporter who attaches files to a source of their own."""

    def __init__(self, desk: WorkingDesk) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}  # SHA-256 by identifier, of what was acknowledged
        self.person = desk.another(desk.reporter)
        self._source = str(self.person.post("sources/", kind="document", title="What was found")["id"])

    def once(self) -> None:
        content = os.urandom(SIZE)
        answer = self.person.upload(f"sources/{self._source}/attachments/", content)
        assert answer["sha256"] == hashlib.sha256(content).hexdigest()
        self.kept[answer["id"]] = answer["sha256"]

    def lost(self) -> list[str]:
        """Files that were acknowledged and do not come back as they were."""
        return [
            identifier
            for identifier, sha256 in self.kept.items()
            if hashlib.sha256(self.person.download(f"attachments/{identifier}/")).hexdigest() != sha256
        ]


def lost_moves(desk: WorkingDesk, moves: Iterable[Acknowledged]) -> list[Acknowledged]:
    """Moves that were acknowledged and do not stand in the history."""
    moves, standing = list(moves), set[Acknowledged]()
    for reference in {move.reference for move in moves}:
        path = f"/api/v1/claims/{reference}/history/"
        while path:
            page = desk.editor.get(path)
            standing |= {Acknowledged(reference, row["seq"], row["to"]) for row in page["results"]}
            following = urlsplit(page["next"] or "")
            path = f"{following.path}?{following.query}" if following.path else ""
    return [move for move in moves if move not in standing]


@dataclass
class Ended:
    """What became of reminders since a moment, and of their mails. `waiting`: due and not ended; `unmailed`: sent, and
    no mail came; `doubled`: mails beyond the first of each; `most`: of one reminder."""

    reminders: dict[str, int]
    waiting: int
    unmailed: int
    mails: int
    doubled: int
    most: int


class QueueWatch:
    """Looks at reminders and mails from the moment that it is made."""

    def __init__(self, system: System, messages: list[Any]) -> None:
        self._system, self._messages = system, messages
        self._first, self._since = len(messages), datetime.now(UTC)

    def ended(self) -> Ended:
        names = Counter(str(message["Message-ID"]).partition("@")[0] for message in self._messages[self._first :])
        query = """SELECT '<reminder-' || r.id, r.state, r.due_at <= now(), coalesce(u.email, '') <> ''
            FROM reviews_reminder r LEFT JOIN accounts_user u ON u.id = r.recipient_id
            WHERE r.ended_at IS NULL OR r.ended_at >= %s"""
        rows = self._system.rows(query, self._since)
        return Ended(
            reminders=dict(Counter(state for _name, state, _due, _mailed in rows if state != "pending")),
            waiting=sum(state == "pending" and due for _name, state, due, _mailed in rows),
            unmailed=sum(state == "sent" and mailed and name not in names for name, state, _due, mailed in rows),
            mails=names.total(),
            doubled=names.total() - len(names),
            most=max(names.values(), default=0),
        )


def wait_for_reminders(system: System, *, short: bool) -> None:
    """Until nothing that is due waits. What a killed worker had taken is taken again after its lease of two minutes;
    in the short form that lease is ended here, once nobody works on it any more."""
    due = "SELECT count(*), count(lease_until) FROM reviews_reminder WHERE state = 'pending' AND due_at <= now()"
    before, since = (-1, -1), time.monotonic()
    end = time.monotonic() + 240
    while (now := tuple(system.rows(due)[0])) != (0, 0):
        if now != before:
            before, since = now, time.monotonic()
        elif short and now[0] == now[1] and time.monotonic() - since > 5:
            system.rows("UPDATE reviews_reminder SET lease_until = now() WHERE state = 'pending' AND due_at <= now()")
        if time.monotonic() > end:
            raise TimeoutError(f"{now[0]} reminders that are due wait, {now[1]} of them taken")
        time.sleep(0.25)
