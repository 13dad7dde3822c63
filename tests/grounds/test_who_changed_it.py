"""Whoever changed what a verdict rests on does not confirm it, also where the row was outside the grounds meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from claims.actions.evidence import change_evidence
from claims.actions.releasing import release_evidence, release_source
from claims.actions.sources import add_relay, change_actor, change_source, remove_relay
from claims.inputs import EvidenceInput
from claims.verdicts.grounds_authors import Authors, authors_of
from claims.verdicts.grounds_watch import verdict_watch
from house.errors import Forbidden
from reviews.actions.grounds import confirm_verdict, may_confirm_verdict
from reviews.grounds_shown import of_verdict
from sources.actions import attach_file
from sources.inputs import ActorInput, SourceInput
from tests import factories
from tests.factories import fresh
from tests.grounds.edits import GroundsWorld, world

pytestmark = pytest.mark.django_db


def _out_and_in_by_restricting(made: GroundsWorld, by: User) -> None:
    """The editor restricts a source and releases it; whoever is tried changes its title meanwhile."""
    change_source(source=made.source, fields=SourceInput(visibility="restricted"), by=made.cast.editor)
    change_source(source=fresh(made.source), fields=SourceInput(title="Swapped"), by=by)
    release_source(source=fresh(made.source), visibility="desk", reason="They agreed.", by=made.cast.editor)
    release_evidence(evidence=fresh(made.item), visibility="desk", reason="They agreed.", by=made.cast.editor)


def _excerpt_while_restricted(made: GroundsWorld, by: User) -> None:
    change_evidence(evidence=made.item, fields=EvidenceInput(visibility="restricted"), by=made.cast.reviewer2)
    change_evidence(evidence=fresh(made.item), fields=EvidenceInput(excerpt="Swapped"), by=by)
    release_evidence(evidence=fresh(made.item), visibility="desk", reason="They agreed.", by=made.cast.editor)


def _upstream_detached(made: GroundsWorld, by: User) -> None:
    remove_relay(relay=made.relay, by=made.cast.reviewer2)
    change_source(source=made.upstream, fields=SourceInput(title="Swapped"), by=by)
    add_relay(downstream=made.source, upstream=made.upstream.pk, quote=made.relay.quote, by=made.cast.reviewer2)


def _upstream_of_it_detached(made: GroundsWorld, by: User) -> None:
    remove_relay(relay=made.relay, by=made.cast.reviewer2)
    add_relay(downstream=made.upstream, upstream=made.spare.pk, quote="So it says.", by=by)
    add_relay(downstream=made.source, upstream=made.upstream.pk, quote=made.relay.quote, by=made.cast.reviewer2)


def _file_of_it_detached(made: GroundsWorld, by: User) -> None:
    remove_relay(relay=made.relay, by=made.cast.reviewer2)
    attach_file(source=made.upstream, chunks=[b"a page"], name="page.txt", by=by)
    add_relay(downstream=made.source, upstream=made.upstream.pk, quote=made.relay.quote, by=made.cast.reviewer2)


def _publisher_swapped(made: GroundsWorld, by: User) -> None:
    change_source(source=made.source, fields=SourceInput(publisher=made.other.pk), by=made.cast.reviewer2)
    change_actor(actor=made.publisher, fields=ActorInput(name="Swapped"), by=by)
    change_source(source=fresh(made.source), fields=SourceInput(publisher=made.publisher.pk), by=made.cast.reviewer2)


def _parent_swapped(made: GroundsWorld, by: User) -> None:
    change_actor(actor=made.publisher, fields=ActorInput(part_of=None), by=made.cast.reviewer2)
    change_actor(actor=made.parent, fields=ActorInput(name="Swapped"), by=by)
    change_actor(actor=fresh(made.publisher), fields=ActorInput(part_of=made.parent.pk), by=made.cast.reviewer2)


def _file_released(made: GroundsWorld, by: User) -> None:
    kept = attach_file(source=made.source, chunks=[b"a page"], name="p.txt", visibility="restricted", by=by)
    factories.released(kept, factories.person("editor3", "editor", made.cast.desk))


def _second(made: GroundsWorld) -> User:
    found: User = User.objects.filter(username="editor2").first() or factories.person(
        "editor2", "editor", made.cast.desk
    )
    return found


OUTSIDE: dict[str, Callable[[GroundsWorld, User], Any]] = {
    "source restricted": _out_and_in_by_restricting,
    "evidence restricted": _excerpt_while_restricted,
    "upstream detached": _upstream_detached,
    "relay of what was detached": _upstream_of_it_detached,
    "file of what was detached": _file_of_it_detached,
    "publisher swapped": _publisher_swapped,
    "parent swapped": _parent_swapped,
    "file released": _file_released,
}


def _confirm(made: GroundsWorld, by: User) -> None:
    shown = of_verdict(by, fresh(made.claim))
    assert shown is not None
    confirm_verdict(claim=made.claim, reason="I compared both.", seen_grounds=shown.now, by=by)


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("who", ["reviewer", "editor"])
def test_who_changed_a_row_outside_the_grounds_does_not_confirm_it(verdict: GroundsWorld, name: str, who: str) -> None:
    by = getattr(verdict.cast, who)
    if who == "reviewer" and name == "source restricted":
        by = verdict.cast.editor  # who alone sees it then: their own change, restricted and released by themselves
    second = _second(verdict)
    OUTSIDE[name](verdict, by)
    assert fresh(verdict.claim).changed_since_verdict
    shown = of_verdict(second, fresh(verdict.claim))
    assert shown is not None
    assert all(line.who for line in shown.diff.lines)
    with pytest.raises(Forbidden):
        _confirm(verdict, by)
    _confirm(verdict, second)
    assert not fresh(verdict.claim).changed_since_verdict


def test_a_file_put_in_before_and_released_after_the_verdict_is_also_its_uploaders(db: None) -> None:
    made = world()
    kept = attach_file(
        source=made.source, chunks=[b"a page"], name="p.txt", visibility="restricted", by=made.cast.reviewer
    )
    factories.approved(made.cast, made.assessment)
    factories.released(kept, made.cast.editor)
    for person in (made.cast.reviewer, made.cast.editor):
        with pytest.raises(Forbidden):
            _confirm(made, person)
    _confirm(made, _second(made))


def test_the_line_says_who_changed_it_meanwhile(verdict: GroundsWorld) -> None:
    _upstream_detached(verdict, verdict.cast.reviewer)
    shown = of_verdict(verdict.cast.editor, fresh(verdict.claim))
    assert shown is not None
    told = {line.field: [name for name, _at in line.who] for line in shown.diff.lines if line.kind == "source"}
    assert told == {"title": ["reviewer"]}


def test_where_nobody_is_known_only_an_editor_who_had_no_part_in_it_may_confirm(verdict: GroundsWorld) -> None:
    second = _second(verdict)
    unknown = Authors(frozenset({verdict.cast.editor.pk}), known=False)
    for person in (verdict.cast.reviewer, verdict.cast.editor):
        with pytest.raises(Forbidden):
            may_confirm_verdict(person, verdict.claim, unknown)
    may_confirm_verdict(second, verdict.claim, unknown)


def test_a_difference_that_no_act_tells_of_is_of_somebody_unknown(verdict: GroundsWorld) -> None:
    watched = verdict_watch(verdict.claim)
    assert watched is not None
    content = {**watched.grounds.content, "actor": {}}
    assert authors_of(watched.grounds, watched.grounds.content).known
    assert not authors_of(watched.grounds, content).known
