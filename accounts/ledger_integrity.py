"""Whether rows and the ledger's entries say the same, looked at from both sides.

Each room declares which of its rows entries tell of, and what these have to say (`Told`): the entries of a subject are
read once, with all rows that hang on it, and compared field by field. What a later entry says anew is asked of the
newest one alone. A row without its entry is a finding, and so is an entry without its row.

That an entry is whole in itself is looked at in `accounts.entry_integrity`.
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
from ledger.canonical import read_canonical
from ledger.entries import BLIND
from ledger.verifier import read_time

Row = TypeVar("Row")

# What reading an entry raises whose values are of other sorts than ours: it may be anybody's.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, ValidationError, ObjectDoesNotExist)
Written = Callable[[str, str, Any], Iterable[str]]  # what people wrote of a value, by its entry's kind and its name
AT_ONCE = 500  # roots, with all that hangs on them
# Evidence that is written with a claim stands some microseconds apart, and entries tell milliseconds.
SLACK = timedelta(milliseconds=1)
SKEW = timedelta(minutes=1)
_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.]+(Z|[+-]\d\d:\d\d)")
REDACTED = "[redacted]"  # what a redaction leaves in a row's text
_CUT = tuple(REDACTED[:length] for length in range(1, len(REDACTED)))  # at the end of a column that takes no more
_SHOWN = re.compile(rf"{_ID}|{_MOMENT.pattern}|\d{{4}}-\d\d-\d\d")


@dataclass(eq=False, slots=True)
class OpenedEntry:
    """An entry as far as it can be opened.

    `body`: None where a redaction erased the content of a sealed entry. `opened`: what it commits to, by name;
    `closed`: the names of what cannot be opened any more. `around`: all entries read with it, by their subjects.
    `earlier`: those of the same row before it.
    """

    id: int
    about: str
    kind: str
    at: datetime
    not_before: datetime | None
    desk: UUID | None
    by: UUID | None
    leaf_hash: str
    body: dict[str, Any] | None
    opened: dict[str, Any]
    closed: frozenset[str]
    around: Mapping[str, list["OpenedEntry"]]
    earlier: Sequence["OpenedEntry"] = ()

    def __str__(self) -> str:
        return f"entry {self.id} ({self.kind})"

    def names(self) -> set[str]:
        """All fields that it has: those of its body as `body/<name>`."""
        return {f"body/{name}" for name in self.body or {}} | self.opened.keys() | self.closed

    def get(self, name: str) -> Any:
        """The value of a field; of one that it has."""
        if name.startswith("body/"):
            assert self.body is not None
            return self.body[name.removeprefix("body/")]
        return self.opened[name]

    def is_of(self, moment: datetime, skew: timedelta = SKEW) -> bool:
        """Whether it was written when a row says.

        An entry is never earlier than the one before it in its stream: by so much (`skew`) the row's moment may lie
        before that one, where two servers' clocks differ.
        """
        if abs(moment - self.at) <= SLACK:
            return True
        is_moved = self.not_before is not None and self.at - self.not_before <= SLACK
        return is_moved and timedelta(0) < self.at - moment <= skew


@dataclass(frozen=True)
class Field(Generic[Row]):
    """What a field of an entry has to be, by the row. `latest`: asked of the newest entry that has it alone.

    `optional`: not each entry has it. `normal`: makes values alike that say the same.
    """

    value: Callable[[Row, OpenedEntry], Any]
    latest: bool = False
    optional: bool = False
    normal: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class ExpectedEntries(Generic[Row]):
    """What entries of one kind say of a row.

    `when`: at which moment of the row there was one, and one alone; None where there was none. With `last` there may
    have been others before it. Without `when` there are as many as there are. `once`: one, whose moment no row says.
    `optional`: fields that not each of them has. `nowhere`: fields that no row has, each with the reason why.
    """

    fields: Mapping[str, Field[Row]]
    when: Callable[[Row], datetime | None] | None = None
    last: bool = False
    once: bool = False
    optional: frozenset[str] = frozenset()
    nowhere: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told(Generic[Row]):
    """Rows that entries tell of.

    `rows`: those that hang on the roots with these ids, read without joins: these would leave out what refers to
    nothing. `key` of a row is `key_said` of the entries about it.
    `subjects`: of what else than the root its entries may be. `subject`: the row for findings. `desk`: that of its
    acts. `claim`: on which it hangs. `born`: since when it is there. `also`: what else has to be so of a row and its
    entries, oldest first; answers what was expected and found where it is not.
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
    """What streams are about: `name`, as in `claim:<uuid>`, and its table."""

    name: str
    model: type[Model]
    check: str


class Beginnings:
    """Since when entries tell of what is done: what is older has none.

    That is before the first entry of all; of a claim whose status changes alone were brought in, and on a desk that had
    no others before, up to that moment. Where acts of the past were brought in one by one, each has its entry, and
    nothing is older. On a desk that an entry made nothing is older, nor off the desks where that is so
    of all of them: whoever puts in a row without an entry could otherwise date it back.
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
        """The same, with all entries that were read together, by subject: for a row that has none itself, too."""
        same = copy(self)
        same.around = around
        return same

    def of_claim(self, entries: Iterable[OpenedEntry]) -> "Beginnings":
        """The same for what hangs on a claim, by its entries."""
        brought_in = [said.at for said in entries if said.body and said.body.get("brought_in")]
        if any(said.kind == "claim_reported" for said in entries):
            brought_in = []
        same = copy(self)
        same._of_claim = brought_in[-1] if brought_in else None
        return same

    def is_older(self, moment: datetime, desk: UUID | None) -> bool:
        """Whether what happened at this moment on this desk may have no entry."""
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
    """The check of what hangs on a sort of roots, both ways round. `written`: where a redaction leaves its mark."""
    told = [each for each in declared if each.root == root.name]

    def look(scope: IntegrityScope) -> Iterator[Place]:
        beginnings, ids, done = Beginnings(scope.now), _ids(root.model._default_manager.all(), scope), 0
        while chunk := list(islice(ids, AT_ONCE)):
            yield from _each_as_far_as_it_goes(root, told, chunk, beginnings, written)
            done += len(chunk)
            scope.tell(f"{root.check}: {done}")

    return Check(root.check, look, by_part=True)


def _ids(rows: QuerySet[Any], scope: IntegrityScope) -> Iterator[UUID]:
    """The keys of the part that is looked at: a range, as ids are spread evenly."""
    part, parts = scope.part
    low, high = (UUID(int=((1 << 128) - 1) * step // parts) for step in (part - 1, part))
    found = rows.filter(pk__gte=low).order_by("pk").values_list("pk", flat=True)
    return (found.filter(pk__lt=high) if part < parts else found).iterator(chunk_size=2000)


def _each_as_far_as_it_goes(
    root: Root, told: Sequence[Told[Any]], ids: Sequence[UUID], beginnings: Beginnings, written: Written
) -> Iterable[Place]:
    """What is found of these roots. Where what hangs on one of them cannot be read, that is said of this one alone."""
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
    found: list[tuple[Told[Any], dict[str, Any]]] = []
    for each in told:
        rows_of_it: dict[str, Any] = {}
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
        yield from _compare(each, rows_of_it, around, people, beginnings, written)


def _people(around: Mapping[str, list[OpenedEntry]]) -> dict[UUID, Any]:
    ids = {said.by for entries in around.values() for said in entries if said.by}
    return {user.pk: committed_person(user) for user in User.objects.filter(pk__in=ids).only("pk", "username")}


def _compare(
    told: Told[Any],
    rows_of_it: Mapping[str, Any],
    around: Mapping[str, list[OpenedEntry]],
    people: Mapping[UUID, Any],
    beginnings: Beginnings,
    written: Written,
) -> Iterator[Place]:
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
        for place in _compare_row(told, row, entries, people, since, erased, written):
            yield subject, *place


def _compare_row(
    told: Told[Any],
    row: Any,
    entries: Sequence[OpenedEntry],
    people: Mapping[UUID, Any],
    beginnings: Beginnings,
    erased: Collection[tuple[str, str]],
    written: Written,
) -> Iterator[tuple[str, str]]:
    newest: dict[str, int] = {}
    for said in entries:
        latest = {name for name, one in told.kinds[said.kind].fields.items() if one.latest}
        newest |= {name: said.id for name in latest if name == "at" or name in said.names()}
    for name, kind in told.kinds.items():
        of_kind = [said for said in entries if said.kind == name]
        may_be_erased = any(each == name and _may_be_about(told, row, about) for about, each in erased)
        if not may_be_erased:
            yield from _compare_number(told, row, name, kind, of_kind, beginnings)
        for said in of_kind:
            yield from _compare_entry(told, row, kind, said, newest, people)
            yield from _left_of_what_is_closed(row, kind, said, newest, written)
    if told.also is not None:
        try:
            yield from told.also(row, entries, beginnings)
        except MALFORMED:
            yield "entries that are well formed", ", ".join(map(str, entries))


def _may_be_about(told: Told[Any], row: Any, about: str) -> bool:
    """Whether an entry of which a redaction left its subject alone can be of this row: of those that hang on one root,
    of any of them."""
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
    """How many entries of a kind there are, and when the one was written whose moment the row says."""
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
    people: Mapping[UUID, Any],
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


def _left_of_what_is_closed(
    row: Any, kind: ExpectedEntries[Any], said: OpenedEntry, newest: Mapping[str, int], written: Written
) -> Iterator[tuple[str, str]]:
    """Where what nothing opens any more has words in the row all the same, none of them a redaction's mark."""
    for name in sorted(said.closed & kind.fields.keys()):
        one = kind.fields[name]
        if one.latest and newest.get(name) != said.id:
            continue
        stand_in = {} if name in _OBJECTS else REDACTED  # for what compares the row with the value itself
        try:
            now = one.value(row, replace(said, opened={**said.opened, name: stand_in}))
        except MALFORMED:
            yield f"{name} of {said} as it has to be", "malformed"
            continue
        if not is_left_by_a_redaction(written(said.kind, name, now)):
            yield f"{name} of {said}: {LEFT}", "other words"


_OBJECTS = frozenset({"content", "public"})
LEFT = f'what a redaction left ("{REDACTED}", or nothing)'


def is_left_by_a_redaction(texts: Iterable[str]) -> bool:
    """Whether there is nothing in any of these texts, or a redaction's mark in one of them. The words around a mark
    stay, so that more cannot be asked."""
    there = [text for text in texts if text]
    return not there or any(REDACTED in text or text.endswith(_CUT) for text in there)


def _differences(said: OpenedEntry, name: str, value: Any, *, now: Any) -> Iterator[tuple[str, str]]:
    """Where an entry's value and the row's differ; of objects, member by member."""
    if isinstance(value, dict) and isinstance(now, dict):
        for member in sorted(value.keys() | now.keys()):
            absent = object()
            if not _are_alike(value.get(member, absent), now=now.get(member, absent)):
                yield _difference(said, f"{name}/{member}", value.get(member), now=now.get(member))
    elif not _are_alike(value, now=now):
        yield _difference(said, name, value, now=now)


def _are_alike(value: Any, *, now: Any) -> bool:
    """Whether two values are the same; of moments, in whichever zone somebody gave them."""
    if isinstance(value, str) and isinstance(now, str) and value != now:
        if not (_MOMENT.fullmatch(value) and _MOMENT.fullmatch(now)):
            return False
        try:
            return datetime.fromisoformat(value) == datetime.fromisoformat(now)
        except ValueError:
            return False
    return bool(value == now) and type(value) is type(now)


def by(who: Callable[[Row], UUID | None]) -> Field[Row]:
    """Who did it, by the row; that it is who the act names is asked of every entry."""

    def value(row: Row, said: OpenedEntry) -> str | None:
        pk = who(row)
        return str(pk) if pk else None

    return Field(value, normal=lambda value: value["id"] if isinstance(value, dict) else value)


def _difference(said: OpenedEntry, name: str, value: Any, *, now: Any) -> tuple[str, str]:
    return f"{name} of {said}: {_shown(value)}", _shown(now)


def _shown(value: Any) -> str:
    """A value for a finding: no words of people's."""
    if value is None or isinstance(value, bool | int):
        return str(value).lower() if value is not None else "nothing"
    return value if isinstance(value, str) and _SHOWN.fullmatch(value) else "other words"


def moment_in_words(moment: datetime | None) -> str:
    """A moment for a finding."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else "never"


def in_order(
    rows_of_it: Sequence[Row], said: OpenedEntry, alike: Callable[[OpenedEntry], bool] = lambda _said: True
) -> Row | None:
    """The row that an entry tells of, where rows and the entries of its kind and subject follow each other.

    Counted from the last: the first rows may be older than the ledger. `alike`: which of these entries are counted.
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
    """The entries about these subjects, oldest first, each as far as it can be opened. Needs a transaction."""
    found: dict[str, list[OpenedEntry]] = {}
    lines = list(rows_in_batches(_ENTRIES, sorted(subjects)))
    secrets: dict[int, dict[str, Any]] = {}
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
        except MALFORMED:  # told by the check of each entry
            continue
        found.setdefault(about, []).append(
            OpenedEntry(
                *(pk, about, kind, moment, last.get(stream), desk, who, bytes(leaf_hash).hex(), body, opened, closed),
                around=found,
            )
        )
        last[stream] = at
    return found


def _when(kind: str, at: datetime, body: dict[str, Any] | None) -> tuple[datetime, dict[str, Any] | None]:
    """When what an entry says was done, and the rest of its body. An act of the past (`ledger.recording.older_acts`) is
    written later, and says so; a status change says in any case when it was, as its row does."""
    if kind == "status_changed" or not body or body.get("brought_in") is not True:
        return at, body
    rest = {name: value for name, value in body.items() if name not in ("brought_in", "happened_at")}
    return read_time(body["happened_at"]), rest
