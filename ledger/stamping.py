"""Time stamps: an external authority attests that each day's checkpoint existed (RFC 3161).

The row is written before the request, so that after a crash the next round asks again. A token is kept only after the
verifier's own code has accepted it, and never changed.
"""

import hashlib
import logging
import secrets
import time
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import IO, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ledger.models import Checkpoint, DailyStamp
from ledger.reading import newest_checkpoint
from ledger.verifier import LARGEST_TOKEN, Broken, Stamp, check_stamp, read_stamp_response

logger = logging.getLogger(__name__)

TRY_AGAIN = timedelta(minutes=10)
LONGEST_ANSWER = 15.0  # seconds, of an authority
LONGEST_ROUND = 45.0  # seconds, after which a round makes no more requests
MOST_AT_ONCE = 20  # tokens per authority and round
CLOCKS_DIFFER = timedelta(minutes=5)  # between an authority's clock and ours


def stamp_checkpoints(now: datetime | None = None) -> int:
    """Request missing time stamps, and once a day (UTC) one of the newest checkpoint. Returns how many were received.

    Skips an authority that has stamped the newest checkpoint already.
    """
    now, newest = now or timezone.now(), newest_checkpoint()
    if newest is None or not newest.size:
        return 0
    for authority in settings.TIMESTAMP_AUTHORITIES:
        _want(authority, newest, now)
    end, done = time.monotonic() + LONGEST_ROUND, 0
    for authority in settings.TIMESTAMP_AUTHORITIES:
        done += _ask_for_missing(authority, now, end)
    return done


def _want(authority: str, newest: Checkpoint, now: datetime) -> None:
    rows = DailyStamp.objects.filter(authority=authority)
    if rows.filter(Q(day=now.date()) | Q(checkpoint=newest)).exists():
        return
    with suppress(IntegrityError), transaction.atomic():  # another worker may insert the same row
        DailyStamp.objects.create(authority=authority, day=now.date(), checkpoint=newest, wanted_at=now)


def _ask_for_missing(authority: str, now: datetime, end: float) -> int:
    """Request an authority's missing stamps, newest first, as that dates older entries too. Returns how many came.

    After a failure, waits TRY_AGAIN before the next request.
    """
    missing = DailyStamp.objects.filter(authority=authority, token=None)
    if missing.filter(tried_at__gt=now - TRY_AGAIN).exists():
        return 0
    done = 0
    for pk in missing.order_by("-day").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        if time.monotonic() > end or not _ask(pk, now):
            break
        done += 1
    return done


def _ask(pk: int, now: datetime) -> bool:
    """Request the token of a row, holding no lock meanwhile. Returns whether it has one now."""
    row = DailyStamp.objects.select_related("checkpoint").get(pk=pk)
    if row.token is not None:
        return True
    note, stamp, error = row.checkpoint.note.encode(), None, ""
    try:
        token, stamp = _fetch(row.authority, note)
        _check_time(stamp, row.checkpoint, timezone.now())
    except (OSError, HTTPException, ValueError) as failure:  # Broken is among these
        error = _in_words(failure)
    rows = DailyStamp.objects.filter(pk=pk, token=None)
    if stamp is None or error:
        rows.update(tried_at=now, error=error)
        return False
    rows.update(tried_at=now, error="", token=token, before=stamp.before, signer=stamp.by[:500])
    return True


def _in_words(failure: Exception) -> str:
    """A failure in words for people; the technical name goes to the program's log only."""
    logger.warning("no time stamp: %s: %s", type(failure).__name__, failure)
    reason = failure.reason if isinstance(failure, URLError) else failure
    if isinstance(failure, HTTPError):
        said = f"the authority answered {failure.code}, {failure.reason}"
    elif isinstance(reason, TimeoutError):
        said = "the authority could not be reached: timed out"
    elif isinstance(reason, OSError):
        said = f"the authority could not be reached: {reason.strerror or 'the connection was lost'}"
    elif isinstance(failure, HTTPException):
        said = "the authority's answer is not valid HTTP"
    else:
        said = str(reason)  # Broken and ValueError: already worded for people
    return " ".join(said.split())[:300]


def _fetch(authority: str, note: bytes) -> tuple[bytes, Stamp]:
    """The token of an authority and its contents. Raises OSError, HTTPException, Broken, ValueError."""
    nonce = secrets.randbits(63)
    token = read_stamp_response(_post(authority, stamp_request(note, nonce)))
    stamp = check_stamp(token, data=note, certificates=settings.TIMESTAMP_AUTHORITIES[authority])
    if stamp.nonce != nonce:
        raise Broken("nonce", expected=str(nonce), found=f"{stamp.nonce}: this is the answer to another request")
    return token, stamp


def stamp_request(data: bytes, nonce: int) -> bytes:
    """A TimeStampReq (RFC 3161 2.4.1) for the SHA-256 of `data`, requesting certificates. `nonce`: above 0."""
    sha256 = _der(0x30, _der(0x06, bytes.fromhex("608648016503040201")) + _der(0x05, b""))
    imprint = _der(0x30, sha256 + _der(0x04, hashlib.sha256(data).digest()))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")  # with room for DER's sign bit
    return _der(0x30, _der(0x02, b"\1") + imprint + _der(0x02, number) + _der(0x01, b"\xff"))


def _der(tag: int, content: bytes) -> bytes:
    """A DER value of less than 128 bytes."""
    return bytes([tag, len(content)]) + content


def _check_time(stamp: Stamp, checkpoint: Checkpoint, now: datetime) -> None:
    for holds, expected in (
        (stamp.at >= checkpoint.at - CLOCKS_DIFFER, f"not before the checkpoint, {checkpoint.at:%Y-%m-%d %H:%M} UTC"),
        (stamp.before <= now + CLOCKS_DIFFER, f"not after now, {now:%Y-%m-%d %H:%M} UTC"),
    ):
        if not holds:
            raise Broken("genTime", expected=expected, found=f"{stamp.at:%Y-%m-%d %H:%M} UTC")


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects: an authority must answer at the address in the setting."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, *args: object) -> NoReturn:
        raise HTTPError(req.full_url, code, "leads elsewhere", req.headers, fp)  # type: ignore[arg-type]


def _post(authority: str, request: bytes) -> bytes:
    """The answer of an authority over HTTP (RFC 3161 3.4). Raises OSError, HTTPException, ValueError."""
    headers = {"Content-Type": "application/timestamp-query", "User-Agent": "second-source"}
    asked = Request(authority, data=request, headers=headers, method="POST")  # noqa: S310 - settings take http and https
    end, data = time.monotonic() + LONGEST_ANSWER, bytearray()
    with build_opener(_NoRedirects).open(asked, timeout=LONGEST_ANSWER / 3) as answer:
        while piece := answer.read1(2**14):
            data += piece
            if len(data) > LARGEST_TOKEN or time.monotonic() > end:
                raise ValueError("the answer is too long, or takes too long")
    return bytes(data)
