"""The check that kept grounds match their digests, and that every verdict whose grounds changed is flagged."""

from collections.abc import Iterator, Sequence
from itertools import islice

from claims.models import Grounds, GroundsWatch
from claims.record.erased import ERASED
from claims.verdicts.grounds import grounds_digest, now_of
from claims.verdicts.grounds_watch import kept_content
from house.integrity import Check, IntegrityScope, Place, by_overdue_query, by_query, one_by_one

_WATCHED = """
SELECT c.reference,
       CASE WHEN w.claim_id IS NULL THEN 'its grounds watched' ELSE 'a verdict whose grounds are watched' END,
       CASE WHEN w.claim_id IS NULL THEN 'not' ELSE c.state END
FROM claims_claim c
LEFT JOIN claims_groundswatch w ON w.claim_id = c.id AND w.of_verdict
LEFT JOIN claims_groundstokeep k ON k.claim_id = c.id
WHERE (c.state IN ('corroborated', 'refuted') AND w.claim_id IS NULL AND k.claim_id IS NULL)
   OR (c.state NOT IN ('corroborated', 'refuted') AND w.claim_id IS NOT NULL)
"""
_MARKED = """
SELECT c.reference, CASE WHEN w.digest IS DISTINCT FROM g.digest THEN 'marked as changed' ELSE 'not marked' END,
       CASE WHEN c.grounds_changed_at IS NULL THEN 'not marked' ELSE 'marked as changed' END
FROM claims_claim c
LEFT JOIN claims_groundswatch w ON w.claim_id = c.id AND w.of_verdict
LEFT JOIN claims_grounds g ON g.id = w.grounds_id
WHERE (c.grounds_changed_at IS NOT NULL) <> coalesce(w.digest <> g.digest, false)
"""
_TASK = """
SELECT c.reference, 'a task for what changed since the verdict while it is marked', count(t.id) || ' open tasks'
FROM claims_claim c
LEFT JOIN claims_task t ON t.claim_id = c.id AND t.kind = 'grounds_changed' AND t.ended_at IS NULL
GROUP BY c.id HAVING (c.grounds_changed_at IS NOT NULL) <> (count(t.id) = 1) OR count(t.id) > 1
"""
_FOLLOWED = """
SELECT 'row ' || subject, 'its change followed', 'not' FROM claims_groundstouch
"""
_LATE = """
SELECT c.reference, 'grounds read again', 'asked for at ' || k.at
FROM claims_groundscheck k JOIN claims_groundswatch w ON w.grounds_id = k.watch_id
JOIN claims_claim c ON c.id = w.claim_id WHERE k.at < %(late)s
"""


def _digests(scope: IntegrityScope) -> Iterator[Sequence[str]]:
    """The digest of all grounds that no redaction erased, compared with that of their content."""
    rows = Grounds.objects.select_related("claim").order_by("?" if scope.sample is not None else "pk")
    kept = rows[: scope.sample].iterator(chunk_size=200)
    yield from one_by_one(kept, lambda grounds: f"grounds {grounds.pk}", _digest)


def _digest(grounds: Grounds) -> Iterator[Place]:
    content = kept_content(grounds)
    if content is None and grounds.content != ERASED:
        yield f"{grounds.claim.reference} grounds {grounds.pk}", f"SHA-256 {grounds.digest} or {ERASED}", "neither"
    if content is not None and grounds_digest(content) != grounds.digest:
        yield f"{grounds.claim.reference} grounds {grounds.pk}", f"SHA-256 {grounds.digest}", grounds_digest(content)


def _as_they_are(scope: IntegrityScope) -> Iterator[Sequence[str]]:
    """Watched grounds compared with the present ones: a missed change shows here."""
    rows = GroundsWatch.objects.filter(checks=None).order_by("?" if scope.sample is not None else "pk")
    ids = rows.values_list("pk", flat=True)[: scope.sample].iterator(chunk_size=2000)
    while chunk := list(islice(ids, 200)):
        watched = GroundsWatch.objects.select_related("grounds", "claim").filter(pk__in=chunk).order_by("pk")
        yield from one_by_one(watched, lambda watch: f"grounds {watch.pk}", _as_it_is)


def _as_it_is(watch: GroundsWatch) -> Iterator[Place]:
    found = now_of(watch.claim, watch.grounds)
    if found.digest != watch.digest or found.subjects != frozenset(watch.subjects):
        yield f"{watch.claim.reference} grounds {watch.pk}", f"SHA-256 {watch.digest}", found.digest


CHECKS = (
    by_query("verdict with its grounds watched", query=_WATCHED),
    by_query("changed since the verdict", query=_MARKED),
    by_query("task for what changed since the verdict", query=_TASK),
    by_query("changes of grounds followed", query=_FOLLOWED),
    by_overdue_query("grounds read again in time", query=_LATE),
    Check("grounds with their digest", _digests),
    Check("watched grounds as they are", _as_they_are),
)
