"""Redactions through the API: looked at, proposed, decided by a second person; by the same rules as on the pages."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accounts.models import Act
from claims.models import Claim
from reviews.models import Redaction
from sources.actions import attach_file, create_actor
from sources.inputs import ActorInput
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast
from tests.hostile.answers import Database

if TYPE_CHECKING:
    from pytest_django import Settings

NAME, REASON = "Oksana Melnyk", "She asked us to."
PROPOSAL = {"words": NAME, "reason": REASON}


@pytest.fixture(autouse=True)
def files(settings: "Settings", tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return factories.claim(cast, f"{NAME} saw it.")


@pytest.fixture
def editor2(cast: Cast) -> Api:
    return Api(factories.person("editor2", "editor", cast.desk))


def proposed(editor: Api, **more: Any) -> str:
    """The address of a proposal."""
    made = editor.post("redactions/", {**PROPOSAL, **more})
    assert made.status_code == 201, made.json()
    return f"redactions/{made.json()['id']}/"


def seen(api: Api, path: str) -> str:
    return str(api.get(f"{path}matches/").json()["seen"])


def test_one_editor_proposes_and_another_erases(cast: Cast, claim: Claim, editor: Api, editor2: Api) -> None:
    path = proposed(editor)
    found = editor2.get(f"{path}matches/").json()
    assert found["texts"] == [
        {"name": "claim", "claim": claim.reference, "source": None, "parts": ["", " saw it."], "whole": False}
    ]
    done = editor2.post(f"{path}approve/", {"seen": found["seen"]}).json()
    assert (done["state"], done["decided_by"], done["words"], done["erased"]) == ("done", "editor2", "", 1)
    assert factories.fresh(claim).statement == "[redacted] saw it."
    assert not Database().holds(NAME)
    assert editor.rows("redactions/") == [editor.get(path).json()] == [done]


def test_what_it_would_erase_is_shown_before_it_is_proposed_and_the_look_is_recorded(
    cast: Cast, claim: Claim, editor: Api
) -> None:
    found = editor.post("redactions/preview/", {"words": NAME.upper()}).json()
    assert (len(found["texts"]), found["files"], list(found["fields"])) == (1, [], ["content"])
    assert (Redaction.objects.count(), Act.objects.filter(kind="redaction_previewed").count()) == (0, 1)
    assert errors(editor.post("redactions/preview/", {"words": "Nobody"})) == ["words"]
    assert Act.objects.filter(kind="redaction_previewed").count() == 2


def test_what_was_not_seen_is_not_erased(cast: Cast, claim: Claim, editor: Api, editor2: Api) -> None:
    path = proposed(editor)
    before = seen(editor2, path)
    factories.claim(cast, f"{NAME} was away.")
    refused = editor2.post(f"{path}approve/", {"seen": before})
    assert (refused.status_code, factories.fresh(claim).statement) == (409, f"{NAME} saw it.")
    assert errors(editor2.post(f"{path}approve/", {})) == ["seen"]


def test_who_proposed_it_takes_it_back_and_does_not_decide(cast: Cast, claim: Claim, editor: Api) -> None:
    path = proposed(editor)
    assert [editor.post(f"{path}{act}/", {"no": 1}).status_code for act in ("approve", "reject")] == [403, 403]
    assert editor.post(f"{path}withdraw/").json()["state"] == "withdrawn"
    assert (editor.post(f"{path}withdraw/").status_code, editor.get(f"{path}matches/").status_code) == (409, 409)


def test_a_second_editor_leaves_everything_as_it_is(cast: Cast, claim: Claim, editor: Api, editor2: Api) -> None:
    path = proposed(editor)
    assert editor2.post(f"{path}withdraw/").status_code == 403
    assert editor2.post(f"{path}reject/").json()["state"] == "refused"
    assert factories.fresh(claim).statement == f"{NAME} saw it."


def test_an_editor_of_another_desk_decides_for_a_desk_with_one_and_is_led_nowhere(
    cast: Cast, claim: Claim, editor: Api, stranger: Api
) -> None:
    path = proposed(editor)
    assert stranger.get(path).status_code == 404
    assert errors(editor.post(f"{path}second/", {"person": "reviewer"})) == ["person"]
    assert editor.post(f"{path}second/", {"person": "stranger"}).json()["second"] == "stranger"
    assert editor.post(f"{path}second/", {"person": "stranger"}).status_code == 409
    assert [row["id"] for row in stranger.rows("redactions/", state="proposed")] == [path.split("/")[1]]
    found = stranger.get(f"{path}matches/").json()
    assert [(one["claim"], one["parts"]) for one in found["texts"]] == [(None, ["", " saw it."])]
    assert stranger.post(f"{path}approve/", {"seen": found["seen"]}).json()["state"] == "done"
    assert (stranger.get(path).status_code, stranger.rows("redactions/")) == (404, [])


def test_of_a_shared_actor_an_administrator_and_an_editor_do_it(cast: Cast, editor: Api, admin: Api) -> None:
    actor = create_actor(desk=None, fields=ActorInput(name=NAME, kind="person"), by=cast.admin)
    factories.source(cast, "What was said", publisher=actor)
    path = proposed(editor, actor=str(actor.pk))
    row = admin.get(path).json()
    assert (row["desk"], row["actor"]) == (None, str(actor.pk))
    assert admin.post(f"{path}approve/", {"seen": seen(admin, path)}).json()["state"] == "done"
    assert factories.fresh(actor).name == "[redacted]"


def test_a_file_is_named_by_its_attachment(cast: Cast, editor: Api, editor2: Api) -> None:
    kept = attach_file(source=factories.source(cast), chunks=[b"The log."], name="log.txt", by=cast.reviewer)
    path = proposed(editor, words="", file=str(kept.pk))
    assert editor.get(path).json()["of_file"] is True
    found = editor2.get(f"{path}matches/").json()
    assert [one["id"] for one in found["files"]] == [str(kept.pk)]
    assert editor2.post(f"{path}approve/", {"seen": found["seen"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"words": "Ok", "reason": REASON}, ["words"]),
        ({"words": NAME, "reason": f"{NAME} asked."}, ["reason"]),
        ({"words": NAME}, ["reason"]),
        ({"words": NAME, "reason": REASON, "actor": "none"}, ["actor"]),
        ({"words": NAME, "reason": REASON, "actor": "00000000-0000-4000-8000-000000000000"}, ["actor"]),
        ({"words": NAME, "reason": REASON, "seen": ""}, ["seen"]),
    ],
)
def test_what_cannot_be_proposed_is_named(
    cast: Cast, claim: Claim, editor: Api, body: dict[str, Any], named: list[str]
) -> None:
    assert errors(editor.post("redactions/", body)) == named


def test_an_actor_and_a_desk_or_a_file_are_not_named_together(cast: Cast, editor: Api) -> None:
    actor = create_actor(desk=None, fields=ActorInput(name=NAME, kind="person"), by=cast.admin)
    factories.source(cast, "What was said", publisher=actor)
    of = {**PROPOSAL, "actor": str(actor.pk)}
    assert errors(editor.post("redactions/", {**of, "desk": str(cast.desk.pk)})) == ["actor"]
    assert errors(editor.post("redactions/", {**of, "file": str(actor.pk)})) == ["file"]


def test_the_same_key_proposes_once_and_erases_once(cast: Cast, claim: Claim, editor: Api, editor2: Api) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = (editor.post("redactions/", PROPOSAL, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    path = f"redactions/{first.json()['id']}/"
    body = {"seen": seen(editor2, path)}
    done, repeated = (editor2.post(f"{path}approve/", body, headers=headers) for _ in range(2))
    assert (done.status_code, repeated.status_code, done.json()) == (200, 200, repeated.json())
    assert Act.objects.filter(kind="redacted").count() >= 1 and Redaction.objects.count() == 1


@pytest.mark.parametrize("name", ["reporter", "reviewer", "auditor"])
def test_who_is_no_editor_sees_and_does_nothing(cast: Cast, claim: Claim, editor: Api, name: str) -> None:
    path, api = proposed(editor), Api(getattr(cast, name))
    assert api.rows("redactions/") == []
    assert [api.post(one, PROPOSAL).status_code for one in ("redactions/", "redactions/preview/")] == [403, 403]
    assert [api.get(one).status_code for one in (path, f"{path}matches/")] == [404, 404]
    acts = ("approve", "reject", "withdraw", "second")
    assert [api.post(f"{path}{act}/", {"seen": ""}).status_code for act in acts] == [404] * 4
