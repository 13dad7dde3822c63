"""A row that answers 404 to somebody is shown to them through no other: each relation of each model is walked.

The relations are read from the models: one without an entry in `relations.RELATIONS` fails.
"""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client, override_settings

from accounts.models import Role
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput, MergeInput
from claims.models import Bundle
from house.errors import Invalid
from reviews.actions.assignments import name_decider, withdraw_assignment
from reviews.actions.memberships import change_role
from tests import factories
from tests.access.asking import signed_in
from tests.access.hiding import HiddenWeb, change, make_web
from tests.access.relations import HIDDEN, REFUSED, RELATIONS, can_be_hidden, relations
from tests.access.test_leaks import LeakAnswer, _answers, without_noise
from tests.access.world import AccessWorld

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


def test_every_relation_that_may_name_a_hidden_row_has_an_entry() -> None:
    assert {name for name, model in relations().items() if can_be_hidden(model)} == set(RELATIONS)


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    return {who: signed_in(user) for who, user in world.people.items()}


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_late() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("accounts.queries.LONGEST_DELAY", 3600)
        yield


@pytest.fixture(scope="module")
def web_as_made(world: AccessWorld, django_db_blocker: "DjangoDbBlocker") -> Iterator[HiddenWeb]:
    """Made once, in the world's transaction; what a test does to it is taken back."""
    with override_settings(EVIDENCE_STORAGE=world.files), django_db_blocker.unblock(), transaction.atomic():
        yield make_web(world)
        transaction.set_rollback(True)


@pytest.fixture
def web(web_as_made: HiddenWeb, taken_back: None) -> HiddenWeb:
    rows = {name: factories.fresh(row) for name, row in web_as_made.rows.items()}
    return replace(web_as_made, rows=rows)


def test_the_web_names_a_hidden_row_by_each_of_these(web: HiddenWeb) -> None:
    ids = {str(row.pk) for row in web.rows.values()}
    claims = {str(web.world.claim.pk)}
    missing = []
    for name in (name for name, how in RELATIONS.items() if how == HIDDEN):
        model, _dot, column = name.partition(".")
        rows = _model(model)._default_manager.values_list(column, flat=True)
        if not any(pk in str(value) for value in rows for pk in (claims if column == "claim" else ids)):
            missing.append(name)
    assert missing == []


def _model(name: str) -> Any:
    return next(model for model in apps.get_models() if model.__name__ == name)


def _merged(world: AccessWorld, hidden: Any) -> object:
    return merge_actors(actor=hidden, fields=MergeInput(into=world.actor.pk, reason="The same."), by=world.cast.editor)


def _merged_into(world: AccessWorld, hidden: Any) -> object:
    return merge_actors(actor=world.actor, fields=MergeInput(into=hidden.pk, reason="The same."), by=world.cast.editor)


def _named(field: str) -> Callable[[AccessWorld, Any], object]:
    def name(world: AccessWorld, hidden: Any) -> object:
        value: Any = hidden.pk if field == "claimant" else [hidden.pk]
        return edit_claim(claim=world.claim, fields=ClaimInput(**{field: value}), by=world.cast.editor)

    return name


REFUSALS: dict[str, Callable[[AccessWorld, Any], object]] = {
    "Actor.merged_into": _merged_into,
    "ActorMerge.into": _merged_into,
    "ActorMerge.actor": _merged,
    **{f"Claim.{name}": _named(name) for name in ("claimant", "also_claimed_by", "parties")},
}


def test_each_relation_that_is_said_to_be_refused_is_tried() -> None:
    assert set(REFUSALS) == {name for name, how in RELATIONS.items() if how == REFUSED}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_others_see_names_no_hidden_row_by_these(name: str, world: AccessWorld, taken_back: None) -> None:
    hidden = factories.actor(world.cast, "A whisper", visibility="restricted", by=world.cast.editor)
    with pytest.raises(Invalid):
        REFUSALS[name](world, hidden)


def told(answer: LeakAnswer, client: Client) -> str:
    """All that an answer says, with what stands in it in base64 and in zips."""
    text = answer.body.decode(errors="replace")
    if answer.body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            return "".join(_decoded(archive.read(name).decode(errors="replace")) for name in archive.namelist())
    return _decoded(text)


def _decoded(text: str) -> str:
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    except ValueError:
        return text
    lists = [line[name] for line in lines for name in ("entries", "redactions") if isinstance(line.get(name), list)]
    entries = [one for one in [*lines, *chain(*lists)] if isinstance(one, dict)]
    return text + "".join(base64.b64decode(one["leaf"]).decode() for one in entries if "leaf" in one)


def _bundles(web: HiddenWeb, client: Client) -> dict[str, LeakAnswer]:
    """The bundles that were made before it was restricted."""
    found = {}
    for row in Bundle.objects.select_related("claim"):
        address = f"/claims/{row.claim.reference}/bundles/{row.pk}/file"
        answer = client.get(address)
        found[address] = LeakAnswer(answer.status_code, without_noise(answer.getvalue()), "")
    return found


def asked(web: HiddenWeb, client: Client) -> dict[str, LeakAnswer]:
    """What everything answers to somebody: each address of the world, bundles, and all status changes of the web."""
    references = [web.rows["contrary"].claim.reference, web.world.claim.reference]  # type: ignore[attr-defined]
    found = {**_answers(client, web.world), **_bundles(web, client)}
    for reference in references:
        for path in (f"/claims/{reference}/", f"/claims/{reference}/history/", f"/ledger/claims/{reference}/proof"):
            answer = client.get(path)
            found[path] = LeakAnswer(answer.status_code, without_noise(answer.getvalue()), answer.get("ETag", ""))
        for end in ("", "evidence/", "provenance/", "assessments/", "history/1/", "history/2/", "assessments/draft/"):
            path = f"/api/v1/claims/{reference}/{end}"
            answer = client.get(path)
            found[path] = LeakAnswer(answer.status_code, answer.getvalue(), answer.get("ETag", ""))
    for name, address in web.addresses():
        answer = client.get(address)
        found[f"{name} {address}"] = LeakAnswer(answer.status_code, without_noise(answer.getvalue()), "")
        row = web.rows[name]
        if address.startswith("/api/v1/sources") or address.startswith("/api/v1/actors"):
            page = address.removeprefix("/api/v1")
            answer = client.get(page)
            found[page] = LeakAnswer(answer.status_code, without_noise(answer.getvalue()), "")
            if page.startswith("/sources") and "capture" not in page:
                for end in ("relays/", "attachments/", "capture/"):
                    answer = client.get(f"{address}{end}")
                    found[f"{address}{end}"] = LeakAnswer(answer.status_code, answer.getvalue(), "")
                found[f"{page}edit/"] = _page(client, f"{page}edit/")
        assert row.pk
    return found


def _page(client: Client, address: str) -> LeakAnswer:
    answer = client.get(address)
    return LeakAnswer(answer.status_code, without_noise(answer.getvalue()), "")


def hidden_from(web: HiddenWeb, client: Client) -> dict[str, Any]:
    """The rows that answer as if they were not there, by name."""
    statuses = {name: client.get(address).status_code for name, address in web.addresses()}
    return {name: web.rows[name] for name, status in statuses.items() if status in (401, 302, 404)}


def spilt(web: HiddenWeb, client: Client) -> list[tuple[str, str]]:
    """Where somebody is told of a row that is hidden from them, by its id or by one of its words."""
    found: list[tuple[str, str]] = []
    hidden = [(name, str(row.pk), web.text(name)) for name, row in hidden_from(web, client).items()]
    for address, answer in asked(web, client).items():
        text = told(answer, client) if answer.status == 200 else answer.body.decode(errors="replace")
        elsewhere = text.replace(address.split(" ")[-1], "")
        found += [(name, address) for name, pk, words in hidden if pk in elsewhere or words in text]
    return found


def all_hidden(web: HiddenWeb, who: str) -> bool:
    return set(hidden_from(web, signed_in(web.world.people[who]))) == set(web.rows)


OUTSIDE = ("anonymous", "stranger", "administrator", "other reporter", "auditor")
INSIDE = ("reporter", "assigned reviewer", "other reviewer", "editor")


@pytest.mark.parametrize("who", [*OUTSIDE, *INSIDE])
def test_what_answers_404_is_told_nowhere(who: str, web: HiddenWeb, clients: dict[str, Client]) -> None:
    hidden = hidden_from(web, clients[who])
    assert (bool(hidden), len(hidden) == len(web.rows)) == (who != "editor", who in OUTSIDE)
    assert spilt(web, clients[who]) == []


@pytest.mark.parametrize("who", [*OUTSIDE[:-1], "other reviewer"])
def test_what_it_says_by_now_changes_nothing_that_they_get(
    who: str, web: HiddenWeb, clients: dict[str, Client]
) -> None:
    """Auditors apart, who are told of each change that something was withheld."""
    before = asked(web, clients[who])
    change(web, "Ypsilanti", hidden_from(web, clients[who]))
    after = asked(web, clients[who])
    assert [at for at in before if before[at] != after[at]] == []


def test_what_was_released_is_there_for_the_desk_and_for_nobody_else(
    web: HiddenWeb, clients: dict[str, Client]
) -> None:
    editor = web.world.cast.editor
    for name in ("above", "owner", "named", "hidden", "told"):
        factories.released(factories.fresh(web.rows[name]), editor)
    for who in ("stranger", "administrator", "anonymous"):
        assert (who, all_hidden(web, who), spilt(web, clients[who])) == (who, True, [])
    for who in ("other reporter", "auditor", "reporter"):
        left = hidden_from(web, clients[who])
        assert not left.keys() & {"above", "owner", "named", "hidden", "told"}
        assert (who, spilt(web, clients[who])) == (who, [])


def test_who_lost_their_role_is_told_of_nothing(web: HiddenWeb) -> None:
    cast = web.world.cast
    change_role(desk=cast.desk, user=cast.reporter, role=None, by=cast.admin)
    change_role(desk=cast.desk, user=cast.reviewer2, role=Role.AUDITOR, by=cast.admin)
    for user in (cast.reporter, cast.reviewer2):
        assert spilt(web, signed_in(user)) == []


def test_an_assignment_that_ends_takes_what_it_showed_along(web: HiddenWeb) -> None:
    cast = web.world.cast
    client = signed_in(cast.reviewer)
    before = set(hidden_from(web, client))
    withdraw_assignment(assignment=factories.assigned(cast, web.world.claim, reviewer=cast.reviewer2), by=cast.editor)
    assert spilt(web, signed_in(cast.reviewer2)) == []
    with transaction.atomic():
        for row in cast.reviewer.assignments.filter(ended_at=None):
            withdraw_assignment(assignment=row, by=cast.editor)
        assert before < set(hidden_from(web, client))
        assert spilt(web, client) == []


def test_who_is_invited_from_another_desk_is_told_of_nothing_restricted(web: HiddenWeb) -> None:
    cast = web.world.cast
    claim = factories.fresh(web.world.claim)
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    client = signed_in(cast.stranger)
    assert client.get(f"/claims/{claim.reference}/").status_code == 200
    assert client.get(f"/sources/{web.world.source.pk}/").status_code == 200
    assert client.get(f"/actors/{web.world.actor.pk}/").status_code == 200
    assert (all_hidden(web, "stranger"), spilt(web, client)) == (True, [])
