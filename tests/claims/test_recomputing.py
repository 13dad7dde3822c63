"""A change on which very many claims rest: some are recomputed with it, the others by the ticks that follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from claims.actions import recomputing
from claims.actions.claims import publish_claim
from claims.actions.recomputing import LEASE, lease_recomputations, recompute_leased
from claims.actions.sources import change_source, retract_source
from claims.models import Claim, Recomputation
from claims.tasks import recompute_claims
from claims.verdicts.side_effects import LATER, Effects
from house.errors import Stale, Unconfirmed
from reviews.actions.assessments import approve
from sources.inputs import SourceInput
from sources.models import Source
from tests import factories
from tests.edits.browsing import opened
from tests.factories import Cast, fresh
from tests.pages import signed_in


@pytest.fixture(autouse=True)
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that two claims are very many."""
    monkeypatch.setattr("claims.verdicts.support.AT_ONCE", 1)


def _shared(cast: Cast, *claims: Claim) -> Source:
    """A witness's source that supports all of these claims."""
    source = factories.source(cast, publisher=factories.actor(cast), basis="firsthand")
    for claim in claims:
        factories.attach(cast, claim, source)
    return source


def _retract(cast: Cast, source: Source) -> None:
    retract_source(source=source, reason="Taken back.", by=cast.editor)


def _numbers(*claims: Claim) -> list[int]:
    return [fresh(claim).independence_min for claim in claims]


def test_what_has_a_standing_to_lose_is_recomputed_with_the_change(cast: Cast) -> None:
    reports = [factories.claim(cast) for _ in range(3)]
    verdict = factories.claim(cast)
    source = _shared(cast, *reports, verdict)
    factories.firsthand(cast, verdict, 1)
    verdict = factories.approved(cast, factories.assessment(cast, verdict, "corroborated"))
    _retract(cast, source)
    assert (fresh(verdict).support_lost, _numbers(*reports)) == (True, [1, 1, 1])
    assert set(Recomputation.objects.values_list("claim", flat=True)) == {claim.pk for claim in reports}


def test_the_ticks_recompute_the_others(cast: Cast) -> None:
    claims = [factories.claim(cast) for _ in range(4)]
    _retract(cast, _shared(cast, *claims))
    assert (recompute_claims(), recompute_claims()) == (3, 0)
    assert (_numbers(*claims), Recomputation.objects.count()) == ([0, 0, 0, 0], 0)


def test_a_claim_waits_once_whatever_changes(cast: Cast) -> None:
    claims = [factories.claim(cast) for _ in range(3)]
    source = _shared(cast, *claims)
    change_source(source=source, fields=SourceInput(basis="unknown"), by=cast.reviewer)
    _retract(cast, source)
    assert Recomputation.objects.count() == 2


def test_a_leased_claim_is_nobody_elses_until_the_lease_runs_out(cast: Cast) -> None:
    _retract(cast, _shared(cast, *[factories.claim(cast) for _ in range(2)]))
    now = timezone.now()
    (dead,) = lease_recomputations(now=now)
    assert lease_recomputations(now=now + LEASE - timedelta(seconds=1)) == []
    (alive,) = lease_recomputations(now=now + LEASE)
    assert (alive.row, alive.attempt) == (dead.row, 2)
    recompute_leased(dead)  # the one that was thought dead comes back: it leaves the row to the other
    assert Recomputation.objects.count() == 1
    recompute_leased(alive)
    recompute_leased(alive)
    assert Recomputation.objects.count() == 0


def test_a_worker_that_dies_loses_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [factories.claim(cast) for _ in range(2)]
    _retract(cast, _shared(cast, *claims))

    def die(*_arguments: object, **_named: object) -> None:
        raise SystemExit

    (lease,) = lease_recomputations()
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(recomputing, "recompute_claim", die)
        recompute_leased(lease)
    assert (Recomputation.objects.count(), sorted(_numbers(*claims))) == (1, [0, 1])
    (again,) = lease_recomputations(now=timezone.now() + LEASE)
    recompute_leased(again)
    assert _numbers(*claims) == [0, 0]


def test_one_that_fails_is_taken_less_and_less_often_and_never_given_up(cast: Cast) -> None:
    _retract(cast, _shared(cast, *[factories.claim(cast) for _ in range(2)]))
    now = timezone.now()
    pauses = []
    for _ in range(4):
        (_lease,) = lease_recomputations(now=now)
        until = Recomputation.objects.get().lease_until
        assert until is not None
        pauses.append((until - now) / LEASE)
        now = until
    assert pauses == [1, 2, 3, 4]


def test_a_verdict_is_decided_on_what_is_there_and_not_on_numbers_that_wait(cast: Cast) -> None:
    first, second = factories.claim(cast), factories.claim(cast)
    source = _shared(cast, first, second)
    for claim in (first, second):
        factories.firsthand(cast, claim, 1)
    assessments = [factories.assessment(cast, claim, "corroborated") for claim in (first, second)]
    _retract(cast, source)
    waiting = next(row for row in assessments if row.claim_id == Recomputation.objects.get().claim_id)
    assert _numbers(waiting.claim) == [2]
    with pytest.raises(Stale):
        approve(assessment=waiting, reason="Yes.", seen_version=fresh(waiting.claim).version, by=cast.editor)


def test_those_that_wait_are_asked_about_as_well(cast: Cast) -> None:
    claims = [factories.claim(cast) for _ in range(3)]
    source = _shared(cast, *claims)
    with pytest.raises(Unconfirmed) as asked:
        retract_source(source=source, reason="Taken back.", effects=Effects(agreed=()), by=cast.editor)
    assert (asked.value.later, asked.value.agreement) == (2, LATER)
    assert (Recomputation.objects.count(), fresh(source).retracted_at) == (0, None)


def test_how_many_wait_tells_nothing_of_restricted_evidence(cast: Cast) -> None:
    claims = [factories.claim(cast) for _ in range(4)]
    source = factories.source(cast, publisher=factories.actor(cast), basis="firsthand")
    for claim in claims:
        factories.attach(cast, claim, source, by=cast.editor, visibility="restricted")
    tried = Effects(dry_run=True)
    change_source(source=source, fields=SourceInput(basis="unknown"), effects=tried, by=cast.reviewer)
    assert (tried.shown, tried.later) == ([], 0)


def test_its_pages_say_that_the_numbers_are_being_brought_up_to_date(cast: Cast) -> None:
    claims = [factories.claim(cast) for _ in range(2)]
    source = _shared(cast, *claims)
    for claim in claims:
        publish_claim(claim=claim, by=cast.editor)
    _retract(cast, source)
    row = Recomputation.objects.get().claim
    client = Client()
    client.force_login(cast.reporter)

    def said() -> list[bool]:
        pages = (f"/claims/{row.reference}/", f"/claims/{row.reference}/history/", f"/public/{row.reference}/")
        return ["being recounted" in client.get(page).content.decode() for page in pages]

    assert said() == [True, True, True]
    recompute_claims()
    assert said() == [False, False, False]


def test_a_page_asks_before_it_takes_support_away_and_keeps_what_was_typed(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    item = claim.evidence.filter(source__basis="firsthand")[0]
    client = Client()
    client.force_login(cast.editor)
    page = f"/claims/{claim.reference}/evidence/{item.pk}/withdraw/"
    typed = {"reason": "The witness was elsewhere.", "seen_version": item.version}
    asked = client.post(page, typed)
    text = asked.content.decode()
    assert (asked.status_code, "The witness was elsewhere." in text, claim.reference in text) == (409, True, True)
    assert f'name="agreed" value="{claim.reference}"' in text
    assert fresh(item).withdrawn_at is None
    done = client.post(page, {**typed, "agreed": claim.reference})
    assert (done.status_code, fresh(claim).support_lost) == (302, True)


@pytest.mark.parametrize("part", ["source", "relay", "actor", "claim", "threshold"])
def test_the_other_pages_ask_too(cast: Cast, part: str) -> None:
    claim = factories.claim_in(cast, "corroborated")
    first = claim.evidence.filter(source__basis="firsthand").earliest("created_at")
    page, typed = _form(cast, part, claim, first.source)
    window = opened(cast.editor, page).type(**typed)
    asked = signed_in(cast.editor).post(page, window.sent)
    assert (asked.status_code, 'name="agreed"' in asked.content.decode()) == (409, True)
    assert not fresh(claim).support_lost
    assert window.type(agreed=claim.reference).again() == 302
    assert fresh(claim).support_lost


def _form(cast: Cast, part: str, claim: Claim, first: Source) -> tuple[str, dict[str, Any]]:
    """A page, and what is typed there that takes the first of two sources out of what counts."""
    publisher = first.publisher_id
    assert publisher is not None
    if part == "source":
        return f"/sources/{first.pk}/edit/", {"basis": "unknown"}
    if part == "relay":
        upstream = factories.source(cast, basis="firsthand", publisher=factories.actor(cast, "An onlooker"))
        relay = factories.relay(cast, first, upstream)
        change_source(source=first, fields=SourceInput(basis="secondhand"), by=cast.editor)
        return f"/sources/{first.pk}/relays/{relay.pk}/remove/", {}
    if part == "actor":
        return f"/actors/{publisher}/edit/", {"reliability": "E"}
    if part == "threshold":
        return f"/claims/{claim.reference}/threshold/", {"threshold": 3, "reason": "Too little."}
    return f"/claims/{claim.reference}/edit/", {"parties": [str(publisher)]}
