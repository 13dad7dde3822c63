"""What anybody may read: the published claims, with the public part of what carries them."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from claims.models import Evidence, Stance
from claims.paging import Order, read_page
from claims.queries import history_of, public_evidence, published_claim, published_claims, waits_for_recomputation
from claims.views.listing import PAGE_SIZE, neighbours
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
    context = {
        "claim": claim,
        "claimant": _public_name(claim.claimant),
        "evidence": [_item(number, row) for number, row in enumerate(public_evidence(claim), start=1)],
        "changes": history_of(claim),
        "recomputing": waits_for_recomputation(claim),
    }
    return render(request, "claims/public/claim.html", context)


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
