"""What anybody may read: the published claims, with the public part of what carries them."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from accounts.qr import outline
from claims.models import Claim, Evidence, Stance, StatusChange
from claims.paging import Order, read_page
from claims.proofs import checkpoint_for, public_proof
from claims.queries import history_of, public_evidence, published_claim, published_claims, waits_for_recomputation
from claims.sentences import told_interval, voices_in_words
from claims.views.listing import PAGE_SIZE, neighbours
from ledger.entries import format_time
from ledger.reading import newest_checkpoint
from sources.models import Actor, Visibility


@require_safe
@login_not_required
def public_claims(request: HttpRequest) -> HttpResponse:
    """Every published claim, the latest first."""
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
    changes = history_of(claim)
    address = f"{settings.PUBLIC_URL}{reverse('public-claim', args=[claim.reference])}"
    context = {
        "claim": claim,
        "claimant": _public_name(claim.claimant),
        "evidence": [_item(number, row) for number, row in enumerate(public_evidence(claim), start=1)],
        "changes": [(change, _change_as_recorded(claim, change), _voices(change)) for change in changes],
        "checkpoint": newest_checkpoint(),
        "address": address,
        "qr": outline(address),
        "recomputing": waits_for_recomputation(claim),
    }
    return render(request, "claims/public/claim.html", context)


@require_safe
@login_not_required
def public_change(request: HttpRequest, reference: str, seq: int) -> HttpResponse:
    """The proof of one status change of a published claim, for anybody. Raises NotFound."""
    claim = published_claim(reference)
    checkpoint = checkpoint_for(claim)
    proof = public_proof(claim, seq, checkpoint) if checkpoint else None
    if proof is None:
        raise NotFound(_("The log does not hold this change yet. Try again in a minute."))
    name = f"{claim.reference}-change-{seq}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(proof, content_type="text/plain; charset=utf-8", headers=headers)


def _change_as_recorded(claim: Claim, change: StatusChange) -> str:
    """What the page shows of a status change, in the words of its entry, as JSON."""
    return json.dumps(
        {
            "reference": claim.reference,
            "number": change.seq,
            "from": change.from_state,
            "to": change.to_state,
            "happened_at": format_time(change.at),
            "independence": told_interval(change.independence_min, change.independence_max, change.independence_exact),
            "threshold": change.threshold,
        }
    )


def _voices(change: StatusChange) -> str:
    return voices_in_words(change.independence_min, change.independence_max, change.independence_exact)


def _public_name(actor: Actor | None) -> str:
    """An actor's name where the actor is public; a desk's own actors are named nowhere outside."""
    return actor.name if actor is not None and actor.visibility == Visibility.PUBLIC else ""


def _item(number: int, row: Evidence) -> dict[str, Any]:
    """One piece of evidence as `parts/evidence.html` takes it."""
    return {
        "anchor": f"e-{number}",
        "number": number,
        "title": row.source.title,
        "url": row.source.url,
        "publisher": _public_name(row.source.publisher),
        "published_on": row.source.published_at,
        "basis": row.get_basis_display() or row.source.get_basis_display(),
        "stance": Stance(row.stance).label.capitalize(),
        "excerpt": row.excerpt,
        "locator": row.locator,
        "credibility": row.credibility,
        "notes": _notes(row),
    }


def _notes(row: Evidence) -> list[str]:
    notes = []
    later = row.superseded_by
    if later is not None and later.visibility == later.source.visibility == Visibility.PUBLIC:
        notes.append(_("The same voice has said otherwise since."))
    if row.source.retracted_at:
        notes.append(_("Retracted by its publisher: counts no more."))
    if row.stance == Stance.DENIES:
        notes.append(_("A denial is what somebody says, not what evidence shows."))
    return notes
