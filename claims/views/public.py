"""Public pages: the published claims, with the public part of their evidence."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.qr import outline
from claims.bundles.public_proofs import Printed, printed, public_checkpoint, waiting_since
from claims.models import Claim, Evidence, Stance, StatusChange
from claims.queries import history_of, public_evidence, published_claim, published_claims, waits_for_recomputation
from claims.reading.paging import Order, read_page
from claims.record.ledger_entries import claim_public, evidence_public, status_body
from claims.states import Deciders, find_move
from claims.verdicts.sentences import voices_in_words
from claims.views.keys import unkeyed
from claims.views.listing import PAGE_SIZE, neighbours
from ledger.canonical import JsonObject
from ledger.entries import format_time
from ledger.models import Checkpoint, DailyStamp
from ledger.reading import is_overdue, newest_checkpoint
from ledger.stamps import last_stamps
from ledger.views import tiles_address
from sources.ledger_entries import source_public
from sources.models import Actor, Visibility


@dataclass(frozen=True, slots=True)
class PublicChange:
    """One status change as the page shows it; `shown`: the same in the words of its entry, as JSON."""

    row: StatusChange
    voices: str
    by_two: bool
    shown: str


@dataclass(frozen=True, slots=True)
class PublicEvidence:
    """One piece of evidence as the public page shows it."""

    anchor: str
    number: int
    title: str
    url: str
    publisher: str
    published_on: datetime | None
    basis: str
    stance: str
    excerpt: str
    locator: str
    credibility: int | None
    notes: list[str]


@require_safe
@login_not_required
def public_claims(request: HttpRequest) -> HttpResponse:
    """Every published claim, latest first."""
    page = read_page(
        published_claims(),
        order=Order("published_at", newest_first=True),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "public"},
        size=PAGE_SIZE,
    )
    rows = [(claim, _public_name(claim.claimant)) for claim in page.rows]
    return render(request, "claims/public/list.html", {"rows": rows, **neighbours(request, page)})


@require_safe
@login_not_required
def public_claim(request: HttpRequest, reference: str) -> HttpResponse:
    """One published claim. Raises NotFound."""
    claim = published_claim(reference)
    changes, evidence, newest = history_of(claim), list(public_evidence(claim)), newest_checkpoint()
    checkpoint = public_checkpoint(claim, newest) if newest else None
    on_paper = printed(claim, checkpoint) if checkpoint else None
    stamps = last_stamps(checkpoint) if checkpoint else []
    address = f"{settings.PUBLIC_URL}{reverse('short', args=[claim.reference])}"
    context = {
        "claim": claim,
        "claimant": _public_name(claim.claimant),
        "evidence": [_item(number, row) for number, row in enumerate(evidence, start=1)],
        "changes": [_change(claim, change.row) for change in changes],
        "shown": json.dumps(_as_recorded(claim, evidence, checkpoint) | _about_the_log(checkpoint, stamps, on_paper)),
        "checkpoint": checkpoint,
        "tiles": tiles_address(),
        "newest": newest.note if newest else "",
        "stamps": stamps,
        "printed": on_paper,
        "address": address,
        "qr": outline(address),
        "recomputing": waits_for_recomputation(claim),
        "unkeyed": unkeyed(),
    }
    return render(request, "claims/public/claim.html", context)


@require_safe
@login_not_required
def short(request: HttpRequest, reference: str) -> HttpResponse:
    """The short address printed on paper: redirects to the claim's public page. Raises NotFound."""
    return redirect("public-claim", published_claim(reference).reference)


def _change(claim: Claim, change: StatusChange) -> PublicChange:
    move = find_move(change.from_state, change.to_state)
    return PublicChange(
        row=change,
        voices=voices_in_words(change.independence_min, most=change.independence_max, exact=change.independence_exact),
        by_two=move is not None and move.deciders is Deciders.SECOND,
        shown=json.dumps({"claim": str(claim.pk), "reference": claim.reference, **status_body(change)}),
    )


def _as_recorded(claim: Claim, evidence: Iterable[Evidence], checkpoint: Checkpoint | None) -> JsonObject:
    """The page's content besides status changes, in the words of the entries that last wrote it.

    `waiting_since`: since when an entry waits to be sequenced; `overdue`: whether that is too long.
    """
    since, claimant = min(waiting_since(claim, checkpoint), default=None), _public_name(claim.claimant)
    return {
        "stream": f"claim:{claim.pk}",
        "state": claim.state,
        "published_at": format_time(claim.published_at) if claim.published_at else None,
        **claim_public(claim),
        "claimant": str(claim.claimant_id) if claimant else None,
        "claimant_name": claimant,
        "evidence": [_evidence_as_recorded(number, row) for number, row in enumerate(evidence, start=1)],
        "waiting_since": format_time(since) if since else None,
        "overdue": since is not None and is_overdue(since, now=timezone.now()),
    }


def _about_the_log(checkpoint: Checkpoint | None, stamps: Iterable[DailyStamp], on_paper: Printed | None) -> JsonObject:
    """What the page says of the log, from its proofs: the number of entries, their dates, the printed digests."""
    return {
        "size": checkpoint.size if checkpoint else 0,
        "dated": [stamp.checkpoint_id for stamp in stamps],
        "printed": asdict(on_paper) if on_paper else None,
    }


def _evidence_as_recorded(number: int, row: Evidence) -> JsonObject:
    source = source_public(row.source)
    publisher = _public_name(row.source.publisher)
    return {
        "id": str(row.pk),
        "number": number,
        **evidence_public(row),
        "source": source["public"],
        "publisher": source["publisher"] if publisher else None,
        "publisher_name": publisher,
    }


def _public_name(actor: Actor | None) -> str:
    """An actor's name where the actor is public. A desk's own actors are never named outside the desk."""
    return actor.name if actor is not None and actor.visibility == Visibility.PUBLIC else ""


def _item(number: int, row: Evidence) -> PublicEvidence:
    return PublicEvidence(
        anchor=f"e-{number}",
        number=number,
        title=row.source.title,
        url=row.source.url,
        publisher=_public_name(row.source.publisher),
        published_on=row.source.published_at,
        basis=row.get_basis_display() or row.source.get_basis_display(),
        stance=Stance(row.stance).label.capitalize(),
        excerpt=row.excerpt,
        locator=row.locator,
        credibility=row.credibility,
        notes=_notes(row),
    )


def _notes(row: Evidence) -> list[str]:
    notes = []
    later = row.superseded_by
    if later is not None and later.visibility == later.source.visibility == Visibility.PUBLIC:
        notes.append(_("Superseded by a later statement of the same voice."))
    if row.source.retracted_at:
        notes.append(_("Retracted by its publisher: no longer counted."))
    if row.stance == Stance.DENIES:
        notes.append(_("A denial is a statement, not evidence."))
    return notes
