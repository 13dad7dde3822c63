"""A claim's status history, with the data that the reader's browser compares with the ledger."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import PersonsRequest
from claims.access.withheld import hidden_among, ids_in
from claims.bundles.history_proofs import checkpoint_for
from claims.models import Claim, StatusChange
from claims.reading.page_queries import claim_shown, evidence_numbered, history_shown
from claims.record.erased import ERASED, NOTHING, Erased, erased_of, openable_of
from claims.record.ledger_entries import CLAIM_FIELDS
from claims.shown_rows import ChangeWithReasons, ShownClaim
from claims.states import find_move
from claims.verdicts.evidence_graph import EvidenceGraph
from claims.verdicts.sentences import told_interval, voices_in_words
from claims.views.heading import claim_context, names_above, without_erased
from claims.views.keys import unkeyed
from claims.views.lines import HIDDEN, Link, numbers_of
from ledger.canonical import JsonObject
from ledger.entries import format_time
from ledger.models import Checkpoint
from ledger.reading import (
    beyond,
    count_of,
    counts_of,
    first_beyond,
    first_erasing_beyond,
    is_overdue,
    newest_checkpoint,
)
from ledger.stamps import last_stamps
from ledger.views import tiles_address
from sources.ledger_entries import canonical_value


@dataclass(frozen=True)
class ShownChange:
    """One status change; `parts/change.html` explains each attribute."""

    seq: int
    from_state: str
    to_state: str
    name: str
    by: str
    decided_by: str
    at: object
    reason: str
    decision_reason: str
    evidence: list[Link]
    voices: str
    facts: list[str]
    shown: str = ""


@require_safe
def history(request: PersonsRequest, reference: str) -> HttpResponse:
    """A claim's status changes, oldest first."""
    claim = claim_shown(request.user, reference)
    rows = evidence_numbered(request.user, claim)
    numbers, changes, checkpoint = numbers_of(rows), list(history_shown(claim)), newest_checkpoint()
    hidden = _hidden(request.user, changes, numbers)
    context = claim_context(claim, "claim-history", rows)
    names = names_above(claim, context["graph"])
    erased = erased_of(claim, names)
    if erased.heading or erased.actors:
        context |= without_erased(claim, context["graph"], erased)
    openable = openable_of(claim) if hidden else {}
    context |= {
        "changes": [
            change_line(claim, change, numbers, hidden, erased, openable.get(change.seq, frozenset()))
            for change in changes
        ],
        "proven": checkpoint_for(claim, checkpoint) if checkpoint else None,
        "newest": checkpoint.note if checkpoint else "",
        "stamps": last_stamps(checkpoint) if checkpoint else [],
        "claim_shown": json.dumps(_claim_as_recorded(context["claim"], context["graph"], numbers)),
        "log_shown": json.dumps(_log(claim, names, checkpoint)),
        "erased": ERASED,
        "tiles": tiles_address(),
        "unkeyed": unkeyed(),
    }
    return render(request, "claims/history.html", context)


def _hidden(user: User, changes: Iterable[ChangeWithReasons], numbers: Mapping[Any, str]) -> set[UUID]:
    """The ids in these changes that are hidden from the reader: their proof keeps the fields that name them closed.

    `numbers`: of the claim's evidence that the reader may see.
    """
    named = {pk for change in changes for text in (change.reason, change.decision_reason) for pk in ids_in(text or "")}
    named |= {pk for change in changes for pk in change.evidence if pk not in numbers}
    return hidden_among(user, named) if named else set()


def _ids(change: ChangeWithReasons) -> dict[str, set[UUID]]:
    """The ids in each committed field that may name a row."""
    return {
        "evidence": set(change.evidence),
        "reason": ids_in(change.reason or ""),
        "decision_reason": ids_in(change.decision_reason or ""),
    }


def change_line(
    claim: Claim,
    change: ChangeWithReasons,
    numbers: Mapping[Any, str],
    hidden: Collection[UUID] = frozenset(),
    erased: Erased = NOTHING,
    openable: Collection[str] = frozenset(),
) -> ShownChange:
    """One status change in words, with the data to compare it with.

    A field that names something `hidden` from the reader shows nothing, like an erased one. `openable`: the fields that
    this server can open for some reader. Any other field is not closed to this reader alone, and the page asks the
    ledger why.
    """
    named = sorted(name for name, ids in _ids(change).items() if not ids.isdisjoint(hidden))
    closed = [name for name in named if name in openable]
    gone = erased.changes.get(change.seq, frozenset())
    move = find_move(change.from_state, change.to_state)
    address = reverse("claim", args=[claim.reference])
    evidence = [] if "evidence" in {*named, *gone} else [pk for pk in change.evidence if pk in numbers]
    recorded = _change_as_recorded(change, evidence, closed, gone)
    return ShownChange(
        seq=change.seq,
        from_state=change.from_state or "",
        to_state=change.to_state,
        name=move.name if move else "",
        by=recorded["by"],
        decided_by=recorded["decided_by"] or "",
        at=change.at,
        reason=_words("reason", change.reason, named, gone=gone),
        decision_reason=_words("decision_reason", change.decision_reason, named, gone=gone),
        evidence=_links(address, (numbers[pk] for pk in evidence)),
        voices=voices_in_words(change.independence_min, most=change.independence_max, exact=change.independence_exact),
        facts=[
            _("%(count)d needed") % {"count": change.threshold},
            _("graph %(digest)s") % {"digest": recorded["graph_digest"]},
            *([_("Part of this is not visible to you.")] if named else []),
        ],
        shown=json.dumps(recorded),
    )


def _words(name: str, words: str | None, named: Collection[str], *, gone: Collection[str]) -> str:
    """A reason as it is shown; empty where it names something hidden (`named`).

    An erased reason has no text in the row: any text found there is reported and shown.
    """
    if name in named:
        return ""
    return ERASED if words is None or (name in gone and not words) else words


def _change_as_recorded(
    change: StatusChange, evidence: Iterable[UUID], closed: list[str], gone: Collection[str]
) -> JsonObject:
    """The line's content in the words of its entry, without what was erased (`gone`).

    The reasons and the numbers of evidence are read from the page itself.
    """
    shown = {
        "number": change.seq,
        "from": change.from_state,
        "to": change.to_state,
        "happened_at": format_time(change.at),
        "by": change.by.username,
        "decided_by": change.decided_by.username if change.decided_by else None,
        "evidence": sorted(map(str, evidence)),
        "stance": change.stance,
        "independence": told_interval(
            change.independence_min, change.independence_max, exact=change.independence_exact
        ),
        "threshold": change.threshold,
        "graph_digest": change.graph_digest,
        "closed": closed,
    }
    return shown | {name: ERASED for name in ("by", "decided_by", "graph_digest") if name in gone}


def _claim_as_recorded(claim: ShownClaim, graph: EvidenceGraph, numbers: Mapping[UUID, str]) -> JsonObject:
    """The heading of the page in the words of the entries that last wrote it.

    Covers the wording and other fields of the claim, its state, the actors named, and the evidence by number.
    """
    return {
        "state": claim.state,
        "reference": claim.reference,
        "wording": {
            **{name: canonical_value(getattr(claim, name)) for name in CLAIM_FIELDS},
            "claimant": canonical_value(claim.claimant_id),
            "also_claimed_by": sorted(map(str, claim.also_ids)),
            "topics": sorted(claim.topic_names),
            "threshold": claim.threshold_override,
        },
        "threshold_reason": claim.threshold_reason if claim.threshold_override else None,
        "closing": _closing(claim),
        "names": names_above(claim, graph),
        "evidence": {
            "numbered": [str(pk) for pk, number in numbers.items() if not number.startswith(HIDDEN)],
            "restricted": [str(pk) for pk, number in numbers.items() if number.startswith(HIDDEN)],
        },
    }


def _closing(claim: Claim) -> dict[str, str] | None:
    if claim.closed_at is None:
        return None
    return {"at": format_time(claim.closed_at), "why": claim.closed_reason, "note": claim.closed_note}


def _log(claim: Claim, actors: Iterable[str], checkpoint: Checkpoint | None) -> JsonObject:
    """How long the first entry missing from the checkpoint has waited, of the claim or the actors in its heading, and
    whether that is too long.

    `erasing`: whether an entry about an erasure waits; `last`: the claim's number of entries, and `last_of` that of
    each actor; `made`: now.
    """
    stream, about = f"claim:{claim.pk}", {f"actor:{pk}": pk for pk in actors}
    erasing = first_erasing_beyond(stream, checkpoint)
    of_actors = beyond(about, checkpoint).only("at").first()
    waiting = [one.at for one in (first_beyond(stream, checkpoint), of_actors, erasing) if one]
    since, now = min(waiting, default=None), timezone.now()
    return {
        "waiting_since": format_time(since) if since else None,
        "overdue": since is not None and is_overdue(since, now=now),
        "erasing": erasing is not None,
        "last": count_of(stream),
        "last_of": {about[name]: count for name, count in counts_of(about).items()},
        "made": format_time(now),
    }


def _links(address: str, numbers: Iterable[str]) -> list[Link]:
    return [Link(number, f"{address}#e-{number}") for number in sorted(numbers, key=_by_number)]


def _by_number(number: str) -> tuple[str, int]:
    return (number.rstrip("0123456789"), int(number.lstrip("R") or 0))
