"""Downloads from the ledger: the proof of a claim's history, the log's entries for auditors, and the public entries for
anybody.
"""

from base64 import b64encode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.recent import is_shut_out
from accounts.requests import PersonsRequest
from claims.access.withheld import is_id
from claims.bundles.history_proofs import checkpoint_for, proof_file
from claims.bundles.name_proofs import name_proof_files
from claims.bundles.opened_entries import Reader
from claims.bundles.public_proofs import public_leaves
from claims.queries import get_claim
from house.errors import Invalid, NotFound
from ledger.canonical import canonical
from ledger.models import Checkpoint
from ledger.reading import from_a_whole_log, newest_checkpoint, stored_tile
from ledger.tiles import TILE_WIDTH, Tile
from ledger.views import FOR_A_MINUTE, named_tile, same_for_everybody

MOST_NAMES = 500


@require_safe
def claim_proof_file(request: PersonsRequest, reference: str) -> HttpResponse:
    """The proof of a claim's history against a checkpoint that covers it, opened as far as the person may read it."""
    claim = get_claim(request.user, reference)
    checkpoint = checkpoint_for(claim)
    if checkpoint is None:
        raise NotFound(_("No checkpoint signed yet. Try again in a minute."))
    return HttpResponse(
        proof_file(request.user, claim, checkpoint),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{claim.reference}-proof.json"'},
    )


@require_safe
def claim_names(request: PersonsRequest, reference: str) -> JsonResponse:
    """The proofs of the actors above a claim's history (`actor`: their ids): a list of files, each as text."""
    get_claim(request.user, reference)
    checkpoint, actors = newest_checkpoint(), request.GET.getlist("actor")
    if len(actors) > MOST_NAMES or not all(map(is_id, actors)):
        raise Invalid({"actor": [_("Enter the ids of at most %(count)d actors.") % {"count": MOST_NAMES}]})
    if checkpoint is None:
        raise NotFound(_("No checkpoint signed yet. Try again in a minute."))
    files = name_proof_files(request.user, actors, checkpoint)
    return JsonResponse([file.decode() for file in files], safe=False)


@login_not_required
@require_safe
def entries(request: HttpRequest, path: str) -> HttpResponse:
    """A bundle of the log's entries, for auditors of every desk: it mixes all desks, and entries reveal theirs only
    when read.

    Committed values stay closed. A bundle of public entries alone is open to anybody. Raises NotWhole.
    """
    tile, newest = named_tile(f"tile/entries/{path}"), newest_checkpoint()
    if newest is None or not (_audits_every_desk(request) or _is_public(tile, newest)):
        raise Http404
    with from_a_whole_log():
        data = stored_tile(tile, newest)
    if data is None:
        raise Http404
    return HttpResponse(data, content_type="application/octet-stream")


def _audits_every_desk(request: HttpRequest) -> bool:
    # Open to anybody, this address also admits people who still have to set up a second factor.
    if not request.user.is_authenticated or is_shut_out(request, now=timezone.now()):
        return False
    return Reader(request.user).audits_every_desk


def _is_public(tile: Tile, checkpoint: Checkpoint) -> bool:
    is_there = tile.number * TILE_WIDTH + tile.width <= checkpoint.size
    return is_there and len(public_leaves(tile.number, width=tile.width, checkpoint=checkpoint)) == tile.width


@login_not_required
@same_for_everybody
@require_safe
def public_entries(request: HttpRequest, path: str) -> HttpResponse:
    """The public leaves of an entry bundle, as they are now: canonical JSON, base64 by index."""
    tile, newest = named_tile(f"tile/entries/{path}"), newest_checkpoint()
    if newest is None or tile.width != TILE_WIDTH or tile.number * TILE_WIDTH >= newest.size:
        raise Http404
    leaves = public_leaves(tile.number, width=TILE_WIDTH, checkpoint=newest)
    said = canonical({str(index): b64encode(leaf).decode() for index, leaf in leaves.items()})
    return HttpResponse(said, content_type="application/json", headers={"Cache-Control": FOR_A_MINUTE})
