"""What ledger entries have to say of claims, status changes, evidence, merges and policy, according to the rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from accounts.ledger_entries import committed_person
from accounts.ledger_integrity import (
    LEFT,
    REDACTED,
    Beginnings,
    ExpectedEntries,
    Field,
    OpenedEntry,
    Root,
    Told,
    by,
    in_order,
    is_left_by_a_redaction,
    moment_in_words,
    person_id,
)
from accounts.models import Desk, FieldChange
from claims.models import (
    ActorMerge,
    Claim,
    Evidence,
    PolicyChange,
    PolicyField,
    Revision,
    RevisionKind,
    StatusChange,
    StatusChangeText,
    Task,
    TaskKind,
)
from claims.queries import ChangeWithText
from claims.record.ledger_entries import (
    claim_content,
    claim_public,
    evidence_content,
    evidence_public,
    status_body,
    status_committed,
)
from ledger.canonical import JsonObject
from ledger.models import SealedStream
from sources.expected_entries import IN_THE_LEDGER_ALONE, as_public, with_merged

CLAIMS = Root("claim", Claim, "claims as the ledger has them")

# Claims


@dataclass(frozen=True)
class Versions:
    """A claim with the cause of each version, and the versions that set a threshold.

    `noted`: the versions whose changed fields are known; earlier releases did not note them.
    """

    claim: Claim
    revisions: Mapping[int, Revision]
    thresholds: frozenset[int]
    noted: frozenset[int]

    def of(self, said: OpenedEntry) -> Revision | None:
        """The cause of the version that an entry names."""
        return self.revisions.get(said.body["version"]) if said.body else None


def _claims(ids: Sequence[UUID]) -> Iterator[Versions]:
    relations = ("parties", "also_claimed_by", "topics", "elements")
    claims = Claim.objects.filter(pk__in=ids).prefetch_related(*relations)
    revisions: dict[UUID, dict[int, Revision]] = {}
    for row in Revision.objects.filter(claim__in=ids):
        revisions.setdefault(row.claim_id, {})[row.version] = row
    noted: dict[UUID, dict[int, list[str]]] = {}
    for pk, version, fields in FieldChange.objects.filter(row__in=ids).values_list("row", "version", "fields"):
        noted.setdefault(pk, {})[version] = fields
    for claim in claims:
        changes = noted.get(claim.pk, {})
        thresholds = frozenset(v for v, fields in changes.items() if _OF_THRESHOLDS & set(fields))
        yield Versions(claim, revisions.get(claim.pk, {}), thresholds, frozenset(changes))


_OF_THRESHOLDS = frozenset({"threshold", "threshold_reason"})


def _revision_of(*kinds: RevisionKind) -> Field[Versions]:
    """A check that the version in an entry was raised by such a change, by its person and at its time."""

    def value(row: Versions, said: OpenedEntry) -> int | None:
        revision = row.of(said)
        if revision is None or revision.kind not in kinds or revision.by_id != said.by or not said.is_of(revision.at):
            return None
        return revision.version

    return Field(value)


def _note(row: Versions, said: OpenedEntry) -> Any:
    """The reason as the claim's revision has it. That of a threshold is kept on the claim, and only the last one."""
    revision = row.of(said)
    if revision is None:
        return None
    if not said.opened["reason"] and REDACTED in row.claim.threshold_reason:
        return ""  # an entry records no reason where a redaction erased it
    if said.kind == "claim_edited" and revision.version not in row.noted and not revision.note:
        return said.opened["reason"]
    if said.kind == "claim_edited" and revision.version in row.thresholds:
        return row.claim.threshold_reason if revision.version == max(row.thresholds) else said.opened["reason"]
    return revision.note


def _why(row: Versions, said: OpenedEntry) -> Any:
    revision = row.of(said)
    return revision.closed_as if revision is not None else row.claim.closed_reason


def _threshold_reason(row: Versions, said: OpenedEntry) -> Any:
    """The reason for a claim's own threshold, while it has one."""
    if row.claim.threshold_override is None:
        return said.opened["threshold_reason"]
    return row.claim.threshold_reason


_CLAIM: dict[str, Field[Versions]] = {"body/claim": Field(lambda row, said: str(row.claim.pk))}
_PUBLISHED: dict[str, Field[Versions]] = as_public(lambda row: claim_public(row.claim), "claimant")
_WRITTEN = _CLAIM | {
    "body/desk": Field(lambda row, said: str(row.claim.desk_id)),
    "body/reference": Field(lambda row, said: row.claim.reference),
    "content": Field(lambda row, said: claim_content(row.claim), latest=True),
    "reason": Field(_note),
}
_WRITTEN_AGAIN = _WRITTEN | {"threshold_reason": Field(_threshold_reason, latest=True, optional=True)}
_EDITED = _revision_of(RevisionKind.EDITED)
_SET = _CLAIM | {"body/version": _EDITED, "reason": Field(_note)}


def _as_last_set(row: Versions, entries: Sequence[OpenedEntry], beginnings: Beginnings) -> Iterator[tuple[str, str]]:
    """Check that a claim is published, or closed, as its last entry on that says."""
    for on, off, moment in (
        ("claim_published", "claim_unpublished", row.claim.published_at),
        ("claim_closed", "claim_opened", row.claim.closed_at),
    ):
        last = next((said for said in reversed(entries) if said.kind in (on, off)), None)
        if last is not None and last.kind == on:
            if moment is None or not last.is_of(moment):
                yield f"{last} at {moment_in_words(last.at)}", moment_in_words(moment)
        elif moment is not None and (last is not None or not beginnings.is_older(moment, row.claim.desk_id)):
            yield f"an entry {on}", f"{last} as the last one" if last else "none"
    yield from _wrong_close(row, entries)
    yield from _threshold_of_another(row, entries, beginnings)
    yield from _versions_by_evidence(row, entries, beginnings)


def _threshold_of_another(
    row: Versions, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that a claim's threshold was set by the author of its last change, redactions of the reason aside.

    Earlier releases did not note which change it was: then one of them has to have that author and that reason.
    """
    claim, version = row.claim, max(row.thresholds, default=0)
    if claim.threshold_override is None or REDACTED in claim.threshold_reason:
        return
    setting = next((said for said in entries if said.body and said.body.get("version") == version), None)
    if setting is not None and setting.by != claim.threshold_by_id:
        yield f"the threshold set by who {setting} is by", "set by another"
    if not version and not beginnings.is_older(claim.created_at, claim.desk_id):
        theirs = [said for said in entries if said.kind == "claim_edited" and said.by == claim.threshold_by_id]
        if not any(said.opened.get("reason", claim.threshold_reason) == claim.threshold_reason for said in theirs):
            yield "an entry claim_edited of who set the threshold, with the reason", "none"


_OF_EVIDENCE = {
    RevisionKind.ATTACHED: ("evidence_attached",),
    RevisionKind.CHANGED: ("evidence_changed", "evidence_released"),
    RevisionKind.WITHDRAWN: ("evidence_withdrawn",),
}


def _versions_by_evidence(
    row: Versions, _entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that each version raised by evidence has the entry of that act, with its person, time and reason.

    An entry that a redaction closed may be any of them.
    """
    for revision in row.revisions.values():
        kinds = _OF_EVIDENCE.get(RevisionKind(revision.kind), ())
        if not kinds or beginnings.is_older(revision.at, row.claim.desk_id):
            continue
        evidence = str(revision.evidence_id)
        if not any(
            said.kind in kinds
            and said.by == revision.by_id
            and (said.body is None or (said.body.get("evidence") == evidence and said.is_of(revision.at)))
            and (not revision.note or REDACTED in revision.note or said.opened.get("reason", "") == revision.note)
            for said in (
                *beginnings.around.get(f"claim:{row.claim.pk}", ()),
                *beginnings.around.get(f"evidence:{evidence}", ()),
            )
        ):
            yield f"an entry {kinds[0]} that raised version {revision.version}", "none"


def _wrong_close(row: Versions, entries: Sequence[OpenedEntry]) -> Iterator[tuple[str, str]]:
    """Check that a closed claim gives the reason of its last entry."""
    last = next((said for said in reversed(entries) if said.kind == "claim_closed"), None)
    if last is None or row.claim.closed_at is None or not last.body:
        return
    if last.body.get("why") != row.claim.closed_reason:
        yield f"body/why of {last}: {last.body.get('why')}", row.claim.closed_reason
    if "reason" in last.opened and last.opened["reason"] != row.claim.closed_note:
        yield f"reason of {last}", "other words"
    if "reason" in last.closed and not is_left_by_a_redaction([row.claim.closed_note]):
        yield f"reason of {last}: {LEFT}", "other words"


TOLD_CLAIMS: Told[Versions] = Told(
    root="claim",
    kinds={
        "claim_reported": ExpectedEntries(
            _WRITTEN
            | {"body/version": _revision_of(RevisionKind.REPORTED), "by": by(lambda row: row.claim.created_by_id)},
            when=lambda row: row.claim.created_at,
        ),
        "claim_edited": ExpectedEntries(_WRITTEN_AGAIN | _PUBLISHED | {"body/version": _EDITED}),
        "claim_reworded": ExpectedEntries(
            _WRITTEN_AGAIN | _PUBLISHED | {"body/version": _revision_of(RevisionKind.REWORDED)}
        ),
        "claim_published": ExpectedEntries(_SET | _PUBLISHED),
        "claim_unpublished": ExpectedEntries(_SET),
        "claim_closed": ExpectedEntries(_SET | {"body/why": Field(_why)}),
        "claim_opened": ExpectedEntries(_SET),
    },
    rows=_claims,
    key=lambda row: str(row.claim.pk),
    key_said=lambda said: said.about.removeprefix("claim:"),
    subject=lambda row: row.claim.reference,
    claim=lambda row: row.claim.pk,
    desk=lambda row: row.claim.desk_id,
    also=_as_last_set,
)

# Status changes


def _changes(ids: Sequence[UUID]) -> Iterator[ChangeWithText]:
    words = {(row.claim_id, row.seq): row for row in StatusChangeText.objects.filter(claim__in=ids)}
    changes = StatusChange.objects.filter(claim__in=ids).prefetch_related("claim", "by", "decided_by")
    for row in changes:
        yield ChangeWithText(row, words.get((row.claim_id, row.seq)))


def _open(name: str) -> Field[ChangeWithText]:
    return Field(lambda change, said: status_body(change.row)[name])


def _committed(name: str) -> Field[ChangeWithText]:
    def value(change: ChangeWithText, said: OpenedEntry) -> Any:
        words = change.words
        reason, decision_reason = (words.reason, words.decision_reason) if words else (None, None)
        return status_committed(change.row, reason, decision_reason=decision_reason)[name]

    return Field(value)


def _independence(change: ChangeWithText, said: OpenedEntry) -> Any:
    """The independence that an entry states; a backfilled one states only the numbers."""
    told = status_body(change.row)["independence"]
    return {name: told[name] for name in ("min", "max")} if "brought_in" in (said.body or {}) else told


_STATUS: dict[str, Field[ChangeWithText]] = {
    "body/claim": Field(lambda change, said: str(change.row.claim_id)),
    "body/reference": Field(lambda change, said: change.row.claim.reference),
    "by": Field(lambda change, said: committed_person(change.row.by)),
    "body/brought_in": Field(lambda change, said: True),
    **{f"body/{name}": _open(name) for name in ("number", "happened_at", "from", "to", "stance", "threshold")},
    "body/independence": Field(_independence),
    **{name: _committed(name) for name in ("decided_by", "reason", "decision_reason", "evidence", "graph_digest")},
}


def _number(said: OpenedEntry) -> str | None:
    return f"{said.about.removeprefix('claim:')} {said.body.get('number')}" if said.body else None


def _moved_then(
    change: ChangeWithText, entries: Sequence[OpenedEntry], _beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that a status change that was not backfilled was recorded when the claim moved."""
    for said in entries:
        if "brought_in" not in (said.body or {}) and not said.is_of(change.row.at):
            yield f"{said} at {moment_in_words(said.at)}", moment_in_words(change.row.at)


TOLD_STATUS_CHANGES: Told[ChangeWithText] = Told(
    root="claim",
    kinds={"status_changed": ExpectedEntries(_STATUS, once=True, optional=frozenset({"body/brought_in"}))},
    rows=_changes,
    key=lambda change: f"{change.row.claim_id} {change.row.seq}",
    key_said=_number,
    subject=lambda change: f"{change.row.claim.reference} status change {change.row.seq}",
    desk=lambda change: change.row.claim.desk_id,
    also=_moved_then,
)

# Evidence


def _evidence(ids: Sequence[UUID]) -> Iterable[Evidence]:
    return Evidence.objects.filter(claim__in=ids).prefetch_related("claim", "superseded_by", "elements")


def _evidence_content(item: Evidence, said: OpenedEntry) -> JsonObject:
    """The content that an entry commits to.

    Where the superseding evidence was withdrawn or restricted since, the piece is live again without an entry.
    """
    content = said.opened["content"]
    now = with_merged(content, ["against_interest_id"], now=evidence_content(item))
    later = content.get("superseded_by_id")
    if later and item.superseded_by_id is None and _gives_life_back(item, later):
        now["superseded_by_id"] = later
    return now


def _gives_life_back(item: Evidence, later: str) -> bool:
    row = Evidence.objects.filter(pk=later, claim=item.claim_id).first()
    return row is not None and (
        row.withdrawn_at is not None or SealedStream.objects.filter(subject=f"evidence:{later}").exists()
    )


def _reason_of_a_change(item: Evidence, said: OpenedEntry) -> str:
    """The reason of a change: editors give none; a merge of the actor in `against_interest` gives its own."""
    reason: str = said.opened["reason"]
    if reason and ActorMerge.objects.filter(by=said.by, reason__in=[reason, REDACTED]).exists():
        return reason
    return ""


def _note_of_the_task(item: Evidence, said: OpenedEntry) -> str | None:
    """The note with which a person ended the excerpt's re-check."""
    tasks = Task.objects.filter(evidence=item, kind=TaskKind.RECHECK, ended_by=said.by)
    return next((task.note for task in tasks if task.ended_at and said.is_of(task.ended_at)), None)


_EVIDENCE: dict[str, Field[Evidence]] = {
    "body/claim": Field(lambda item, said: str(item.claim_id)),
    "body/evidence": Field(lambda item, said: str(item.pk)),
    "content": Field(_evidence_content, latest=True),
    **as_public(evidence_public),
}

TOLD_EVIDENCE: Told[Evidence] = Told(
    root="claim",
    kinds={
        "evidence_attached": ExpectedEntries(
            _EVIDENCE | {"reason": Field(lambda item, said: ""), "by": by(lambda item: item.created_by_id)},
            when=lambda item: item.created_at,
        ),
        "evidence_changed": ExpectedEntries(_EVIDENCE | {"reason": Field(_reason_of_a_change)}),
        "evidence_withdrawn": ExpectedEntries(
            _EVIDENCE
            | {
                "reason": Field(lambda item, said: item.withdrawn_reason),
                "by": by(lambda item: item.withdrawn_by_id),
            },
            when=lambda item: item.withdrawn_at,
        ),
        "evidence_released": ExpectedEntries(_EVIDENCE, nowhere={"reason": IN_THE_LEDGER_ALONE}),
        "excerpt_confirmed": ExpectedEntries(_EVIDENCE | {"reason": Field(_note_of_the_task)}),
    },
    rows=_evidence,
    key=lambda item: str(item.pk),
    key_said=lambda said: said.body.get("evidence") if said.body else None,
    subject=lambda item: f"{item.claim.reference} evidence {item.pk}",
    claim=lambda item: item.claim_id,
    desk=lambda item: item.claim.desk_id,
    subjects=lambda item: [f"evidence:{item.pk}"],
)

# Merges


def _merges(ids: Sequence[UUID]) -> Iterable[ActorMerge]:
    return ActorMerge.objects.filter(actor__in=ids).prefetch_related("actor", "by")


TOLD_MERGES: Told[ActorMerge] = Told(
    root="actor",
    kinds={
        "actor_merged": ExpectedEntries(
            {
                "into": Field(lambda row, said: str(row.into_id)),
                "reason": Field(lambda row, said: row.reason),
                "by": Field(lambda row, said: committed_person(row.by)),
            },
            when=lambda row: row.at,
            optional=frozenset({"public"}),
            nowhere=dict.fromkeys(
                ("body/actor", "body/desk", "content", "public"), "asked of the actor, in `sources.expected_entries`"
            ),
        ),
    },
    rows=_merges,
    key=lambda row: str(row.actor_id),
    key_said=lambda said: said.about.removeprefix("actor:"),
    subject=lambda row: f"actor {row.actor_id}",
    desk=lambda row: row.actor.desk_id,
)

# Policy


@dataclass(frozen=True)
class RecordedPolicy:
    """A desk with the changes of its policy, those of one act together, oldest first."""

    desk: Desk
    changes: Sequence[Sequence[PolicyChange]]


def _policies(ids: Sequence[UUID]) -> Iterator[RecordedPolicy]:
    changes: dict[UUID, list[list[PolicyChange]]] = {}
    rows = PolicyChange.objects.filter(desk__in=ids).prefetch_related("by").order_by("desk", "id")
    for (desk, _at), together in groupby(rows, key=lambda row: (row.desk_id, row.at)):
        changes.setdefault(desk, []).append(list(together))
    for row in Desk.objects.filter(pk__in=ids):
        yield RecordedPolicy(row, changes.get(row.pk, []))


def _as_changed(policy: RecordedPolicy, said: OpenedEntry) -> Any:
    together = in_order(policy.changes, said)
    return {one.field: [one.before, one.after] for one in together} if together else None


def _reason_of_the_change(policy: RecordedPolicy, said: OpenedEntry) -> Any:
    together = in_order(policy.changes, said)
    return together[0].reason if together else None


def _changed_by(policy: RecordedPolicy, said: OpenedEntry) -> str | None:
    people = {one.by_id for one in in_order(policy.changes, said) or ()}
    # The rows of one act name one person.
    return str(people.pop()) if len(people) == 1 else None


def _policy_now(
    policy: RecordedPolicy, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that each change has its entry, recorded at its time, and that the last one of each field is in force."""
    told = entries[-len(policy.changes) :] if policy.changes else []
    for together, said in zip(reversed(policy.changes), reversed(told), strict=False):
        if not said.is_of(together[0].at):
            yield f"{said} at {moment_in_words(said.at)}", moment_in_words(together[0].at)
    for together in policy.changes[: len(policy.changes) - len(told)]:
        if not beginnings.is_older(together[0].at, policy.desk.pk):
            yield "an entry policy_changed", "none"
    yield from _since_when(policy)
    last = {one.field: one.after for together in policy.changes for one in together}
    for name, value in last.items():
        if getattr(policy.desk, name) != value:
            yield f"{name} {value} as last changed", str(getattr(policy.desk, name))


def _since_when(policy: RecordedPolicy) -> Iterator[tuple[str, str]]:
    """A second factor is required since the change that first required it."""
    name = PolicyField.SECOND_FACTOR_DAYS.value
    began = [one.at for changes in policy.changes for one in changes if one.field == name and not one.before]
    expected = (began[-1] if began else policy.desk.created_at) if policy.desk.second_factor_days else None
    if policy.desk.second_factor_since != expected:
        yield f"second factors since {moment_in_words(expected)}", moment_in_words(policy.desk.second_factor_since)


TOLD_POLICY: Told[RecordedPolicy] = Told(
    root="desk",
    kinds={
        "policy_changed": ExpectedEntries(
            {
                "body/changes": Field(_as_changed),
                "reason": Field(_reason_of_the_change),
                "by": Field(_changed_by, normal=person_id),
            },
        ),
    },
    rows=_policies,
    key=lambda policy: str(policy.desk.pk),
    key_said=lambda said: said.about.removeprefix("desk:"),
    subject=lambda policy: f"desk {policy.desk.prefix}",
    desk=lambda policy: policy.desk.pk,
    also=_policy_now,
)

TOLD: tuple[Told[Any], ...] = (TOLD_CLAIMS, TOLD_STATUS_CHANGES, TOLD_EVIDENCE, TOLD_MERGES, TOLD_POLICY)
