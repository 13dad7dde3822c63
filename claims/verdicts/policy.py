"""Whether a move is possible now, and what is missing where it is not. Pure; permissions are checked elsewhere."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from claims.states import Move, MoveName, State
from claims.verdicts.evidence_graph import (
    ElementView,
    EvidenceGraph,
    EvidenceView,
    bearings,
    on_element,
    party_denials,
    threshold_for,
)
from house.errors import Missing
from sources.independence import Independence

STANCE_OF_VERDICT = {State.CORROBORATED: "supports", State.REFUTED: "refutes"}
CONTRARY_STANCE = {State.CORROBORATED: "refutes", State.REFUTED: "supports"}
"""The bearing of the evidence that a verdict has to answer by name."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last status change: its evidence and its time."""

    to: State
    # Whether a state still holds is asked of what it was decided on, not of all that is attached.
    evidence: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class NamedGrounds:
    """The evidence that a person proposes to move a claim on.

    `named`: ids of the evidence relied on; None asks about all that counts, as the page does beforehand. `answered`:
    ids of the contrary evidence answered by name; None takes the answers as given.
    """

    named: frozenset[str] | None = None
    answered: frozenset[str] | None = None
    recorded_mistake: bool = False


def missing_for(move: Move, graph: EvidenceGraph, last: LastChange | None, grounds: NamedGrounds) -> list[Missing]:
    """The requirements that a move still lacks, in the order to supply them; empty when it is possible now."""
    return POLICIES[move.name](graph, last, grounds)


def _missing_source(graph: EvidenceGraph, _last: LastChange | None, _grounds: NamedGrounds) -> list[Missing]:
    return [] if graph.evidence else [Missing("no_source", _("Reporting needs at least one source."))]


def _missing_denial(graph: EvidenceGraph, _last: LastChange | None, grounds: NamedGrounds) -> list[Missing]:
    denials = {item.id for item in party_denials(graph)}
    if not denials:
        return [
            Missing("no_party_denial", _("No attached evidence is a denial by a party dated on or after the claim."))
        ]
    # None: the page asks before anyone has chosen, and takes all evidence as named.
    if grounds.named is not None and not denials & grounds.named:
        return [Missing("party_denial_not_named", _("Select the party’s denial you rely on."))]
    return []


def _denials_left(graph: EvidenceGraph, _last: LastChange | None, _grounds: NamedGrounds) -> list[Missing]:
    count = len(party_denials(graph))
    text = ngettext("%(count)d denial by a party remains.", "%(count)d denials by parties remain.", count)
    return [Missing("denial_stands", text % {"count": count})] if count else []


def contrary(graph: EvidenceGraph, stance: str, element: ElementView | None = None) -> list[EvidenceView]:
    """Live evidence of the other side that a verdict has to answer by name: refutations, or supports of an element."""
    # Only these two: no other stance needs an answer (docs/states.md).
    other = "refutes" if stance == "supports" else "supports"
    return [
        item
        for item in graph.evidence
        if item.stance == other and item.live and (element is None or item.bears_on(element))
    ]


def _missing_corroboration(graph: EvidenceGraph, _last: LastChange | None, grounds: NamedGrounds) -> list[Missing]:
    missing = []
    for element in graph.essential:
        # Each essential element by itself: the weakest decides (docs/provenance.md).
        missing += _missing_voices(graph, "supports", element, grounds.named)
    return missing + _missing_answers(graph, contrary(graph, "supports"), grounds)


def _missing_refutation(graph: EvidenceGraph, _last: LastChange | None, grounds: NamedGrounds) -> list[Missing]:
    """The requirements that a refutation lacks on the element nearest to refuted: one essential element is enough."""
    return _nearest_refuted(graph, grounds)[2]


def _nearest_refuted(graph: EvidenceGraph, grounds: NamedGrounds) -> tuple[ElementView, Independence, list[Missing]]:
    """The essential element that lacks nothing, or else the one nearest to refuted, with its missing requirements."""
    options = []
    for element in graph.essential:
        voices = _missing_voices(graph, "refutes", element, grounds.named)
        answers = _missing_answers(graph, contrary(graph, "refutes", element), grounds)
        result = on_element(graph, "refutes", element, grounds.named)
        # Nothing missing first, then no voice missing, then the highest count: the least is left to do there.
        order = (bool(voices or answers), bool(voices), -result.min, -result.max, len(answers))
        options.append((order, (element, result, voices + answers)))
    return min(options, key=lambda option: option[0])[1]


def refuted_element(
    graph: EvidenceGraph, named: frozenset[str] | None, *, answered: frozenset[str] | None = None
) -> tuple[ElementView, Independence]:
    """The essential element that a refutation rests on, or is nearest to refuting, with its interval."""
    return _nearest_refuted(graph, NamedGrounds(named, answered))[:2]


def _missing_voices(
    graph: EvidenceGraph, stance: str, element: ElementView, named: Collection[str] | None
) -> list[Missing]:
    """The independent voices that a stance lacks on an element, and the sources that could supply them."""
    result = on_element(graph, stance, element, named)
    needed = threshold_for(graph, stance, element, named)
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
    # Only then could a source of unknown lineage be an independent voice.
    if result.max > result.min:
        text += " " + _could_supply(graph, stance, element, named)
    return [Missing(f"voices_{stance}", text)]


def _could_supply(graph: EvidenceGraph, stance: str, element: ElementView, named: Collection[str] | None) -> str:
    involved = _involved(graph, stance, element, named)
    count = sum(lineage_unknown(graph, source) for source in involved)
    tracing = ngettext(
        "Tracing this source could be enough.",
        "Tracing these %(count)d sources could be enough.",
        count,
    ) % {"count": count}
    names = [graph.names[voice] for voice in graph.unchecked_voices(involved)]
    saying = _("Recording whom they speak for could be enough: %(names)s.") % {"names": ", ".join(sorted(names))}
    return " ".join([tracing] * (count > 0) + [saying] * bool(names))


def _involved(graph: EvidenceGraph, stance: str, element: ElementView, named: Collection[str] | None) -> frozenset[str]:
    return graph.upstream_of(*(piece.source for piece in bearings(graph, stance, element, named)))


def lineage_unknown(graph: EvidenceGraph, source: str) -> bool:
    """Whether a counting, countable source is of unknown lineage (docs/provenance.md)."""
    if not graph.sources[source].counts or not graph.countable(source):
        return False
    basis = graph.basis_of(source)
    return basis == "unknown" or (basis == "secondhand" and source not in graph.above)


def _missing_answers(graph: EvidenceGraph, against: list[EvidenceView], grounds: NamedGrounds) -> list[Missing]:
    # None: answers are given later, on the form; until then the page lists what the evidence lacks.
    if grounds.answered is None:
        return []
    return [
        Missing(
            "unanswered",
            _("An answer to the contrary evidence “%(title)s”.") % {"title": graph.sources[item.source].title},
        )
        for item in against
        if item.id not in grounds.answered
    ]


def _missing_reopening(graph: EvidenceGraph, last: LastChange | None, grounds: NamedGrounds) -> list[Missing]:
    if grounds.recorded_mistake or last is None:
        return []
    # Otherwise nothing is known that the two who decided did not know.
    if any(item.attached_at > last.at for item in graph.evidence) or not holds(graph, last):
        return []
    return [Missing("nothing_new", _("New evidence, lost support, or a mistake recorded in the rationale."))]


def _nothing_missing(_graph: EvidenceGraph, _last: LastChange | None, _grounds: NamedGrounds) -> list[Missing]:
    """Withdrawing a verdict needs only a reason, as every move does."""
    return []


POLICIES: Mapping[MoveName, Callable[[EvidenceGraph, LastChange | None, NamedGrounds], list[Missing]]] = {
    MoveName.REPORT: _missing_source,
    MoveName.RECORD_DENIAL: _missing_denial,
    MoveName.CORROBORATE: _missing_corroboration,
    MoveName.REFUTE: _missing_refutation,
    MoveName.WITHDRAW_DENIAL: _denials_left,
    MoveName.WITHDRAW: _nothing_missing,
    MoveName.REOPEN: _missing_reopening,
}
"""The policy of each move. A move that is not here is an error, never possible."""


def holds(graph: EvidenceGraph, last: LastChange) -> bool:
    """Whether a state's policy is still met on the evidence named in its last change."""
    named = last.evidence
    if last.to is State.CORROBORATED:
        return all(
            on_element(graph, "supports", element, named).min >= threshold_for(graph, "supports", element, named)
            for element in graph.essential
        )
    if last.to is State.REFUTED:
        return any(
            on_element(graph, "refutes", element, named).min >= threshold_for(graph, "refutes", element, named)
            for element in graph.essential
        )
    # The denial that was named then, and not any other (decision 21).
    if last.to is State.DENIED:
        return any(item.id in named for item in party_denials(graph))
    # A report rests on no count that could fall.
    return True
