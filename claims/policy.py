"""Whether a move is possible now, and what is missing where it is not. Pure; who may make it is asked elsewhere."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Missing
from claims.standing import ElementView, EvidenceView, Standing, bearings, on_element, party_denials, threshold_for
from claims.states import Move, State
from sources.independence import Independence

STANCE_OF_VERDICT = {State.CORROBORATED: "supports", State.REFUTED: "refutes"}
CONTRARY_STANCE = {State.CORROBORATED: "refutes", State.REFUTED: "supports"}
"""The bearing of the evidence that a verdict has to answer by name."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last status change: on which evidence it rests, and when it was."""

    to: State
    evidence: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody wants to move a claim on.

    `named`: ids of the evidence it rests on; None asks about all that counts, as the page does beforehand.
    `answered`: ids of the contrary evidence answered by name; None takes the answers as given.
    """

    named: frozenset[str] | None = None
    answered: frozenset[str] | None = None
    recorded_mistake: bool = False


def missing_for(move: Move, standing: Standing, last: LastChange | None, finding: Finding) -> list[Missing]:
    """What a move lacks, in the order in which one would see to it; empty when it is possible now."""
    if move.name == "report":
        return [] if standing.evidence else [Missing("no_source", _("Reporting needs at least one source."))]
    if move.name == "record denial":
        return _missing_denial(standing, finding)
    if move.name == "corroborate":
        return _missing_corroboration(standing, finding)
    if move.name == "refute":
        return _missing_refutation(standing, finding)
    if move.name == "withdraw denial":
        count = len(party_denials(standing))
        text = ngettext("%(count)d denial by a party still stands.", "%(count)d denials by parties still stand.", count)
        return [Missing("denial_stands", text % {"count": count})] if count else []
    if move.name == "reopen":
        return _missing_reopening(standing, last, finding)
    return []


def _missing_denial(standing: Standing, finding: Finding) -> list[Missing]:
    denials = {item.id for item in party_denials(standing)}
    if not denials:
        return [Missing("no_party_denial", _("Nothing attached is a denial by a party, dated on or after the claim."))]
    if finding.named is not None and not denials & finding.named:
        return [Missing("party_denial_not_named", _("Name the denial by a party that this rests on."))]
    return []


def contrary(standing: Standing, stance: str, element: ElementView | None = None) -> list[EvidenceView]:
    """Live evidence of the other side that a verdict has to answer by name: refutations, or supports of an element."""
    other = "refutes" if stance == "supports" else "supports"
    return [
        item
        for item in standing.evidence
        if item.stance == other and item.live and (element is None or item.bears_on(element))
    ]


def _missing_corroboration(standing: Standing, finding: Finding) -> list[Missing]:
    missing = []
    for element in standing.essential:
        missing += _missing_voices(standing, "supports", element, finding.named)
    return missing + _missing_answers(standing, contrary(standing, "supports"), finding)


def _missing_refutation(standing: Standing, finding: Finding) -> list[Missing]:
    """One essential element is enough: what the one nearest to refuted lacks."""
    return _nearest_refuted(standing, finding)[2]


def _nearest_refuted(standing: Standing, finding: Finding) -> tuple[ElementView, Independence, list[Missing]]:
    """The essential element that lacks nothing, else the one that refutation has come furthest on; what it lacks."""
    options = []
    for element in standing.essential:
        voices = _missing_voices(standing, "refutes", element, finding.named)
        answers = _missing_answers(standing, contrary(standing, "refutes", element), finding)
        result = on_element(standing, "refutes", element, finding.named)
        order = (bool(voices or answers), bool(voices), -result.min, -result.max, len(answers))
        options.append((order, (element, result, voices + answers)))
    return min(options, key=lambda option: option[0])[1]


def refuted_element(
    standing: Standing, named: frozenset[str] | None, answered: frozenset[str] | None = None
) -> tuple[ElementView, Independence]:
    """The essential element that a refutation rests on, or has come furthest on, with its interval."""
    return _nearest_refuted(standing, Finding(named, answered))[:2]


def _missing_voices(
    standing: Standing, stance: str, element: ElementView, named: Collection[str] | None
) -> list[Missing]:
    """The independent voices that a stance lacks on an element, and what could supply them."""
    result = on_element(standing, stance, element, named)
    needed = threshold_for(standing, stance, element, named)
    if result.min >= needed:
        return []
    count = needed - result.min
    if element.id is None:
        text = ngettext("%(count)d more independent voice.", "%(count)d more independent voices.", count) % {
            "count": count
        }
    else:
        text = ngettext(
            "%(count)d more independent voice for “%(element)s”.",
            "%(count)d more independent voices for “%(element)s”.",
            count,
        ) % {"count": count, "element": element.text}
    if result.max > result.min:
        text += " " + _could_supply(standing, stance, element, named)
    return [Missing(f"voices_{stance}", text)]


def _could_supply(standing: Standing, stance: str, element: ElementView, named: Collection[str] | None) -> str:
    unknown = [source for source in _involved(standing, stance, element, named) if lineage_unknown(standing, source)]
    count = len(unknown)
    return ngettext(
        "Establishing where this source got it could supply it.",
        "Establishing where these %(count)d sources got it could supply it.",
        count,
    ) % {"count": count}


def _involved(standing: Standing, stance: str, element: ElementView, named: Collection[str] | None) -> frozenset[str]:
    return standing.upstream_of(*(piece.source for piece in bearings(standing, stance, element, named)))


def lineage_unknown(standing: Standing, source: str) -> bool:
    """Whether a counting, countable source is of unknown lineage (provenance.md)."""
    if not standing.sources[source].counts or not standing.countable(source):
        return False
    basis = standing.basis_of(source)
    return basis == "unknown" or (basis == "secondhand" and source not in standing.above)


def _missing_answers(standing: Standing, against: list[EvidenceView], finding: Finding) -> list[Missing]:
    if finding.answered is None:
        return []
    return [
        Missing(
            "unanswered",
            _("An answer to “%(title)s”, which says otherwise.") % {"title": standing.sources[item.source].title},
        )
        for item in against
        if item.id not in finding.answered
    ]


def _missing_reopening(standing: Standing, last: LastChange | None, finding: Finding) -> list[Missing]:
    if finding.recorded_mistake or last is None:
        return []
    if any(item.attached_at > last.at for item in standing.evidence) or not holds(standing, last):
        return []
    return [Missing("nothing_new", _("New evidence, lost support, or a mistake that is recorded in the rationale."))]


def holds(standing: Standing, last: LastChange) -> bool:
    """Whether a state's policy still holds on the evidence named in its last change."""
    named = last.evidence
    if last.to is State.CORROBORATED:
        return all(
            on_element(standing, "supports", part, named).min >= threshold_for(standing, "supports", part, named)
            for part in standing.essential
        )
    if last.to is State.REFUTED:
        return any(
            on_element(standing, "refutes", part, named).min >= threshold_for(standing, "refutes", part, named)
            for part in standing.essential
        )
    if last.to is State.DENIED:
        return any(item.id in named for item in party_denials(standing))
    return True
