"""Declared conflicts of interest: which claims they touch, what they close to the person, and who is told."""

from datetime import date

import pytest
from django.utils import timezone

from accounts.actions import set_role
from accounts.actions.account import change_preferences
from accounts.models import Role, User
from claims.access.conflicts import conflicts_with
from claims.actions.claims import move_alone
from claims.actions.conflicts import declare_conflict, withdraw_conflict
from claims.actions.sources import change_actor
from claims.inputs import MoveInput
from claims.models import Claim
from house.errors import Conflict, Forbidden, Invalid, NotFound
from reviews.actions.assessments import approve, reject
from reviews.actions.assignments import assign, name_decider, reassign
from reviews.candidates import candidates_for
from reviews.models import Assignment
from reviews.queue import work_of
from sources.actions import create_actor
from sources.inputs import ActorInput
from sources.models import Actor, DeclaredConflict
from tests import factories
from tests.factories import Cast, fresh
from tests.pages import got, signed_in, text_of


def _declare(user: User, actor: Actor) -> DeclaredConflict:
    return declare_conflict(actor_id=actor.pk, by=user)


def _touched(user: User, claim: Claim) -> str:
    """The name of the claim's actor that a conflict of the person touches; "" for none."""
    found = conflicts_with(claim, [user.pk]).get(user.pk)
    return found.name if found else ""


@pytest.fixture
def state(cast: Cast) -> Actor:
    return factories.actor(cast, "The state", kind="state")


@pytest.fixture
def claim(cast: Cast, state: Actor) -> Claim:
    """Claimed on 1 March 2024 by a ministry, which is part of the state; a party is the accused."""
    ministry = factories.actor(cast, "The ministry", part_of=state)
    accused = factories.actor(cast, "The accused")
    return factories.claim(cast, claimant=ministry, parties=[accused], claimed_on=date(2024, 3, 1))


def test_a_conflict_touches_whom_the_claim_names(cast: Cast, claim: Claim) -> None:
    echo = factories.actor(cast, "The echo")
    claim.also_claimed_by.add(echo)
    people = {cast.reviewer: claim.claimant, cast.reviewer2: claim.parties.get(), cast.editor: echo}
    for person, actor in people.items():
        assert actor is not None
        _declare(person, actor)
    assert [_touched(person, claim) for person in people] == ["The ministry", "The accused", "The echo"]
    assert _touched(cast.reporter, claim) == ""


def test_it_touches_who_speaks_with_the_same_voice_on_the_claims_day(cast: Cast, claim: Claim, state: Actor) -> None:
    spokesman = factories.actor(cast, "The spokesman", part_of=state, part_of_to=date(2024, 3, 1))
    former = factories.actor(cast, "A former one", part_of=state, part_of_to=date(2024, 2, 29))
    owned = factories.actor(cast, "A company", owned_by=state)
    found = []
    for actor in (state, spokesman, former, owned):
        row = _declare(cast.reviewer, actor)
        found.append(_touched(cast.reviewer, claim))
        withdraw_conflict(conflict_id=row.pk, by=cast.reviewer)
    assert found == ["The ministry", "The ministry", "", ""]


def test_a_conflict_follows_what_is_learnt_of_an_actor(cast: Cast, claim: Claim, state: Actor) -> None:
    agency = factories.actor(cast, "The agency")
    _declare(cast.reviewer, agency)
    assert _touched(cast.reviewer, claim) == ""
    change_actor(actor=agency, fields=ActorInput(part_of=state.pk), by=cast.editor)
    assert _touched(cast.reviewer, claim) == "The ministry"


def test_who_has_a_conflict_is_not_asked_and_editors_are_told_why(cast: Cast, claim: Claim, state: Actor) -> None:
    _declare(cast.reviewer, state)
    why = "reviewer declared a conflict of interest that touches The ministry, whom the claim names."
    with pytest.raises(Invalid) as error:
        assign(claim=claim, reviewer=cast.reviewer, by=cast.editor)
    assert error.value.errors == {"reviewer": [why]}
    with pytest.raises(Invalid) as error:
        name_decider(claim=claim, user=cast.reviewer, by=cast.editor)
    assert error.value.errors == {"person": [why]}
    page = got(cast.editor, f"/claims/{claim.reference}/assign/")
    choices = [label for _value, label in page.context["form"].fields["reviewer"].choices]  # type: ignore[attr-defined]
    assert (why in text_of(page), choices) == (True, ["editor, 0 open", "reviewer2, 0 open"])


def test_who_hands_over_is_not_told_of_anothers_conflict(cast: Cast, claim: Claim, state: Actor) -> None:
    _declare(cast.reviewer2, state)
    given = factories.assigned(cast, claim)
    with pytest.raises(Invalid) as error:
        reassign(assignment=given, to=cast.reviewer2, by=cast.reviewer)
    assert error.value.errors == {"to": ["reviewer2 cannot be assigned this claim. Name another reviewer."]}
    page = got(cast.reviewer, f"/assignments/{given.pk}/hand-over/").content.decode()
    assert ("conflict" in page, "reviewer2" in page, "editor, 0 open" in page) == (False, False, True)
    assert Assignment.objects.get().ended_at is None


def test_an_editor_does_not_take_what_a_conflict_of_theirs_touches(cast: Cast, claim: Claim, state: Actor) -> None:
    _declare(cast.editor, state)
    with pytest.raises(Invalid):
        assign(claim=claim, reviewer=cast.editor, by=cast.editor)


def test_who_has_a_conflict_neither_approves_nor_rejects(cast: Cast, claim: Claim, state: Actor) -> None:
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    second = factories.person("editor2", Role.EDITOR, cast.desk)
    name_decider(claim=claim, user=cast.reviewer2, by=second)
    version = fresh(claim).version
    for person in (cast.editor, cast.reviewer2):
        _declare(person, state)
        for decide in (approve, reject):
            with pytest.raises(Forbidden, match="You declared a conflict of interest that touches The ministry"):
                decide(assessment=assessment, reason="I agree.", seen_version=version, by=person)
        assert work_of(person, now=timezone.now()).to_decide == []
        text = text_of(got(person, f"/reviews/{assessment.pk}/"))
        assert "You declared a conflict of interest that touches The ministry. Another person must decide." in text
        assert "Approve assessment" not in text
    assert work_of(second, now=timezone.now()).to_decide == [assessment]
    assert factories.approved(cast, assessment, by=second).state == "corroborated"


def test_who_declares_later_no_longer_assesses_what_they_have(cast: Cast, claim: Claim, state: Actor) -> None:
    factories.assigned(cast, claim)
    assert got(cast.reviewer, f"/claims/{claim.reference}/assess/").status_code == 200
    row = _declare(cast.reviewer, state)
    got(cast.reviewer, f"/claims/{claim.reference}/assess/", status=403)
    with pytest.raises(Forbidden):
        factories.submit_as(cast.reviewer, fresh(claim), claim.state, [])
    assert f"You can no longer judge these {claim.reference}" in text_of(got(cast.reviewer, "/account/conflicts/"))
    withdraw_conflict(conflict_id=row.pk, by=cast.reviewer)
    assert factories.submit_as(cast.reviewer, fresh(claim), claim.state, []).state == "recorded"


def test_who_has_a_conflict_makes_no_move_alone(cast: Cast, claim: Claim, state: Actor) -> None:
    denial = factories.party_denial(cast, claim)
    _declare(cast.editor, state)
    seen_version = fresh(claim).version
    move = MoveInput(to="denied", reason="Denied.", evidence=[denial.pk], seen_version=seen_version)
    with pytest.raises(Forbidden):
        move_alone(claim=claim, fields=move, by=cast.editor)


def test_a_person_declares_and_takes_back_on_a_page(cast: Cast, state: Actor) -> None:
    client = signed_in(cast.reviewer)
    assert "No conflicts of interest declared. Declare one below if it could affect your work." in text_of(
        client.get("/account/conflicts/")
    )
    assert client.post("/account/conflicts/", {"actor": str(state.pk)}).status_code == 302
    assert "Declared 1 The state declared" in text_of(client.get("/account/conflicts/"))
    assert client.post("/account/conflicts/", {"actor": str(state.pk)}).status_code == 409
    row = DeclaredConflict.objects.get()
    assert client.post(f"/account/conflicts/{row.pk}/take-back/").status_code == 302
    assert fresh(row).ended_at is not None


def test_nobody_takes_back_anothers_word(cast: Cast, state: Actor) -> None:
    row = _declare(cast.reviewer, state)
    for person in (cast.editor, cast.admin, cast.stranger):
        with pytest.raises(NotFound):
            withdraw_conflict(conflict_id=row.pk, by=person)
    withdraw_conflict(conflict_id=row.pk, by=cast.reviewer)
    with pytest.raises(NotFound):
        withdraw_conflict(conflict_id=row.pk, by=cast.reviewer)


def test_only_actors_that_one_may_see_can_be_named(cast: Cast, state: Actor) -> None:
    fields = ActorInput(name="Zephyrine", kind="person", visibility="restricted")
    secret = create_actor(desk=cast.desk, fields=fields, by=cast.editor)
    for person, actor in ((cast.stranger, state), (cast.reviewer, secret), (cast.auditor, secret)):
        with pytest.raises(Invalid):
            _declare(person, actor)
        assert actor.name not in got(person, "/account/conflicts/").content.decode()
    assert _declare(cast.editor, secret).actor == secret
    with pytest.raises(Conflict):
        _declare(cast.editor, secret)


def test_who_left_a_desk_reads_no_names_of_its_actors(cast: Cast, state: Actor) -> None:
    _declare(cast.reviewer, state)
    set_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    text = text_of(got(cast.reviewer, "/account/conflicts/"))
    assert ("an actor you can no longer see" in text, "The state" in text) == (True, False)


def test_candidates_are_ranked_with_their_reasons(cast: Cast, state: Actor) -> None:
    """First the least to do, then who reads the language, then who knows the topic; away, reporter, conflict last."""
    names = ("knows", "reads", "plain", "away", "torn")
    people = {name: factories.person(name, Role.REVIEWER, cast.desk) for name in names}
    done = factories.claim(cast, topics=["arms"])
    factories.assessment(cast, done, done.state, by=people["knows"])
    today = timezone.now().date()
    change_preferences(changes={"reads": ["ko-KP"]}, by=people["reads"])
    change_preferences(changes={"away_from": today, "away_until": today}, by=people["away"])
    _declare(people["torn"], state)
    for person in (cast.reviewer, cast.reviewer2):
        factories.assigned(cast, factories.claim(cast), reviewer=person)
    claim = factories.claim(cast, claimant=state, topics=["arms"], language="ko", by=cast.editor)
    ranked = candidates_for(claim, to=cast.editor, now=timezone.now())
    assert [one.person.username for one in ranked] == [
        "reads", "knows", "plain", "reviewer", "reviewer2", "away", "editor", "torn",
    ]  # fmt: skip
    text = text_of(got(cast.editor, f"/claims/{claim.reference}/assign/"))
    assert "reads, 0 open, reads its language knows, 0 open, 1 completed on its topics plain, 0 open" in text
    assert f"away, 0 open, away until {today:%-d %b}" in text


def _hidden(cast: Cast, user: User) -> Actor:
    """An actor with which the person declared a conflict before it was restricted, which hides it from them."""
    ally = factories.actor(cast, "The ally", by=cast.editor)
    _declare(user, ally)
    change_actor(actor=fresh(ally), fields=ActorInput(visibility="restricted"), by=cast.editor)
    got(user, f"/actors/{ally.pk}/", status=404)
    return ally


def _tie(cast: Cast, hidden: Actor, claim: Claim) -> None:
    """The hidden actor comes to speak with the claimant's voice."""
    change_actor(actor=fresh(hidden), fields=ActorInput(part_of=claim.claimant_id), by=cast.editor)
    assert conflicts_with(fresh(claim), [row.user_id for row in DeclaredConflict.objects.all()])


@pytest.mark.parametrize("page", ["/account/conflicts/", "/", "/work/decide/", "claim", "review"])
def test_no_page_tells_what_an_actor_hidden_from_its_reader_is_tied_to(cast: Cast, claim: Claim, page: str) -> None:
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    name_decider(claim=fresh(claim), user=cast.reviewer2, by=cast.editor)
    factories.assigned(cast, fresh(claim), reviewer=cast.reviewer2)
    address = {
        "claim": f"/claims/{claim.reference}/",
        "review": f"/reviews/{assessment.pk}/",
    }.get(page, page)
    hidden = _hidden(cast, cast.reviewer2)
    before = text_of(got(cast.reviewer2, address))
    _tie(cast, hidden, claim)
    assert text_of(got(cast.reviewer2, address)) == before


def test_a_refusal_does_not_say_what_a_hidden_actor_is_tied_to(cast: Cast, claim: Claim) -> None:
    factories.assigned(cast, claim)
    _tie(cast, _hidden(cast, cast.reviewer), claim)
    with pytest.raises(Forbidden) as error:
        factories.submit_as(cast.reviewer, fresh(claim), claim.state, [])
    assert str(error.value) == "You declared a conflict of interest. Another person must judge this claim."


def test_what_a_visible_actor_is_tied_to_is_told_beside_a_hidden_one(cast: Cast, claim: Claim, state: Actor) -> None:
    factories.assigned(cast, claim)
    _hidden(cast, cast.reviewer)
    _declare(cast.reviewer, state)
    with pytest.raises(Forbidden, match="touches The ministry, whom the claim names"):
        factories.submit_as(cast.reviewer, fresh(claim), claim.state, [])


def test_an_editor_who_assigns_themselves_does_not_read_what_a_hidden_actor_is_tied_to(
    cast: Cast, claim: Claim
) -> None:
    _of_another_desk(cast, cast.editor, claim)
    with pytest.raises(Invalid) as error:
        assign(claim=fresh(claim), reviewer=cast.editor, by=cast.editor)
    assert error.value.errors == {"reviewer": ["editor cannot be assigned this claim. Name another reviewer."]}


def test_editors_who_assign_are_not_told_of_a_conflict_with_an_actor_hidden_from_them(cast: Cast, claim: Claim) -> None:
    _of_another_desk(cast, cast.reviewer, claim)
    page = text_of(got(cast.editor, f"/claims/{claim.reference}/assign/"))
    assert ("conflict" in page, "reviewer, 0 open" in page) == (False, True)
    with pytest.raises(Invalid) as error:
        assign(claim=fresh(claim), reviewer=cast.reviewer, by=cast.editor)
    assert error.value.errors == {"reviewer": ["reviewer cannot be assigned this claim. Name another reviewer."]}


def _of_another_desk(cast: Cast, user: User, claim: Claim) -> Actor:
    """An actor of another desk with which the person declared a conflict while they were on it; it is part of one that
    all desks share, and so is the claimant."""
    shared = create_actor(desk=None, fields=ActorInput(name="The union", kind="organisation"), by=cast.admin)
    fields = ActorInput(name="The branch", kind="organisation", part_of=shared.pk)
    branch = create_actor(desk=cast.other_desk, fields=fields, by=cast.stranger)
    assert claim.claimant is not None
    change_actor(actor=fresh(claim.claimant), fields=ActorInput(part_of=shared.pk), by=cast.editor)
    set_role(desk=cast.other_desk, user=user, role=Role.REVIEWER, by=cast.admin)
    _declare(fresh(user), branch)
    set_role(desk=cast.other_desk, user=user, role=None, by=cast.admin)
    return branch
