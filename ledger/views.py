"""What anybody may fetch of the log: its newest checkpoint, its tiles of hashes, the keys to check it with.

As C2SP tlog-tiles has it: tiles never change, so that caches may keep them for ever, and the checkpoint for as long as
there is no newer one. These answers are the same for everybody and say so: no cache keeps one for each reader.
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
    """Marks a view whose answer depends on nothing but its address; `config.middleware` sends it without `Vary`."""
    view.same_for_everybody = True  # type: ignore[attr-defined]  # as Django marks login_not_required
    return view


@login_not_required
@same_for_everybody
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, with the cosignatures that it has: a note."""
    found = newest_checkpoint()
    if found is None:
        raise Http404
    return _answer(found.note.encode(), "text/plain; charset=utf-8", caching=FOR_A_SECOND)


@login_not_required
@same_for_everybody
@require_safe
def witnessed(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint that a quorum of witnesses cosigned: a note with their cosignatures."""
    found = newest_witnessed()
    if found is None:
        raise Http404
    return _answer(found.note.encode(), "text/plain; charset=utf-8", caching=FOR_A_SECOND)


@login_not_required
@same_for_everybody
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile of hashes, full or partial, under its one path."""
    wanted, newest = named_tile(f"tile/{path}"), newest_checkpoint()
    data = stored_tile(wanted, newest) if newest and wanted.level != ENTRIES else None
    if data is None:
        raise Http404
    return _answer(data, "application/octet-stream", caching=FOR_EVER)


@login_not_required
@same_for_everybody
@require_safe
def stamps(request: HttpRequest) -> HttpResponse:
    """How many time stamps each stamped checkpoint has: canonical JSON, as an export has it. 404: none."""
    return _answer(_stamp_file(STAMPS), "application/json", caching=FOR_A_MINUTE)


@login_not_required
@same_for_everybody
@require_safe
def stamp(request: HttpRequest, path: str) -> HttpResponse:
    """A stamped checkpoint, byte for byte as it was stamped (`<size>.note`), or one of its tokens
    (`<size>-<number>.tst`), whose number counts the authorities that the setting names now."""
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
    """Where a leaf stands, with its inclusion proof and the checkpoint that this is against: who has a receipt asks."""
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
    """The public keys, as the verifier reads them. Whoever checks should have them from elsewhere as well.

    404 where no file names them: those of the database are handed out to nobody.
    """
    try:
        return _answer(shown_policy(), "application/json", caching=FOR_A_MINUTE)
    except Unusable as error:
        raise Http404 from error


@login_not_required
@same_for_everybody
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks. Whoever distrusts this server takes it from elsewhere."""
    return _download(Path(__file__).with_name("verifier.py"), "text/x-python; charset=utf-8")


@login_not_required
@same_for_everybody
@require_safe
def specification(request: HttpRequest) -> HttpResponse:
    """The format in writing, for who writes a program of their own."""
    return _download(Path(__file__).parents[1] / "docs" / "ledger.md", "text/markdown; charset=utf-8")


def _download(file: Path, media_type: str) -> HttpResponse:
    answer = _answer(file.read_bytes(), media_type, caching=FOR_A_MINUTE)
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer


def tiles_address() -> str:
    """Below which address the tiles of hashes stand, for a script that reads them."""
    return reverse("ledger-tile", args=["-"]).removesuffix("-")


def named_tile(path: str) -> Tile:
    """The tile that a path names. Raises Http404 for anything but its one spelling."""
    try:
        return parse_tile_path(path)
    except ValueError as error:
        raise Http404 from error


def _answer(data: bytes, media_type: str, *, caching: str) -> HttpResponse:
    return HttpResponse(data, content_type=media_type, headers={"Cache-Control": caching})
