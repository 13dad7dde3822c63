"""What acts on people and desks leave in the ledger. Each is called last in its action's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Act, Desk, Invitation, RestrictedRead, User
from accounts.security_events import security_event
from house.transactions import note_act
from ledger.entries import format_time, read_entry
from ledger.keys import Rotation
from ledger.models import Entry
from ledger.recording import WrittenEntry, record
from ledger.verifier import KEY_ROTATED, KEYS


def record_act(
    *,
    about: str,
    kind: str,
    desk: UUID | None,
    by: User | None,
    now: datetime,
    body: Mapping[str, Any],
    committed: Mapping[str, Any],
    sealed: bool = False,
) -> WrittenEntry:
    """Write an act into the ledger, in the stream `about`, and where auditors of the desk find it.

    `body`, `committed` and `sealed` as for `ledger.recording.record`; who did it is committed as `by`.
    """
    recorded = record(
        stream=about, kind=kind, at=now, body=body, committed={"by": committed_person(by), **committed}, sealed=sealed
    )
    note_act(kind, by=by.pk if by else None, at=now, leaf_hash=recorded.leaf_hash)
    act = Act(entry_id=recorded.id, desk_id=desk, by=by, kind=kind, about=about, at=recorded.at, sealed=sealed)
    act.save(force_insert=True)
    return recorded


def _said(body: Mapping[str, Any]) -> dict[str, str | int | None]:
    """The body of an act on an account as facts for the security log: names of fields in a row."""
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in body.items()}


def committed_person(user: User | None) -> dict[str, str] | None:
    """Who somebody is, as a committed value; None for a command that nobody ran under their name."""
    return {"id": str(user.pk), "name": user.username} if user else None


def read_said(read: RestrictedRead) -> dict[str, Any]:
    """What an entry commits to of one reading of restricted material."""
    sort, _colon, name = read.subject.partition(":")
    at = format_time(read.at) if read.at else None
    return {"by": committed_person(read.user), "sort": sort, "id": name, "at": at}


def key_rotated(rotation: Rotation, *, by: User | None, now: datetime) -> None:
    """A key of the log took another's place, and the other signed that. Once a key, however often it is tried."""
    entries = Entry.objects.filter(stream=KEYS).values_list("leaf", flat=True)
    if any(read_entry(bytes(leaf)).body["key"] == rotation.new for leaf in entries):
        return
    record_act(
        about=KEYS,
        kind=KEY_ROTATED,
        desk=None,
        by=by,
        now=now,
        body={
            "key": rotation.new,
            "replaces": rotation.old,
            "signs": rotation.signs,
            "signed": rotation.signed,
        },
        committed={},
    )
    security_event("key_rotated", by=by, signs=rotation.signs)


def account_recorded(
    kind: str, user: User, *, by: User | None, now: datetime, committed: Mapping[str, Any] | None = None, **body: Any
) -> None:
    """An account was made or changed, its sessions ended, or a key for the API was made for it or taken back.

    It is on no desk: auditors of a desk read of the roles that it has there.
    """
    record_act(
        about=f"person:{user.pk}",
        kind=kind,
        desk=None,
        by=by,
        now=now,
        body=body,
        committed={"person": committed_person(user), **(committed or {})},
    )
    security_event(kind, "done", person=user, by=by, **_said(body))


def invitation_recorded(kind: str, invitation: Invitation, *, by: User, now: datetime) -> None:
    """Somebody was invited to a desk, or the invitation was taken back."""
    record_act(
        about=f"invitation:{invitation.pk}",
        kind=kind,
        desk=invitation.desk_id,
        by=by,
        now=now,
        body={"desk": str(invitation.desk_id), "role": invitation.role},
        committed={"name": invitation.name, "email": invitation.email},
    )
    security_event(kind, by=by, invitation=invitation.pk, desk=invitation.desk_id, role=invitation.role)


def desk_recorded(kind: str, desk: Desk, *, by: User | None, now: datetime, **body: Any) -> None:
    """A desk was made, with the policy that it begins with, or has another name."""
    record_act(
        about=f"desk:{desk.pk}",
        kind=kind,
        desk=desk.pk,
        by=by,
        now=now,
        body={"prefix": desk.prefix, **body},
        committed={"name": desk.name},
    )


def role_granted(desk: Desk, user: User, role: str | None, *, by: User | None, now: datetime) -> None:
    """A person has a role on a desk from now on, or (None) none any more."""
    record_act(
        about=f"person:{user.pk}",
        kind="role_granted",
        desk=desk.pk,
        by=by,
        now=now,
        body={"desk": str(desk.pk), "role": role},
        committed={"person": committed_person(user)},
    )
    security_event("role_granted", person=user, by=by, desk=desk.pk, role=role or "none")


def policy_changed(desk: Desk, changes: Mapping[str, tuple[Any, Any]], *, reason: str, by: User, now: datetime) -> None:
    """Fields of a desk's policy have other values: each with what it was and what it is."""
    record_act(
        about=f"desk:{desk.pk}",
        kind="policy_changed",
        desk=desk.pk,
        by=by,
        now=now,
        body={"changes": {name: list(both) for name, both in sorted(changes.items())}},
        committed={"reason": reason},
    )
    security_event("policy_changed", by=by, desk=desk.pk, fields=",".join(sorted(changes)))
