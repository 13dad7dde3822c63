"""Lists of claims that a person may see: filtered, ordered, a page at a time, each read by one statement.

A page is written as SQL, since lists are requested most and composing the statement takes several times as long as
answering it. Which claims it reads comes from `claims.access.scopes`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import QuerySet
from psycopg import ClientCursor

from accounts.models import Membership, Role, User
from accounts.scopes import is_member
from claims.access.scopes import claims_elsewhere
from claims.models import ParticipantRole, Topic, now_sql
from claims.reading.paging import PagePosition
from house.kept_queries import kept

MOST_COUNTED, MOST_COUNTED_BY_WORDS = 1000, 100


@dataclass(frozen=True, slots=True)
class ListScope:
    """The origin of a person's lists: their desks, and the claims that they may decide as an approver."""

    desks: Sequence[UUID]
    invited: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of the filters on a person's desks: user names of reviewers, and topics."""

    people: Sequence[str]
    topics: Sequence[str]


def scope_of(user: User) -> ListScope:
    """The claims that the person's lists are taken from."""
    [found] = _scope(user)
    return ListScope(*found)


@kept(User)
def _scope(user: User) -> QuerySet[User, tuple[list[UUID], list[UUID]]]:
    desks = Membership.objects.filter(user=user).values("desk")
    return User.objects.filter(pk=user.pk).values_list(ArraySubquery(desks), _invited(user))


def _invited(user: User) -> ArraySubquery:
    # Claims of the person's own desks are found by desk.
    return ArraySubquery(claims_elsewhere(user).values("pk"))


def scope_with_choices(user: User, desks: Sequence[UUID]) -> tuple[ListScope, Choices]:
    """The same where the caller has just read the person's `desks`, and the choices of the filters."""
    [(invited, people, topics)] = _choices(user)
    return ListScope(desks, invited), Choices(people, topics)


@kept(User)
def _choices(user: User) -> QuerySet[User, tuple[list[UUID], list[str], list[str]]]:
    on_desks = Membership.objects.filter(is_member(user), role__in=[Role.REVIEWER, Role.EDITOR]).values("user")
    people = User.objects.filter(pk__in=on_desks, is_active=True).order_by("username")
    topics = Topic.objects.filter(is_member(user)).order_by("name").distinct()
    return User.objects.filter(pk=user.pk).values_list(
        _invited(user), ArraySubquery(people.values("username")), ArraySubquery(topics.values("name"))
    )


_REVIEWING = f"""SELECT 1 FROM claims_participant p JOIN accounts_user u ON u.id = p.user_id
    WHERE p.claim_id = c.id AND {now_sql("p", ParticipantRole.REVIEWER)}"""  # noqa: S608 - our own

# The filters for people and programs. `assignee` is a user name; `nobody`: the claim has no reviewer.
_CONDITIONS = {
    "states": "c.state = ANY(%(states)s)",
    "q": "c.words @@ (websearch_to_tsquery('english', %(q)s) || websearch_to_tsquery('simple', %(q)s))",
    "topic": "EXISTS (SELECT 1 FROM claims_claim_topics ct JOIN claims_topic t ON t.id = ct.topic_id"
    " WHERE ct.claim_id = c.id AND t.name = %(topic)s)",
    "assignee": f"EXISTS ({_REVIEWING} AND u.username = %(assignee)s)",
    "nobody": f"NOT EXISTS ({_REVIEWING})",
    "claimant": "c.claimant_id = %(claimant)s",
    "party": "EXISTS (SELECT 1 FROM claims_claim_parties cp WHERE cp.claim_id = c.id AND cp.actor_id = %(party)s)",
    "desk": "c.desk_id = %(desk)s",
    "contested": "c.contested = %(contested)s",
    "support_lost": "(c.support_lost_at IS NOT NULL) = %(support_lost)s",
    "changed_since_verdict": "(c.grounds_changed_at IS NOT NULL) = %(changed_since_verdict)s",
    "closed": "(c.closed_at IS NOT NULL) = %(closed)s",
    "due_before": "c.due_at < %(due_before)s",
}


QueryValues = dict[str, Any]  # the values of a statement's placeholders, of several types


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFilter:
    """Conditions on claims in a list; a field that is not given sets none. `assignee`: a user name, "" for nobody."""

    states: Iterable[str] = ()
    q: str = ""
    topic: str = ""
    assignee: str | None = None
    claimant: UUID | None = None
    party: UUID | None = None
    desk: UUID | None = None
    contested: bool | None = None
    support_lost: bool | None = None
    changed_since_verdict: bool | None = None
    closed: bool | None = None
    due_before: datetime | None = None

    def values(self) -> QueryValues:
        """Return the values of the conditions, by the names in `_CONDITIONS`."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        given |= {"states": list(self.states), "nobody": self.assignee == "" or None}
        # A flag that is False is a condition; an empty text or list is none.
        return {name: value for name, value in given.items() if value is False or value}


class Narrowed:
    """The claims of a scope, filtered."""

    def __init__(self, scope: ListScope, conditions: ClaimFilter = ClaimFilter()) -> None:
        self._values = conditions.values()
        self._narrowed = "".join(f" AND {_CONDITIONS[name]}" for name in self._values)
        self._values |= {"desks": list(scope.desks), "invited": list(scope.invited)}
        self._values |= {f"desk_{number}": desk for number, desk in enumerate(scope.desks)}
        # One query for each desk, so that PostgreSQL reads its claims along the index, in order, and stops.
        self._stretches = [f"c.desk_id = %(desk_{number})s" for number in range(len(scope.desks))]
        if scope.invited or not scope.desks:
            self._stretches.append("c.id = ANY(%(invited)s::uuid[])")
        self.most_counted = MOST_COUNTED_BY_WORDS if conditions.q else MOST_COUNTED

    def read(self, columns: str, place: PagePosition) -> list[Any]:
        """The rows of a page: `columns` are expressions of the claim `c`, its claimant `a`, its author `u`."""
        return self._fetch(
            f"SELECT {columns} FROM ({self._page(place)}) c LEFT JOIN sources_actor a ON a.id = c.claimant_id"  # noqa: S608 - our own
            f" JOIN accounts_user u ON u.id = c.created_by_id ORDER BY {_order(place)}",
            {"key": place.key, "id": place.id, "floor": place.floor, "most": place.most},
        )

    def _page(self, place: PagePosition) -> str:
        beyond, order = "", _order(place)
        if place.key is not None:
            side = "<" if place.newest_first else ">"
            beyond = f" AND (c.{place.order.key}, c.id) {side} (%(key)s, %(id)s)"
            if place.id is None:
                beyond = f" AND c.{place.order.key} {side}= %(key)s"
        if place.floor is not None:
            beyond += f" AND c.{place.order.key} > %(floor)s"
        stretches = [
            f"SELECT c.* FROM claims_claim c WHERE {stretch}{self._narrowed}{beyond} ORDER BY {order} LIMIT %(most)s"  # noqa: S608 - our own
            for stretch in self._stretches
        ]
        if len(stretches) == 1:
            return stretches[0]
        every = " UNION ALL ".join(f"({stretch})" for stretch in stretches)
        return f"SELECT c.* FROM ({every}) c ORDER BY {order} LIMIT %(most)s"  # noqa: S608 - our own

    def count(self) -> int:
        """The number of claims; above `most_counted` counting stops, and the answer is one more than that."""
        return int(self._fetch(f"SELECT {self.counted}", {})[0][0])

    @property
    def counted(self) -> str:
        """`count` as a column of a page."""
        scope = " OR ".join(self._stretches)
        rows = f"SELECT 1 FROM claims_claim c WHERE ({scope}){self._narrowed} LIMIT {self.most_counted + 1}"  # noqa: S608 - our own
        return f"(SELECT count(*) FROM ({rows}) counted)"  # noqa: S608 - our own

    def _fetch(self, statement: str, more: QueryValues) -> list[Any]:
        with connection.cursor() as cursor:
            # With its values in the text: the best plan of a list depends on them, so none may be kept for all values.
            cursor.execute(ClientCursor(connection.connection).mogrify(statement, self._values | more))
            return list(cursor.fetchall())


def _order(place: PagePosition) -> str:
    """SQL that orders by the order's key, one of our columns, and then by id."""
    way = "DESC" if place.newest_first else "ASC"
    return f"c.{place.order.key} {way}, c.id {way}"


class ClaimLine(NamedTuple):
    """A claim as a list shows and orders it.

    `reviewing`: the user names of its reviewers, in order; `found`: the number of claims in the whole list, as
    `Narrowed.count` has it.
    """

    id: UUID
    reference: str
    statement: str
    original_statement: str
    language: str
    state: str
    contested: bool
    support_lost_at: datetime | None
    grounds_changed_at: datetime | None
    claimed_on: date | None
    independence_min: int
    independence_max: int
    independence_exact: bool
    due_at: datetime
    closed_at: datetime | None
    created_at: datetime
    changed_at: datetime
    said_by: str | None
    reviewing: list[str]
    found: int


_OF_THE_CLAIM = ", ".join(f"c.{name}" for name in ClaimLine._fields[:-3])
_PEOPLE = f"""ARRAY(SELECT u.username FROM claims_participant p JOIN accounts_user u ON u.id = p.user_id
    WHERE p.claim_id = c.id AND {now_sql("p", ParticipantRole.REVIEWER)} ORDER BY p.since, p.id)"""  # noqa: S608 - our own


def read_lines(claims: Narrowed, place: PagePosition) -> list[ClaimLine]:
    """The lines of one page."""
    return [ClaimLine(*row) for row in claims.read(f"{_OF_THE_CLAIM}, a.name, {_PEOPLE}, {claims.counted}", place)]


class WholeClaim(NamedTuple):
    """A claim with all fields of the API. `elements`: id, text and whether it is essential, of each."""

    id: UUID
    reference: str
    desk_id: UUID
    statement: str
    original_statement: str
    language: str
    claimant_id: UUID | None
    claimed_on: date | None
    happened_from: date | None
    happened_to: date | None
    place: str
    state: str
    contested: bool
    support_lost_at: datetime | None
    grounds_changed_at: datetime | None
    independence_min: int
    independence_max: int
    independence_exact: bool
    threshold: int
    threshold_reason: str
    version: int
    due_at: datetime
    published_at: datetime | None
    closed_at: datetime | None
    closed_reason: str
    closed_note: str
    created_at: datetime
    changed_at: datetime
    created_by: str
    also_claimed_by: list[UUID]
    parties: list[UUID]
    topics: list[str]
    elements: list[tuple[UUID, str, bool]]


OF_THE_CLAIM = WholeClaim._fields[:-5]  # the claim's own columns

_NAMED = """ARRAY(SELECT n.actor_id FROM claims_claim_{kind} n JOIN sources_actor o ON o.id = n.actor_id
    WHERE n.claim_id = c.id ORDER BY o.name, o.id)"""
_TOPICS = """ARRAY(SELECT t.name FROM claims_claim_topics ct JOIN claims_topic t ON t.id = ct.topic_id
    WHERE ct.claim_id = c.id ORDER BY t.name)"""
_ELEMENTS = "ARRAY(SELECT ({column}) FROM claims_element e WHERE e.claim_id = c.id ORDER BY e.position)"
_WHOLE = ", ".join(
    [f"c.{name}" for name in OF_THE_CLAIM]
    + ["u.username", _NAMED.format(kind="also_claimed_by"), _NAMED.format(kind="parties"), _TOPICS]
    + [_ELEMENTS.format(column=f"e.{column}") for column in ("id", "text", "essential")]
)


def read_claims_whole(claims: Narrowed, place: PagePosition) -> list[WholeClaim]:
    """The claims of one page with all fields of the API."""
    rows = claims.read(_WHOLE, place)
    return [WholeClaim._make([*row[:-3], list(zip(*row[-3:], strict=True))]) for row in rows]
