"""Actors that proved to be the same: what named the one names the other, and nothing is told to who may not know."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim
from claims.actions.composing import CarrierInput, report_with_source
from claims.actions.conflicts import declare_conflict
from claims.inputs import ClaimInput, EvidenceInput, MergeInput
from claims.models import ActorMerge, Revision
from claims.reading.actor_queries import get_actor
from claims.verdicts.side_effects import Effects
from house.errors import Conflict, Forbidden, Invalid, NotFound
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, NamedActor, SourceInput
from sources.models import Actor, DeclaredConflict
from sources.queries import alike_actors, named_actor, other_names_of, search_actors, visible_actors
from tests import factories
from tests.factories import Cast, fresh


def _merge(cast: Cast, actor: Actor, into: Actor, **more: Any) -> Any:
    named = {"by": cast.editor} | {name: more.pop(name) for name in ("by", "effects", "now") if name in more}
    fields = MergeInput(**{"into": into.pk, "reason": "One person.", **more})
    return merge_actors(actor=actor, fields=fields, **named)


def _two(cast: Cast, **fields: Any) -> tuple[Actor, Actor]:
    return factories.actor(cast, "Kim Jong-un", kind="person"), factories.actor(cast, "Kim Jong Un", kind="person")


def _shared(cast: Cast, name: str) -> Actor:
    return create_actor(
        desk=None, fields=ActorInput(name=name, kind="organisation", speaks_for_checked=True), by=cast.admin
    )


def test_every_kind_of_row_that_names_an_actor_is_known_to_merging() -> None:
    naming = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.related_model is Actor
    }
    assert naming == {
        "Actor.part_of", "Actor.owned_by", "Actor.merged_into", "Source.publisher", "DeclaredConflict.actor",
        "Claim.claimant", "Claim.also_claimed_by", "Claim.parties", "Evidence.against_interest",
        "ActorMerge.actor", "ActorMerge.into",
        "Redaction.actor",  # erases words of the one that is merged: it stays with that
        "FormDraft.actor",  # of a form at the address of the one that is merged: it stays with that
    }  # fmt: skip


def test_everything_that_named_the_one_names_the_other(cast: Cast) -> None:
    merged, remains = _two(cast)
    part, owned = factories.actor(cast, part_of=merged), factories.actor(cast, owned_by=merged)
    source = factories.source(cast, publisher=merged)
    claim = factories.claim(cast, claimant=merged, parties=[merged, factories.actor(cast)])
    other = factories.claim(cast, also_claimed_by=[merged.pk])
    (item,) = factories.firsthand(cast, other, 1, against_interest=merged, against_interest_reason="It costs him.")
    conflict = declare_conflict(actor_id=merged.pk, by=cast.reviewer)
    _merge(cast, merged, remains)
    assert (fresh(part).part_of, fresh(owned).owned_by, fresh(source).publisher) == (remains, remains, remains)
    assert (fresh(claim).claimant, claim.parties.filter(pk=remains.pk).count()) == (remains, 1)
    assert (list(other.also_claimed_by.all()), fresh(item).against_interest) == ([remains], remains)
    assert fresh(conflict).actor == remains
    assert (fresh(merged).merged_into, fresh(merged).name) == (remains, "Kim Jong-un")


def test_who_why_and_when_is_kept_for_good(cast: Cast) -> None:
    merged, remains = _two(cast)
    now = factories.days_ago(1)
    _merge(cast, merged, remains, now=now)
    row = ActorMerge.objects.get()
    assert (row.actor, row.into, row.by, row.at, row.reason) == (merged, remains, cast.editor, now, "One person.")
    for act in (row.delete, row.save):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_claim_that_named_both_names_one(cast: Cast) -> None:
    merged, remains = _two(cast)
    claim = factories.claim(cast, claimant=remains, also_claimed_by=[merged.pk], parties=[merged, remains])
    _merge(cast, merged, remains)
    assert (fresh(claim).claimant, list(claim.also_claimed_by.all()), list(claim.parties.all())) == (
        remains,
        [],
        [remains],
    )


def test_two_voices_that_are_one_take_support_away(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    first, second = (item.source.publisher for item in claim.evidence.filter(source__basis="firsthand"))
    assert first is not None
    assert second is not None
    tried = Effects(dry_run=True)
    _merge(cast, first, second, effects=tried)
    assert [(effect.reference, effect.before, effect.after, effect.loses_support) for effect in tried.shown] == [
        (claim.reference, (2, 2), (1, 1), True)
    ]
    assert (fresh(claim).support_lost, fresh(first).merged_into, ActorMerge.objects.count()) == (False, None, 0)
    _merge(cast, first, second)
    assert (fresh(claim).support_lost, fresh(claim).independence_min) == (True, 1)


def test_claims_that_read_differently_have_a_version_for_it(cast: Cast) -> None:
    merged, remains = _two(cast)
    named, untouched = factories.claim(cast, parties=[merged]), factories.claim(cast)
    factories.firsthand(cast, named, 1, against_interest=merged, against_interest_reason="It costs him.")
    before, other = fresh(named).version, fresh(untouched).version
    _merge(cast, merged, remains)
    raised = Revision.objects.filter(claim=named, version__gt=before).order_by("version")
    assert [(row.kind, row.note) for row in raised] == [("edited", "One person."), ("changed", "One person.")]
    assert fresh(untouched).version == other


def test_what_was_merged_is_in_no_list_and_is_found_by_its_name(cast: Cast) -> None:
    merged, remains = factories.actor(cast, "Tass"), factories.actor(cast, "ITAR agency")
    _merge(cast, merged, remains)
    assert list(visible_actors(cast.reporter)) == [remains]
    assert list(search_actors(cast.reporter, visible_actors(cast.reporter), "tass")) == [remains]
    assert other_names_of(cast.reporter, remains) == ["Tass"]
    with pytest.raises(Invalid):
        named_actor(cast.reporter, cast.desk.pk, actor_id=merged.pk, field="publisher")
    with pytest.raises(NotFound):
        get_actor(cast.reporter, merged.pk)


def test_a_name_typed_anew_finds_what_it_was_merged_into(cast: Cast) -> None:
    merged, remains = factories.actor(cast, "Tass"), factories.actor(cast, "ITAR agency")
    _merge(cast, merged, remains)
    claim = report_with_source(
        desk=cast.desk,
        fields=ClaimInput(statement="A ship came in.", claimant=NamedActor(name="TASS", kind="outlet")),
        carrier=CarrierInput(new=SourceInput(title="A dispatch")),
        evidence=EvidenceInput(stance="supports"),
        by=cast.reporter,
    )
    assert claim.claimant == remains


def test_merged_twice_it_leads_to_the_last(cast: Cast) -> None:
    first, second, third = (factories.actor(cast, name) for name in ("Tass", "ITAR", "Telegraph agency"))
    _merge(cast, first, second)
    _merge(cast, second, third)
    assert (fresh(first).merged_into, other_names_of(cast.editor, third)) == (third, ["ITAR", "Tass"])
    with pytest.raises(Conflict):
        _merge(cast, first, third)


@pytest.mark.parametrize("upwards", [True, False])
def test_who_is_part_of_the_other_is_not_the_other(cast: Cast, upwards: bool) -> None:
    top = factories.actor(cast, "Council")
    below = factories.actor(cast, "Spokesman", part_of=factories.actor(cast, "Office", part_of=top))
    with pytest.raises(Invalid, match="Spokesman → Office → Council") as error:
        _merge(cast, below, top) if upwards else _merge(cast, top, below)
    assert set(error.value.errors) == {"into"}


def _placed(cast: Cast) -> tuple[Actor, Actor, Actor, Actor]:
    ministry, council = factories.actor(cast, "Ministry"), factories.actor(cast, "Council")
    merged = factories.actor(cast, part_of=ministry, part_of_from=date(2020, 1, 1))
    remains = factories.actor(cast, part_of=council, part_of_from=date(2021, 1, 1))
    return merged, remains, ministry, council


def test_places_that_differ_are_chosen_between(cast: Cast) -> None:
    merged, remains, _ministry, _council = _placed(cast)
    with pytest.raises(Invalid) as error:
        _merge(cast, merged, remains)
    assert (set(error.value.errors), fresh(merged).merged_into) == ({"chain"}, None)


@pytest.mark.parametrize(("chain", "above", "since"), [("into", 3, date(2021, 1, 1)), ("merged", 2, date(2020, 1, 1))])
def test_the_place_that_was_chosen_holds(cast: Cast, chain: str, above: int, since: date) -> None:
    actors = _placed(cast)
    _merge(cast, actors[0], actors[1], chain=chain)
    remains = fresh(actors[1])
    assert (remains.part_of, remains.part_of_from) == (actors[above], since)


def test_a_place_that_only_one_has_is_kept(cast: Cast) -> None:
    above, remains = factories.actor(cast), factories.actor(cast)
    _merge(cast, factories.actor(cast, part_of=above, owned_by=remains), remains)
    assert (fresh(remains).part_of, fresh(remains).owned_by) == (above, None)


@pytest.mark.parametrize("hidden", ["merged", "remains", "both"])
def test_a_restricted_actor_is_not_merged(cast: Cast, hidden: str) -> None:
    merged, remains = (
        factories.actor(cast, by=cast.editor, visibility="restricted" if hidden in (name, "both") else "desk")
        for name in ("merged", "remains")
    )
    with pytest.raises(Invalid, match="restricted actor cannot be merged"):
        _merge(cast, merged, remains)


def test_public_sources_are_not_given_a_publisher_that_only_the_desk_sees(cast: Cast) -> None:
    merged, remains = factories.actor(cast, visibility="public"), factories.actor(cast)
    source = factories.source(cast, publisher=merged, visibility="public")
    with pytest.raises(Invalid):
        _merge(cast, merged, remains)
    assert fresh(source).publisher == merged


def test_effects_name_no_claim_that_the_person_may_not_know_of(cast: Cast) -> None:
    first, second = _shared(cast, "The UN"), _shared(cast, "United Nations")
    claim = factories.claim(cast)
    for actor in (first, second):
        factories.attach(cast, claim, factories.source(cast, publisher=actor, basis="firsthand"))
    tried = Effects(dry_run=True)
    _merge(cast, first, second, effects=tried, by=cast.admin)
    assert (tried.shown, tried.later) == ([], 0)
    _merge(cast, first, second, by=cast.admin)
    assert fresh(claim).independence_min == 1


def test_restricted_evidence_is_renamed_and_tells_nobody(cast: Cast) -> None:
    merged, remains = _two(cast)
    claim = factories.claim(cast)
    (item,) = factories.firsthand(
        cast, claim, 1, by=cast.editor, visibility="restricted",
        against_interest=merged, against_interest_reason="It costs him.",
    )  # fmt: skip
    before = fresh(claim).version
    tried = Effects(dry_run=True)
    _merge(cast, merged, remains, effects=tried)
    _merge(cast, merged, remains)
    assert (tried.shown, fresh(item).against_interest, fresh(claim).version) == ([], remains, before)


def test_a_desks_own_may_prove_to_be_one_that_all_share(cast: Cast) -> None:
    own, shared = factories.actor(cast, "UNO of Kyiv", part_of=factories.actor(cast)), _shared(cast, "The UN")
    source = factories.source(cast, publisher=own)
    _merge(cast, own, shared)
    assert (fresh(source).publisher, fresh(shared).part_of) == (shared, None)
    found = {user: list(search_actors(user, visible_actors(user), "uno")) for user in (cast.reporter, cast.stranger)}
    assert (found, other_names_of(cast.stranger, shared)) == ({cast.reporter: [shared], cast.stranger: []}, [])


def test_one_that_all_share_is_not_merged_into_a_desks_own(cast: Cast) -> None:
    with pytest.raises(Invalid):
        _merge(cast, _shared(cast, "The UN"), factories.actor(cast), by=cast.admin)
    with pytest.raises(Forbidden):
        _merge(cast, _shared(cast, "UNESCO"), factories.actor(cast))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("reporter", Forbidden),
        ("reviewer", Forbidden),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_an_editor_merges(cast: Cast, name: str, error: type[Exception]) -> None:
    merged, remains = _two(cast)
    with pytest.raises(error):
        _merge(cast, merged, remains, by=getattr(cast, name))


def test_nothing_is_merged_into_itself_or_another_desks(cast: Cast) -> None:
    merged, _remains = _two(cast)
    foreign = create_actor(desk=cast.other_desk, fields=ActorInput(name="x", kind="person"), by=cast.stranger)
    for into in (merged, foreign):
        with pytest.raises(Invalid) as error:
            _merge(cast, merged, into)
        assert set(error.value.errors) == {"into"}


def test_a_conflict_declared_of_both_is_declared_once(cast: Cast) -> None:
    merged, remains = _two(cast)
    for actor in (merged, remains):
        declare_conflict(actor_id=actor.pk, by=cast.reviewer)
    _merge(cast, merged, remains)
    assert [row.actor for row in DeclaredConflict.objects.filter(ended_at=None)] == [remains]


def test_what_has_no_end_in_the_chain_is_not_kept_by_the_database(cast: Cast) -> None:
    merged, remains = _two(cast)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sources_actor SET merged_into_id = id WHERE id = %s", [merged.pk])
    assert fresh(remains).merged_into is None


def test_names_much_alike_are_suggested_and_restricted_ones_are_not(cast: Cast) -> None:
    actor = factories.actor(cast, "Korean Central News Agency")
    alike = factories.actor(cast, "The Korean central news agency (KCNA)")
    for name in ("Conflict Armament Research", "Reuters"):
        factories.actor(cast, name)
    factories.actor(cast, "Korean Central News Agency", by=cast.editor, visibility="restricted")
    assert list(alike_actors(cast.editor, actor)) == [alike]


def test_a_claim_is_edited_with_the_other_only(cast: Cast) -> None:
    merged, remains = _two(cast)
    claim = factories.claim(cast)
    _merge(cast, merged, remains)
    with pytest.raises(Invalid):
        edit_claim(claim=claim, fields=ClaimInput(parties=[merged.pk]), by=cast.editor)
    with pytest.raises(Invalid):
        create_source(desk=cast.desk, fields=SourceInput(title="x", publisher=merged.pk), by=cast.editor)
