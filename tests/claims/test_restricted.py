"""Restricted material: who sees it, and that nothing that others see is made from it."""

from typing import Any

import pytest

from accounts.models import User
from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import add_relay, change_actor, change_source, retract_source
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim, Evidence, Revision
from claims.queries import (
    captures_of,
    evidence_of,
    get_evidence,
    get_source,
    last_captures,
    public_evidence,
    visible_sources,
    withheld_evidence,
)
from claims.reading.actor_queries import get_actor
from claims.record.revisions import changes_since
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.side_effects import Effects
from claims.verdicts.snapshots import snapshot, snapshot_digest
from house.errors import Forbidden, Invalid, NotFound
from reviews.actions.assignments import decline
from sources.actions import request_capture
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Source
from sources.queries import visible_actors
from tests import factories
from tests.factories import Cast, fresh


def _seen_by_others(claim: Claim) -> tuple[Any, ...]:
    """Everything about a claim that everybody on the desk reads, and that could tell of what is restricted."""
    row = fresh(claim)
    return (
        *(row.version, row.changed_at, row.state, row.contested, row.support_lost),
        *(row.independence_min, row.independence_max),
        snapshot_digest(snapshot(load_evidence_graph(row))),
        Revision.objects.filter(claim=row).count(),
    )


def _hidden_source(cast: Cast, *, by: User | None = None, **fields: Any) -> Source:
    by = by or cast.reporter
    publisher = factories.actor(cast, by=by, visibility="restricted", kind="person")
    return factories.source(cast, publisher=publisher, by=by, visibility="restricted", basis="firsthand", **fields)


def _hidden(cast: Cast, claim: Claim, stance: str = "supports") -> Evidence:
    return factories.attach(cast, claim, _hidden_source(cast), stance, by=cast.reporter)


def test_evidence_of_a_restricted_source_is_restricted_unasked(cast: Cast) -> None:
    assert _hidden(cast, factories.claim(cast)).visibility == "restricted"


@pytest.mark.parametrize("stance", ["supports", "denies", "refutes", "context"])
@pytest.mark.parametrize("state", ["reported", "corroborated"])
def test_others_see_no_difference(cast: Cast, stance: str, state: str) -> None:
    claim = factories.claim_in(cast, state)
    before = _seen_by_others(claim)
    item = _hidden(cast, claim, stance)
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="More.", credibility=5), by=cast.reporter)
    assert _seen_by_others(claim) == before
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reporter)
    retract_source(source=item.source, reason="Taken back.", by=cast.editor)
    assert _seen_by_others(claim) == before


def test_a_restricted_denial_by_a_party_contests_nothing(cast: Cast) -> None:
    claim = factories.claim(cast)
    party = claim.parties.get(name__startswith="Accused")
    source = factories.source(cast, publisher=party, by=cast.editor, visibility="restricted")
    before = _seen_by_others(claim)
    factories.attach(cast, claim, source, "denies", by=cast.editor)
    assert _seen_by_others(claim) == before


def test_a_restricted_refutation_needs_no_answer(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    _hidden(cast, claim, "refutes")
    assert factories.assessment(cast, claim, "corroborated", answers=[]).state == "waiting"


def test_a_restricted_upstream_is_as_if_none_were_recorded(cast: Cast) -> None:
    claim = factories.claim(cast)
    source = factories.source(cast, publisher=factories.actor(cast), basis="secondhand")
    factories.attach(cast, claim, source)
    before = _seen_by_others(claim)
    add_relay(downstream=source, upstream=_hidden_source(cast, by=cast.editor).pk, by=cast.editor)
    assert _seen_by_others(claim) == before


def test_retracting_what_is_restricted_names_no_claim(cast: Cast) -> None:
    item = _hidden(cast, factories.claim(cast))
    assert retract_source(source=item.source, reason="So.", effects=Effects(dry_run=True), by=cast.editor).effects == []


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("reporter", True),  # who put it in
        ("reviewer", True),  # who has the claim
        ("editor", True),
        ("reviewer2", False),
        ("auditor", False),
        ("admin", False),
        ("stranger", False),
    ],
)
def test_who_sees_it(cast: Cast, name: str, seen: bool) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim, accepted=False)
    item, person = _hidden(cast, claim), getattr(cast, name)
    assert evidence_of(person, claim).filter(pk=item.pk).exists() is seen
    assert visible_sources(person).filter(pk=item.source_id).exists() is seen
    if not seen:
        with pytest.raises(NotFound):
            get_evidence(person, claim, item.pk)
        with pytest.raises(NotFound):
            get_source(person, item.source_id)


@pytest.mark.parametrize(
    ("name", "seen"), [("reporter", True), ("editor", True), ("reviewer", False), ("auditor", False)]
)
def test_who_sees_a_restricted_actor(cast: Cast, name: str, seen: bool) -> None:
    actor = factories.actor(cast, by=cast.reporter, visibility="restricted")
    assert visible_actors(getattr(cast, name)).filter(pk=actor.pk).exists() is seen
    if not seen:
        with pytest.raises(NotFound):
            get_actor(getattr(cast, name), actor.pk)


def test_who_no_longer_has_the_claim_sees_it_no_longer(cast: Cast) -> None:
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    item = _hidden(cast, claim)
    decline(assignment=assignment, reason="No time.", by=cast.reviewer)
    with pytest.raises(NotFound):
        get_evidence(cast.reviewer, claim, item.pk)


@pytest.mark.parametrize(("name", "count"), [("auditor", 1), ("reviewer2", 0), ("stranger", 0), ("admin", 0)])
def test_only_auditors_learn_that_something_is_withheld(cast: Cast, name: str, count: int) -> None:
    claim = factories.claim(cast)
    _hidden(cast, claim)
    assert withheld_evidence(getattr(cast, name), claim) == count


@pytest.mark.parametrize("act", [change_evidence, withdraw_evidence])
def test_who_does_not_see_it_does_not_change_it(cast: Cast, act: Any) -> None:
    item = _hidden(cast, factories.claim(cast))
    fields: dict[str, Any] = {"fields": EvidenceInput(excerpt="x")} if act is change_evidence else {"reason": "x"}
    with pytest.raises(NotFound):
        act(evidence=item, by=cast.reviewer2, **fields)


def test_who_does_not_see_a_source_does_not_attach_it(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        factories.attach(cast, factories.claim(cast), _hidden_source(cast), by=cast.reviewer2)
    assert error.value.errors == {"source": ["Source not found on this desk."]}


def test_evidence_is_at_least_as_strict_as_its_source(cast: Cast) -> None:
    claim = factories.claim(cast)
    for source, visibility in ((_hidden_source(cast, by=cast.editor), "desk"), (factories.source(cast), "public")):
        with pytest.raises(Invalid) as error:
            factories.attach(cast, claim, source, by=cast.editor, visibility=visibility)
        assert set(error.value.errors) == {"visibility"}


def test_a_source_is_at_least_as_strict_as_its_publisher(cast: Cast) -> None:
    hidden = factories.actor(cast, by=cast.reviewer, visibility="restricted")
    for publisher, visibility in ((hidden, "desk"), (factories.actor(cast), "public")):
        with pytest.raises(Invalid) as error:
            factories.source(cast, publisher=publisher, visibility=visibility)
        assert set(error.value.errors) == {"visibility"}


@pytest.mark.parametrize("name", ["part_of", "owned_by"])
def test_an_actor_that_others_point_at_is_not_restricted(cast: Cast, name: str) -> None:
    above = factories.actor(cast)
    below: dict[str, Any] = {name: above}
    factories.actor(cast, **below)
    with pytest.raises(Invalid) as error:
        change_actor(actor=above, fields=ActorInput(visibility="restricted"), by=cast.editor)
    assert set(error.value.errors) == {"visibility"}


@pytest.mark.parametrize("name", ["part_of", "owned_by"])
def test_nothing_open_points_at_a_restricted_actor(cast: Cast, name: str) -> None:
    above: dict[str, Any] = {name: factories.actor(cast, by=cast.reviewer, visibility="restricted")}
    with pytest.raises(Invalid) as error:
        factories.actor(cast, **above)
    assert set(error.value.errors) == {name}


@pytest.mark.parametrize("field", ["claimant", "parties", "also_claimed_by"])
def test_no_claim_names_a_restricted_actor(cast: Cast, field: str) -> None:
    hidden = factories.actor(cast, by=cast.reviewer, visibility="restricted")
    with pytest.raises(Invalid) as error:
        named: Any = hidden.pk if field == "claimant" else [hidden.pk]
        edit_claim(
            claim=factories.claim(cast),
            fields=ClaimInput(**{field: named}),
            by=cast.reviewer,
        )
    assert set(error.value.errors) == {field}


def test_no_open_evidence_names_a_restricted_actor(cast: Cast) -> None:
    hidden = factories.actor(cast, by=cast.reviewer, visibility="restricted")
    fields: dict[str, Any] = {"against_interest": hidden, "against_interest_reason": "It hurts."}
    with pytest.raises(Invalid) as error:
        factories.attach(cast, factories.claim(cast), factories.source(cast), **fields)
    assert set(error.value.errors) == {"against_interest"}


def test_an_actor_that_others_see_named_is_not_made_restricted(cast: Cast) -> None:
    publisher = factories.actor(cast)
    factories.source(cast, publisher=publisher)
    with pytest.raises(Invalid) as error:
        change_actor(actor=publisher, fields=ActorInput(visibility="restricted"), by=cast.editor)
    assert (set(error.value.errors), fresh(publisher).visibility) == ({"visibility"}, "desk")


def test_a_source_that_becomes_restricted_takes_its_evidence_out_of_every_number(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    item = claim.evidence.filter(source__basis="firsthand")[0]
    change_source(source=item.source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    row = fresh(claim)
    assert (fresh(item).visibility, row.independence_min, row.support_lost) == ("restricted", 1, True)


@pytest.mark.parametrize("name", ["reporter", "reviewer"])
def test_only_an_editor_releases(cast: Cast, name: str) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    item = factories.attach(
        cast, claim, factories.source(cast, by=cast.reporter), by=cast.reporter, visibility="restricted"
    )
    hidden = _hidden_source(cast)
    rows = (item, hidden, hidden.publisher)
    for row in rows:
        with pytest.raises(Forbidden):
            factories.released(row, getattr(cast, name))
    assert {fresh(row).visibility for row in rows if row} == {"restricted"}


@pytest.mark.parametrize("name", ["reporter", "editor"])
def test_no_edit_releases(cast: Cast, name: str) -> None:
    by = getattr(cast, name)
    item = _hidden(cast, factories.claim(cast, by=cast.reporter))
    publisher = item.source.publisher
    assert isinstance(publisher, Actor)
    with pytest.raises(Invalid, match="an editor must release it"):
        change_actor(actor=publisher, fields=ActorInput(visibility="desk"), by=by)
    with pytest.raises(Invalid, match="an editor must release it"):
        change_source(source=item.source, fields=SourceInput(visibility="desk", publisher=None), by=by)
    free = factories.attach(cast, item.claim, factories.source(cast), by=cast.reporter, visibility="restricted")
    with pytest.raises(Invalid, match="an editor must release it"):
        change_evidence(evidence=free, fields=EvidenceInput(visibility="desk"), by=by)
    assert {fresh(row).visibility for row in (item, free, item.source, publisher)} == {"restricted"}


def test_what_an_editor_releases_step_by_step_counts_at_last(cast: Cast) -> None:
    claim = factories.claim(cast)
    item = _hidden(cast, claim)
    publisher = item.source.publisher
    assert publisher is not None
    factories.released(publisher, cast.editor)
    factories.released(item.source, cast.editor)
    assert (fresh(item).visibility, fresh(claim).independence_min, fresh(claim).version) == ("restricted", 0, 1)
    factories.released(item, cast.editor)
    assert (fresh(claim).independence_min, fresh(claim).version) == (1, 2)


def test_restricted_evidence_supersedes_nothing_that_others_see(cast: Cast) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    said = factories.source(cast, publisher=denial.source.publisher, by=cast.editor)
    later = factories.attach(cast, claim, said, "context", by=cast.editor)
    change_evidence(evidence=denial, fields=EvidenceInput(superseded_by=later.pk), by=cast.editor)
    assert not fresh(claim).contested
    change_evidence(evidence=later, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    assert (fresh(denial).live, fresh(claim).contested) == (True, True)
    with pytest.raises(Invalid):
        change_evidence(evidence=denial, fields=EvidenceInput(superseded_by=later.pk), by=cast.editor)


def test_a_source_made_restricted_supersedes_nothing_that_others_see(cast: Cast) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    said = factories.source(cast, publisher=denial.source.publisher, by=cast.editor)
    later = factories.attach(cast, claim, said, "context", by=cast.editor)
    change_evidence(evidence=denial, fields=EvidenceInput(superseded_by=later.pk), by=cast.editor)
    change_source(source=said, fields=SourceInput(visibility="restricted"), by=cast.editor)
    assert (fresh(denial).live, fresh(claim).contested) == (True, True)


def test_the_public_sees_what_is_public_of_a_source_that_is(cast: Cast) -> None:
    claim = factories.claim(cast)
    publisher = factories.actor(cast, visibility="public")
    sources = [
        factories.source(cast, publisher=publisher, visibility=visibility)
        for visibility in ("public", "public", "desk")
    ]
    shown = factories.attach(cast, claim, sources[0], visibility="public")
    for source in sources[1:]:
        factories.attach(cast, claim, source, visibility="desk")
    assert list(public_evidence(claim)) == [shown]


def test_a_source_made_restricted_raises_the_version_of_its_claims(cast: Cast) -> None:
    claim = factories.claim(cast)
    (item,) = factories.firsthand(cast, claim, 1)
    seen = fresh(claim).version
    change_source(source=item.source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    assert changes_since(claim, seen) == ["editor changed the evidence “withheld”."]


def test_a_capture_made_while_restricted_stays_so_when_its_source_is_released(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor, url="https://example.org/", visibility="restricted")
    capture = request_capture(source=source, by=cast.editor)
    factories.released(source, cast.editor)
    for person, seen in ((cast.editor, [capture]), (cast.reviewer, [])):
        assert list(captures_of(person, source)) == seen
        assert list(last_captures(person, [source.pk]).values()) == seen


@pytest.mark.parametrize("role", ["publisher", "against_interest", "part"])
def test_restricting_an_actor_tells_nothing_of_what_is_restricted_already(cast: Cast, role: str) -> None:
    actor = factories.actor(cast, kind="person", by=cast.reviewer)
    claim = factories.claim(cast)
    if role == "publisher":
        source = factories.source(cast, publisher=actor, visibility="restricted", by=cast.editor)
        factories.attach(cast, claim, source, by=cast.editor)
    elif role == "against_interest":
        factories.attach(
            cast, claim, _hidden_source(cast, by=cast.editor), by=cast.editor,
            against_interest=actor, against_interest_reason="It costs them.",
        )  # fmt: skip
    else:
        part = factories.actor(cast, part_of=actor, visibility="restricted", by=cast.editor)
        source = factories.source(cast, publisher=part, visibility="restricted", by=cast.editor)
        factories.attach(cast, claim, source, by=cast.editor)
    change_actor(actor=actor, fields=ActorInput(visibility="restricted"), by=cast.reviewer)
    assert fresh(actor).visibility == "restricted"


@pytest.mark.parametrize("role", ["claimant", "party", "also_claimed_by", "against_interest"])
def test_an_actor_whom_everybody_reads_is_not_restricted(cast: Cast, role: str) -> None:
    actor = factories.actor(cast)
    if role == "against_interest":
        factories.firsthand(
            cast, factories.claim(cast), 1, against_interest=actor, against_interest_reason="It costs them."
        )
    else:
        named = {"claimant": {"claimant": actor}, "party": {"parties": [actor]}}
        factories.claim(cast, **named.get(role, {"also_claimed_by": [actor.pk]}))  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="name this actor"):
        change_actor(actor=actor, fields=ActorInput(visibility="restricted"), by=cast.editor)
