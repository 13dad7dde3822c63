"""The heading of every page of a claim: claimant, state, support, and the links to its tabs."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from claims.mappings import TemplateContext
from claims.models import Claim, Evidence
from claims.record.erased import CONTENT, ERASED, NOTE, THRESHOLD_REASON, Erased
from claims.shown_rows import ShownClaim
from claims.verdicts.evidence_graph import EvidenceGraph, denying_parties
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.sentences import name_of, names_in_words
from sources.voices import voice_at


@dataclass(frozen=True)
class Tab:
    url: str
    label: str
    current: bool
    count: int | None = None


def claim_context(claim: ShownClaim, tab: str, rows: Sequence[Evidence], **more: Any) -> TemplateContext:
    """The context of `claims/claim_base.html` for one tab, with `graph` for pages that add to it in `more`.

    `claim`: from `claim_shown`. `rows`: all of its evidence that the person may see, which every tab reads.
    """
    context = graph_context(claim)
    return {
        **context,
        "also": named(claim.also_ids, context["graph"]),
        "tabs": _tabs(claim, tab, len({row.source_id for row in rows})),
        **more,
    }


def graph_context(claim: Claim) -> TemplateContext:
    """The claim's support, for `parts/state_banner.html` and the evidence `graph` itself."""
    graph = load_evidence_graph(claim)
    return {
        "claim": claim,
        "graph": graph,
        "said_for": said_for(claim, graph),
        "contested_by": names_in_words(name_of(graph, voice) for voice in denying_parties(graph)),
    }


def named(actors: Iterable[UUID | str], graph: EvidenceGraph) -> list[tuple[str, str]]:
    """These actors of the claim by id and name, sorted by name."""
    wanted = {str(pk) for pk in actors}
    return [(pk, name) for pk, name in graph.names.items() if pk in wanted]


def said_for(claim: Claim, graph: EvidenceGraph) -> str:
    """The voice that the claimant speaks for, where that is another actor's."""
    if claim.claimant_id is None:
        return ""
    voice = voice_at(str(claim.claimant_id), graph.day, graph.actors)
    return "" if voice == str(claim.claimant_id) else name_of(graph, voice)


def names_above(claim: ShownClaim, graph: EvidenceGraph) -> dict[str, str]:
    """The actors in the heading of a claim (from `claim_shown`): each name as it is shown, by id."""
    named_there = [str(pk) for pk in (claim.claimant_id, *claim.also_ids) if pk]
    if claim.claimant_id is not None:
        voice = voice_at(str(claim.claimant_id), graph.day, graph.actors)
        named_there += [voice] if voice else []
    wanted = [*named_there, *denying_parties(graph)]
    return {pk: graph.names[pk] for pk in wanted if pk in graph.names}


def without_erased(claim: ShownClaim, graph: EvidenceGraph, erased: Erased) -> TemplateContext:
    """The same context without what a redaction erased. The claim in it is for display only."""
    names: Mapping[str, str] = {pk: ERASED if pk in erased.actors else name for pk, name in graph.names.items()}
    graph, shown = replace(graph, names=names), copy(claim)
    if CONTENT in erased.heading:
        shown.statement, shown.claimant, shown.threshold_override = ERASED, None, None
        shown.original_statement = shown.language = shown.place = ""
        shown.claimed_on = shown.happened_from = shown.happened_to = None
        shown.also_ids, shown.topic_names = [], []
    elif shown.claimant is not None and str(shown.claimant_id) in erased.actors:
        shown.claimant = copy(shown.claimant)
        shown.claimant.name = ERASED
    if THRESHOLD_REASON in erased.heading:
        shown.threshold_reason = ERASED
    if NOTE in erased.heading and shown.closed_at is not None:
        shown.closed_note = ERASED
    return {
        "claim": shown,
        "graph": graph,
        "said_for": said_for(shown, graph),
        "contested_by": names_in_words(name_of(graph, voice) for voice in denying_parties(graph)),
        "also": named(shown.also_ids, graph),
        "wording_erased": CONTENT in erased.heading,
    }


def _tabs(claim: Claim, current: str, sources: int) -> list[Tab]:
    entries = [
        ("claim", _("Evidence"), None),
        ("claim-sources", _("Sources"), sources),
        ("claim-provenance", _("Provenance"), None),
        ("claim-history", _("History"), claim.last_seq),
    ]
    return [Tab(reverse(name, args=[claim.reference]), label, name == current, count) for name, label, count in entries]
