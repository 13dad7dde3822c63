"""The tabs of a claim that show no assignments: its sources and its provenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonsRequest
from claims.access.permissions import may_edit_claim
from claims.actions.sources import add_relay
from claims.forms.sources import RelayBetweenForm
from claims.models import Evidence
from claims.queries import (
    get_source,
    last_captures,
    relays_among,
    visible_sources,
    withheld_evidence,
)
from claims.reading.page_queries import claim_shown, evidence_numbered, evidence_shown
from claims.record.reads import note_shown
from claims.verdicts.evidence_graph import by_element, of_claim
from claims.verdicts.graph_loading import last_change
from claims.verdicts.possible_moves import ways_from
from claims.verdicts.sentences import name_of, sentence_of
from claims.views.asking import consent
from claims.views.heading import claim_context
from claims.views.lineage import Lineage
from claims.views.lines import numbers_of
from house.pages import CleanedData, drafts_shown, form_page, may, sent
from sources.models import Capture, CaptureState, Source


@dataclass(frozen=True)
class SourceRow:
    """A source of a claim with the numbers of its evidence, and the state of its capture in words."""

    source: Source
    numbers: str
    kept: str
    failed: bool


@require_safe
def claim_sources(request: PersonsRequest, reference: str) -> HttpResponse:
    """The sources attached to a claim, each once, with the state of their captures."""
    claim = claim_shown(request.user, reference)
    rows = evidence_shown(request.user, claim)
    note_shown(request.user, rows)
    captures = last_captures(request.user, (row.source_id for row in rows))
    context = claim_context(
        claim,
        "claim-sources",
        rows,
        may_attach=claim.closed_at is None and may(may_edit_claim, request.user, claim),
        withheld=withheld_evidence(request.user, claim),
    )
    context["rows"] = _source_rows(rows, captures)
    return render(request, "claims/sources.html", context)


def _source_rows(rows: Sequence[Evidence], captures: dict[Any, Capture]) -> list[SourceRow]:
    numbers = numbers_of(rows)
    sources = {row.source_id: row.source for row in rows}
    return [
        SourceRow(
            source,
            ", ".join(numbers[row.pk] for row in rows if row.source_id == pk),
            capture_in_words(source, captures.get(pk)),
            pk in captures and captures[pk].state == CaptureState.FAILED,
        )
        for pk, source in sources.items()
    ]


def capture_in_words(source: Source, capture: Capture | None) -> str:
    """The result of the last capture of a source's address, in words."""
    if capture is None:
        return _("not captured") if source.url else ""
    if capture.state == CaptureState.FAILED:
        return _("Capture failed: %(error)s") % {"error": capture.error}
    return _("captured") if capture.state == CaptureState.DONE else _("waiting to be fetched")


@form_page
def provenance(request: PersonsRequest, reference: str) -> HttpResponse:
    """The sourcing chain, its independent voices, and a form to add a relay between the claim's sources."""
    claim = claim_shown(request.user, reference)
    rows = evidence_numbered(request.user, claim)
    context = claim_context(claim, "claim-provenance", rows)
    graph = context["graph"]
    form = None
    if request.method == "POST" or may(may_edit_claim, request.user, claim):
        may_edit_claim(request.user, claim)
        ids = {*graph.sources, *(str(row.source_id) for row in rows)}
        sources = list(visible_sources(request.user).filter(pk__in=ids).order_by("created_at", "id"))
        note_shown(request.user, sources)
        form = RelayBetweenForm(**sent(request), sources=sources)
        if form.submitted(lambda given: _add_relay(request, given)):
            return redirect("claim-provenance", claim.reference)
    relays = relays_among(request.user, graph.sources)
    note_shown(request.user, relays)
    numbers = {str(pk): number for pk, number in numbers_of(rows).items()}
    by_ends = {(str(relay.downstream_id), str(relay.upstream_id)): relay for relay in relays}
    context |= {
        "form": form,
        "drafts": drafts_shown(request, form) if form else None,
        "sentence": sentence_of(graph),
        "refuting": sentence_of(graph, "refutes"),
        "parts": by_element(graph),
        "single": [name_of(graph, voice) for voice in of_claim(graph).single_points_of_failure],
        "nodes": Lineage(graph, by_ends, numbers).roots(),
        "ways": ways_from(claim.state, graph, last_change(claim)),
    }
    return render(request, "claims/provenance.html", context, status=form.status if form else 200)


def _add_relay(request: PersonsRequest, given: CleanedData) -> object:
    downstream = get_source(request.user, given["downstream"])
    return add_relay(
        downstream=downstream,
        upstream=given["upstream"],
        quote=given["quote"],
        effects=consent(request),
        by=request.user,
    )
