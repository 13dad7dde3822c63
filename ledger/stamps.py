"""Queries for the log's time stamps, for proofs, exports and pages."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, QuerySet

from ledger.models import Checkpoint, DailyStamp
from ledger.proofs import Dated
from ledger.reading import consistency_with
from ledger.verifier import STAMPS, canonical

MOST_DATED = 12  # stamped checkpoints in one proof
_NOTE = re.compile(r"stamps/([1-9][0-9]{0,15})\.note", re.ASCII)
_TOKEN = re.compile(r"stamps/([1-9][0-9]{0,15})-([1-9][0-9]{0,3})\.tst", re.ASCII)


def _there(checkpoint: Checkpoint) -> QuerySet[DailyStamp]:
    """The stamps of a checkpoint and all earlier ones by the setting's authorities, in the order received.

    Leaves out removed authorities: the policy has no certificates for them, so their stamps would not verify.
    """
    rows = DailyStamp.objects.filter(token__isnull=False, checkpoint__size__lte=checkpoint.size)
    rows = rows.filter(authority__in=settings.TIMESTAMP_AUTHORITIES)
    return rows.order_by("tried_at", "pk")


def dated_for(indexes: Iterable[int], checkpoint: Checkpoint) -> list[Dated]:
    """The stamped checkpoints that date entries, given by index: at most MOST_DATED, smallest first.

    For each entry and authority the first checkpoint that holds the entry, and the newest of all.
    """
    sizes: dict[str, list[int]] = {}
    for authority, size in _there(checkpoint).order_by("checkpoint_id").values_list("authority", "checkpoint_id"):
        sizes.setdefault(authority, []).append(size)
    wanted = {each[at] for index in indexes for each in sizes.values() if (at := bisect_right(each, index)) < len(each)}
    if wanted:
        wanted.add(max(each[-1] for each in sizes.values()))
    return [_dated(size, checkpoint) for size in _spread(sorted(wanted))]


def _spread(sizes: Sequence[int]) -> Sequence[int]:
    """The sizes, thinned out evenly to MOST_DATED, always with the first and the last."""
    if len(sizes) <= MOST_DATED:
        return sizes
    return [sizes[number * (len(sizes) - 1) // (MOST_DATED - 1)] for number in range(MOST_DATED)]


def _dated(size: int, checkpoint: Checkpoint) -> Dated:
    note = Checkpoint.objects.get(size=size).note.encode()
    return Dated(note, consistency_with(size, checkpoint), _tokens(size, checkpoint))


def _tokens(size: int, checkpoint: Checkpoint) -> list[bytes]:
    rows = _there(checkpoint).filter(checkpoint=size).values_list("token", flat=True)
    return [bytes(token) for token in rows if token is not None]


def stamp_paths(checkpoint: Checkpoint) -> Iterator[str]:
    """The paths of an export's time stamp files, with their list last; none without stamps."""
    counts = _counts(checkpoint)
    for size, count in counts.items():
        yield f"stamps/{size}.note"
        yield from (f"stamps/{size}-{number}.tst" for number in range(1, count + 1))
    if counts:
        yield STAMPS


def read_stamp_file(path: str, checkpoint: Checkpoint) -> bytes | None:
    """The file at one of the paths of `stamp_paths`; None if there is none."""
    if path == STAMPS:
        counts = _counts(checkpoint)
        return canonical({str(size): count for size, count in counts.items()}) if counts else None
    if found := _NOTE.fullmatch(path):
        rows = Checkpoint.objects.filter(size=int(found[1]), stamps__in=_there(checkpoint)).distinct()
        note = rows.values_list("note", flat=True).first()
        return note.encode() if note else None
    if found := _TOKEN.fullmatch(path):
        tokens = _tokens(int(found[1]), checkpoint)
        return tokens[int(found[2]) - 1] if int(found[2]) <= len(tokens) else None
    return None


def _counts(checkpoint: Checkpoint) -> dict[int, int]:
    rows = _there(checkpoint).order_by("checkpoint_id").values("checkpoint_id").annotate(count=Count("pk"))
    return dict(rows.values_list("checkpoint_id", "count"))


@dataclass(frozen=True, slots=True)
class AuthorityState:
    """The state of an authority: its last stamp, the time since which one is missing, and the last error.

    `authority`: its address without the query, which may hold a key.
    """

    authority: str
    last: DailyStamp | None
    missing_since: datetime | None
    error: str


def authority_states() -> list[AuthorityState]:
    """The state of each authority, in the order of the setting."""
    return [_authority_state(authority) for authority in settings.TIMESTAMP_AUTHORITIES]


def _authority_state(authority: str) -> AuthorityState:
    rows = DailyStamp.objects.filter(authority=authority).defer("token")
    last = rows.filter(token__isnull=False).order_by("-checkpoint_id").first()
    missing = rows.filter(token=None, tried_at__isnull=False)
    if last is not None:
        missing = missing.filter(checkpoint__size__gt=last.checkpoint_id)
    oldest, newest = missing.order_by("day").first(), missing.order_by("-tried_at").first()
    return AuthorityState(
        authority.partition("?")[0], last, oldest.wanted_at if oldest else None, newest.error if newest else ""
    )


def last_stamps(checkpoint: Checkpoint) -> list[DailyStamp]:
    """For each authority its stamp of the largest size, up to a checkpoint."""
    newest = _there(checkpoint).order_by().values("authority").annotate(size=Max("checkpoint_id"))
    pairs = dict(newest.values_list("authority", "size"))
    rows = _there(checkpoint).filter(checkpoint__in=pairs.values()).defer("token").order_by("before", "pk")
    return [row for row in rows if pairs[row.authority] == row.checkpoint_id]
