"""Moves of a claim: those possible from its state, those that need no approval, and the status changes made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import Fields, Ids, Text, Whole, read_body
from api.effects import IntervalShape, interval_shape
from api.lists import answer_all
from api.schema import ApiOperation, Lacking, PageOf
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_move_alone
from claims.actions.claims import move_alone
from claims.inputs import MoveInput
from claims.models import Claim, StateChoices
from claims.queries import (
    ChangeEntry,
    ChangeWithText,
    change_of,
    history_of,
    known_claim,
    recorded_changes,
    seen_evidence,
)
from claims.reading.page_queries import graph_at
from claims.states import Move, State, moves_from
from claims.verdicts.evidence_graph import EvidenceGraph
from claims.verdicts.graph_loading import last_change, load_evidence_graph
from claims.verdicts.policy import STANCE_OF_VERDICT, LastChange, NamedGrounds, contrary, missing_for, refuted_element
from house.errors import Missing
from ledger.entries import format_time
from ledger.keys import receipt


class MoveShape(TypedDict):
    """`decides`: `alone` for the assigned reviewer or an editor, `second` for a second person. `contrary`: the evidence
    that an assessment proposing it has to answer."""

    to: Annotated[str, StateChoices]
    name: str
    decides: str
    possible: bool
    missing: list[Lacking]
    contrary: list[UUID]


StatusChangeShape = TypedDict(
    "StatusChangeShape",
    {
        "seq": int,
        "from": Annotated[str, StateChoices] | None,
        "to": Annotated[str, StateChoices],
        "by": str,
        "decided_by": str | None,
        "at": datetime,
        "reason": str | None,
        "decision_reason": str | None,
        "evidence": list[UUID],
        "stance": str,
        "independence": IntervalShape,
        "threshold": int,
        "graph_digest": str,
        "leaf_hash": str,
        "log_index": int | None,
        "receipt": str | None,
    },
)


class RecordedChangeShape(StatusChangeShape):
    """With the evidence graph of the decision, in canonical JSON (RFC 8785); `graph_digest` is the SHA-256 of that
    text.

    `graph_withheld`: parts that are restricted now and hidden from the reader are left out. The digest is that of the
    whole graph, and cannot be computed from the parts shown.
    """

    graph: str | None
    graph_withheld: bool


class NewMove(Fields):
    to = Text(required=True)
    reason = Text(default="")
    evidence = Ids(default=list)
    seen_version = Whole()


class MovesApi(ApiView):
    @ApiOperation(
        "list_moves",
        summary="List every move from the present state, and what each requires",
        answer=PageOf(MoveShape),
        refuses=[404],
    )
    def get(self, request: Request, reference: str) -> Response:
        claim = known_claim(person_asking(request), reference)
        graph, last = load_evidence_graph(claim), last_change(claim)
        return answer_all([_render_move(claim, move, graph, last) for move in moves_from(claim.state)])

    @ApiOperation(
        "make_move",
        summary="Make a move that needs no approval: record a denial or withdraw one",
        body=NewMove,
        status=201,
        answer=StatusChangeShape,
        refuses=[403, 404, 409, 422],
    )
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = known_claim(by, reference)
        may_move_alone(by, claim)
        change = move_alone(claim=claim, fields=MoveInput(**read_body(request, NewMove)), by=by)
        at = reverse("api:status-change", args=[claim.reference, change.row.seq])
        # The person was shown the evidence they named, or the move would have been refused.
        shown = _render_change(change, frozenset(change.row.evidence), recorded_changes(claim))
        return created(request, shown, at=at)


class HistoryApi(ApiView):
    @ApiOperation(
        "list_history", summary="List the status changes, oldest first", answer=PageOf(StatusChangeShape), refuses=[404]
    )
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = known_claim(by, reference)
        seen = seen_evidence(by, claim)
        recorded = recorded_changes(claim)
        return answer_all([_render_change(change, seen, recorded) for change in history_of(claim)])


class OneStatusChangeApi(ApiView):
    @ApiOperation(
        "read_status_change",
        summary="Read one status change with the evidence graph it was decided on",
        answer=RecordedChangeShape,
        refuses=[404],
    )
    def get(self, request: Request, reference: str, seq: int) -> Response:
        by = person_asking(request)
        claim = known_claim(by, reference)
        shown = _render_change(change_of(claim, seq), seen_evidence(by, claim), recorded_changes(claim))
        graph, withheld = graph_at(by, claim, seq)
        return Response({**shown, "graph": graph, "graph_withheld": withheld})

    def again(self, request: Request, reference: str, seq: int) -> Response:
        """The answer to a move: the status change without its graph."""
        by = person_asking(request)
        claim = known_claim(by, reference)
        return Response(_render_change(change_of(claim, seq), seen_evidence(by, claim), recorded_changes(claim)))


def _render_move(claim: Claim, move: Move, graph: EvidenceGraph, last: LastChange | None) -> MoveShape:
    missing = missing_for(move, graph, last, NamedGrounds())
    if claim.closed_at is not None:
        missing = [Missing("closed", _("This claim is closed. Reopen it first.")), *missing]
    return {
        "to": move.after.value,
        "name": move.name,
        "decides": move.deciders.value,
        "possible": not missing,
        "missing": [{"code": item.code, "text": item.text} for item in missing],
        "contrary": [UUID(pk) for pk in _contrary(move.after, graph)],
    }


def _contrary(to: State, graph: EvidenceGraph) -> list[str]:
    """The contrary evidence a verdict has to answer by name: for a refutation, on its most refuted element."""
    stance = STANCE_OF_VERDICT.get(to)
    if stance is None:
        return []
    element = refuted_element(graph, None)[0] if to is State.REFUTED else None
    return [item.id for item in contrary(graph, stance, element)]


def _render_change(
    moved: ChangeWithText, seen: frozenset[UUID], recorded: Mapping[int, ChangeEntry]
) -> StatusChangeShape:
    """A status change, with the evidence that the reader may see (`seen`), and its entry in the ledger."""
    change, words = moved.row, moved.words
    entry = recorded[change.seq]
    return {
        "seq": change.seq,
        "from": change.from_state,
        "to": change.to_state,
        "by": change.by.username,
        "decided_by": change.decided_by.username if change.decided_by else None,
        "at": change.at,
        "reason": words.reason if words else None,
        "decision_reason": words.decision_reason if words else None,
        "evidence": [pk for pk in change.evidence if pk in seen],
        "stance": change.stance,
        "independence": interval_shape(
            change.independence_min, change.independence_max, exact=change.independence_exact
        ),
        "threshold": change.threshold,
        "graph_digest": change.graph_digest,
        "leaf_hash": entry.leaf_hash.hex(),
        "log_index": entry.log_index,
        "receipt": receipt(entry.leaf_hash, format_time(entry.at)),
    }
