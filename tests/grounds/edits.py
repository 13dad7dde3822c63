"""Everything that people can do to grounds of an assessment or verdict, each by name, through the actions.

`EDITS` is what the tests walk: an edit takes the world and who makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from accounts.models import User
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, set_threshold
from claims.actions.desks import change_policy
from claims.actions.evidence import attach_evidence, change_evidence, withdraw_evidence
from claims.actions.sources import (
    add_relay,
    change_actor,
    change_source,
    correct_source,
    remove_relay,
    retract_source,
)
from claims.inputs import ClaimInput, DeskEdit, ElementInput, EvidenceInput, MergeInput, ThresholdInput
from claims.models import Claim, Evidence
from reviews.models import Assessment
from sources.actions import attach_file
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Relay, Source
from tests import factories
from tests.factories import Cast, fresh
from tests.kept import KeptRows


@dataclass(frozen=True)
class GroundsWorld:
    """A claim of two elements, on three firsthand voices and an answered refutation, with what is upstream of one.

    Besides what says otherwise and is answered by nobody: `aside` was a refutation, `shut` is a restricted one, `past`
    one that a later statement of its voice supersedes.
    """

    cast: Cast
    claim: Claim
    assessment: Assessment
    item: Evidence
    answered: Evidence
    source: Source
    upstream: Source
    relay: Relay
    publisher: Actor
    parent: Actor
    other: Actor
    spare: Source
    aside: Evidence
    shut: Evidence
    past: Evidence
    later: Evidence


def world() -> GroundsWorld:
    """All of it, with an assessment of the reviewer that waits."""
    return _kept_world(factories.cast())


def _make_world(cast: Cast) -> GroundsWorld:
    claim = factories.claim(cast, elements=["by night", "without papers"])
    parent = factories.actor(cast, "Harbour authority", kind="organisation")
    publisher = factories.actor(cast, "Harbour master", kind="person", part_of=parent, visibility="public")
    source = factories.source(
        cast,
        "Harbour log",
        publisher=publisher,
        basis="firsthand",
        url="https://example.org/log",
        visibility="public",
    )
    upstream = factories.source(cast, "Crane protocol", publisher=factories.actor(cast, "Crane driver", kind="person"))
    relay = factories.relay(cast, source, upstream, quote="as the crane driver wrote")
    item = factories.attach(cast, claim, source, excerpt="at two in the morning", locator="p. 3", credibility=2)
    factories.firsthand(cast, claim, 3)
    (answered,) = factories.firsthand(cast, claim, 1, stance="refutes")
    other = factories.actor(cast, "Another", kind="organisation", visibility="public")
    spare = factories.source(cast, "Spare")
    beside = _beside(cast, claim)
    assessment = factories.assessment(cast, claim, "corroborated")
    return GroundsWorld(
        *(cast, fresh(claim), assessment, item, answered, source, upstream, relay, publisher, parent, other, spare),
        *beside,
    )


def _beside(cast: Cast, claim: Claim) -> tuple[Evidence, Evidence, Evidence, Evidence]:
    """Refutations that nobody has to answer any more, and what supersedes the last of them."""
    aside = factories.attach(cast, claim, factories.source(cast, "Gate book"), "refutes")
    change_evidence(evidence=aside, fields=EvidenceInput(stance="context"), by=cast.reviewer)
    hidden = factories.source(cast, "Letter", visibility="restricted", by=cast.editor)
    shut = factories.attach(cast, claim, hidden, "refutes", by=cast.editor)
    voice = factories.actor(cast, "Pilot", kind="person")
    days = (datetime(2022, 10, 4, tzinfo=UTC), datetime(2022, 10, 5, tzinfo=UTC))
    said = [factories.source(cast, f"Pilot, {day:%j}", publisher=voice, published_at=day) for day in days]
    past = factories.attach(cast, claim, said[0], "refutes")
    later = factories.attach(cast, claim, said[1], "context")
    change_evidence(evidence=past, fields=EvidenceInput(superseded_by=later.pk), by=cast.reviewer)
    return fresh(aside), fresh(shut), fresh(past), fresh(later)


_kept_world = KeptRows(_make_world)
Edit = Callable[[GroundsWorld, User], Any]


def _claim(**fields: Any) -> Edit:
    return lambda w, by: edit_claim(claim=w.claim, fields=ClaimInput(**fields), by=by)


def _item(**fields: Any) -> Edit:
    return lambda w, by: change_evidence(evidence=w.item, fields=EvidenceInput(**fields), by=by)


def _source(**fields: Any) -> Edit:
    return lambda w, by: change_source(source=w.source, fields=SourceInput(**fields), by=by)


def _upstream(**fields: Any) -> Edit:
    return lambda w, by: change_source(source=w.upstream, fields=SourceInput(**fields), by=by)


def _actor(**fields: Any) -> Edit:
    return lambda w, by: change_actor(actor=w.publisher, fields=ActorInput(**fields), by=by)


def _elements(w: GroundsWorld, by: User, *, more: str = "", essential: bool = True, reworded: str = "") -> Any:
    elements = list(w.claim.elements.order_by("position"))
    entries: list[dict[str, Any]] = [
        {"id": element.pk, "text": element.text, "essential": element.essential} for element in elements
    ]
    entries[0]["text"] = reworded or entries[0]["text"]
    entries[1]["essential"] = essential
    if more:
        entries.append({"text": more})
    return edit_claim(claim=w.claim, fields=ClaimInput(elements=[ElementInput(**each) for each in entries]), by=by)


def _file(w: GroundsWorld, by: User) -> Any:
    return attach_file(source=w.upstream, chunks=[b"a page of the log"], name="log.txt", by=by)


def _release_shut(w: GroundsWorld) -> Any:
    factories.released(w.shut.source, w.cast.editor)
    return factories.released(w.shut, w.cast.editor)


def _supersede(w: GroundsWorld, by: User) -> Any:
    later = factories.source(w.cast, "Later log", publisher=w.publisher, basis="firsthand")
    factories.relay(w.cast, later, w.upstream)
    newer = factories.attach(w.cast, w.claim, later, by=by)
    return change_evidence(evidence=w.item, fields=EvidenceInput(superseded_by=newer.pk), by=by)


# What a verdict forbids (its wording stays) is tried before one only.
WORDING: dict[str, Edit] = {
    "claim statement": _claim(statement="A container was unloaded by day."),
    "element reworded": lambda w, by: _elements(w, by, reworded="in the dark"),
    "element not essential": lambda w, by: _elements(w, by, essential=False),
}
EDITS: dict[str, Edit] = {
    "claim original": _claim(original_statement="Kontener rozladowano noca."),
    "claim language": _claim(language="pl"),
    "claim claimant": lambda w, by: edit_claim(claim=w.claim, fields=ClaimInput(claimant=w.other.pk), by=by),
    "claim also claimed by": lambda w, by: edit_claim(
        claim=w.claim, fields=ClaimInput(also_claimed_by=[w.other.pk]), by=by
    ),
    "claim parties": lambda w, by: edit_claim(claim=w.claim, fields=ClaimInput(parties=[w.other.pk]), by=by),
    "claim claimed on": _claim(claimed_on=date(2022, 10, 3)),
    "claim happened": _claim(happened_from=date(2022, 10, 1), happened_to=date(2022, 10, 2)),
    "claim place": _claim(place="Odesa"),
    "element added": lambda w, by: _elements(w, by, more="under a foreign flag"),
    "threshold": lambda w, by: set_threshold(
        claim=w.claim, fields=ThresholdInput(threshold=1, reason="A small matter."), by=w.cast.editor
    ),
    "desk's threshold": lambda w, by: change_policy(
        desk=w.cast.desk, edit=DeskEdit({"min_independence": 1}), by=w.cast.editor
    ),
    "evidence stance": _item(stance="context"),
    "evidence elements": lambda w, by: change_evidence(
        evidence=w.item, fields=EvidenceInput(elements=[w.claim.elements.all()[0].pk]), by=by
    ),
    "evidence basis": _item(basis="secondhand"),
    "evidence basis reason": _item(basis_reason="He stood beside it."),
    "evidence excerpt": _item(excerpt="at noon"),
    "evidence place": _item(locator="p. 4"),
    "evidence credibility": _item(credibility=4),
    "evidence against interest": lambda w, by: change_evidence(
        evidence=w.item,
        fields=EvidenceInput(against_interest=w.publisher.pk, against_interest_reason="It costs him his post."),
        by=by,
    ),
    "evidence restricted": _item(visibility="restricted"),
    "evidence released": lambda w, _by: factories.released(w.item, w.cast.editor, "public"),
    "evidence withdrawn": lambda w, by: withdraw_evidence(evidence=w.item, reason="A mix-up.", by=by),
    "evidence superseded": _supersede,
    "answered excerpt": lambda w, by: change_evidence(
        evidence=w.answered, fields=EvidenceInput(excerpt="It was empty."), by=by
    ),
    "source kind": _source(kind="document"),
    "source title": _source(title="Another log"),
    "source address": _source(url="https://example.org/other"),
    "source publisher": lambda w, by: change_source(source=w.source, fields=SourceInput(publisher=w.other.pk), by=by),
    "source date": _source(published_at=datetime(2022, 10, 3, 12, 0, 30, tzinfo=UTC)),
    "source basis": _source(basis="unknown"),
    "source basis reason": _source(basis_reason="He was there."),
    "source language": _source(language="uk"),
    "source reliability": _source(reliability="D"),
    "source restricted": _source(visibility="restricted"),
    "source retracted": lambda w, by: retract_source(source=w.source, reason="Taken back.", by=w.cast.editor),
    "source corrected": lambda w, by: correct_source(source=w.source, reason="The date was wrong.", by=w.cast.editor),
    "upstream title": _upstream(title="Another protocol"),
    "upstream restricted": _upstream(visibility="restricted"),
    "upstream file": _file,
    "upstream retracted": lambda w, by: retract_source(source=w.upstream, reason="Taken back.", by=w.cast.editor),
    "relay added": lambda w, by: add_relay(downstream=w.upstream, upstream=w.spare.pk, quote="as it says", by=by),
    "relay removed": lambda w, by: remove_relay(relay=w.relay, by=by),
    "publisher name": _actor(name="Someone else"),
    "publisher kind": _actor(kind="organisation"),
    "publisher part of": lambda w, by: change_actor(actor=w.publisher, fields=ActorInput(part_of=w.other.pk), by=by),
    "publisher part of until": _actor(part_of_to=date(2021, 1, 1)),
    "publisher stands alone": _actor(stands_alone_because="By law."),
    "publisher reliability": _actor(reliability="B"),
    "parent not checked": lambda w, by: change_actor(
        actor=w.parent, fields=ActorInput(speaks_for_checked=False), by=by
    ),
    "parent name": lambda w, by: change_actor(actor=w.parent, fields=ActorInput(name="Port authority"), by=by),
    "actors merged": lambda w, by: merge_actors(
        actor=w.publisher, fields=MergeInput(into=w.other.pk, reason="The same.", chain="into"), by=w.cast.editor
    ),
    # What says otherwise, and is named or answered by nobody, comes or is superseded in another way.
    "refutation attached": lambda w, by: attach_evidence(
        claim=w.claim, fields=EvidenceInput(source=w.spare.pk, stance="refutes"), by=by
    ),
    "refutation put back": lambda w, by: change_evidence(
        evidence=w.aside, fields=EvidenceInput(stance="refutes"), by=by
    ),
    "refutation released": lambda w, _by: _release_shut(w),
    "refutation superseded no more": lambda w, by: change_evidence(
        evidence=w.past, fields=EvidenceInput(superseded_by=None), by=by
    ),
    "what supersedes it withdrawn": lambda w, by: withdraw_evidence(evidence=w.later, reason="A mix-up.", by=by),
    "what supersedes it restricted": lambda w, by: change_evidence(
        evidence=w.later, fields=EvidenceInput(visibility="restricted"), by=by
    ),
    "what supersedes it of another voice": lambda w, by: change_source(
        source=w.later.source, fields=SourceInput(publisher=w.other.pk), by=by
    ),
    "what supersedes it of an earlier day": lambda w, by: change_source(
        source=w.later.source, fields=SourceInput(published_at=datetime(2022, 10, 3, tzinfo=UTC)), by=by
    ),
    "voice of what supersedes it": lambda w, by: change_actor(
        actor=Actor.objects.get(name="Pilot"), fields=ActorInput(part_of=w.other.pk), by=by
    ),
}
# Of these nothing is part of the grounds but that a refutation has come: it has to be answered.
TO_ANSWER = {"refutation attached", "refutation put back", "refutation released"}
# What is no part of the grounds: nothing has to be confirmed for it, and nothing is marked.
HARMLESS: dict[str, Edit] = {
    "claim topics": _claim(topics=["ports"]),
    "other evidence": lambda w, by: attach_evidence(
        claim=w.claim, fields=EvidenceInput(source=w.spare.pk, stance="context"), by=by
    ),
    "more support": lambda w, by: attach_evidence(
        claim=w.claim, fields=EvidenceInput(source=w.spare.pk, stance="supports"), by=by
    ),
    "restricted refutation": lambda w, by: attach_evidence(
        claim=w.claim, fields=EvidenceInput(source=w.spare.pk, stance="refutes", visibility="restricted"), by=by
    ),
    "another source": lambda w, by: change_source(source=w.spare, fields=SourceInput(title="Spare part"), by=by),
    "another actor": lambda w, by: change_actor(actor=w.other, fields=ActorInput(name="Yet another"), by=by),
    "publisher's owner": lambda w, by: change_actor(actor=w.publisher, fields=ActorInput(owned_by=w.other.pk), by=by),
    "restricted file": lambda w, by: attach_file(
        source=w.source, chunks=[b"secret"], name="s.txt", visibility="restricted", by=by
    ),
    "days to review": lambda w, by: change_policy(
        desk=w.cast.desk, edit=DeskEdit({"days_to_review": 3}), by=w.cast.editor
    ),
    "the same again": _source(title="Harbour log"),
}
