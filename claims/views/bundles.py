"""Pages of an evidence bundle: requested on a claim's history, shown while it is made, downloaded when it is ready."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonsRequest
from claims.actions.bundles import ask_for_bundle, take_bundle
from claims.bundles.stored import KEPT, as_parts, get_bundle, part_content
from claims.models import BundleState
from claims.queries import get_claim
from ledger.bundles import zip_pieces
from sources.downloads import HEADERS


@require_POST
def ask_for_bundle_page(request: PersonsRequest, reference: str) -> HttpResponse:
    """Request a bundle, and redirect to its page."""
    row = ask_for_bundle(claim=get_claim(request.user, reference), by=request.user)
    return redirect("bundle", reference=reference, bundle_id=row.pk)


@require_safe
def bundle(request: PersonsRequest, reference: str, bundle_id: UUID) -> HttpResponse:
    """The progress of a bundle, for the person who requested it. The page updates only when it is reloaded."""
    row = get_bundle(request.user, reference, bundle_id)
    context = {
        "bundle": row,
        "claim": row.claim,
        "ready": row.state == BundleState.DONE,
        "failed": row.state == BundleState.FAILED,
        "until": row.asked_at + KEPT,
    }
    return render(request, "claims/bundle.html", context)


@require_safe
def file(request: PersonsRequest, reference: str, bundle_id: UUID) -> HttpResponseBase:
    """The bundle as a zip, assembled while it is sent."""
    row = get_bundle(request.user, reference, bundle_id)
    parts = as_parts(take_bundle(bundle=row, by=request.user))
    headers = {
        **HEADERS,
        "Content-Length": str(row.size),
        "Content-Disposition": f'attachment; filename="{row.claim.reference}-bundle.zip"',
    }
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    pieces = zip_pieces(parts, lambda part: part_content(row, part))
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)
