"""Whoever is shown restricted material leaves a trace of it at every address, which the ledger has with the next full
hour; nobody else leaves any.

Each answer is asked for by itself and taken back, so that each has to leave its own.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.actions.reads import record_reads
from accounts.models import Act, RestrictedRead
from claims.actions.sources import correct_source
from claims.record.reads import note_shown
from ledger.models import Entry
from ledger.reading import openings_of
from ledger.verifier import read_entry
from reviews.tasks import send_due_reminders
from sources.models import Relay, Source
from tests.access.asking import TILES, signed_in, values_of
from tests.access.routes import routes
from tests.access.test_leaks import NOTHING_OF_A_DESK, OTHERS, SECRET, put_in_restricted_material
from tests.access.world import AccessWorld

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
    # what would become visible
    "release-source", "release-actor", "release-evidence", "release-attachment", "release-capture",
    # what was done with it
    "ledger", "ledger-csv", "receipts",
}  # fmt: skip


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    return {who: signed_in(user) for who, user in world.people.items()}


@pytest.fixture
def hidden(world: AccessWorld, taken_back: None) -> Source:
    """A restricted source in the world, with all that can hang on one, and reminders to look at it again."""
    source = put_in_restricted_material(world, world.cast.editor)
    correct_source(source=source, reason=f"{SECRET} was wrong about the day", by=world.cast.editor)
    send_due_reminders()
    return source


def addresses(world: AccessWorld, hidden: Source | None) -> dict[str, set[str]]:
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
    """Whether what is at an address holds a word of what is restricted, and how many traces of reading that it left."""
    with transaction.atomic():
        before = RestrictedRead.objects.count()
        answer = client.get(address)
        told = SECRET.lower().encode() in answer.getvalue().lower()
        left = RestrictedRead.objects.count() - before
        transaction.set_rollback(True)
    return told, left


@pytest.mark.parametrize("who", ["editor", "assigned reviewer"])
def test_every_answer_that_shows_restricted_material_leaves_an_act(
    who: str, world: AccessWorld, clients: dict[str, Client], hidden: Source
) -> None:
    asked = {at: read(clients[who], at) for some in addresses(world, hidden).values() for at in some}
    assert [at for at, (told, left) in asked.items() if told and not left] == []


def test_these_are_the_doors(world: AccessWorld, clients: dict[str, Client], hidden: Source) -> None:
    found = {
        name
        for name, some in addresses(world, hidden).items()
        if not name.startswith("/") and any(read(clients["editor"], at)[0] for at in some)
    }
    # What is typed is found at two more.
    assert found | {"actor-names", "source-names"} == DOORS


def test_nobody_who_may_not_see_it_leaves_an_act(
    world: AccessWorld, clients: dict[str, Client], hidden: Source
) -> None:
    """At the addresses of what is restricted; at all others they are asked for in `test_leaks`."""
    everywhere, elsewhere = addresses(world, hidden), addresses(world, None)
    restricted = [*SEARCHES, *(at for name, some in everywhere.items() for at in some - elsewhere[name])]
    for who in (*OTHERS, "auditor"):
        for at in restricted:
            clients[who].get(at).getvalue()
    assert (len(restricted) > len(SEARCHES), RestrictedRead.objects.exists()) == (True, False)


def test_where_nothing_is_restricted_reading_leaves_no_act(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    for some in addresses(world, None).values():
        for at in some:
            clients["editor"].get(at).getvalue()
    assert RestrictedRead.objects.count() == 0


def reads_by(user: "User") -> list[str]:
    """What a person was shown, by its sort; once a day each."""
    rows = RestrictedRead.objects.filter(user=user).order_by("day", "subject").values_list("subject", flat=True)
    return [subject.partition(":")[0] for subject in rows]


def into_the_ledger() -> None:
    """What was read stands in the ledger with the next full hour."""
    now = datetime.now(UTC)
    record_reads(now=now)
    record_reads(now=now + timedelta(hours=1))


def test_an_act_says_what_was_read_and_is_sealed(
    world: AccessWorld, clients: dict[str, Client], hidden: Source
) -> None:
    clients["editor"].get(f"/sources/{hidden.pk}/").getvalue()
    into_the_ledger()
    act = Act.objects.get(kind="restricted_read", desk=world.cast.desk)
    entry = read_entry(bytes(Entry.objects.get(pk=act.entry_id).leaf))
    assert (act.by, act.sealed, act.about) == (None, True, f"reads:{world.cast.desk.pk}")
    assert (entry.kind, entry.body, entry.stream.partition(":")[0]) == ("sealed", {}, "sealed")
    said = openings_of([act.entry_id])[act.entry_id]["content/what"].value
    assert {(one["by"]["name"], one["sort"]) for one in said} == {
        ("editor", sort) for sort in ("actor", "source", "attachment", "capture")
    }


def test_once_a_person_a_day_and_a_subject(world: AccessWorld, hidden: Source) -> None:
    cast, day = world.cast, timedelta(days=1)
    note_shown(cast.editor, [hidden])
    note_shown(cast.editor, [hidden])
    assert reads_by(cast.editor) == ["actor", "source"]
    note_shown(cast.reviewer, [hidden])
    assert reads_by(cast.reviewer) == ["actor", "source"]
    RestrictedRead.objects.filter(user=cast.editor).update(day=datetime.now(UTC).date() - day)
    note_shown(cast.editor, [hidden])
    assert reads_by(cast.editor) == ["actor", "source", "actor", "source"]


def test_a_page_whose_reading_cannot_be_recorded_is_not_shown(
    world: AccessWorld, clients: dict[str, Client], hidden: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("claims.record.reads.note_reads", fail)
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
    change: tuple[str, dict[str, Any]], world: AccessWorld, clients: dict[str, Client], hidden: Source
) -> None:
    room, fields = change
    pk = hidden.pk if room == "sources" else hidden.publisher_id
    answer = clients["editor"].patch(f"/api/v1/{room}/{pk}/", json.dumps(fields), content_type="application/json")
    assert (answer.status_code, SECRET in answer.content.decode(), bool(reads_by(world.cast.editor))) == (
        200,
        True,
        True,
    )


def test_the_ledger_tells_editors_what_was_read_and_auditors_that_something_is_withheld(
    world: AccessWorld, clients: dict[str, Client], hidden: Source
) -> None:
    note_shown(world.cast.reviewer, [hidden])
    into_the_ledger()
    told = {who: clients[who].get("/ledger/").content.decode() for who in ("editor", "auditor", "stranger")}
    assert {who: ("restricted material read" in page.split("<tbody>")[-1]) for who, page in told.items()} == {
        "editor": True,
        "auditor": False,
        "stranger": False,
    }
    assert (SECRET in told["editor"], SECRET in told["auditor"], SECRET in told["stranger"]) == (True, False, False)
    assert "withheld" in told["auditor"]
