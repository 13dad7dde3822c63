"""The checks of each ledger entry by itself: its bytes, its place, its act, and the openings of its commitments.

`accounts.ledger_integrity` compares entries with rows; `verify_ledger` checks the log with its tiles and checkpoints.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import groupby, islice
from typing import Any, NamedTuple
from uuid import UUID

from accounts.ledger_entries import committed_person
from accounts.ledger_integrity import MALFORMED, OpenedEntry, read_entries
from accounts.models import User
from house.integrity import Check, IntegrityScope, Place, by_query, rows_in_batches
from ledger.canonical import JsonObject, read_canonical
from ledger.entries import Broken, commitment, format_time, leaf_hash, read_entry
from ledger.models import Key
from ledger.reading import forged_place
from ledger.verifier import KEYS, SEALED

AT_ONCE = 2000

# An entry either waits in the outbox or has its place in the log, under its own hash.
_PLACE = """
SELECT 'entry ' || e.id, 'in the outbox or in the log',
       CASE WHEN o.entry_id IS NULL THEN 'in neither' ELSE 'in both' END
FROM ledger_entry e
LEFT JOIN ledger_outbox o ON o.entry_id = e.id
LEFT JOIN ledger_leaf l ON l.entry_id = e.id
WHERE (o.entry_id IS NULL) = (l.entry_id IS NULL)
UNION ALL
SELECT 'leaf ' || l.index, 'the hash of entry ' || l.entry_id, coalesce('another', 'none')
FROM ledger_leaf l LEFT JOIN ledger_entry e ON e.id = l.entry_id WHERE e.leaf_hash IS DISTINCT FROM l.hash
UNION ALL
SELECT 'outbox ' || o.entry_id, 'an entry', 'none'
FROM ledger_outbox o LEFT JOIN ledger_entry e ON e.id = o.entry_id WHERE e.id IS NULL
UNION ALL
SELECT 'outbox ' || entry_id, 'one row', count(*) || ' rows' FROM ledger_outbox GROUP BY entry_id HAVING count(*) > 1
"""
_GAPS = """
SELECT 'leaf ' || index, 'leaf ' || coalesce(before + 1, 0) || ' before it', 'a gap'
FROM (SELECT index, lag(index) OVER (ORDER BY index) AS before FROM ledger_leaf) l
WHERE index <> coalesce(before + 1, 0)
"""


def _unsigned(_scope: IntegrityScope) -> Iterator[Place]:
    """The leaf after the newest checkpoint that the sequencer refuses to sign."""
    forged = forged_place()
    if forged is not None:
        leaf, _colon, reason = forged.partition(": ")
        yield leaf, "a place that the sequencer gave", reason


_CHAIN = """
SELECT 'entry ' || id, 'number ' || coalesce(seq_before, 0) + 1 || ' of its stream, after the one before it',
       'number ' || seq || CASE WHEN prev IS DISTINCT FROM hash_before THEN ', after another' ELSE '' END
       || CASE WHEN at < at_before THEN ', earlier' ELSE '' END
FROM (
    SELECT id, seq, prev, at, lag(seq) OVER w AS seq_before, lag(leaf_hash) OVER w AS hash_before,
           lag(at) OVER w AS at_before
    FROM ledger_entry WINDOW w AS (PARTITION BY stream ORDER BY seq)
) e
WHERE seq <> coalesce(seq_before, 0) + 1 OR prev IS DISTINCT FROM hash_before OR at < at_before
"""
_ACTS = """
SELECT coalesce('entry ' || e.id, 'act ' || a.entry_id), 'an act for each entry',
       CASE WHEN e.id IS NULL THEN 'no entry' ELSE 'no act' END
FROM ledger_entry e FULL JOIN accounts_act a ON a.entry_id = e.id
WHERE a.entry_id IS NULL OR e.id IS NULL
"""
_SEALED_STREAMS = """
SELECT coalesce('entry ' || e.id, 'sealed stream ' || s.name), 'a sealed stream with the subject of its acts',
       CASE WHEN s.subject IS NULL THEN 'none' WHEN e.id IS NULL THEN 'one without entries' ELSE 'of another' END
FROM ledger_entry e
JOIN accounts_act a ON a.entry_id = e.id
FULL JOIN ledger_sealedstream s ON s.name = e.stream
WHERE (e.id IS NULL OR e.kind = 'sealed') AND s.subject IS DISTINCT FROM a.about
"""


def _entries(scope: IntegrityScope) -> Iterator[Place]:
    """Mismatches of each entry's bytes, act and openings."""
    [(first, last)] = list(rows_in_batches("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM ledger_entry"))
    part, parts = scope.part
    low, high = (first + (last + 1 - first) * step // parts for step in (part - 1, part))
    lines, done = rows_in_batches(_LINES, low, high), 0
    while chunk := list(islice(lines, AT_ONCE)):
        ids = [line[0] for line in chunk]
        secrets: dict[int, dict[str, _Secret]] = {}
        for entry, name, salt, value in rows_in_batches(_SECRETS, ids):
            secrets.setdefault(entry, {})[name] = _Secret(bytes(salt), bytes(value))
        erased: dict[int, set[str]] = {}
        for entry, name in rows_in_batches(_ERASURES, ids):
            erased.setdefault(entry, set()).add(name)
        people = {
            user.pk: committed_person(user)
            for user in User.objects.filter(pk__in={line[9] for line in chunk if line[9]})
        }
        for line in chunk:
            yield from _look_at(
                _EntryLine(*line), secrets.get(line[0], {}), erased=erased.get(line[0], set()), people=people
            )
        done += len(chunk)
        scope.tell(f"entries whole: {done}")


_LINES = """
SELECT e.id, e.stream, e.seq, e.prev, e.kind, e.at, e.leaf, e.leaf_hash, a.kind, a.by_id, a.about, a.at, a.sealed
FROM ledger_entry e LEFT JOIN accounts_act a ON a.entry_id = e.id WHERE e.id >= %s AND e.id < %s ORDER BY e.id
"""
_SECRETS = "SELECT entry_id, name, salt, value FROM ledger_secret WHERE entry_id = ANY(%s)"
_ERASURES = "SELECT entry_id, name FROM ledger_erasure WHERE entry_id = ANY(%s)"


class _EntryLine(NamedTuple):
    """A row of `_LINES`: an entry with its act, whose columns are None if there is none."""

    id: int
    stream: str
    seq: int
    prev: bytes | None
    kind: str
    at: datetime
    leaf: bytes
    leaf_hash: bytes
    act_kind: str | None
    act_by: UUID | None
    act_about: str | None
    act_at: datetime | None
    act_sealed: bool | None


class _Secret(NamedTuple):
    """The salt and the canonical JSON that open a commitment."""

    salt: bytes
    value: bytes


_Secrets = Mapping[str, _Secret]  # by the name of the committed field


def _look_at(
    line: _EntryLine,
    secrets: _Secrets,
    *,
    erased: Collection[str],
    people: Mapping[UUID, dict[str, str] | None],
) -> Iterator[Place]:
    pk, stream, seq, prev, kind, at, leaf, hashed, act_kind, by, about, act_at, act_sealed = line
    subject = f"entry {pk}"
    try:
        entry = read_entry(bytes(leaf))
    except Broken as broken:
        yield subject, "the bytes of an entry", f"not: {broken.part}"
        return
    columns = (stream, seq, bytes(prev).hex() if prev is not None else None, kind, format_time(at))
    if columns != (entry.stream, entry.seq, entry.prev, entry.kind, entry.at):
        yield subject, "columns as its bytes have them", "others"
    if leaf_hash(bytes(leaf)) != bytes(hashed):
        yield subject, "the hash of its bytes", "another"
    yield from _secrets(subject, entry.c, secrets, erased=erased)
    if act_kind is None or act_at is None:
        return
    said = _opened(secrets)
    true_kind = said.get("kind", act_kind) if kind == SEALED else kind
    if (act_kind, act_at, act_sealed) != (true_kind, at, kind == SEALED):
        yield subject, "an act of its kind, time and seal", f"{act_kind}, {format_time(act_at)}, sealed {act_sealed}"
    if kind != SEALED and about != stream:
        yield subject, "an act about its stream", "about another"
    name = "content/by" if kind == SEALED else "by"
    if name in said and said[name] != (people.get(by) if by else None):
        yield subject, "an act by the person it names", str(by or "nobody")


def _opened(secrets: _Secrets) -> JsonObject:
    """The person who acted, and, for a sealed entry, its kind."""
    found: JsonObject = {}
    for name in {"kind", "by", "content/by"} & secrets.keys():
        with suppress(ValueError):  # reported as differing from its commitment
            found[name] = read_canonical(secrets[name].value)
    return found


def _secrets(
    subject: str, committed: Mapping[str, str], secrets: _Secrets, *, erased: Collection[str]
) -> Iterator[Place]:
    """Committed fields that their salt and value do not open, and that no redaction erased."""
    wanted = dict(committed)
    content = secrets.get("content") if committed.keys() == {"kind", "content"} else None
    if content is not None:
        with suppress(*MALFORMED):  # content that differs from its commitment is reported below
            inner = read_canonical(content.value)["c"]
            wanted |= {f"content/{name}": one for name, one in inner.items()}
    for name, commits in wanted.items():
        if name in secrets:
            salt, value = secrets[name]
            if _commitment(salt, name, value) != commits:
                yield subject, f"{name} as it was committed", "other words"
            if name in erased:
                yield subject, f"{name} erased", "still there"
        elif name not in erased:
            yield subject, f"{name} that opens, or a redaction that erased it", "neither"
    hidden = content is None and "content" in erased
    for name in sorted(secrets.keys() - wanted.keys()):
        if not (hidden and name.startswith("content/")):
            yield subject, "only committed fields", f"{name} as well"


def _commitment(salt: bytes, name: str, value: bytes) -> str | None:
    """The commitment to a value in canonical JSON; None for a value that is not canonical or an unusable salt."""
    try:
        return commitment(salt, name.removeprefix("content/"), read_canonical(value))
    except ValueError:
        return None


# Redactions erase exactly the fields and rows that their entries name.


def _erasures(_scope: IntegrityScope) -> Iterator[Place]:
    for entry, group in groupby(rows_in_batches(_ERASED), key=lambda row: row[0]):
        lines = list(group)
        body = _redacted_body(*lines[0][1:4])
        for _entry, _kind, _body, _content, name, row, of_hash in lines:
            named = body is not None and (
                row == "" and name in body["fields"].get(bytes(of_hash).hex(), ())
                if of_hash is not None
                else row in body["rows"]
            )
            if not named:
                what = f"{name} of an entry" if of_hash is not None else "row " + row
                yield f"erasure of {what}", f"named by entry {entry}", "not"
    for entry, kind, body, content in rows_in_batches(_REDACTED):
        found = _redacted_body(kind, body, content)
        if found is None:
            continue
        for leaf, names in found["fields"].items():
            for name in names:
                [(erased, there)] = list(rows_in_batches(_IS_ERASED, leaf=bytes.fromhex(leaf), name=name, entry=entry))
                if not erased or there:
                    yield f"entry {entry} (redacted)", f"{name} of another entry erased", "not erased"
        for row in found["rows"]:
            [(erased,)] = list(rows_in_batches("SELECT EXISTS (SELECT FROM ledger_erasure WHERE row = %s)", row))
            if not erased:
                yield f"entry {entry} (redacted)", f"row {row} erased", "not erased"


_CONTENT = """
(SELECT s.value FROM ledger_secret s JOIN ledger_secret k ON k.entry_id = s.entry_id
 WHERE s.entry_id = e.id AND s.name = 'content' AND k.name = 'kind' AND k.value = '"redacted"'::bytea)
"""
_ERASED = f"""
SELECT e.id, e.kind, e.leaf, {_CONTENT}, x.name, x.row, o.leaf_hash
FROM ledger_erasure x JOIN ledger_entry e ON e.id = x.said_in_id LEFT JOIN ledger_entry o ON o.id = x.entry_id
ORDER BY e.id
"""  # noqa: S608 - our own
_REDACTED = f"""
SELECT e.id, e.kind, e.leaf, {_CONTENT}
FROM ledger_entry e JOIN accounts_act a ON a.entry_id = e.id WHERE a.kind = 'redacted' ORDER BY e.id
"""  # noqa: S608 - our own
_IS_ERASED = """
SELECT EXISTS (SELECT FROM ledger_erasure x WHERE x.entry_id = e.id AND x.name = %(name)s AND x.said_in_id = %(entry)s),
       EXISTS (SELECT FROM ledger_secret s WHERE s.entry_id = e.id AND s.name = %(name)s)
FROM (SELECT (SELECT id FROM ledger_entry WHERE leaf_hash = %(leaf)s) AS id) e
"""


def _redacted_body(kind: str, leaf: bytes, content: bytes | None) -> Any:
    """The body of a redaction's entry; None for another kind of entry, or a sealed one that cannot be opened."""
    try:
        if kind == SEALED:
            return read_canonical(bytes(content))["body"] if content else None
        return read_canonical(bytes(leaf))["body"] if kind == "redacted" else None
    except MALFORMED:
        return None


# Entries without a row: exports, and changes of the log's keys.


def _alone(scope: IntegrityScope) -> Iterator[Place]:
    subjects = (line[0] for line in rows_in_batches(_ABOUT_ALONE))
    keys: dict[str, bool] = dict(Key.objects.values_list("text", "signs_receipts"))
    while chunk := list(islice(subjects, AT_ONCE)):
        for about, entries in read_entries(chunk).items():
            for said in entries:
                yield from _key(said, keys) if about == KEYS else _read(said)


_ABOUT_ALONE = """
SELECT DISTINCT about FROM accounts_act WHERE about LIKE 'reads:%%:%%' OR about LIKE 'log:%%' ORDER BY 1
"""
# The kinds without a row, each with its reason.
ALONE = {
    "exported": "an export changes no row: only the ledger has its person and contents",
    "key_rotated": "the rows of the log's keys have neither the person who replaced a key nor the time",
}


def _key(said: OpenedEntry, keys: dict[str, bool]) -> Iterator[Place]:
    body, subject = said.body or {}, str(said)
    # Earlier releases did not sign with the old key: `verify_ledger` reports that such a change passes on no trust.
    if said.kind != "key_rotated" or body.keys() - {"signed"} != {"key", "replaces", "signs"}:
        yield subject, "the change of a key", said.kind
        return
    for name in ("key", "replaces"):
        if keys.get(body[name]) is not (body["signs"] == "receipts"):
            yield subject, f"body/{name} that signs {body['signs']}", "no such key"


def _read(said: OpenedEntry) -> Iterator[Place]:
    """An export, or a read from before reads had an entry for each hour."""
    subject, wanted = str(said), {"what", "by"}
    _sort, who, day = [*said.about.split(":"), "", ""][:3]
    if said.kind not in ("exported", "restricted_read"):
        yield subject, "an export or a reading", said.kind
    elif str(said.by) != who or said.at.date().isoformat() < day or said.body != {} or said.names() != wanted:
        yield subject, "of the person and the day of its stream, and what", "otherwise"
    elif said.kind == "exported" and said.desk is not None:
        yield subject, "on no desk", f"desk {said.desk}"


def about_known_rows(tables: Mapping[str, str]) -> Check:
    """The check that each entry's subject exists. `tables`: by the first part of a stream's name."""
    orphans = " UNION ALL ".join(
        f"SELECT 'entry ' || a.entry_id || ' (' || a.kind || ')', 'a row for {sort}', a.about FROM accounts_act a"  # noqa: S608 - our own
        f" WHERE a.about LIKE '{sort}:%%' AND NOT EXISTS (SELECT FROM {table} r WHERE '{sort}:' || r.id = a.about)"
        for sort, table in tables.items()
    )
    sorts = ", ".join(f"'{sort}'" for sort in (*tables, "reads"))
    unknown = (
        "SELECT 'entry ' || entry_id || ' (' || kind || ')', 'a subject that is known', about FROM accounts_act"  # noqa: S608 - our own
        f" WHERE split_part(about, ':', 1) NOT IN ({sorts}) AND about <> '{KEYS}'"
        " OR about LIKE 'reads:%%' AND about NOT LIKE 'reads:%%:%%'"
        " AND NOT EXISTS (SELECT FROM accounts_desk d WHERE 'reads:' || d.id = about)"
    )
    return by_query("entry about a row that is there", query=f"{orphans} UNION ALL {unknown}")


CHECKS = (
    by_query("entry in the outbox or in the log", query=_PLACE),
    by_query("places without a gap", query=_GAPS),
    Check("places that are to be signed", _unsigned),
    by_query("entry after the one before it", query=_CHAIN),
    by_query("entry with its act", query=_ACTS),
    by_query("sealed stream of its subject", query=_SEALED_STREAMS),
    Check("entry whole", _entries, by_part=True),
    Check("erased by a redaction", _erasures),
    Check("exports and keys", _alone),
)
