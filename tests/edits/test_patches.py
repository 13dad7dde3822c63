"""Every PATCH of the API and every field of each: it changes what it is given, and overwrites nothing unseen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from accounts.models import Role, User
from tests import factories
from tests.access.routes import routes
from tests.api.client import Api
from tests.edits.subjects import SUBJECTS, Subject, begin_again

if TYPE_CHECKING:
    from tests.factories import Cast

PLACES = {
    "source": "sources/{row.pk}/",
    "actor": "actors/{row.pk}/",
    "evidence": "claims/{row.claim.reference}/evidence/{row.pk}/",
    "restricted evidence": "claims/{row.claim.reference}/evidence/{row.pk}/",
    "claim": "claims/{row.reference}/",
    "threshold": "claims/{row.reference}/",
    "policy": "desks/{row.pk}/",
}
# One field, to which one editor at a time gives a new due time.
OF_ONE_FIELD = {"api:assignment"}


@pytest.fixture
def other(cast: "Cast") -> User:
    return factories.person("editor2", Role.EDITOR, cast.desk)


@pytest.fixture
def api(cast: "Cast") -> Api:
    return Api(cast.editor)


def _body(name: str, subject: Subject) -> dict[str, Any]:
    """What a program sends to change one field."""
    (value,) = list(subject.typed[name].values())[:1]
    if name == "speaks_for_checked":
        return {name: False}
    if name == "published_at":
        value = "2022-11-03T10:00:00Z"
    elif name == "topics":
        value = ["ports", "mine"]
    elif name == "threshold":
        return {"threshold": value, "threshold_reason": "x"}
    elif name == "threshold_reason":
        return {"threshold": 3, "threshold_reason": value}
    elif name.startswith("elements."):
        _elements, pk, field = name.split(".")
        elements = [{"id": str(element.pk)} for element in subject.row.elements.all()]  # type: ignore[attr-defined]
        return {
            "elements": [element | ({field: value or False} if element["id"] == pk else {}) for element in elements]
        }
    return {name: value if isinstance(value, int | list) else str(value)}


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_every_patch_is_walked() -> None:
    patched = {route.name for route in routes() if hasattr(getattr(route.view, "view_class", None), "patch")}
    assert patched == {"api:source", "api:actor", "api:evidence", "api:claim", "api:desk"} | OF_ONE_FIELD


@pytest.mark.parametrize("kind", sorted(PLACES.keys() - {"threshold"}))
def test_by_what_was_seen_a_field_is_changed_that_nobody_else_changed(
    cast: "Cast", other: User, api: Api, kind: str
) -> None:
    for number, place in enumerate(list(SUBJECTS[kind](cast).typed)):
        begin_again(cast.desk)
        subject = SUBJECTS[kind](cast)
        name, another = list(subject.typed)[number], list(subject.typed)[number - 1]
        path = PLACES[kind].format(row=subject.row)
        seen = api.get(path)
        version = seen.json()["version"]
        assert seen["ETag"] == f'"v{version}"'
        subject.change({another: subject.done[another]}, other)
        answer = api.patch(path, _body(name, subject) | {"seen_version": version})
        assert answer.status_code == 200, (place, answer.content)
        assert answer.json()["version"] == version + 2
        assert answer["ETag"] == f'"v{version + 2}"'


@pytest.mark.parametrize("kind", PLACES)
def test_by_what_was_seen_a_field_that_others_changed_is_refused(
    cast: "Cast", other: User, api: Api, kind: str
) -> None:
    for number, place in enumerate(list(SUBJECTS[kind](cast).typed)):
        begin_again(cast.desk)
        subject = SUBJECTS[kind](cast)
        name = list(subject.typed)[number]
        if isinstance(subject.done[name], bool):  # the other of two values is the same for both
            continue
        if kind == "threshold" and name == "threshold_reason":
            continue  # goes with the threshold only
        path = PLACES[kind].format(row=subject.row)
        version = api.get(path).json()["version"]
        subject.change({name: subject.done[name]}, other)
        now = api.get(path).json()
        refused = api.patch(path, _body(name, subject) | {"seen_version": version})
        assert refused.status_code == 409, place
        (conflict,) = [one for one in refused.json()["conflicts"] if one["field"] == name]
        assert conflict["by"] == "editor2" and conflict["theirs"] != conflict["yours"]
        assert refused.json()["version"] == now["version"]
        assert api.get(path).json() == now


@pytest.mark.parametrize("kind", PLACES)
def test_if_match_takes_the_present_version_alone(cast: "Cast", other: User, api: Api, kind: str) -> None:
    subject = SUBJECTS[kind](cast)
    name, another = list(subject.typed)[:2]
    path = PLACES[kind].format(row=subject.row)
    old = api.get(path)["ETag"]
    subject.change({another: subject.done[another]}, other)
    body = _body(name, subject)
    assert api.patch(path, body, headers={"If-Match": old}).status_code == 412
    new = api.get(path)["ETag"]
    assert api.patch(path, body, headers={"If-Match": new}).status_code == 200


@pytest.mark.parametrize("kind", PLACES)
def test_the_same_value_makes_no_version(cast: "Cast", api: Api, kind: str) -> None:
    subject = SUBJECTS[kind](cast)
    path = PLACES[kind].format(row=subject.row)
    body = _body(next(iter(subject.typed)), subject)
    first, second = api.patch(path, body), api.patch(path, body)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["version"] == first.json()["version"]
    assert _difference(first.json(), second.json()) <= {"effects", "later"}


def test_a_version_that_there_is_none_of_is_refused(cast: "Cast", api: Api) -> None:
    source = factories.source(cast)
    assert api.patch(f"sources/{source.pk}/", {"title": "x", "seen_version": 7}).status_code == 409
