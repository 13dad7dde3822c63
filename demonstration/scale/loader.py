"""Fill a desk with copies of specimens by COPY, in transactions in which every guard of the database holds."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Desk
from claims.models import Topic
from claims.record.backfill import bring_in
from demonstration.scale.moulds import Mould, Table, rows_of_transaction, tables_in_order
from demonstration.scale.people import TOPICS, ScaleCast, make_casts, statements
from demonstration.scale.specimens import KINDS, ClaimSpecimen, Specimen, deniable
from ledger.recording import older_acts

BATCH = 2000  # claims in one transaction
YEARS = 4  # the period over which past claims are spread
Batch = dict[str, str]


@dataclass(frozen=True)
class Copied:
    """The number of claims copied, and of all their rows."""

    claims: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """The number of claims and reviewers of a desk, its prefix, and the password of its people.

    `only_deniable`: all claims are reported with a party's denial attached, so that each can be moved once. `at_once`:
    the number of parallel transactions, above 1 in threads with connections of their own.
    """

    claims: int
    prefix: str
    password: str
    reviewers: int
    only_deniable: bool = False
    at_once: int = 1


def load_scale(plan: ScalePlan, *, now: datetime, tell: Callable[[int], None] = lambda done: None) -> Copied:
    """Create the planned desk with its claims, and people who can sign in.

    `tell` is called after each batch with the number written. Raises Invalid if the prefix or a user name is taken.
    """
    founded = now - timedelta(days=365 * (YEARS + 1))
    with older_acts():
        casts = make_casts(prefix=plan.prefix, count=plan.reviewers, password=plan.password, now=founded)
    desk = casts[0].desk
    Topic.objects.bulk_create(Topic(desk=desk, name=name) for name in TOPICS)
    tables = tables_in_order()
    kinds = (ClaimSpecimen(deniable, share=1),) if plan.only_deniable else KINDS
    moulds = _Moulds(kinds, casts, tables, now)
    Desk.objects.filter(pk=desk.pk).update(last_claim_number=plan.claims)
    rows = done = 0
    for written in _written(_batches(moulds, plan.claims, plan.prefix), tables, plan.at_once):
        rows, done = rows + written, min(done + BATCH, plan.claims)
        tell(done)
    return Copied(done, rows)


def _written(batches: Iterator[Batch], tables: list[Table], at_once: int) -> Iterator[int]:
    """Write the batches; yields the number of rows of each."""
    if at_once == 1:
        for batch in batches:
            yield _write(batch, tables)
        return
    with ThreadPoolExecutor(max_workers=at_once) as writers:
        under_way: deque[Future[int]] = deque()
        for batch in batches:
            under_way.append(writers.submit(_write, batch, tables))
            if len(under_way) > at_once:
                yield under_way.popleft().result()
        for each in under_way:
            yield each.result()
        for _ in range(at_once):
            writers.submit(connection.close)


def _write(batch: Batch, tables: list[Table]) -> int:
    with transaction.atomic():
        for table in tables:
            if table.name in batch:
                _copy(table, batch[table.name])
        # The copies have status changes without acts: the ledger marks them as brought in.
        bring_in(connection, claims=_claims_of(batch, tables), now=timezone.now())
    return sum(lines.count("\n") for lines in batch.values())


def _claims_of(batch: Batch, tables: list[Table]) -> list[UUID]:
    place = next(table for table in tables if table.name == "claims_claim").columns.index("id")
    return [UUID(line.split("\t")[place]) for line in batch["claims_claim"].splitlines()]


def _copy(table: Table, lines: str) -> None:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({table.columns_in_sql}) FROM STDIN') as copy:
        copy.write(lines)


class _Moulds:
    """A mould of every kind for every cast, and the choice of one for each claim."""

    def __init__(
        self, kinds: tuple[ClaimSpecimen, ...], casts: list[ScaleCast], tables: list[Table], now: datetime
    ) -> None:
        self.now = now
        self._past = [kind for kind in kinds if kind.share]
        self._shares = [kind.share for kind in self._past]
        self._moulds = {(kind, cast.reviewer): _mould(kind, cast, tables, now) for kind in kinds for cast in casts}
        self._reviewers = [cast.reviewer for cast in casts]
        self._open = [
            (kind, reviewer) for kind in kinds for reviewer in self._reviewers for _ in range(kind.open_for_each)
        ]

    def choose(self, left: int, chance: random.Random) -> tuple[Mould, bool]:
        """The mould of a claim with `left` more to come, and whether it is open work: the last ones are."""
        if left < len(self._open):
            return self._moulds[self._open[left]], True
        kind = chance.choices(self._past, self._shares)[0]
        return self._moulds[kind, chance.choice(self._reviewers)], False


def _mould(kind: ClaimSpecimen, cast: ScaleCast, tables: list[Table], now: datetime) -> Mould:
    """Make one claim through the actions, keep its rows as a mould, and roll back."""
    at = _moment(now, 0, is_open=True) if kind.open_for_each else _moment(now, 1, is_open=False)
    with transaction.atomic():
        one = Specimen(cast, at)
        kind.make(one)
        mould = Mould(rows_of_transaction(tables), one.claim.reference, at)
        transaction.set_rollback(True)
    return mould


def _moment(now: datetime, part: float, *, is_open: bool) -> datetime:
    """When a claim was reported, `part` of the way from the oldest to the newest of its kind.

    Always in the early hours: sources are published at noon, and must stay on the day that the graphs name.
    """
    if is_open:
        return datetime.combine(now.date() - timedelta(days=1), time(0, 30), UTC) + timedelta(hours=part)
    days, rest = divmod((1 - part) * 365 * YEARS, 1)
    return datetime.combine(now.date() - timedelta(days=31 + days), time(0, 30), UTC) + timedelta(hours=11 * (1 - rest))


def _batches(moulds: _Moulds, claims: int, prefix: str) -> Iterator[Batch]:
    """The lines of all tables, for `BATCH` claims at a time, the oldest claim first."""
    chance = random.Random(prefix)  # noqa: S311 - identifiers of data to measure with
    said = statements(claims)
    for start in range(0, claims, BATCH):
        lines: dict[str, list[str]] = {}
        for number in range(start, min(start + BATCH, claims)):
            mould, is_open = moulds.choose(claims - 1 - number, chance)
            statement, place = next(said)
            at = _moment(moulds.now, number / claims, is_open=is_open)
            reference = f"{prefix}-{number + 1}"
            filled = mould.fill(chance=chance, reference=reference, at=at, statement=statement, place=place)
            for name, text in zip(mould.tables, filled, strict=True):
                lines.setdefault(name, []).append(text)
        yield {name: "".join(texts) for name, texts in lines.items()}
