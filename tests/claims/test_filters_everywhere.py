"""A filter of the list of claims is in every place that has to know it: query, API, form, page and chips."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from api.claims import ClaimQuery
from api.lists import ListQuery
from claims.forms.claims import FilterForm
from claims.reading.lists import _CONDITIONS, ClaimFilter
from tests import factories
from tests.pages import got

if TYPE_CHECKING:
    from tests.factories import Cast

# A value of each control by which a plain open claim is not found.
EXCLUDING = {
    "q": "zeppelin", "state": "denied", "contested": "on", "support_lost": "on", "changed_since_verdict": "on",
    "overdue": "on", "closed": "only", "assignee": "reviewer", "topic": "ports",
}  # fmt: skip


def test_each_filter_has_its_condition() -> None:
    assert {one.name for one in fields(ClaimFilter)} | {"nobody"} == _CONDITIONS.keys()


def test_each_filter_is_a_parameter_of_the_api() -> None:
    asked = ClaimQuery().fields.keys() - ListQuery().fields.keys()
    assert {"states" if name == "state" else name for name in asked} == {one.name for one in fields(ClaimFilter)}


def test_each_control_of_the_form_is_walked() -> None:
    assert EXCLUDING.keys() | {"ordering"} == FilterForm.base_fields.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("name", EXCLUDING)
def test_each_control_is_on_the_page_narrows_the_list_and_has_its_chip(cast: "Cast", name: str) -> None:
    factories.claim(cast)
    factories.claim(cast, topics=["ports"])
    every: Any = got(cast.editor, "/claims/?topic=")
    assert f'name="{name}"' in every.content.decode()
    found: Any = got(cast.editor, f"/claims/?{name}={EXCLUDING[name]}")
    assert len(found.context["rows"]) < len(every.context["rows"])
    assert len(found.context["chips"]) == 1
