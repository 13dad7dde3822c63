"""Public downloads of published claims: proofs, evidence bundles, and the list of published claims."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from claims.bundles.history_proofs import checkpoint_for
from claims.bundles.public_bundles import public_bundle
from claims.bundles.public_proofs import public_checkpoint, public_proof, public_proof_file, public_proof_files
from claims.models import Claim
from claims.queries import published_claim, published_claims_listed
from claims.reading.paging import Order, read_page
from house.errors import NotFound
from ledger.canonical import JsonObject, canonical
from ledger.entries import format_time
from ledger.models import Checkpoint
from ledger.verifier import PUBLISHED_LIST
from ledger.views import FOR_A_SECOND, same_for_everybody
from sources.downloads import HEADERS

LISTED = 1000  # claims in one answer, a hundred bytes each


@require_safe
@login_not_required
def public_claim_proof(request: HttpRequest, reference: str) -> HttpResponse:
    """The proof of a published claim's history, opened as far as its page shows it. Raises NotFound."""
    claim = published_claim(reference)
    headers = {"Content-Disposition": f'attachment; filename="{claim.reference}-public-proof.json"'}
    file = public_proof_file(claim, _signed(claim))
    return HttpResponse(file, content_type="application/json", headers=headers)


@require_safe
@login_not_required
def public_material_proofs(request: HttpRequest, reference: str) -> JsonResponse:
    """The proofs of the public sources and actors of a published claim: a list of files, each as text.

    Raises NotFound.
    """
    claim = published_claim(reference)
    return JsonResponse([file.decode() for file in public_proof_files(claim, _signed(claim))], safe=False)


def _signed(claim: Claim) -> Checkpoint:
    checkpoint = public_checkpoint(claim)
    if checkpoint is None:
        raise NotFound(_("No checkpoint signed yet. Try again in a minute."))
    return checkpoint


@require_safe
@login_not_required
def public_change(request: HttpRequest, reference: str, seq: int) -> HttpResponse:
    """The proof of one status change of a published claim, open to anybody. Raises NotFound."""
    claim = published_claim(reference)
    checkpoint = checkpoint_for(claim)
    proof = public_proof(claim, seq, checkpoint) if checkpoint else None
    if proof is None:
        raise NotFound(_("This change is not in the log yet. Try again in a minute."))
    name = f"{claim.reference}-change-{seq}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(proof, content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
@login_not_required
def public_claim_bundle(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The evidence bundle of a published claim, open to anybody: a zip of its public material.

    Raises NotFound, OutOfService.
    """
    claim = published_claim(reference)
    bundle = public_bundle(claim, _signed(claim), timezone.now())
    name = f"{claim.reference}-public-bundle.zip"
    headers = {
        **HEADERS,
        "Content-Length": str(bundle.size),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    return StreamingHttpResponse(bundle.pieces(), content_type="application/zip", headers=headers)


@login_not_required
@same_for_everybody
@require_safe
def published_list(request: HttpRequest) -> HttpResponse:
    """The published claims with their states, in pages, as `verifier.py replay` takes them: canonical JSON."""
    page = read_page(
        published_claims_listed(),
        order=Order("published_at", newest_first=True),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "published"},
        size=LISTED,
    )
    said = {
        "format": PUBLISHED_LIST,
        "results": [_listed(claim) for claim in page.rows],
        "next": f"?cursor={page.next}" if page.next else None,
    }
    return HttpResponse(canonical(said), content_type="application/json", headers={"Cache-Control": FOR_A_SECOND})


def _listed(claim: Claim) -> JsonObject:
    published = format_time(claim.published_at) if claim.published_at else None
    return {"reference": claim.reference, "state": claim.state, "published_at": published}
