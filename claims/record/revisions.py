"""Versions of a claim: they grow, and what made each grow can be told in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.edits import count_edit
from accounts.models import User
from claims.models import Claim, Evidence, Revision, RevisionKind, StatusChange
from house.errors import Stale
from sources.models import Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionDetails:
    """The evidence that raised a version and the reason given for it.

    `changed`: the claim's columns that the caller has set and that are saved with the version. `fields`: those of the
    claim that an edit changed, by the names that people edit them by.
    """

    evidence: Evidence | None = None
    note: str = ""
    closed_as: str = ""
    changed: Sequence[str] = ()
    fields: Iterable[str] = ()


def count_version(
    claim: Claim, kind: RevisionKind, *, by: User, now: datetime, details: RevisionDetails = RevisionDetails()
) -> None:
    """Raise a locked claim's version and keep what raised it.

    Called for an edit of the claim, for evidence that is not restricted, and for a status change: nothing else, so
    that the version tells nobody of what they may not see.
    """
    if names := list(details.fields):
        count_edit(claim, names, by=by, now=now)
    else:
        claim.version += 1
    # Always later: who follows what has changed would not find what moves back, having waited for a lock.
    claim.changed_at = max(now, claim.changed_at + timedelta(microseconds=1))
    claim.save(update_fields=[*details.changed, "version", "changed_at"])
    row = Revision(claim=claim, version=claim.version, kind=kind, by=by, at=now, evidence=details.evidence)
    row.note, row.closed_as = details.note, details.closed_as
    row.save()


def check_version(claim: Claim, seen: int) -> None:
    """Refuse what was decided on another version than the present one. Raises Stale with what happened since."""
    if seen == claim.version:
        return
    raise Stale(
        _("This claim has changed since you opened it. Review the changes, then try again."),
        version=claim.version,
        changes=changes_since(claim, seen),
    )


def changes_since(claim: Claim, seen: int) -> list[str]:
    """What raised the version after `seen`, oldest first, one sentence each."""
    rows = (
        Revision.objects.filter(claim=claim, version__gt=seen)
        .select_related("by", "evidence__source")
        .order_by("version")
    )
    return [_in_words(row) for row in rows]


def _in_words(row: Revision) -> str:
    who = {"person": row.by.username}
    if row.kind == RevisionKind.MOVED:
        change = StatusChange.objects.filter(claim=row.claim, at=row.at).order_by("-seq").first()
        state = change.to_state if change else row.claim.state
        return _("%(person)s changed the status: it is now “%(state)s”.") % {**who, "state": state}
    title = (
        row.evidence.source.title
        if row.evidence and row.evidence.visibility != Visibility.RESTRICTED
        else _("withheld")
    )
    if row.kind == RevisionKind.REWORDED:
        return _("%(person)s changed the claim’s wording or elements.") % who
    if row.kind == RevisionKind.ATTACHED:
        return _("%(person)s attached “%(title)s”.") % {**who, "title": title}
    if row.kind == RevisionKind.CHANGED:
        return _("%(person)s changed the evidence “%(title)s”.") % {**who, "title": title}
    if row.kind == RevisionKind.CONFIRMED:
        return _("%(person)s confirmed their assessment again.") % who
    if row.kind == RevisionKind.WITHDRAWN:
        return _("%(person)s withdrew the evidence “%(title)s”.") % {**who, "title": title}
    return _("%(person)s edited the claim.") % who
