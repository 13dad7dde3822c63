"""The tabs of a claim: sources, provenance, history."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from claims.models import StatusChange
from sources.actions import create_source
from sources.inputs import SourceInput
from sources.models import Capture, CaptureState, Relay
from tests import factories
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from claims.models import Claim
    from tests.factories import Cast


def _chain(cast: "Cast") -> "Claim":
    """A claim carried by its claimant's statement and by an article that has it from there."""
    council = factories.actor(cast, "The council", kind="state")
    statement = factories.source(cast, "Statement", publisher=council, basis="firsthand")
    article = factories.source(cast, "Article", publisher=factories.actor(cast, "The paper"), basis="secondhand")
    factories.relay(cast, article, statement, quote="the council said")
    carried = [{"source": statement.pk, "stance": "supports"}]
    claim = factories.claim(cast, "The harbour was closed.", claimant=council, parties=[], evidence=carried)
    factories.attach(cast, claim, article)
    return claim


@pytest.mark.parametrize("tab", ["", "sources/", "provenance/", "history/"])
def test_every_tab_names_the_claim_and_is_hidden_from_strangers(cast: "Cast", tab: str) -> None:
    claim = _chain(cast)
    page = got(cast.auditor, f"/claims/{claim.reference}/{tab}")
    assert f"{claim.reference} The harbour was closed. Claimed by The council" in text_of(page)
    assert page.content.decode().count('aria-current="page"') == 1
    got(cast.stranger, f"/claims/{claim.reference}/{tab}", 404)


@pytest.mark.parametrize("reference", ["UKR-0", "ukr-1", "UKR-1000000000", "U-1", "UKR-1%00"])
def test_what_is_no_reference_is_not_here(cast: "Cast", reference: str) -> None:
    got(cast.editor, f"/claims/{reference}/", 404)


# Sources


def test_each_source_stands_once_with_the_numbers_of_its_evidence(cast: "Cast") -> None:
    claim = _chain(cast)
    twice = claim.evidence.get(source__title="Article").source
    factories.attach(cast, claim, twice, "context")
    page = got(cast.reporter, f"/claims/{claim.reference}/sources/")
    rows = page.context["rows"]  # type: ignore[attr-defined]
    assert {row.source.title: row.numbers for row in rows} == {"Statement": "1", "Article": "2, 3"}


def test_a_capture_that_failed_is_told_with_its_way_out(cast: "Cast") -> None:
    claim = _chain(cast)
    source = create_source(desk=cast.desk, fields=SourceInput(url="https://example.org/"), by=cast.reviewer)
    factories.attach(cast, claim, source)
    Capture.objects.update(state=CaptureState.FAILED, error="It answered 404.")
    text = text_of(got(cast.reviewer, f"/claims/{claim.reference}/sources/"))
    assert "https://example.org/ Capture failed: It answered 404. Upload a screenshot instead" in text


# Provenance


def test_the_sentence_comes_first_and_the_list_shows_quotes_and_reasons(cast: "Cast") -> None:
    claim = _chain(cast)
    text = text_of(got(cast.reporter, f"/claims/{claim.reference}/provenance/"))
    assert "2 sources, one origin. All of it goes back to The council, the claimant." in text
    assert "The claim 0 independent voices for it" in text
    root = "firsthand evidence 1, supports Does not count: the claimant’s voice"
    below = "secondhand evidence 2, supports Does not count: goes back only to The council the council said"
    assert text.index(root) < text.index(below)


def test_unknown_lineage_and_a_single_point_of_failure_are_marked(cast: "Cast") -> None:
    claim = _chain(cast)
    factories.firsthand(cast, claim, 1)
    factories.attach(cast, claim, factories.source(cast, "Long read", basis="unknown"))
    page = got(cast.reporter, f"/claims/{claim.reference}/provenance/")
    kinds = {node.title: (node.kind, node.single) for node in page.context["nodes"]}  # type: ignore[attr-defined]
    assert kinds.pop("Statement") == ("greyed", False)
    assert kinds.pop("Long read") == ("unknown", False)
    assert list(kinds.values()) == [("", True)]


def test_each_element_has_its_figures(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["by night", "by sea"])
    element = claim.elements.get(text="by night")
    factories.firsthand(cast, claim, 2, elements=[element])
    text = text_of(got(cast.reporter, f"/claims/{claim.reference}/provenance/"))
    assert "by night 2 independent voices for it by sea 0 independent voices for it" in text


def test_a_dense_net_of_relays_is_written_out_once(cast: "Cast") -> None:
    claim = factories.claim(cast)
    layers = [[factories.source(cast) for _ in range(3)] for _ in range(5)]
    for upper, lower in pairwise(layers):
        for above in upper:
            for below in lower:
                factories.relay(cast, below, above)
    factories.attach(cast, claim, layers[-1][0])
    nodes = got(cast.reporter, f"/claims/{claim.reference}/provenance/").context["nodes"]  # type: ignore[attr-defined]

    def count(found: list[Any]) -> int:
        return sum(1 + count(node.children) for node in found)

    # The last layer has one source in the graph: every relay stands once, and the three origins and the statement.
    assert count(nodes) == 3 * 9 + 3 + 3 + 1


def test_a_relay_is_added_between_the_claims_sources(cast: "Cast") -> None:
    claim = _chain(cast)
    note = factories.source(cast, "Note")
    factories.attach(cast, claim, note)
    origin = claim.evidence.get(source__title="Statement").source
    address = f"/claims/{claim.reference}/provenance/"
    fields = {"downstream": str(note.pk), "upstream": str(origin.pk), "quote": "it was said"}
    assert signed_in(cast.reviewer).post(address, fields)["Location"] == address
    assert Relay.objects.get(downstream=note).upstream == origin


def test_a_cycle_is_refused_on_the_page_and_what_was_typed_stays(cast: "Cast") -> None:
    claim = _chain(cast)
    by_title = {item.source.title: str(item.source_id) for item in claim.evidence.select_related("source")}
    fields = {"downstream": by_title["Statement"], "upstream": by_title["Article"], "quote": "seen there"}
    answer = signed_in(cast.reviewer).post(f"/claims/{claim.reference}/provenance/", fields)
    assert answer.status_code == 400
    assert "That would close a cycle" in text_of(answer)
    assert answer.context["form"]["quote"].value() == "seen there"


def test_who_only_reads_gets_no_form_and_cannot_send_one(cast: "Cast") -> None:
    claim = _chain(cast)
    address = f"/claims/{claim.reference}/provenance/"
    assert "Add relay" not in text_of(got(cast.auditor, address))
    assert signed_in(cast.auditor).post(address, {}).status_code == 403


def test_what_it_would_take_is_said_for_every_move(cast: "Cast") -> None:
    claim = _chain(cast)
    text = text_of(got(cast.reporter, f"/claims/{claim.reference}/provenance/"))
    assert "Denied No attached evidence is a denial by a party" in text
    assert "Corroborated 1 more independent voice." in text
    assert "Refuted 2 more independent voices." in text


# History


def test_every_move_is_told_with_who_why_and_on_what(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    text = text_of(got(cast.reporter, f"/claims/{claim.reference}/history/"))
    last = StatusChange.objects.get(claim=claim, seq=2)
    assert "new to Reported report reporter" in text
    assert "Reported to Corroborated corroborate assessed by reviewer decided by editor" in text
    assert "This is what the evidence shows. editor on the decision: I agree." in text
    assert "Relies on evidence 1, 2, 3 2 independent voices then 2 needed" in text
    assert f"graph {last.graph_digest}" in text


def test_the_history_has_nothing_of_restricted_material(cast: "Cast") -> None:
    claim = factories.claim(cast)
    before = text_of(got(cast.reporter, f"/claims/{claim.reference}/history/"))
    hidden = factories.source(cast, "A talk", visibility="restricted", by=cast.editor)
    factories.attach(cast, claim, hidden, visibility="restricted", by=cast.editor)
    for tab in ("", "sources/", "provenance/", "history/"):
        page = got(cast.reporter, f"/claims/{claim.reference}/{tab}").content.decode()
        assert "A talk" not in page and str(hidden.pk) not in page
    assert text_of(got(cast.reporter, f"/claims/{claim.reference}/history/")) == before
