"""The desk for measurements: its people, the actors of its claims, and the words of its statements."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from accounts.actions import create_desk, create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Desk, Role, User
from sources.actions import create_actor
from sources.inputs import ActorInput
from sources.models import Actor

TOPICS = ("arms", "shipping", "prisons", "elections", "air raids", "sanctions", "borders", "hospitals")


@dataclass(frozen=True)
class ScaleCast:
    """The actors and people of a copied claim: every cast has its own reviewer and its own actors."""

    desk: Desk
    reporter: User
    reviewer: User
    editor: User
    second_editor: User
    claimant: Actor
    spokesman: Actor
    accused: Actor
    agency: Actor
    outlet: Actor
    witnesses: tuple[Actor, Actor]
    topics: tuple[str, str]


def make_casts(*, prefix: str, count: int, password: str, now: datetime) -> list[ScaleCast]:
    """A new desk with an auditor, two editors and `count` casts. Raises Invalid if a name or the prefix is taken."""
    desk = create_desk(name=f"Scale data {prefix}, made up for measuring", prefix=prefix, by=None, now=now)
    people = _People(desk, prefix.lower(), password, now)
    people.make("auditor", Role.AUDITOR)
    editors = [people.make(f"editor-{n}", Role.EDITOR) for n in (1, 2)]
    reporter = people.make("reporter", Role.REPORTER)
    casts = []
    for number in range(1, count + 1):
        reviewer = people.make(f"reviewer-{number}", Role.REVIEWER)
        casts.append(_cast(people, number, reporter, reviewer=reviewer, editors=editors))
    return casts


@dataclass(frozen=True)
class _People:
    desk: Desk
    prefix: str
    password: str
    now: datetime

    def make(self, name: str, role: Role) -> User:
        user = create_user(
            account=AccountInput(username=f"{self.prefix}-{name}", password=self.password),
            check_password=False,
            by=None,
        )
        set_role(desk=self.desk, user=user, role=role, by=None, now=self.now)
        return user


def _cast(people: _People, number: int, reporter: User, *, reviewer: User, editors: list[User]) -> ScaleCast:
    def actor(name: str, *, kind: str, part_of: Actor | None = None) -> Actor:
        fields = ActorInput(
            name=f"{name} {number}",
            kind=kind,
            reliability="B",
            part_of=part_of.pk if part_of else None,
            speaks_for_checked=True,
        )
        return create_actor(desk=people.desk, fields=fields, by=editors[0], now=people.now)

    claimant, accused = actor("State", kind="state"), actor("Accused state", kind="state")
    return ScaleCast(
        desk=people.desk,
        reporter=reporter,
        reviewer=reviewer,
        editor=editors[number % 2],
        second_editor=editors[(number + 1) % 2],
        claimant=claimant,
        spokesman=actor("Spokesman", kind="person", part_of=claimant),
        accused=accused,
        agency=actor("Agency", kind="outlet", part_of=accused),
        outlet=actor("Newspaper", kind="outlet"),
        witnesses=(actor("Examiner", kind="organisation"), actor("Observatory", kind="organisation")),
        topics=(TOPICS[number % len(TOPICS)], TOPICS[(number + 3) % len(TOPICS)]),
    )


_WHO = ("A convoy", "A freighter", "A battalion", "A ministry", "A contractor", "A militia", "A laboratory", "A court")
_DID = ("moved", "hid", "sold", "received", "destroyed", "seized", "counted", "bought", "repaired", "shipped")
_WHAT = (
    *("artillery shells", "drones", "rocket fuel", "grain", "detainees", "ballots", "generators", "crude oil"),
    *("radar parts", "ambulances", "gas masks", "turbines", "passports", "landmines", "medicine", "cables"),
)
_PLACES = tuple(
    "".join(parts).capitalize()
    for parts in product(
        ("kar", "vel", "ost", "mir", "dun", "tal", "bor", "len", "sar", "nov"),
        ("a", "e", "i", "o"),
        ("vina", "grad", "mouth", "bek", "stan", "ford", "polis", "hafen", "yarsk", "tun"),
    )
)


def statements(seed: int) -> Iterator[tuple[str, str]]:
    """Endless statements, each with its place; the same for the same `seed`."""
    chance = random.Random(seed)  # noqa: S311 - text to measure with
    while True:
        place, number = chance.choice(_PLACES), chance.randrange(2, 1000)
        what = f"{chance.choice(_WHO)} {chance.choice(_DID)} {number} {chance.choice(_WHAT)}"
        yield f"{what} near {place}, in warehouse {chance.randrange(10**6)}.", place
