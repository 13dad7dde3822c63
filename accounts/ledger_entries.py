"""Ledger entries of actions on people and desks. Each is written last in its action's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from accounts.models import Act, Desk, Invitation, RestrictedRead, User
from accounts.security_events import security_event
from house.transactions import note_act
from ledger.entries import format_time, read_entry
from ledger.keys import Rotation
from ledger.models import Entry
from ledger.recording import WrittenEntry, record
from ledger.verifier import KEY_ROTATED, KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFields:
    """The fields of an entry: open in its `body`, or `committed`, as for `ledger.recording.record`.

    `sealed` hides the kind and the body too.
    """

    body: Mapping[str, Any]
    committed: Mapping[str, Any]
    sealed: bool = False


def record_act(
    *, about: str, kind: str, desk: UUID | None, by: User | None, now: datetime, entry: EntryFields
) -> WrittenEntry:
    """Record an act in the stream `about`, indexed for the desk's auditors. The person is committed as `by`."""
    recorded = record(
        stream=about,
        kind=kind,
        at=now,
        body=entry.body,
        committed={"by": committed_person(by), **entry.committed},
        sealed=entry.sealed,
    )
    note_act(kind, by=by.pk if by else None, at=now, leaf_hash=recorded.leaf_hash)
    act = Act(entry_id=recorded.id, desk_id=desk, by=by, kind=kind, about=about, at=recorded.at, sealed=entry.sealed)
    act.save(force_insert=True)
    return recorded


def _said(body: Mapping[str, Any]) -> dict[str, str | int | None]:
    """The body of an account's entry as facts for the security log, with field names in a row."""
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in body.items()}


def committed_person(user: User | None) -> dict[str, str] | None:
    """A person as a committed value; None for a command run under no one's name."""
    return {"id": str(user.pk), "name": user.username} if user else None


class ReadContent(TypedDict):
    """One reading of restricted material, as an entry commits to it; `at` in RFC 3339."""

    by: dict[str, str] | None
    sort: str
    id: str
    at: str | None


def read_said(read: RestrictedRead) -> ReadContent:
    """The values that an entry commits to for one reading of restricted material."""
    sort, _colon, name = read.subject.partition(":")
    at = format_time(read.at) if read.at else None
    return ReadContent(by=committed_person(read.user), sort=sort, id=name, at=at)


def key_rotated(rotation: Rotation, *, by: User | None, now: datetime) -> None:
    """Record that a key of the log replaced another, signed by the old one; once for each key, however often tried."""
    entries = Entry.objects.filter(stream=KEYS).values_list("leaf", flat=True)
    if any(read_entry(bytes(leaf)).body["key"] == rotation.new for leaf in entries):
        return
    record_act(
        about=KEYS,
        kind=KEY_ROTATED,
        desk=None,
        by=by,
        now=now,
        entry=EntryFields(
            body={
                "key": rotation.new,
                "replaces": rotation.old,
                "signs": rotation.signs,
                "signed": rotation.signed,
            },
            committed={},
        ),
    )
    security_event("key_rotated", by=by, signs=rotation.signs)


def account_recorded(
    kind: str, user: User, *, by: User | None, now: datetime, committed: Mapping[str, Any] | None = None, **body: Any
) -> None:
    """Record a change to an account, its sessions or its API tokens.

    The entry has no desk: a desk's auditors read about roles on their own desk instead.
    """
    record_act(
        about=f"person:{user.pk}",
        kind=kind,
        desk=None,
        by=by,
        now=now,
        entry=EntryFields(
            body=body,
            committed={"person": committed_person(user), **(committed or {})},
        ),
    )
    security_event(kind, "done", person=user, by=by, **_said(body))


def invitation_recorded(kind: str, invitation: Invitation, *, by: User, now: datetime) -> None:
    """Record that an invitation was sent or withdrawn."""
    record_act(
        about=f"invitation:{invitation.pk}",
        kind=kind,
        desk=invitation.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"desk": str(invitation.desk_id), "role": invitation.role},
            committed={"name": invitation.name, "email": invitation.email},
        ),
    )
    security_event(kind, by=by, invitation=invitation.pk, desk=invitation.desk_id, role=invitation.role)


def desk_recorded(kind: str, desk: Desk, *, by: User | None, now: datetime, **body: Any) -> None:
    """Record a new desk with its first policy, or its new name."""
    record_act(
        about=f"desk:{desk.pk}",
        kind=kind,
        desk=desk.pk,
        by=by,
        now=now,
        entry=EntryFields(
            body={"prefix": desk.prefix, **body},
            committed={"name": desk.name},
        ),
    )


def role_granted(desk: Desk, user: User, role: str | None, *, by: User | None, now: datetime) -> None:
    """Record a person's new role on a desk, or (None) its end."""
    record_act(
        about=f"person:{user.pk}",
        kind="role_granted",
        desk=desk.pk,
        by=by,
        now=now,
        entry=EntryFields(
            body={"desk": str(desk.pk), "role": role},
            committed={"person": committed_person(user)},
        ),
    )
    security_event("role_granted", person=user, by=by, desk=desk.pk, role=role or "none")


def policy_changed(desk: Desk, changes: Mapping[str, tuple[Any, Any]], *, reason: str, by: User, now: datetime) -> None:
    """Record changed fields of a desk's policy, each with its old and new value."""
    record_act(
        about=f"desk:{desk.pk}",
        kind="policy_changed",
        desk=desk.pk,
        by=by,
        now=now,
        entry=EntryFields(
            body={"changes": {name: list(both) for name, both in sorted(changes.items())}},
            committed={"reason": reason},
        ),
    )
    security_event("policy_changed", by=by, desk=desk.pk, fields=",".join(sorted(changes)))
