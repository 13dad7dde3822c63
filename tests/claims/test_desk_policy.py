"""A desk's policy: what a change of it does to claims, and that it is kept."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from claims.actions.desks import change_desk_with_policy, change_policy
from claims.inputs import DeskEdit
from claims.models import PolicyChange
from claims.verdicts.side_effects import Effects
from house.errors import Forbidden, Invalid, NotFound
from tests import factories
from tests.factories import Cast, fresh


def _change(cast: Cast, effects: Effects | None = None, **changes: int) -> Any:
    return change_policy(desk=cast.desk, edit=DeskEdit(changes, "As agreed."), effects=effects, by=cast.editor)


def test_a_desks_threshold_reaches_all_its_verdicts(cast: Cast) -> None:
    verdict, reported = factories.claim_in(cast, "corroborated"), factories.claim(cast)
    effects = _change(cast, min_independence=3).effects
    assert [(effect.reference, effect.loses_support) for effect in effects] == [(verdict.reference, True)]
    assert (fresh(verdict).support_lost, fresh(reported).support_lost) == (True, False)


def test_what_a_change_would_do_is_said_before_it_is_done(cast: Cast) -> None:
    verdict = factories.claim_in(cast, "corroborated")
    tried = Effects(dry_run=True)
    _change(cast, tried, min_independence=3)
    assert [(effect.reference, effect.loses_support) for effect in tried.shown] == [(verdict.reference, True)]
    assert (fresh(cast.desk).min_independence, fresh(verdict).support_lost, PolicyChange.objects.count()) == (
        2,
        False,
        0,
    )
    change_desk_with_policy(desk=cast.desk, edit=DeskEdit({"name": "x"}), effects=Effects(dry_run=True), by=cast.editor)
    assert fresh(cast.desk).name == "Ukraine desk"


def test_a_lower_threshold_says_what_regains_its_support(cast: Cast) -> None:
    verdict = factories.claim_in(cast, "corroborated")
    _change(cast, min_independence=3)
    effects = _change(cast, min_independence=2).effects
    assert [(effect.reference, effect.regains_support) for effect in effects] == [(verdict.reference, True)]


def test_what_was_agreed_is_kept_with_who_when_and_why(cast: Cast) -> None:
    now = factories.days_ago(1)
    changes = {"min_independence": 3, "days_to_review": 7, "days_to_look_again": 5}
    change_policy(desk=cast.desk, edit=DeskEdit(changes, "A long war."), by=cast.editor, now=now)
    rows = PolicyChange.objects.filter(desk=cast.desk).order_by("id")
    assert [(row.field, row.before, row.after) for row in rows] == [
        ("min_independence", 2, 3),
        ("days_to_look_again", 2, 5),
    ]
    assert {(row.by, row.at, row.reason) for row in rows} == {(cast.editor, now, "A long war.")}
    for act in (rows[0].delete, rows[0].save):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.parametrize(
    "changes", [{"min_independence": 0}, {"min_independence": 6}, {"days_to_review": 0}, {"prefix": 1}]
)
def test_a_policy_that_cannot_be_names_the_field(cast: Cast, changes: dict[str, int]) -> None:
    with pytest.raises(Invalid) as error:
        change_policy(desk=cast.desk, edit=DeskEdit(changes), by=cast.editor)
    assert (set(error.value.errors), PolicyChange.objects.count()) == (set(changes), 0)


@pytest.mark.parametrize(
    ("name", "error"),
    [("reporter", Forbidden), ("reviewer", Forbidden), ("auditor", Forbidden), ("stranger", NotFound)],
)
def test_editors_and_administrators_change_the_policy(cast: Cast, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        change_policy(desk=cast.desk, edit=DeskEdit({"days_to_review": 3}), by=getattr(cast, name))
    change_policy(desk=cast.desk, edit=DeskEdit({"days_to_review": 3}), by=cast.admin)
    assert fresh(cast.desk).days_to_review == 3


def test_an_administrator_is_shown_no_claims_of_a_desk_that_they_are_not_on(cast: Cast) -> None:
    verdict = factories.claim_in(cast, "corroborated")
    outcome = change_policy(desk=cast.desk, edit=DeskEdit({"min_independence": 3}), by=cast.admin)
    assert (outcome.effects, outcome.later, fresh(verdict).support_lost) == ([], 0, True)
