"""Whoever is shown restricted material leaves an act of it in the ledger, at every address; nobody else leaves any.

Each answer is asked for by itself and taken back, so that each has to leave its own act.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Act, RestrictedRead
from claims.actions.reads import note_shown
from claims.actions.sources import correct_source
from ledger.models import Entry
from ledger.reading import openings_of
from ledger.verifier import read_entry
from reviews.tasks import send_due_reminders
from sources.models import Relay, Source
from tests.access.asking import TILES, signed_in, values_of
from tests.access.routes import routes
from tests.access.test_leaks import NOTHING_OF_A_DESK, OTHERS, SECRET, put_in_restricted_material
from tests.access.world import World

if TYPE_CHECKING:
    from accounts.models import User

# By a word of its own, so that no answer holds SECRET because it was typed.
SEARCHES = (
    *("/sources/?q=speaks", "/actors/?q=herself", "/sources/names/?q=speaks", "/actors/names/?q=herself"),
    *("/api/v1/sources/?q=speaks", "/api/v1/actors/?q=herself", "/claims/?q=speaks", "/api/v1/claims/?q=speaks"),
)
DOORS = {
    # lists, names to choose from, and what is found
    "actors", "sources", "actor-names", "source-names", "api:actors", "api:sources",
    "conflicts", "new-actor", "new-claim", "edit-claim", "attach", "work",
    # a claim
    "claim", "claim-sources", "claim-provenance", "assess", "review",
    "evidence", "recheck", "withdraw-evidence", "api:evidence-list", "api:evidence",
    # a source
    "source", "edit-source", "attach-file", "capture", "new-relay", "end-relay", "retract", "correct", "attachment",
    "api:source", "api:relays", "api:relay", "api:attachments", "api:attachment", "api:captures", "api:capture",
    # an actor
    "actor", "edit-actor", "merge-actor", "api:actor",
    # what was done with it
    "ledger", "ledger-csv",
}  # fmt: skip


@pytest.fixture(scope="module")
def clients(world: World) -> dict[str, Client]:
    return {who: signed_in(user) for who, user in world.people.items()}


@pytest.fixture
def hidden(world: World, taken_back: None) -> Source:
    """A restricted source in the world, with all that can hang on one, and reminders to look at it again."""
    source = put_in_restricted_material(world, world.cast.editor)
    correct_source(source=source, reason=f"{SECRET} was wrong about the day", by=world.cast.editor)
    send_due_reminders()
    return source


def addresses(world: World, hidden: Source | None) -> dict[str, set[str]]:
    """Every address that can be read, by the name of its route: of what is open and of what is hidden."""
    values = values_of(world)
    worlds = [{**values, "source_id": world.upstream.pk}, values]
    if hidden is not None:
        restricted = {
            "source_id": hidden.pk,
            "actor_id": hidden.publisher_id,
            "attachment_id": hidden.attachments.get().pk,
            "capture_id": hidden.captures.get().pk,
            "evidence_id": hidden.evidence.filter(withdrawn_at=None).earliest("created_at").pk,
            "relay_id": Relay.objects.get(downstream=hidden).pk,
        }
        worlds.append({**values, **restricted})
    found: dict[str, set[str]] = {search.split("?")[0]: {search} for search in SEARCHES}
    for route in routes():
        if route.name not in NOTHING_OF_A_DESK:
            more = {"token": world.links.get(route.name), "path": TILES.get(route.name)}
            found.setdefault(route.name, set()).update(route.address({**one, **more}) for one in worlds)
    return found


def read(client: Client, address: str) -> tuple[bool, int]:
    """Whether what is at an address holds a word of what is restricted, and how many acts of reading that it left."""
    with transaction.atomic():
        before = Act.objects.filter(kind="restricted_read").count()
        answer = client.get(address)
        told = SECRET.lower().encode() in answer.getvalue().lower()
        left = Act.objects.filter(kind="restricted_read").count() - before
        transaction.set_rollback(True)
    return told, left


@pytest.mark.parametrize("who", ["editor", "assigned reviewer"])
def test_every_answer_that_shows_restricted_material_leaves_an_act(
    who: str, world: World, clients: dict[str, Client], hidden: Source
) -> None:
    asked = {at: read(clients[who], at) for some in addresses(world, hidden).values() for at in some}
    assert [at for at, (told, left) in asked.items() if told and not left] == []


def test_these_are_the_doors(world: World, clients: dict[str, Client], hidden: Source) -> None:
    found = {
        name
        for name, some in addresses(world, hidden).items()
        if not name.startswith("/") and any(read(clients["editor"], at)[0] for at in some)
    }
    # What is typed is found at two more.
    assert found | {"actor-names", "source-names"} == DOORS


def test_nobody_who_may_not_see_it_leaves_an_act(world: World, clients: dict[str, Client], hidden: Source) -> None:
    """At the addresses of what is restricted; at all others they are asked for in `test_leaks`."""
    everywhere, elsewhere = addresses(world, hidden), addresses(world, None)
    restricted = [*SEARCHES, *(at for name, some in everywhere.items() for at in some - elsewhere[name])]
    for who in (*OTHERS, "auditor"):
        for at in restricted:
            clients[who].get(at).getvalue()
    assert (len(restricted) > len(SEARCHES), Act.objects.filter(kind="restricted_read").exists()) == (True, False)


def test_where_nothing_is_restricted_reading_leaves_no_act(
    world: World, clients: dict[str, Client], taken_back: None
) -> None:
    for some in addresses(world, None).values():
        for at in some:
            clients["editor"].get(at).getvalue()
    assert (Act.objects.filter(kind="restricted_read").count(), RestrictedRead.objects.count()) == (0, 0)


def acts_by(user: "User") -> list[list[str]]:
    """What the acts of a person's reading say, oldest first: what was read, by its sort."""
    rows = list(Act.objects.filter(kind="restricted_read", by=user).order_by("entry").values_list("entry", flat=True))
    opened = openings_of(rows)
    return [sorted(one["sort"] for one in opened[pk]["content/what"].value) for pk in rows]


def test_an_act_says_what_was_read_and_is_sealed(world: World, clients: dict[str, Client], hidden: Source) -> None:
    clients["editor"].get(f"/sources/{hidden.pk}/").getvalue()
    act = Act.objects.filter(kind="restricted_read").earliest("entry")
    editor = world.cast.editor
    entry = read_entry(bytes(Entry.objects.get(pk=act.entry_id).leaf))
    assert (act.by, act.desk, act.sealed, act.about) == (
        *(editor, world.cast.desk, True),
        f"reads:{editor.pk}:{datetime.now(UTC).date().isoformat()}",
    )
    assert (entry.kind, entry.body, entry.stream.partition(":")[0]) == ("sealed", {}, "sealed")
    assert acts_by(editor) == [["actor", "source"], ["attachment", "capture"]]


def test_once_a_person_a_day_and_a_subject(world: World, hidden: Source) -> None:
    cast, day = world.cast, timedelta(days=1)
    note_shown(cast.editor, [hidden])
    note_shown(cast.editor, [hidden])
    assert len(acts_by(cast.editor)) == 1
    note_shown(cast.reviewer, [hidden])
    assert len(acts_by(cast.reviewer)) == 1
    RestrictedRead.objects.filter(user=cast.editor).update(day=datetime.now(UTC).date() - day)
    note_shown(cast.editor, [hidden])
    assert len(acts_by(cast.editor)) == 2


def test_a_page_whose_reading_cannot_be_recorded_is_not_shown(
    world: World, clients: dict[str, Client], hidden: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.actions.reads.record_act", fail)
    file = hidden.attachments.get().pk
    for at in (f"/sources/{hidden.pk}/", f"/attachments/{file}/", f"/api/v1/sources/{hidden.pk}/"):
        with transaction.atomic():
            answer = clients["editor"].get(at)
            assert (answer.status_code, SECRET in answer.getvalue().decode()) == (500, False)
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    "change", [("sources", {"title": f"{SECRET} speaks"}), ("actors", {"name": f"{SECRET} herself"})]
)
def test_an_answer_to_a_change_that_changes_nothing_is_recorded_too(
    change: tuple[str, dict[str, Any]], world: World, clients: dict[str, Client], hidden: Source
) -> None:
    room, fields = change
    pk = hidden.pk if room == "sources" else hidden.publisher_id
    answer = clients["editor"].patch(f"/api/v1/{room}/{pk}/", json.dumps(fields), content_type="application/json")
    assert (answer.status_code, SECRET in answer.content.decode(), len(acts_by(world.cast.editor))) == (200, True, 1)


def test_the_ledger_tells_editors_what_was_read_and_auditors_that_something_is_withheld(
    world: World, clients: dict[str, Client], hidden: Source
) -> None:
    note_shown(world.cast.reviewer, [hidden])
    told = {who: clients[who].get("/ledger/").content.decode() for who in ("editor", "auditor", "stranger")}
    assert {who: ("restricted material read" in page.split("<tbody>")[-1]) for who, page in told.items()} == {
        "editor": True,
        "auditor": False,
        "stranger": False,
    }
    assert (SECRET in told["editor"], SECRET in told["auditor"], SECRET in told["stranger"]) == (True, False, False)
    assert "withheld" in told["auditor"]
