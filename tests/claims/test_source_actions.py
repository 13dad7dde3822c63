"""Changes of sources, relays and actors, and what they do to the claims that rest on them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from claims.actions.sources import (
    add_relay,
    change_actor,
    change_source,
    correct_source,
    remove_relay,
    retract_source,
)
from claims.models import Claim
from claims.verdicts.side_effects import Effects
from house.errors import Conflict, Forbidden, Invalid, NotFound
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Relay, Source
from tests import factories
from tests.factories import Cast, fresh


def _numbers(claim: Claim) -> tuple[int, int]:
    row = fresh(claim)
    return row.independence_min, row.independence_max


def _witness(claim: Claim) -> Source:
    return claim.evidence.filter(source__basis="firsthand").order_by("created_at")[0].source


def _retract(cast: Cast, source: Source, **fields: Any) -> Any:
    return retract_source(**{"source": source, "reason": "Taken back on 3 March.", "by": cast.editor, **fields})


def test_a_retraction_flags_the_verdicts_that_rested_on_it(cast: Cast) -> None:
    claim, other = factories.claim_in(cast, "corroborated"), factories.claim_in(cast, "corroborated")
    outcome = _retract(cast, _witness(claim))
    row = fresh(claim)
    assert (row.state, row.support_lost, _numbers(claim)) == ("corroborated", True, (1, 1))
    assert [(effect.reference, effect.before, effect.after, effect.loses_support) for effect in outcome.effects] == [
        (claim.reference, (2, 2), (1, 1), True)
    ]
    assert not fresh(other).support_lost


def test_a_retraction_reaches_over_relays(cast: Cast) -> None:
    claim = factories.claim(cast)
    origin = factories.source(cast, publisher=factories.actor(cast), basis="firsthand")
    relay = factories.source(cast, publisher=factories.actor(cast), basis="secondhand")
    factories.relay(cast, relay, origin)
    factories.attach(cast, claim, relay)
    assert _numbers(claim) == (1, 1)
    _retract(cast, origin)
    assert _numbers(claim) == (0, 0)


def test_a_dry_run_says_the_same_and_changes_nothing(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = _witness(claim)
    tried = _retract(cast, source, effects=Effects(dry_run=True))
    assert (fresh(source).retracted_at, fresh(claim).support_lost, _numbers(claim)) == (None, False, (2, 2))
    assert tried.effects == _retract(cast, source).effects


@pytest.mark.parametrize("act", [retract_source, correct_source])
@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("reporter", Forbidden),
        ("reviewer", Forbidden),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_an_editor_retracts_and_corrects(cast: Cast, act: Any, name: str, refusal: type[Exception]) -> None:
    source = factories.source(cast)
    for dry_run in (True, False):
        with pytest.raises(refusal):
            act(source=source, reason="So.", effects=Effects(dry_run=dry_run), by=getattr(cast, name))
    assert (fresh(source).retracted_at, fresh(source).corrected_at) == (None, None)


def test_a_retraction_takes_a_reason_and_happens_once(cast: Cast) -> None:
    source = factories.source(cast)
    with pytest.raises(Invalid):
        _retract(cast, source, reason="")
    _retract(cast, source)
    with pytest.raises(Conflict):
        _retract(cast, source)


def test_a_correction_takes_no_support_away(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = _witness(claim)
    outcome = correct_source(source=source, reason="A date was wrong.", by=cast.editor)
    assert (outcome.effects, fresh(source).corrected_reason, _numbers(claim)) == ([], "A date was wrong.", (2, 2))


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({"reliability": "E"}, (1, 1)),
        ({"basis": "unknown"}, (1, 2)),
        ({"basis": "secondhand"}, (1, 2)),
        ({"publisher": None}, (2, 2)),
        ({"reliability": "D"}, (2, 2)),
    ],
)
def test_what_is_recorded_of_a_source_reaches_the_claim(
    cast: Cast, fields: dict[str, Any], numbers: tuple[int, int]
) -> None:
    claim = factories.claim_in(cast, "corroborated")
    change_source(source=_witness(claim), fields=SourceInput(**fields), by=cast.reviewer)
    assert (_numbers(claim), fresh(claim).support_lost) == (numbers, numbers[0] < 2)


def test_two_sources_of_one_publisher_are_one_voice(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    first, second = (item.source for item in claim.evidence.filter(source__basis="firsthand"))
    change_source(source=second, fields=SourceInput(publisher=first.publisher_id), by=cast.reviewer)
    assert (_numbers(claim), fresh(claim).support_lost) == ((1, 1), True)


def test_an_actor_found_to_be_part_of_a_party_counts_no_more(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    publisher = _witness(claim).publisher
    assert publisher is not None
    party = claim.parties.all()[0]
    outcome = change_actor(actor=publisher, fields=ActorInput(part_of=party.pk), by=cast.reviewer)
    assert ([effect.loses_support for effect in outcome.effects], _numbers(claim)) == ([True], (1, 1))


def test_who_joined_the_party_later_still_counts(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    publisher = _witness(claim).publisher
    assert publisher is not None
    tomorrow = timezone.now().date() + timedelta(days=1)
    fields = ActorInput(part_of=claim.parties.all()[0].pk, part_of_from=tomorrow)
    change_actor(actor=publisher, fields=fields, by=cast.reviewer)
    assert (_numbers(claim), fresh(claim).support_lost) == ((2, 2), False)


def test_an_unreliable_publisher_takes_its_sources_along(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    publisher = _witness(claim).publisher
    assert publisher is not None
    change_actor(actor=publisher, fields=ActorInput(reliability="E"), by=cast.reviewer)
    assert _numbers(claim) == (1, 1)


def test_ownership_counts_for_nothing(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    publisher = _witness(claim).publisher
    assert publisher is not None
    change_actor(actor=publisher, fields=ActorInput(owned_by=claim.parties.all()[0].pk), by=cast.reviewer)
    assert _numbers(claim) == (2, 2)


def test_a_relay_that_is_found_makes_two_voices_one(cast: Cast) -> None:
    claim = factories.claim(cast)
    origin = factories.firsthand(cast, claim, 1)[0].source
    later = factories.source(cast, publisher=factories.actor(cast), basis="unknown")
    factories.attach(cast, claim, later)
    assert _numbers(claim) == (1, 2)
    change_source(source=later, fields=SourceInput(basis="secondhand"), by=cast.reviewer)
    outcome = add_relay(downstream=later, upstream=origin.pk, quote="As told there.", by=cast.reviewer)
    assert ([effect.after for effect in outcome.effects], _numbers(claim)) == ([(1, 1)], (1, 1))
    remove_relay(relay=outcome.row, by=cast.reviewer)
    assert _numbers(claim) == (1, 2)


def test_a_relay_is_recorded_and_ended_once(cast: Cast) -> None:
    below, above = factories.source(cast), factories.source(cast)
    relay = factories.relay(cast, below, above)
    with pytest.raises(Conflict):
        factories.relay(cast, below, above)
    remove_relay(relay=relay, by=cast.reviewer)
    with pytest.raises(Conflict):
        remove_relay(relay=relay, by=cast.reviewer)
    assert factories.relay(cast, below, above).pk != relay.pk


def test_a_source_has_nothing_from_itself(cast: Cast) -> None:
    source = factories.source(cast)
    with pytest.raises(Invalid) as error:
        factories.relay(cast, source, source)
    assert set(error.value.errors) == {"upstream"}


def test_a_cycle_is_refused_and_shown(cast: Cast) -> None:
    first, second, third = (factories.source(cast, title) for title in ("One", "Two", "Three"))
    factories.relay(cast, second, first)
    factories.relay(cast, third, second)
    with pytest.raises(Invalid) as error:
        factories.relay(cast, first, third)
    shown = error.value.errors["upstream"][0].split(": ", 1)[1].split(". ")[0].split(" → ")
    assert shown[0] == shown[-1]
    assert sorted(shown[1:]) == ["“One”", "“Three”", "“Two”"]
    assert Relay.objects.count() == 2


def test_an_ended_relay_closes_no_cycle(cast: Cast) -> None:
    first, second = factories.source(cast), factories.source(cast)
    remove_relay(relay=factories.relay(cast, second, first), by=cast.reviewer)
    assert factories.relay(cast, first, second).removed_at is None


def test_a_source_of_another_desk_is_no_upstream(cast: Cast) -> None:
    foreign = create_source(desk=cast.other_desk, fields=SourceInput(title="Theirs"), by=cast.stranger, capture=False)
    with pytest.raises(Invalid) as error:
        factories.relay(cast, factories.source(cast), foreign)
    assert error.value.errors == {"upstream": ["Source not found on this desk."]}


def _hidden(cast: Cast, title: str) -> Source:
    return factories.source(cast, title, by=cast.editor, visibility="restricted")


def test_what_is_restricted_closes_no_cycle_for_others(cast: Cast) -> None:
    """An error would tell of it. It is caught when somebody releases it."""
    first, last, hidden = factories.source(cast, "First"), factories.source(cast, "Last"), _hidden(cast, "Hidden")
    add_relay(downstream=hidden, upstream=first.pk, by=cast.editor)
    add_relay(downstream=last, upstream=hidden.pk, by=cast.editor)
    factories.relay(cast, first, last)
    with pytest.raises(Invalid) as error:
        factories.released(hidden, cast.editor)
    assert set(error.value.errors) == {"visibility"}
    assert fresh(hidden).visibility == "restricted"


def test_an_editors_own_relay_to_what_is_restricted_is_checked(cast: Cast) -> None:
    hidden, source = _hidden(cast, "Hidden"), factories.source(cast)
    add_relay(downstream=hidden, upstream=source.pk, by=cast.editor)
    with pytest.raises(Invalid):
        add_relay(downstream=source, upstream=hidden.pk, by=cast.editor)


def test_a_circle_of_actors_is_refused_and_shown(cast: Cast) -> None:
    top = factories.actor(cast, "Government")
    middle = factories.actor(cast, "Council", part_of=top)
    low = factories.actor(cast, "Spokesman", part_of=middle)
    with pytest.raises(Invalid) as error:
        change_actor(actor=top, fields=ActorInput(part_of=low.pk), by=cast.reviewer)
    assert error.value.errors == {
        "part_of": ["This would make a circle: Government → Spokesman → Council → Government."]
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, {"name"}),
        ({"kind": "ghost"}, {"kind"}),
        ({"reliability": "G"}, {"reliability"}),
        ({"part_of_from": "2024-05-02", "part_of_to": "2024-05-01"}, {"part_of_to"}),
    ],
)
def test_what_cannot_be_used_for_an_actor_is_named(cast: Cast, fields: dict[str, Any], named: set[str]) -> None:
    actor = factories.actor(cast, "Council")
    with pytest.raises(Invalid) as error:
        change_actor(actor=actor, fields=ActorInput(**fields), by=cast.reviewer)
    assert (set(error.value.errors), fresh(actor).name) == (named, "Council")


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("reporter", Forbidden),
        ("reviewer", None),
        ("editor", None),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_who_changes_an_actor_or_a_source_that_another_wrote_down(
    cast: Cast, name: str, refusal: type[Exception] | None
) -> None:
    actor, source, by = factories.actor(cast, "Council"), factories.source(cast, "Item"), getattr(cast, name)
    if refusal is None:
        change_actor(actor=actor, fields=ActorInput(name="New"), by=by)
        change_source(source=source, fields=SourceInput(title="New"), by=by)
        assert (fresh(actor).name, fresh(source).title) == ("New", "New")
        return
    with pytest.raises(refusal):
        change_actor(actor=actor, fields=ActorInput(name="New"), by=by)
    with pytest.raises(refusal):
        change_source(source=source, fields=SourceInput(title="New"), by=by)
    assert (fresh(actor).name, fresh(source).title) == ("Council", "Item")


def test_a_shared_actor_reaches_claims_of_all_desks_and_is_an_administrators(cast: Cast) -> None:
    shared: Actor = create_actor(desk=None, fields=ActorInput(name="Everywhere", kind="outlet"), by=cast.admin)
    claim = factories.claim(cast)
    factories.attach(cast, claim, factories.source(cast, publisher=shared, basis="firsthand"))
    assert _numbers(claim) == (1, 1)
    with pytest.raises(Forbidden):
        change_actor(actor=shared, fields=ActorInput(reliability="E"), by=cast.editor)
    change_actor(actor=shared, fields=ActorInput(reliability="E"), by=cast.admin)
    assert _numbers(claim) == (0, 0)


def test_an_address_that_is_given_later_is_captured(cast: Cast) -> None:
    source = factories.source(cast)
    for title, url in (
        ("a", "https://example.org/a"),
        ("b", "https://example.org/a"),
        ("c", ""),
        ("d", "http://d.test/"),
    ):
        change_source(source=source, fields=SourceInput(title=title, url=url), by=cast.reviewer)
    urls = source.captures.order_by("requested_at").values_list("url", flat=True)
    assert list(urls) == ["https://example.org/a", "http://d.test/"]
