"""What may be taken away of the ledger: the proof of a claim's history, and for auditors the entries of the log."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from accounts.pages import PersonsRequest
from claims.opened_acts import Reader
from claims.proofs import checkpoint_for, proof_file
from claims.queries import get_claim
from ledger.reading import newest_checkpoint, read_tile
from ledger.views import named_tile


@require_safe
def claim_proof(request: PersonsRequest, reference: str) -> HttpResponse:
    """The proof of a claim's history against a checkpoint that has it all, opened as far as the person may read it."""
    claim = get_claim(request.user, reference)
    checkpoint = checkpoint_for(claim)
    if checkpoint is None:
        raise NotFound(_("Nothing of the log has been signed yet. Try again in a minute."))
    return HttpResponse(
        proof_file(request.user, claim, checkpoint),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{claim.reference}-proof.json"'},
    )


@require_safe
def entries(request: PersonsRequest, path: str) -> HttpResponse:
    """A bundle of the log's entries, for who audits every desk: they are of all desks, and cannot be told apart without
    being read. What is committed in them stays closed."""
    if not Reader(request.user).audits_every_desk:
        raise Http404
    tile, newest = named_tile(f"tile/entries/{path}"), newest_checkpoint()
    data = read_tile(tile, newest) if newest else None
    if data is None:
        raise Http404
    return HttpResponse(data, content_type="application/octet-stream")
