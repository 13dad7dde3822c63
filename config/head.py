"""The data of the page head (the person's desks, unread notifications, waiting redactions), read in one statement."""

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest

from accounts.models import Desk, Membership, User
from house.statements import read_rows
from reviews.queries import unread_up_to, waits_elsewhere

MOST_UNREAD = 99


@dataclass(frozen=True, slots=True)
class Head:
    """The data of one person's page head.

    `memberships`: by the desk's name. `unread`: number of notifications, counted to one above `MOST_UNREAD`.
    `to_redact`: the desks on which a redaction proposed by someone else awaits the person's decision.
    `redacts_elsewhere`: whether one awaits it on another desk or, for administrators, for an actor shared by all desks.
    """

    memberships: list[Membership]
    unread: int
    demonstration: bool
    to_redact: list[Desk]
    redacts_elsewhere: bool


_MEMBERSHIP = ("id", "desk_id", "user_id", "role", "created_at")
_DESK = ("id", "name", "prefix", "is_demonstration")

# If a notification is not plainly of the person's desks, `unread_up_to` counts again with all rules.
_STATEMENT = f"""
    SELECT EXISTS (SELECT 1 FROM accounts_desk WHERE is_demonstration), unread.count, unread.plainly,
           EXISTS (SELECT 1 FROM reviews_redaction r
                   WHERE r.state = 'proposed' AND r.proposed_by_id <> %(user)s
                         AND (r.second_id = %(user)s OR r.actor_id IS NOT NULL AND (%(is_staff)s OR EXISTS (
                             SELECT 1 FROM accounts_membership e WHERE e.user_id = %(user)s AND e.role = 'editor')))),
           m.role = 'editor' AND EXISTS (
               SELECT 1 FROM reviews_redaction r
               WHERE r.desk_id = m.desk_id AND r.state = 'proposed' AND r.proposed_by_id <> m.user_id),
           {", ".join(f"m.{name}" for name in _MEMBERSHIP)}, {", ".join(f"d.{name}" for name in _DESK)}
    FROM (SELECT count(*), bool_and(plainly) AS plainly
          FROM (SELECT n.kind <> 'recheck' AND EXISTS (SELECT 1 FROM accounts_membership o
                                                       WHERE o.user_id = n.recipient_id AND o.desk_id = c.desk_id)
                FROM reviews_notification n JOIN claims_claim c ON c.id = n.claim_id
                WHERE n.recipient_id = %(user)s AND n.read_at IS NULL LIMIT %(most)s) waiting (plainly)) unread
    LEFT JOIN (accounts_membership m JOIN accounts_desk d ON d.id = m.desk_id) ON m.user_id = %(user)s
    ORDER BY d.name, d.id"""  # noqa: S608 - our own


def read_head(user: User) -> Head:
    """Return the page head of `user`."""
    rows = read_rows(_STATEMENT, {"user": user.pk, "is_staff": user.is_staff, "most": MOST_UNREAD + 1})
    demonstration, unread, plainly, redacts_elsewhere = rows[0][:4]
    memberships = [_membership(row[5:], user) for row in rows if row[5]]
    to_redact = [own.desk for own, row in zip(memberships, rows, strict=False) if row[4]]
    # Only if a redaction seems to wait is the full rule checked.
    redacts_elsewhere = redacts_elsewhere and waits_elsewhere(user)
    if plainly is False:
        unread = unread_up_to(user, MOST_UNREAD, [row.desk_id for row in memberships])
    return Head(memberships, unread, demonstration, to_redact, redacts_elsewhere)


def _membership(row: tuple[object, ...], user: User) -> Membership:
    read = Membership.from_db(DEFAULT_DB_ALIAS, _MEMBERSHIP, row[: len(_MEMBERSHIP)])
    read.desk = Desk.from_db(DEFAULT_DB_ALIAS, _DESK, row[len(_MEMBERSHIP) :])
    read.user = user
    return read


def head_of(request: HttpRequest) -> Head | None:
    """Return the page head of the signed-in person, read once for each request; None if no one is signed in."""
    # A request refused early, such as one with a made-up host, has no `user`.
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    found: Head | None = getattr(request, "_head", None)
    if found is None:
        found = read_head(user)
        request._head = found  # type: ignore[attr-defined]  # kept for the rest of this request
    return found


def memberships_in_head(request: HttpRequest) -> list[Membership]:
    """Return the person's memberships from the page head, for `accounts.requests.own_memberships`."""
    head = head_of(request)
    return head.memberships if head else []
