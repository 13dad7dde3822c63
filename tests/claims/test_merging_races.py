"""Merging while somebody else writes, with real threads and PostgreSQL: nothing names what was merged."""

from functools import partial

import pytest
from django.db.models import Q

from claims.actions.actors import merge_actors
from claims.inputs import MergeInput
from claims.models import Claim
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Source
from tests import factories
from tests.factories import Cast
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return factories.cast()


@pytest.mark.parametrize("headstart", [0.0, 0.01, 0.03])
def test_nothing_comes_to_name_an_actor_while_it_is_merged(people: Cast, headstart: float) -> None:
    merged, remains = factories.actor(people), factories.actor(people)
    fields = SourceInput(title="x", publisher=merged.pk)
    together(
        partial(create_source, desk=people.desk, fields=fields, by=people.reviewer),
        partial(merge_actors, actor=merged, fields=MergeInput(into=remains.pk, reason="The same."), by=people.editor),
        partial(create_source, desk=people.desk, fields=fields, by=people.reporter),
        partial(
            create_actor,
            desk=people.desk,
            fields=ActorInput(name="Element", kind="person", part_of=merged.pk),
            by=people.reviewer,
        ),
        headstart=headstart,
    )
    assert factories.fresh(merged).merged_into == remains
    assert not Source.objects.filter(publisher=merged).exists()
    assert not Actor.objects.filter(part_of=merged).exists()


def test_two_who_merge_each_into_the_other_leave_one(people: Cast) -> None:
    first, second = factories.actor(people), factories.actor(people)
    claim = factories.claim(people, parties=[first, second])
    together(
        partial(merge_actors, actor=first, fields=MergeInput(into=second.pk, reason="The same."), by=people.editor),
        partial(merge_actors, actor=second, fields=MergeInput(into=first.pk, reason="The same."), by=people.editor),
    )
    assert Actor.objects.filter(Q(pk=first.pk) | Q(pk=second.pk), merged_into=None).count() == 1
    assert Claim.objects.get(pk=claim.pk).parties.filter(merged_into=None).count() == 1
