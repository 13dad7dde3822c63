"""The public part of the log: its newest checkpoint, its hash tiles, and the keys to check it with.

As in C2SP tlog-tiles, tiles never change, so caches may keep them for ever, and a checkpoint until the next one. The
answers are the same for everyone and are marked so, to let caches share them between readers.
"""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from ledger.canonical import canonical
from ledger.reading import leaf_place, newest_checkpoint, newest_witnessed, stored_tile
from ledger.stamps import read_stamp_file
from ledger.tiles import ENTRIES, Tile, parse_tile_path
from ledger.trusted import shown_policy
from ledger.verifier import STAMPS, Unusable

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_SECOND = "public, max-age=1"  # a checkpoint is published once a second at most
FOR_A_MINUTE = "public, max-age=60"

View = Callable[..., HttpResponse]


def same_for_everybody(view: View) -> View:
    """Marks a view whose answer depends on its address only; `config.middleware` sends it without `Vary`."""
    view.same_for_everybody = True  # type: ignore[attr-defined]  # as Django marks login_not_required
    return view


@login_not_required
@same_for_everybody
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint with its cosignatures, as a note."""
    found = newest_checkpoint()
    if found is None:
        raise Http404
    return _answer(found.note.encode(), "text/plain; charset=utf-8", caching=FOR_A_SECOND)


@login_not_required
@same_for_everybody
@require_safe
def witnessed(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint cosigned by a quorum of witnesses, as a note with all cosignatures."""
    found = newest_witnessed()
    if found is None:
        raise Http404
    return _answer(found.note.encode(), "text/plain; charset=utf-8", caching=FOR_A_SECOND)


@login_not_required
@same_for_everybody
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A hash tile, full or partial."""
    wanted, newest = named_tile(f"tile/{path}"), newest_checkpoint()
    data = stored_tile(wanted, newest) if newest and wanted.level != ENTRIES else None
    if data is None:
        raise Http404
    return _answer(data, "application/octet-stream", caching=FOR_EVER)


@login_not_required
@same_for_everybody
@require_safe
def stamps(request: HttpRequest) -> HttpResponse:
    """The number of time stamps of each stamped checkpoint, in canonical JSON as in an export; 404 if none."""
    return _answer(_stamp_file(STAMPS), "application/json", caching=FOR_A_MINUTE)


@login_not_required
@same_for_everybody
@require_safe
def stamp(request: HttpRequest, path: str) -> HttpResponse:
    """A stamped checkpoint, byte for byte (`<size>.note`), or one of its tokens (`<size>-<number>.tst`).

    Tokens are numbered among the authorities now in the setting.
    """
    data = _stamp_file(f"stamps/{path}")
    if path.endswith(".note"):
        return _answer(data, "text/plain; charset=utf-8", caching=FOR_EVER)
    return _answer(data, "application/timestamp-token", caching=FOR_A_MINUTE)


def _stamp_file(path: str) -> bytes:
    newest = newest_checkpoint()
    data = read_stamp_file(path, newest) if newest else None
    if data is None:
        raise Http404
    return data


@login_not_required
@same_for_everybody
@require_safe
def leaf(request: HttpRequest, leaf_hash: str) -> HttpResponse:
    """The place of a leaf, its inclusion proof and the checkpoint to check it against, for holders of a receipt."""
    newest = newest_checkpoint()
    placed = leaf_place(bytes.fromhex(leaf_hash), newest) if newest else None
    if newest is None or placed is None:
        raise Http404
    proof = [b64encode(part).decode() for part in placed.proof]
    said = {"index": placed.leaf_index, "proof": proof, "checkpoint": newest.note}
    return _answer(canonical(said), "application/json", caching=FOR_A_SECOND)


@login_not_required
@same_for_everybody
@require_safe
def policy_answer(request: HttpRequest) -> HttpResponse:
    """The public keys as a policy for the verifier. Checkers should also have them from another place.

    404 if no file names them: the keys in the database are never served.
    """
    try:
        return _answer(shown_policy(), "application/json", caching=FOR_A_MINUTE)
    except Unusable as error:
        raise Http404 from error


@login_not_required
@same_for_everybody
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier program. Checkers who distrust this server should get it elsewhere."""
    return _download(Path(__file__).with_name("verifier.py"), "text/x-python; charset=utf-8")


@login_not_required
@same_for_everybody
@require_safe
def specification(request: HttpRequest) -> HttpResponse:
    """The specification of the format, for authors of other verifiers."""
    return _download(Path(__file__).parents[1] / "docs" / "ledger.md", "text/markdown; charset=utf-8")


def _download(file: Path, media_type: str) -> HttpResponse:
    answer = _answer(file.read_bytes(), media_type, caching=FOR_A_MINUTE)
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer


def tiles_address() -> str:
    """The base address of the hash tiles, for scripts that read them."""
    return reverse("ledger-tile", args=["-"]).removesuffix("-")


def named_tile(path: str) -> Tile:
    """The tile at a path. Raises Http404 unless the path has its canonical spelling."""
    try:
        return parse_tile_path(path)
    except ValueError as error:
        raise Http404 from error


def _answer(data: bytes, media_type: str, *, caching: str) -> HttpResponse:
    return HttpResponse(data, content_type=media_type, headers={"Cache-Control": caching})
