"""Whom an actor speaks for: until somebody has said it, its voice counts in the upper figure only."""

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from claims.actions.actors import merge_actors
from claims.actions.sources import change_actor
from claims.inputs import MergeInput
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.sentences import sentence_of, why_not_counted
from claims.verdicts.snapshots import snapshot
from house.errors import Invalid
from sources.actions import create_actor
from sources.inputs import ActorInput
from sources.models import Actor
from tests import factories
from tests.api.client import Api
from tests.factories import Cast, fresh
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from claims.models import Claim

pytestmark = pytest.mark.django_db


def _entered(cast: Cast, name: str = "An official", **fields: Any) -> Actor:
    """An actor as people enter one, without saying whom it speaks for."""
    fields = {"name": name, "kind": "person", **fields}
    return create_actor(desk=cast.desk, fields=ActorInput(**fields), by=cast.reviewer)


def _carried_by(cast: Cast, *publishers: Actor, **of_claim: Any) -> "Claim":
    claim = factories.claim(cast, **of_claim)
    for publisher in publishers:
        factories.attach(cast, claim, factories.source(cast, publisher=publisher, basis="firsthand"))
    return fresh(claim)


def _interval(claim: "Claim") -> tuple[int, int]:
    return fresh(claim).independence_min, fresh(claim).independence_max


@pytest.mark.parametrize(
    ("kind", "is_checked"), [("person", False), ("organisation", False), ("state", True), ("outlet", True)]
)
def test_states_and_outlets_are_checked_from_the_start(cast: Cast, kind: str, is_checked: bool) -> None:
    assert _entered(cast, kind=kind).speaks_for_checked is is_checked


def test_an_official_entered_under_a_new_name_does_not_corroborate_their_own_government(cast: Cast) -> None:
    government = factories.actor(cast, "The government", kind="state")
    claim = _carried_by(cast, _entered(cast), factories.actor(cast, "An outlet", kind="outlet"), claimant=government)
    assert _interval(claim) == (1, 2)


def test_recording_whom_it_speaks_for_settles_the_count(cast: Cast) -> None:
    government = factories.actor(cast, "The government", kind="state")
    official = _entered(cast)
    claim = _carried_by(cast, official, claimant=government)
    change_actor(actor=official, fields=ActorInput(part_of=government.pk), by=cast.reviewer)
    assert (fresh(official).speaks_for_checked, _interval(claim)) == (True, (0, 0))


def test_recording_that_it_speaks_for_nobody_else_makes_it_count(cast: Cast) -> None:
    witness = _entered(cast)
    claim = _carried_by(cast, witness)
    change_actor(actor=witness, fields=ActorInput(speaks_for_checked=True), by=cast.reviewer)
    assert _interval(claim) == (1, 1)


def test_what_is_above_it_is_asked_about_and_not_the_actor_itself(cast: Cast) -> None:
    council = _entered(cast, "A council", kind="organisation")
    claim = _carried_by(cast, _entered(cast, part_of=council.pk))
    assert _interval(claim) == (0, 1)


def test_an_admission_counts_although_nobody_has_checked_the_voice(cast: Cast) -> None:
    official = _entered(cast)
    claim = factories.claim(cast)
    source = factories.source(cast, publisher=official, basis="firsthand")
    factories.attach(cast, claim, source, against_interest=official, against_interest_reason="It costs him his post.")
    assert _interval(claim) == (1, 1)


def test_the_sentence_and_the_line_of_the_evidence_say_what_is_not_checked(cast: Cast) -> None:
    official = _entered(cast)
    claim = _carried_by(cast, official)
    graph = load_evidence_graph(claim)
    sentence = sentence_of(graph)
    assert sentence.unchecked == ((str(official.pk), "An official"),)
    [item] = [one for one in graph.evidence if graph.sources[one.source].publisher == str(official.pk)]
    assert why_not_counted(graph, item) == "not checked whom it speaks for: counts in the upper figure only"


def test_an_outlet_that_relays_it_says_whom_to_ask_about(cast: Cast) -> None:
    claim = factories.claim(cast)
    outlet = factories.source(cast, publisher=factories.actor(cast, kind="outlet"), basis="secondhand")
    factories.relay(cast, outlet, factories.source(cast, publisher=_entered(cast), basis="firsthand"))
    factories.attach(cast, claim, outlet)
    graph = load_evidence_graph(fresh(claim))
    [item] = [one for one in graph.evidence if one.source == str(outlet.pk)]
    assert why_not_counted(graph, item) == "not checked whom An official speaks for: counts in the upper figure only"


def test_the_claims_page_links_to_the_actor(cast: Cast) -> None:
    official = _entered(cast)
    claim = _carried_by(cast, official)
    answer = got(cast.reviewer, f"/claims/{claim.reference}/")
    assert f'href="/actors/{official.pk}/"' in answer.content.decode()
    assert "Not checked whom they speak for: An official" in text_of(answer)
    assert "Record whom it speaks for" in text_of(got(cast.reviewer, f"/actors/{official.pk}/"))


def test_a_snapshot_says_which_voices_are_not_checked_and_reads_as_before_where_all_are(cast: Cast) -> None:
    official = _entered(cast)
    claim = _carried_by(cast, official)
    assert '"checked":false' in snapshot(load_evidence_graph(claim))
    change_actor(actor=official, fields=ActorInput(speaks_for_checked=True), by=cast.reviewer)
    assert '"checked"' not in snapshot(load_evidence_graph(claim))


@pytest.mark.parametrize(
    "said", [{"kind": "state"}, {"kind": "outlet"}, {"stands_alone_because": "By law."}, {"part_of": None}]
)
def test_what_is_said_elsewhere_cannot_be_called_not_checked(cast: Cast, said: dict[str, Any]) -> None:
    if "part_of" in said:
        said = {"part_of": factories.actor(cast).pk}
    with pytest.raises(Invalid) as refused:
        _entered(cast, **said, speaks_for_checked=False)
    assert list(refused.value.errors) == ["speaks_for_checked"]


def test_the_database_refuses_it_too(cast: Cast) -> None:
    row = factories.actor(cast, kind="person", part_of=factories.actor(cast))
    with pytest.raises(IntegrityError, match="actor_checked_where_said"), transaction.atomic():
        Actor.objects.filter(pk=row.pk).update(speaks_for_checked=False)


@pytest.mark.parametrize(("merged_is", "survivor_is"), [(True, False), (False, True)])
def test_merged_it_is_checked_if_either_was(cast: Cast, merged_is: bool, survivor_is: bool) -> None:
    merged, survivor = _entered(cast, "Merged"), _entered(cast, "Survivor")
    for actor, is_checked in ((merged, merged_is), (survivor, survivor_is)):
        change_actor(actor=actor, fields=ActorInput(speaks_for_checked=is_checked), by=cast.reviewer)
    fields = MergeInput(into=survivor.pk, reason="The same.", chain="")
    merge_actors(actor=fresh(merged), fields=fields, by=cast.editor)
    assert fresh(survivor).speaks_for_checked is True


# By a typed name


def _typed(cast: Cast, claim: "Claim", **fields: Any) -> Actor:
    page = f"/claims/{claim.reference}/attach/"
    given = fields_of(got(cast.reviewer, page)) | {
        "url": "https://example.org/said", "stance": "supports", "new_publisher": "Someone new",
        "new_publisher_kind": "person", **fields,
    }  # fmt: skip
    assert signed_in(cast.reviewer).post(page, given).status_code == 302
    return Actor.objects.get(name="Someone new")


def test_a_typed_name_starts_as_not_checked(cast: Cast) -> None:
    assert _typed(cast, factories.claim(cast)).speaks_for_checked is False


def test_a_typed_name_may_speak_for_nobody_else(cast: Cast) -> None:
    actor = _typed(cast, factories.claim(cast), new_publisher_speaks_for="nobody")
    assert (actor.speaks_for_checked, actor.part_of) == (True, None)


def test_a_typed_name_may_speak_for_one_of_the_claims_parties(cast: Cast) -> None:
    party = factories.actor(cast, "A party", kind="state")
    actor = _typed(cast, factories.claim(cast, parties=[party]), new_publisher_speaks_for=str(party.pk))
    assert (actor.speaks_for_checked, actor.part_of) == (True, party)


def test_a_typed_name_may_speak_for_another_actor(cast: Cast) -> None:
    other = factories.actor(cast, "Another body")
    actor = _typed(cast, factories.claim(cast), new_publisher_part_of=str(other.pk))
    assert (actor.speaks_for_checked, actor.part_of) == (True, other)


@pytest.mark.parametrize("answer", ["nobody", "another"])
def test_an_answer_about_an_actor_of_the_desk_is_not_lost_in_silence(cast: Cast, answer: str) -> None:
    _entered(cast, "Someone new")
    page = f"/claims/{factories.claim(cast).reference}/attach/"
    other = factories.actor(cast, "Another body")
    said = {"new_publisher_speaks_for": "nobody"} if answer == "nobody" else {"new_publisher_part_of": str(other.pk)}
    given = fields_of(got(cast.reviewer, page)) | {
        "url": "https://example.org/said", "stance": "supports", "new_publisher": "someone  new", **said,
    }  # fmt: skip
    refused: Any = signed_in(cast.reviewer).post(page, given)
    assert refused.status_code == 400
    assert refused.context["form"].errors["new_publisher_part_of"] == [
        "“Someone new” is already on the desk. Record on its page whom it speaks for, and leave this empty."
    ]


def test_the_same_answer_about_an_actor_of_the_desk_is_taken(cast: Cast) -> None:
    known = factories.actor(cast, "Someone new", kind="person")
    assert _typed(cast, factories.claim(cast), new_publisher_speaks_for="nobody") == known


def test_the_form_names_only_the_claims_own_actors(cast: Cast) -> None:
    ministry = factories.actor(cast, "The ministry")
    claim = factories.claim(cast, claimant=ministry, parties=[ministry])
    answer: Any = got(cast.reviewer, f"/claims/{claim.reference}/attach/")
    form = answer.context["form"]
    labels = [str(label) for _value, label in form.fields["new_publisher_speaks_for"].choices]
    assert labels == ["Not checked yet", "Nobody else", "The ministry"]


# By the API


def test_the_api_says_and_takes_whether_it_is_checked(cast: Cast) -> None:
    api = Api(cast.reviewer)
    made = api.post("/api/v1/actors/", {"name": "A witness", "kind": "person"}).json()
    assert made["speaks_for_checked"] is False
    changed = api.patch(f"/api/v1/actors/{made['id']}/", {"speaks_for_checked": True, "seen_version": 1}).json()
    assert changed["speaks_for_checked"] is True


def test_provenance_says_which_voices_are_not_checked(cast: Cast) -> None:
    official = _entered(cast)
    claim = _carried_by(cast, official)
    found = Api(cast.reviewer).get(f"/api/v1/claims/{claim.reference}/provenance/").json()
    voices = {voice["id"]: voice["checked"] for voice in found["voices"]}
    assert voices[str(official.pk)] is False
    assert [source["checked"] for source in found["sources"] if source["voice"] == str(official.pk)] == [False]


# Actors from before


def _check_voices(*options: str) -> str:
    out = StringIO()
    call_command("check_voices", "--as", "editor", *options, stdout=out)
    return out.getvalue()


def test_the_command_lists_with_its_effects_and_changes_nothing(cast: Cast) -> None:
    witness = factories.actor(cast, "A witness", kind="person")
    claim = _carried_by(cast, witness, claimant=factories.actor(cast, "The government", kind="state"))
    assert f"A witness: {claim.reference} 1 → 0–1" in _check_voices()
    assert (fresh(witness).speaks_for_checked, _interval(claim)) == (True, (1, 1))


def test_the_command_marks_them_and_keeps_verdicts_with_a_recheck(cast: Cast) -> None:
    witnesses = [factories.actor(cast, name, kind="person") for name in ("A witness", "Another witness")]
    claim = _carried_by(cast, *witnesses, claimant=factories.actor(cast, "The government", kind="state"))
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    said = _check_voices("--apply")
    assert "and corroborated would rest on too little" in said and "2 actors now not checked." in said
    claim = fresh(claim)
    assert (claim.state, claim.support_lost_at is not None) == ("corroborated", True)
    assert claim.tasks.filter(kind="support_lost", ended_at__isnull=True).exists()


@pytest.mark.parametrize("case", ["said", "outlet among others only", "itself the claimant", "an outlet"])
def test_the_command_leaves_out_whom_nobody_has_to_ask_about(cast: Cast, case: str) -> None:
    claimant = factories.actor(cast, "The government", kind="state")
    fields: dict[str, Any] = {"kind": "person"}
    if case == "said":
        fields |= {"stands_alone_because": "A judge."}
    if case == "an outlet":
        fields["kind"] = "outlet"
    if case == "outlet among others only":
        claimant = factories.actor(cast, "A paper", kind="outlet")
    actor = factories.actor(cast, "Someone", **fields)
    claimant = actor if case == "itself the claimant" else claimant
    _carried_by(cast, actor, claimant=claimant, parties=[claimant])
    assert "Someone" not in _check_voices()
