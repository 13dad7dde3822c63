"""A field of a source, an actor or a piece of evidence is in every place that has to know it."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from api.actors import ActorChanges
from api.sources import SourceChanges
from claims.forms.sources import NewSourceFields
from sources.inputs import ActorInput, SourceInput
from tests import factories
from tests.pages import got

if TYPE_CHECKING:
    from tests.factories import Cast

# Set later: a new source has its publisher's grade, and is seen by whom its evidence is seen by.
NOT_ASKED_AT_FIRST = {"language", "reliability", "visibility"}


def _names(of: Any) -> set[str]:
    return {one.name for one in fields(of)}


@pytest.mark.parametrize(
    ("taken", "body"), [(SourceInput, SourceChanges), (ActorInput, ActorChanges)], ids=["source", "actor"]
)
def test_the_api_takes_every_field(taken: Any, body: Any) -> None:
    assert set(body().fields) == _names(taken)


def test_the_form_of_a_new_source_hands_on_every_field_that_it_asks_for() -> None:
    given = dict.fromkeys(NewSourceFields.base_fields, "")
    described = NewSourceFields.described(given)
    assert described.names() | NOT_ASKED_AT_FIRST == _names(SourceInput)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["source", "actor"])
def test_the_page_that_edits_it_shows_every_field(cast: "Cast", kind: str) -> None:
    row, taken = (factories.source(cast), SourceInput) if kind == "source" else (factories.actor(cast), ActorInput)
    answer: Any = got(cast.editor, f"/{kind}s/{row.pk}/edit/")
    form, page = answer.context["form"], answer.content.decode()
    assert set(form.row_names) == _names(taken)
    assert [name for name in form.row_names if f'name="{name}' not in page] == []
