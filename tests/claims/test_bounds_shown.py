"""Where a graph is too large to count exactly, every place that shows the numbers says that they are bounds."""

from collections.abc import Iterator
from typing import Any

import pytest

from claims.actions.claims import publish_claim
from claims.actions.sources import retract_source
from claims.models import Claim, StatusChange
from claims.verdicts import counting
from claims.verdicts.side_effects import Effects
from sources.models import Source
from tests import factories
from tests.api.client import Api
from tests.factories import Cast, fresh
from tests.pages import got, text_of

BOUNDS = {"min": 1, "max": 3, "exact": False}
IN_WORDS = "1–3 independent voices (not counted exactly)"


@pytest.fixture(autouse=True)
def small_budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Enough to pack, to cut and to gather paths, and nothing for branching."""
    monkeypatch.setattr(counting, "MOST_WORK", 205)
    counting.forget()
    yield
    counting.forget()


@pytest.fixture
def pairs(cast: Cast) -> list[Source]:
    """Three sources, each of which got it from another: any two of the three voices are needed."""
    actors = {name: factories.actor(cast, name=name) for name in "ABC"}
    made = []
    for below, above in ("AB", "BC", "CA"):
        origin = factories.source(cast, publisher=actors[above], basis="firsthand")
        made.append(factories.source(cast, publisher=actors[below], basis="secondhand"))
        factories.relay(cast, made[-1], origin)
    return made


@pytest.fixture
def claim(cast: Cast, pairs: list[Source]) -> Claim:
    return factories.claim(cast, evidence=_supported_by(pairs))


def _supported_by(sources: list[Source]) -> list[dict[str, Any]]:
    return [{"source": source.pk, "stance": "supports"} for source in sources]


def test_claim_list_history_and_moves_of_the_api_say_so(cast: Cast, claim: Claim) -> None:
    api = Api(cast.editor)
    path = f"claims/{claim.reference}/"
    assert claim.independence_exact is False
    assert api.get(path).json()["independence"] == BOUNDS
    assert [row["independence"] for row in api.get("claims/").json()["results"]] == [BOUNDS]
    provenance = api.get(f"{path}provenance/").json()
    assert (provenance["independence"], provenance["exact"]) == ({"min": 1, "max": 3}, False)


def test_every_page_that_shows_the_numbers_says_so(cast: Cast, claim: Claim) -> None:
    publish_claim(claim=claim, by=cast.editor)
    path = f"/claims/{claim.reference}/"
    assignment = factories.assigned(cast, claim)
    assert assignment.claim_id == claim.pk
    assert "1–3 (not exact)" in text_of(got(cast.editor, "/claims/"))
    for address in ("/", f"{path}assess/", f"/public/{claim.reference}/"):
        assert IN_WORDS in text_of(got(cast.reviewer, address)), address
    for address in (path, f"{path}provenance/"):
        assert "Too many linked sources for an exact count" in text_of(got(cast.reviewer, address)), address
    for address in (f"{path}provenance/", f"{path}assess/"):
        assert "not counted exactly" in text_of(got(cast.reviewer, address)), address


def test_a_status_change_keeps_that_it_was_decided_on_bounds(cast: Cast, pairs: list[Source]) -> None:
    claim = factories.claim(cast, evidence=_supported_by(pairs))
    change = StatusChange.objects.get(claim=claim)
    assert (change.independence_min, change.independence_max, change.independence_exact) == (1, 3, False)
    (told,) = Api(cast.editor).get(f"claims/{claim.reference}/history/").json()["results"]
    assert told["independence"] == BOUNDS
    assert IN_WORDS in text_of(got(cast.editor, f"/claims/{claim.reference}/history/"))


def test_a_preview_says_what_would_be_bounds_and_the_mark_goes_with_them(
    cast: Cast, claim: Claim, pairs: list[Source]
) -> None:
    done = retract_source(source=pairs[0], reason="A test.", effects=Effects(), by=cast.editor)
    assert [effect.exact for effect in done.effects] == [True]
    assert fresh(claim).independence_exact is True


def test_a_claim_that_is_counted_exactly_says_nothing_of_it(
    cast: Cast, pairs: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_WORK", 100_000)
    claim = factories.claim(cast, evidence=_supported_by(pairs))
    assert Api(cast.editor).get(f"claims/{claim.reference}/").json()["independence"] == {"min": 2, "max": 2}
    assert "exact" not in text_of(got(cast.editor, "/claims/"))
