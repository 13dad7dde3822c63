"""A claim's status changes, and beside each what the reader's browser compares with the ledger."""

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
from accounts.pages import PersonsRequest
from claims.models import Claim, StatusChange
from claims.page_queries import claim_shown, evidence_numbered, history_shown
from claims.proofs import checkpoint_for
from claims.records import CLAIM_FIELDS
from claims.sentences import told_interval, voices_in_words
from claims.shown import hidden_among, ids_in
from claims.states import find_move
from claims.views.heading import claim_context
from claims.views.keys import unkeyed
from claims.views.lines import Link, numbers_of
from ledger.entries import format_time
from ledger.models import Checkpoint
from ledger.reading import count_of, first_beyond, first_erasing_beyond, is_overdue, newest_checkpoint
from ledger.stamps import last_stamps
from sources.records import plain

ERASED = "[redacted]"  # what stands in rows for words that a redaction erased


@dataclass(frozen=True)
class Change:
    """One status change; see `parts/change.html` for what each attribute is."""

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
    context = claim_context(
        claim,
        "claim-history",
        rows,
        changes=[change_line(claim, change, numbers, hidden) for change in changes],
        proven=checkpoint_for(claim, checkpoint),
        newest=checkpoint.note if checkpoint else "",
        stamps=last_stamps(checkpoint) if checkpoint else [],
        claim_shown=json.dumps(_claim_as_recorded(claim)),
        log_shown=json.dumps(_log(claim, checkpoint)),
        erased=ERASED,
        unkeyed=unkeyed(),
    )
    return render(request, "claims/history.html", context)


def _hidden(user: User, changes: Iterable[Any], numbers: Mapping[Any, str]) -> set[UUID]:
    """What these changes name and the reader may not see: their proof does not open the fields that name it.

    `numbers`: of the claim's evidence that they may see.
    """
    evidence = {pk for change in changes for pk in change.evidence if pk not in numbers}
    named = {pk for change in changes for text in (change.reason, change.decision_reason) for pk in ids_in(text or "")}
    return evidence | (hidden_among(user, named) if named else set())


def _ids(change: Any) -> dict[str, set[UUID]]:
    """The identifiers in each committed field that may name a row."""
    return {
        "evidence": set(change.evidence),
        "reason": ids_in(change.reason or ""),
        "decision_reason": ids_in(change.decision_reason or ""),
    }


def change_line(
    claim: Claim, change: StatusChange, numbers: Mapping[Any, str], hidden: Collection[UUID] = frozenset()
) -> Change:
    """One status change in words, and as what it is compared with. A field that names what is `hidden` from the reader
    is closed to them: nothing of it is shown."""
    reason, decision_reason = change.reason, change.decision_reason  # type: ignore[attr-defined]  # of history_shown
    closed = sorted(name for name, ids in _ids(change).items() if not ids.isdisjoint(hidden))
    move = find_move(change.from_state, change.to_state)
    address = reverse("claim", args=[claim.reference])
    evidence = [] if "evidence" in closed else [pk for pk in change.evidence if pk in numbers]
    return Change(
        seq=change.seq,
        from_state=change.from_state or "",
        to_state=change.to_state,
        name=move.name if move else "",
        by=change.by.username,
        decided_by=change.decided_by.username if change.decided_by else "",
        at=change.at,
        reason="" if "reason" in closed else ERASED if reason is None else reason,
        decision_reason="" if "decision_reason" in closed else decision_reason or "",
        evidence=_links(address, (numbers[pk] for pk in evidence)),
        voices=voices_in_words(change.independence_min, change.independence_max, change.independence_exact),
        facts=[
            _("%(count)d needed") % {"count": change.threshold},
            _("graph %(digest)s") % {"digest": change.graph_digest},
            *([_("Some of this is not yours to read.")] if closed else []),
        ],
        shown=json.dumps(_change_as_recorded(change, evidence, closed)),
    )


def _change_as_recorded(change: StatusChange, evidence: Iterable[UUID], closed: list[str]) -> dict[str, Any]:
    """What the line shows, in the words of its entry; the reasons are read off the page itself."""
    return {
        "number": change.seq,
        "from": change.from_state,
        "to": change.to_state,
        "happened_at": format_time(change.at),
        "by": change.by.username,
        "decided_by": change.decided_by.username if change.decided_by else None,
        "evidence": sorted(map(str, evidence)),
        "stance": change.stance,
        "independence": told_interval(change.independence_min, change.independence_max, change.independence_exact),
        "threshold": change.threshold,
        "graph_digest": change.graph_digest,
        "closed": closed,
    }


def _claim_as_recorded(claim: Claim) -> dict[str, Any]:
    """What the heading shows of a claim, in the words of the entry that it was last written by, and its state."""
    return {"state": claim.state, **{name: plain(getattr(claim, name)) for name in CLAIM_FIELDS}}


def _log(claim: Claim, checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Since when the first entry of the claim that the checkpoint does not hold waits, and whether that is too long.

    `erasing`: whether one waits that says what was erased of it; `last`: how many entries it has; `made`: now.
    """
    stream = f"claim:{claim.pk}"
    erasing = first_erasing_beyond(stream, checkpoint)
    waiting = [one.at for one in (first_beyond(stream, checkpoint), erasing) if one]
    since, now = min(waiting, default=None), timezone.now()
    return {
        "waiting_since": format_time(since) if since else None,
        "overdue": since is not None and is_overdue(since, now),
        "erasing": erasing is not None,
        "last": count_of(stream),
        "made": format_time(now),
    }


def _links(address: str, numbers: Iterable[str]) -> list[Link]:
    return [Link(number, f"{address}#e-{number}") for number in sorted(numbers, key=_by_number)]


def _by_number(number: str) -> tuple[str, int]:
    return (number.rstrip("0123456789"), int(number.lstrip("R") or 0))
