"""The check that rows and the ledger's entries agree, in both directions.

Each room declares the rows that entries describe and the values those entries must have (`Told`). The entries of a
subject are read once, with all rows that depend on it, and compared field by field; a field that later entries repeat
is compared with the newest one only. A row without its entry is reported, and so is an entry without its row.

`accounts.entry_integrity` checks each entry by itself.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet

from accounts.ledger_entries import committed_person
from accounts.models import User
from house.integrity import LOOKED_AT, Check, IntegrityScope, Place, rows_in_batches, unreadable
from ledger.canonical import JsonObject, read_canonical
from ledger.entries import BLIND
from ledger.verifier import read_time

Row = TypeVar("Row")

# Raised while reading an entry with values of unexpected types: another program may have written it.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, ValidationError, ObjectDoesNotExist)
Written = Callable[[str, str, Any], Iterable[str]]  # the texts in a value that people wrote, by entry kind and name
AT_ONCE = 500  # roots, with all rows that depend on them
# Evidence saved with a claim is some microseconds apart, and entries have milliseconds.
SLACK = timedelta(milliseconds=1)
SKEW = timedelta(minutes=1)
_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.]+(Z|[+-]\d\d:\d\d)")
REDACTED = "[redacted]"  # the mark of a redaction in a row's text
_CUT = tuple(REDACTED[:length] for length in range(1, len(REDACTED)))  # the mark, cut off by the column's length
_SHOWN = re.compile(rf"{_ID}|{_MOMENT.pattern}|\d{{4}}-\d\d-\d\d")


@dataclass(eq=False, slots=True)
class OpenedEntry:
    """An entry as far as it can be opened.

    `body`: None if a redaction erased the content of a sealed entry. `opened`: the committed values by name; `closed`:
    the names of committed values that no longer open. `around`: all entries read with it, by subject. `earlier`: the
    entries of the same row before it.
    """

    id: int
    about: str
    kind: str
    at: datetime
    not_before: datetime | None
    desk: UUID | None
    by: UUID | None
    leaf_hash: str
    body: JsonObject | None
    opened: JsonObject
    closed: frozenset[str]
    around: Mapping[str, list["OpenedEntry"]]
    earlier: Sequence["OpenedEntry"] = ()

    def __str__(self) -> str:
        return f"entry {self.id} ({self.kind})"

    def names(self) -> set[str]:
        """The names of all its fields; a field of the body is `body/<name>`."""
        return {f"body/{name}" for name in self.body or {}} | self.opened.keys() | self.closed

    def get(self, name: str) -> Any:
        """The value of a field. Raises KeyError for a field that it does not have or that does not open."""
        if name.startswith("body/"):
            assert self.body is not None
            return self.body[name.removeprefix("body/")]
        return self.opened[name]

    def is_of(self, moment: datetime, skew: timedelta = SKEW) -> bool:
        """Whether it was written at the row's moment.

        An entry is never dated before its predecessor in the stream. Where two servers' clocks differ, the row's moment
        may therefore be earlier than the entry's, by up to `skew`.
        """
        if abs(moment - self.at) <= SLACK:
            return True
        is_moved = self.not_before is not None and self.at - self.not_before <= SLACK
        return is_moved and timedelta(0) < self.at - moment <= skew


@dataclass(frozen=True)
class Field(Generic[Row]):
    """The value that a row expects in a field of an entry.

    `latest`: compared with the newest entry that has the field only. `optional`: entries may lack it. `normal`: brings
    values of equal meaning to one form.
    """

    value: Callable[[Row, OpenedEntry], Any]
    latest: bool = False
    optional: bool = False
    normal: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class ExpectedEntries(Generic[Row]):
    """The entries of one kind that a row expects.

    `when`: the row's moment at which exactly one was written, or None for no entry; with `last`, others may precede it.
    Without `when`, any number is accepted. `once`: exactly one, at a moment that no row has. `optional`: fields that
    entries may lack. `nowhere`: fields that no row has, each with its reason.
    """

    fields: Mapping[str, Field[Row]]
    when: Callable[[Row], datetime | None] | None = None
    last: bool = False
    once: bool = False
    optional: frozenset[str] = frozenset()
    nowhere: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told(Generic[Row]):
    """Rows that entries describe.

    `rows`: the rows that depend on the roots with these ids, read without joins, which would leave out rows with broken
    references. `key` of a row equals `key_said` of the entries about it. `subjects`: further subjects of its entries,
    besides the root. `subject`: the row's name in reports. `desk`: the desk of its acts. `claim`: the claim that it
    depends on. `born`: the moment of its creation. `also`: further checks of a row and its entries, oldest first, which
    yield the expected and the found where they differ.
    """

    root: str
    kinds: Mapping[str, ExpectedEntries[Row]]
    rows: Callable[[Sequence[UUID]], Iterable[Row]]
    key: Callable[[Row], str]
    key_said: Callable[[OpenedEntry], str | None]
    subject: Callable[[Row], str]
    desk: Callable[[Row], UUID | None] | None = None
    claim: Callable[[Row], UUID] | None = None
    born: Callable[[Row], datetime] | None = None
    subjects: Callable[[Row], Iterable[str]] = lambda _row: ()
    also: Callable[[Row, Sequence[OpenedEntry], "Beginnings"], Iterable[tuple[str, str]]] | None = None


@dataclass(frozen=True)
class Root:
    """A type of subject: `name`, as in the stream `claim:<uuid>`, and its table."""

    name: str
    model: type[Model]
    check: str


class Beginnings:
    """The moments from which acts have entries; earlier acts may lack one.

    That moment is the first entry of the ledger. For a claim of which only the status changes were brought in, and for
    a desk without other status changes before, it is the moment of bringing in. Acts of the past that were brought in
    one by one each have an entry. A desk that an entry created has no earlier acts, and if that holds for every desk,
    neither do rows without a desk: otherwise a row added without an entry could be backdated.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.around: Mapping[str, Sequence[OpenedEntry]] = {}
        self._of_claim: datetime | None = None
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(at) FROM ledger_entry")
            self._first: datetime | None = cursor.fetchone()[0]
            cursor.execute(_BROUGHT_IN)
            self._brought_in: dict[UUID | None, datetime] = dict(cursor.fetchall())
            cursor.execute(_DESKS)
            desks: dict[UUID, bool] = dict(cursor.fetchall())
        self._made_here: set[UUID | None] = {desk for desk, is_made_here in desks.items() if is_made_here}
        if desks and all(desks.values()):
            self._made_here.add(None)

    def beside(self, around: Mapping[str, Sequence[OpenedEntry]]) -> "Beginnings":
        """A copy with all entries that were read together, by subject, also for rows without entries of their own."""
        same = copy(self)
        same.around = around
        return same

    def of_claim(self, entries: Iterable[OpenedEntry]) -> "Beginnings":
        """A copy for the rows that depend on a claim with these entries."""
        brought_in = [said.at for said in entries if said.body and said.body.get("brought_in")]
        if any(said.kind == "claim_reported" for said in entries):
            brought_in = []
        same = copy(self)
        same._of_claim = brought_in[-1] if brought_in else None
        return same

    def is_older(self, moment: datetime, desk: UUID | None) -> bool:
        """Whether an act at this moment on this desk may lack an entry."""
        if self._first is None or (self._of_claim and moment <= self._of_claim):
            return True
        if desk in self._brought_in and moment <= self._brought_in[desk]:
            return True
        return moment < self._first and desk not in self._made_here


_DESKS = """
SELECT d.id, EXISTS (SELECT FROM accounts_act a WHERE a.about = 'desk:' || d.id AND a.kind = 'desk_made')
FROM accounts_desk d
"""
_BROUGHT_IN = """
SELECT desk_id, max(at) FILTER (WHERE brought_in)
FROM (
    SELECT a.desk_id, e.at,
           f.kind = 'status_changed' AND position('"brought_in":true'::bytea IN e.leaf) > 0 AS brought_in
    FROM ledger_entry e
    JOIN accounts_act a ON a.entry_id = e.id
    LEFT JOIN ledger_entry f ON f.stream = e.stream AND f.seq = 1
    WHERE e.kind = 'status_changed'
) s
GROUP BY desk_id
HAVING max(at) FILTER (WHERE brought_in) <= coalesce(min(at) FILTER (WHERE NOT brought_in), 'infinity')
"""


def ledger_check(root: Root, declared: Iterable[Told[Any]], written: Written) -> Check:
    """The check of all rows that depend on a type of root. `written` finds the texts where a redaction leaves marks."""
    told = [each for each in declared if each.root == root.name]

    def look(scope: IntegrityScope) -> Iterator[Place]:
        beginnings, ids, done = Beginnings(scope.now), _ids(root.model._default_manager.all(), scope), 0
        while chunk := list(islice(ids, AT_ONCE)):
            yield from _each_as_far_as_it_goes(root, told, chunk, beginnings, written)
            done += len(chunk)
            scope.tell(f"{root.check}: {done}")

    return Check(root.check, look, by_part=True)


def _ids(rows: QuerySet[Any], scope: IntegrityScope) -> Iterator[UUID]:
    """The ids of the part being checked: a range, since ids are evenly spread."""
    part, parts = scope.part
    low, high = (UUID(int=((1 << 128) - 1) * step // parts) for step in (part - 1, part))
    found = rows.filter(pk__gte=low).order_by("pk").values_list("pk", flat=True)
    return (found.filter(pk__lt=high) if part < parts else found).iterator(chunk_size=2000)


def _each_as_far_as_it_goes(
    root: Root, told: Sequence[Told[Any]], ids: Sequence[UUID], beginnings: Beginnings, written: Written
) -> Iterable[Place]:
    """The mismatches of these roots. Rows that cannot be read are reported for their own root only."""
    try:
        with transaction.atomic():
            return list(_look_at(root, told, ids, beginnings, written))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(ids) == 1:
            return [(f"{root.name} {ids[0]}", LOOKED_AT, unreadable(error))]
        half = len(ids) // 2
        parts = (ids[:half], ids[half:])
        return [place for part in parts for place in _each_as_far_as_it_goes(root, told, part, beginnings, written)]


def _look_at(
    root: Root, told: Sequence[Told[Any]], ids: Sequence[UUID], beginnings: Beginnings, written: Written
) -> Iterator[Place]:
    found: list[tuple[Told[Any], _RowsByKey]] = []
    for each in told:
        rows_of_it: _RowsByKey = {}
        for row in each.rows(ids):
            if rows_of_it.setdefault(each.key(row), row) is not row:
                yield each.subject(row), "one row", "another one of the same"
        found.append((each, rows_of_it))
    subjects = {f"{root.name}:{pk}" for pk in ids}
    for each, rows_of_it in found:
        subjects |= {name for row in rows_of_it.values() for name in each.subjects(row)}
    around = read_entries(subjects)
    beginnings = beginnings.beside(around)
    known = {kind for each in told for kind in each.kinds}
    for entries in around.values():
        yield from ((str(said), "a kind that belongs there", said.kind) for said in entries if said.kind not in known)
    people = _people(around)
    for each, rows_of_it in found:
        yield from _compare(rows_of_it, around, _Comparison(each, people, beginnings, written))


_RowsByKey = dict[str, Any]  # rows of any type by `Told.key`: each room has its own
_People = Mapping[UUID, dict[str, str] | None]  # as entries commit to them


@dataclass(frozen=True)
class _Comparison:
    """The context in which rows and entries are compared.

    `erased`: the subject and kind of each entry whose content a redaction erased.
    """

    told: Told[Any]
    people: _People
    beginnings: Beginnings
    written: Written
    erased: Collection[tuple[str, str]] = ()


def _people(around: Mapping[str, list[OpenedEntry]]) -> _People:
    ids = {said.by for entries in around.values() for said in entries if said.by}
    return {user.pk: committed_person(user) for user in User.objects.filter(pk__in=ids).only("pk", "username")}


def _compare(
    rows_of_it: _RowsByKey, around: Mapping[str, list[OpenedEntry]], comparison: _Comparison
) -> Iterator[Place]:
    told, beginnings = comparison.told, comparison.beginnings
    of_row: dict[str, list[OpenedEntry]] = {}
    erased: set[tuple[str, str]] = set()
    for said in sorted((one for entries in around.values() for one in entries), key=lambda one: one.id):
        if said.kind not in told.kinds:
            continue
        if said.body is None:
            erased.add((said.about, said.kind))
            continue
        try:
            key = told.key_said(said)
        except MALFORMED:
            key = None
        if key is None or key not in rows_of_it:
            yield f"{said.about} {said}", "a row that it tells of", "none"
            continue
        said.earlier = tuple(of_row.get(key, ()))
        of_row.setdefault(key, []).append(said)
    for key, row in rows_of_it.items():
        subject, entries = told.subject(row), of_row.get(key, [])
        since = beginnings.of_claim(around.get(f"claim:{told.claim(row)}", ())) if told.claim else beginnings
        for place in _compare_row(row, entries, replace(comparison, beginnings=since, erased=erased)):
            yield subject, *place


def _compare_row(row: Any, entries: Sequence[OpenedEntry], comparison: _Comparison) -> Iterator[tuple[str, str]]:
    told = comparison.told
    newest: dict[str, int] = {}
    for said in entries:
        latest = {name for name, one in told.kinds[said.kind].fields.items() if one.latest}
        newest |= {name: said.id for name in latest if name == "at" or name in said.names()}
    for name, kind in told.kinds.items():
        of_kind = [said for said in entries if said.kind == name]
        may_be_erased = any(each == name and _may_be_about(told, row, about) for about, each in comparison.erased)
        if not may_be_erased:
            yield from _compare_number(told, row, name, kind, of_kind, comparison.beginnings)
        for said in of_kind:
            yield from _compare_entry(told, row, kind, said, newest, comparison.people)
            yield from _left_of_closed_fields(row, kind, said, newest, comparison.written)
    if told.also is not None:
        try:
            yield from told.also(row, entries, comparison.beginnings)
        except MALFORMED:
            yield "entries that are well formed", ", ".join(map(str, entries))


def _may_be_about(told: Told[Any], row: Any, about: str) -> bool:
    """Whether an entry of which a redaction left only the subject may be about this row.

    An entry about a root may be about any row that depends on it.
    """
    subjects = list(told.subjects(row))
    return not subjects or about in subjects or about.startswith(f"{told.root}:")


def _compare_number(
    told: Told[Any],
    row: Any,
    name: str,
    kind: ExpectedEntries[Any],
    of_kind: Sequence[OpenedEntry],
    beginnings: Beginnings,
) -> Iterator[tuple[str, str]]:
    """Mismatches in the number of entries of a kind, and in the moment of the one that the row dates."""
    if kind.when is None and not kind.once:
        return
    moment = kind.when(row) if kind.when is not None else told.born(row) if told.born else None
    if moment is None and not kind.once:
        yield from ((f"no entry {name}", str(said)) for said in of_kind)
        return
    if not of_kind:
        desk = told.desk(row) if told.desk else None
        if moment is None or not beginnings.is_older(moment, desk):
            yield f"an entry {name}", "none"
        return
    if not kind.last:
        yield from ((f"one entry {name}", str(said)) for said in of_kind[1:])
    if kind.when is not None and moment is not None and not of_kind[-1].is_of(moment):
        yield f"{of_kind[-1]} at {moment_in_words(of_kind[-1].at)}", moment_in_words(moment)


def _compare_entry(
    told: Told[Any],
    row: Any,
    kind: ExpectedEntries[Any],
    said: OpenedEntry,
    newest: Mapping[str, int],
    people: _People,
) -> Iterator[tuple[str, str]]:
    if told.desk is not None and said.desk != told.desk(row):
        yield f"{said} on desk {said.desk}", f"desk {told.desk(row)}"
    names = said.names() - {BLIND}
    if "by" in said.opened:
        yield from _differences(said, "by", said.opened["by"], now=people.get(said.by) if said.by else None)
    wanted = kind.fields.keys() | kind.nowhere.keys()
    optional = kind.optional | {name for name, one in kind.fields.items() if one.optional}
    missing = wanted - names - optional - {"at"}
    yield from ((f"{said} with {name}", "without it") for name in sorted(missing))
    yield from ((f"{said} without {name}", "with it") for name in sorted(names - wanted - {"by"}))
    for name, one in kind.fields.items():
        if name in said.closed or (one.latest and newest.get(name) != said.id):
            continue
        if name != "at" and name not in names:
            continue
        try:
            now = one.value(row, said)
        except MALFORMED:
            yield f"{name} of {said} as it has to be", "malformed"
            continue
        if name == "at":
            if now is None or not said.is_of(now):
                yield f"{said} at {moment_in_words(said.at)}", moment_in_words(now)
        else:
            yield from _differences(said, name, one.normal(said.get(name)), now=one.normal(now))


def _left_of_closed_fields(
    row: Any, kind: ExpectedEntries[Any], said: OpenedEntry, newest: Mapping[str, int], written: Written
) -> Iterator[tuple[str, str]]:
    """Fields that no longer open, whose texts in the row still have words and no mark of a redaction."""
    for name in sorted(said.closed & kind.fields.keys()):
        one = kind.fields[name]
        if one.latest and newest.get(name) != said.id:
            continue
        stand_in = {} if name in _OBJECTS else REDACTED  # for values that are computed from the entry's own
        try:
            now = one.value(row, replace(said, opened={**said.opened, name: stand_in}))
        except MALFORMED:
            yield f"{name} of {said} as it has to be", "malformed"
            continue
        if not is_left_by_a_redaction(written(said.kind, name, now)):
            yield f"{name} of {said}: {LEFT}", "other words"


_OBJECTS = frozenset({"content", "public"})
LEFT = f'text left by a redaction ("{REDACTED}", or nothing)'


def is_left_by_a_redaction(texts: Iterable[str]) -> bool:
    """Whether all these texts are empty, or one has the mark of a redaction.

    The words around a mark stay, so no stricter check is possible.
    """
    there = [text for text in texts if text]
    return not there or any(REDACTED in text or text.endswith(_CUT) for text in there)


def _differences(said: OpenedEntry, name: str, value: Any, *, now: Any) -> Iterator[tuple[str, str]]:
    """The differences between an entry's value and the row's; of objects, member by member."""
    if isinstance(value, dict) and isinstance(now, dict):
        for member in sorted(value.keys() | now.keys()):
            absent = object()
            if not _are_alike(value.get(member, absent), now=now.get(member, absent)):
                yield _difference(said, f"{name}/{member}", value.get(member), now=now.get(member))
    elif not _are_alike(value, now=now):
        yield _difference(said, name, value, now=now)


def _are_alike(value: Any, *, now: Any) -> bool:
    """Whether two values are equal; moments may be in different time zones."""
    if isinstance(value, str) and isinstance(now, str) and value != now:
        if not (_MOMENT.fullmatch(value) and _MOMENT.fullmatch(now)):
            return False
        try:
            return datetime.fromisoformat(value) == datetime.fromisoformat(now)
        except ValueError:
            return False
    return bool(value == now) and type(value) is type(now)


def by(who: Callable[[Row], UUID | None]) -> Field[Row]:
    """The person whom the row names; that the act names the same one is checked for every entry."""

    def value(row: Row, said: OpenedEntry) -> str | None:
        pk = who(row)
        return str(pk) if pk else None

    return Field(value, normal=person_id)


def person_id(value: Any) -> Any:
    """The id of a person as an entry names one: by id, or with the user name beside it."""
    return value["id"] if isinstance(value, dict) else value


def _difference(said: OpenedEntry, name: str, value: Any, *, now: Any) -> tuple[str, str]:
    return f"{name} of {said}: {_shown(value)}", _shown(now)


def _shown(value: Any) -> str:
    """A value for a mismatch, without any text that a person wrote."""
    if value is None or isinstance(value, bool | int):
        return str(value).lower() if value is not None else "nothing"
    return value if isinstance(value, str) and _SHOWN.fullmatch(value) else "other words"


def moment_in_words(moment: datetime | None) -> str:
    """A moment for a mismatch."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else "never"


def in_order(
    rows_of_it: Sequence[Row], said: OpenedEntry, alike: Callable[[OpenedEntry], bool] = lambda _said: True
) -> Row | None:
    """The row of an entry, where rows and entries of its kind and subject are in the same order.

    Counted from the last: the first rows may be older than the ledger. `alike` selects the entries that count.
    """
    entries = [one for one in said.around[said.about] if one.kind == said.kind and alike(one)]
    place = len(rows_of_it) - len(entries) + [one.id for one in entries].index(said.id)
    return rows_of_it[place] if place >= 0 else None


_ENTRIES = """
SELECT a.entry_id, a.about, a.kind, e.stream, e.at, a.desk_id, a.by_id, e.kind = 'sealed', e.leaf, e.leaf_hash
FROM accounts_act a JOIN ledger_entry e ON e.id = a.entry_id WHERE a.about = ANY(%s) ORDER BY a.entry_id
"""
_SECRETS = "SELECT entry_id, name, value FROM ledger_secret WHERE entry_id = ANY(%s)"


def read_entries(subjects: Collection[str]) -> dict[str, list[OpenedEntry]]:
    """The entries about these subjects, oldest first, each opened as far as possible. Needs a transaction."""
    found: dict[str, list[OpenedEntry]] = {}
    lines = list(rows_in_batches(_ENTRIES, sorted(subjects)))
    secrets: dict[int, JsonObject] = {}
    for pk, name, value in rows_in_batches(_SECRETS, [line[0] for line in lines]):
        with suppress(ValueError):
            secrets.setdefault(pk, {})[name] = read_canonical(bytes(value))
    last: dict[str, datetime] = {}
    for pk, about, kind, stream, at, desk, who, sealed, leaf, leaf_hash in lines:
        opened = secrets.get(pk, {})
        try:
            said = read_canonical(bytes(leaf))
            body, committed = said["body"], said["c"]
            if sealed:
                content = opened.pop("content", None)
                body, committed = (content["body"], content["c"]) if content else (None, {})
                opened = {name.removeprefix("content/"): one for name, one in opened.items() if name != "kind"}
            closed = frozenset(committed.keys() - opened.keys())
            moment, body = _when(kind, at, body)
        except MALFORMED:  # the check of each entry reports it
            continue
        found.setdefault(about, []).append(
            OpenedEntry(
                *(pk, about, kind, moment, last.get(stream), desk, who, bytes(leaf_hash).hex(), body, opened, closed),
                around=found,
            )
        )
        last[stream] = at
    return found


def _when(kind: str, at: datetime, body: JsonObject | None) -> tuple[datetime, JsonObject | None]:
    """The moment of an entry's act, and the rest of the body.

    An act of the past (`ledger.recording.older_acts`) is written later and marked so. A status change keeps its own
    moment in the body, as its row does.
    """
    if kind == "status_changed" or not body or body.get("brought_in") is not True:
        return at, body
    rest = {name: value for name, value in body.items() if name not in ("brought_in", "happened_at")}
    return read_time(body["happened_at"]), rest
