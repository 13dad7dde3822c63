"""The ledger entries that the rows of accounts, roles, invitations, desks and reads expect."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts.ledger_entries import ReadContent, committed_person, read_said
from accounts.ledger_integrity import Beginnings, ExpectedEntries, Field, OpenedEntry, Root, Told, moment_in_words
from accounts.models import Desk, Invitation, Membership, RestrictedRead, Session, Token, User
from accounts.second_factor import FACTORS
from ledger.canonical import JsonObject

PEOPLE = Root("person", User, "accounts as the ledger has them")
DESKS = Root("desk", Desk, "desks as the ledger has them")
INVITATIONS = Root("invitation", Invitation, "invitations as the ledger has them")

# Accounts


@dataclass(frozen=True)
class AccountRecord:
    """A person with the rows that entries about them describe: tokens, sessions, second factors, identities."""

    user: User
    tokens: Mapping[str, Token] = field(default_factory=dict)
    sessions: frozenset[str] = frozenset()
    factors: Sequence[Authenticator] = ()
    identities: Mapping[str, str] = field(default_factory=dict)


def _accounts(ids: Sequence[UUID]) -> Iterator[AccountRecord]:
    tokens: dict[UUID, dict[str, Token]] = {}
    for token in Token.objects.filter(user__in=ids):
        tokens.setdefault(token.user_id, {})[str(token.id)] = token
    sessions: dict[UUID, set[str]] = {}
    for user, session in Session.objects.filter(user__in=ids).values_list("user", "id"):
        sessions.setdefault(user, set()).add(str(session))
    factors: dict[UUID, list[Authenticator]] = {}
    for row in Authenticator.objects.filter(user__in=ids):
        factors.setdefault(row.user_id, []).append(row)
    identities: dict[UUID, dict[str, str]] = {}
    for user, provider, subject in SocialAccount.objects.filter(user__in=ids).values_list("user", "provider", "uid"):
        identities.setdefault(user, {})[provider] = subject
    for one in User.objects.filter(pk__in=ids).select_related("invitation"):
        pk = one.pk
        yield AccountRecord(
            one,
            tokens.get(pk, {}),
            frozenset(sessions.get(pk, ())),
            factors.get(pk, ()),
            identities.get(pk, {}),
        )


def _invitation(row: AccountRecord, said: OpenedEntry) -> str | None:
    invitation = getattr(row.user, "invitation", None)
    return str(invitation.pk) if invitation else None


def _factors_before(said: OpenedEntry) -> dict[str, int]:
    """The number of second factors by type before an entry, and of unused codes under `recovery_codes`."""
    left: dict[str, int] = {}
    for one in said.earlier:
        left = _factors_after(left, one)
    return left


def _factors_after(left: Mapping[str, int], said: OpenedEntry) -> dict[str, int]:
    now, body = dict(left), said.body or {}
    if said.kind == "factor_added":
        now[body["factor"]] = now.get(body["factor"], 0) + 1
    elif said.kind == "factor_removed":
        now[body["factor"]] = now.get(body["factor"], 0) - 1
        if not any(now.get(kind) for kind in FACTORS):
            now = {}
    elif said.kind == "factors_reset":
        now = {}
    elif said.kind in _OF_CODES:
        now[_CODES] = body[_OF_CODES[said.kind]]
    return {name: number for name, number in now.items() if number or name == _CODES}


_CODES = str(Authenticator.Type.RECOVERY_CODES)
_OF_CODES = {"recovery_codes_made": "codes", "recovery_code_used": "left"}


def _known_factor(row: AccountRecord, said: OpenedEntry) -> str | None:
    """The factor type that an entry names, if it is known and, for a removal, the person had one; otherwise None."""
    factor = (said.body or {}).get("factor")
    had = said.kind == "factor_added" or _factors_before(said).get(str(factor), 0) > 0
    return str(factor) if factor in FACTORS and had else None


def _account_now(  # noqa: C901, PLR0912 - a branch for each kind of entry
    row: AccountRecord, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Mismatches between the factors, identities, tokens and sessions that the entries add up to and the rows."""
    left: dict[str, int] = {}
    linked: dict[str, object] = {}  # subject by provider; an entry may hold any JSON
    for said in entries:
        left = _factors_after(left, said)
        provider = (said.body or {}).get("provider")
        if said.kind == "identity_linked" and provider:
            linked[provider] = said.opened.get("subject")
        elif said.kind == "identity_unlinked":
            linked.pop(str(provider), None)
    found: dict[str, int] = {}
    for factor in row.factors:
        number = len(factor.data["digests"]) if factor.type == _CODES else 1
        found[factor.type] = found.get(factor.type, 0) + number
    for name in sorted(left.keys() | found.keys()):
        if left.get(name) != found.get(name):
            yield f"second factors {name}: {left.get(name, 0)}", str(found.get(name, 0))
    for provider in sorted(linked.keys() | row.identities.keys()):
        if (provider in linked) != (provider in row.identities):
            yield f"identity {provider} {'linked' if provider in linked else 'not linked'}", "otherwise"
        elif linked[provider] not in (None, row.identities[provider]):
            yield f"subject of identity {provider}", "other words"
    invitation = getattr(row.user, "invitation", None)
    made = [said for said in entries if said.kind == "account_made"]
    if invitation and made and not made[0].is_of(invitation.accepted_at):
        yield f"{made[0]} at {moment_in_words(made[0].at)}", moment_in_words(invitation.accepted_at)
    if made and not row.user.is_active and not any("open" in (said.body or {}) for said in entries):
        yield f"an account that is open, as {made[0]} left it", "closed"
    yield from _tokens_now(row, entries, beginnings)
    for said in entries:
        if said.kind == "session_ended" and (said.body or {}).get("session") in row.sessions:
            yield f"the session ended by {said}", "still there"
    yield from _sessions_ended(row.user.sessions_ended_at, entries, beginnings)


def _sessions_ended(
    at: datetime | None, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Mismatches in the moment before which sessions are over.

    It is that of the last entry that ended all sessions, or of a later one that closed the account or changed its
    password. Earlier releases did not set the moment for the latter.
    """
    ending = [said for said in entries if said.kind in _ENDING]
    closing = [said for said in entries if said.kind == "account_changed"]
    if ending and (
        at is None or not any(said.is_of(at) for said in [ending[-1], *closing] if said.at >= ending[-1].at)
    ):
        yield f"{ending[-1]} at {moment_in_words(ending[-1].at)}", moment_in_words(at) if at else "none"
    elif at and not ending and not any(said.is_of(at) for said in closing) and not beginnings.is_older(at, None):
        yield "an entry sessions_ended", "none"


_ENDING = ("sessions_ended", "access_ended", "factors_reset")
_TAKES_TOKENS = ("access_ended", "factors_reset", "account_changed")


def _tokens_now(
    row: AccountRecord, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    made = {said.body["token"]: said for said in entries if said.kind == "token_made" and said.body}
    revoked = {said.body["token"] for said in entries if said.kind == "token_revoked" and said.body}
    for pk, token in row.tokens.items():
        if pk in revoked:
            yield f"token {pk} revoked", "there"
        if pk not in made and not beginnings.is_older(token.created, None):
            yield f"an entry token_made for token {pk}", "none"
    for pk, said in made.items():
        is_over = said.at + timedelta(days=(said.body or {}).get("lifetime_days", 0)) <= beginnings.now
        taken = any(one.id > said.id and one.kind in _TAKES_TOKENS for one in entries)
        if pk not in row.tokens and pk not in revoked and not taken and not is_over:
            yield f"token {pk} of {said}", "none"


def _of_token(name: str) -> Field[AccountRecord]:
    """The field of a token's row; the entry's own value if the token no longer exists."""

    def value(row: AccountRecord, said: OpenedEntry) -> Any:
        token = row.tokens.get((said.body or {}).get("token", ""))
        if token is None:
            return said.get(name)
        if name == "body/lifetime_days":
            return round((token.expiry - token.created) / timedelta(days=1)) if token.expiry else None
        return token.name if name == "name" else sorted(token.scopes)

    return Field(value)


def _token_made(row: AccountRecord, said: OpenedEntry) -> str | None:
    """The token, if an earlier entry created it or the account is older than the ledger; otherwise None."""
    token: str = said.get("body/token")
    made = any(one.kind == "token_made" and (one.body or {}).get("token") == token for one in said.earlier)
    is_old = not any(one.kind == "account_made" for one in said.earlier)
    return token if made or is_old else None


_PERSON: dict[str, Field[AccountRecord]] = {"person": Field(lambda row, said: committed_person(row.user))}
_EMAIL: dict[str, Field[AccountRecord]] = {"email": Field(lambda row, said: row.user.email, latest=True)}
_IS_STAFF: dict[str, Field[AccountRecord]] = {
    # The administration pages ask for both.
    "body/administrator": Field(
        lambda row, said: row.user.is_staff if row.user.is_staff == row.user.is_superuser else None, latest=True
    )
}
_FACTOR: dict[str, Field[AccountRecord]] = {"body/factor": Field(_known_factor)}

TOLD_ACCOUNTS: Told[AccountRecord] = Told(
    root="person",
    kinds={
        "account_made": ExpectedEntries(
            _PERSON | _EMAIL | _IS_STAFF | {"body/invitation": Field(_invitation)},
            once=True,
            optional=frozenset({"body/invitation"}),
        ),
        "account_changed": ExpectedEntries(
            _PERSON | _EMAIL | _IS_STAFF | {"body/open": Field(lambda row, said: row.user.is_active, latest=True)},
            optional=frozenset({"email", "body/administrator", "body/open"}),
            nowhere={"body/fields": "the names of the edited fields; their present values are compared"},
        ),
        "session_ended": ExpectedEntries(
            _PERSON, nowhere={"body/session": "the session no longer exists, which `_account_now` checks"}
        ),
        "sessions_ended": ExpectedEntries(_PERSON),
        "access_ended": ExpectedEntries(_PERSON),
        "factor_added": ExpectedEntries(_PERSON | _FACTOR),
        "factor_removed": ExpectedEntries(_PERSON | _FACTOR),
        "factors_reset": ExpectedEntries(
            _PERSON | {"body/factors": Field(lambda row, said: _sorted_types(_factors_before(said)))},
            nowhere={"reason": "only the ledger has the reason for a reset"},
        ),
        "recovery_codes_made": ExpectedEntries(_PERSON, nowhere={"body/codes": "`_account_now` adds them up"}),
        "recovery_code_used": ExpectedEntries(
            _PERSON | {"body/left": Field(lambda row, said: _factors_before(said).get(_CODES, 0) - 1)}
        ),
        "identity_linked": ExpectedEntries(
            _PERSON, nowhere=dict.fromkeys(("body/provider", "subject"), "`_account_now` adds them up")
        ),
        "identity_unlinked": ExpectedEntries(
            _PERSON
            | {"body/provider": Field(lambda row, said: _linked_before(said, "body/provider"))}
            | {"subject": Field(lambda row, said: _linked_before(said, "subject"))}
        ),
        "token_made": ExpectedEntries(
            _PERSON
            | {"name": _of_token("name"), "body/lifetime_days": _of_token("body/lifetime_days")}
            | {"body/scopes": _of_token("body/scopes")},
            optional=frozenset({"body/scopes"}),
            nowhere={"body/token": "`_tokens_now` checks that it exists, or why not"},
        ),
        "token_revoked": ExpectedEntries(_PERSON | {"body/token": Field(_token_made)}),
    },
    rows=_accounts,
    key=lambda row: str(row.user.pk),
    key_said=lambda said: said.about.removeprefix("person:"),
    subject=lambda row: f"account {row.user.pk}",
    desk=lambda row: None,
    born=lambda row: row.user.date_joined,
    also=_account_now,
)


def _sorted_types(left: Mapping[str, int]) -> list[str]:
    """The types in order, with recovery codes even if none is left: their row remains."""
    return sorted(left)


def _linked_before(said: OpenedEntry, name: str) -> Any:
    """The field of the entry that created the link which this entry ends; None if no open entry has it."""
    provider = (said.body or {}).get("provider")
    made = [one for one in said.earlier if one.kind == "identity_linked"]
    of_it = [one for one in made if (one.body or {}).get("provider") == provider and name in one.names() - one.closed]
    return of_it[-1].get(name) if of_it else None


# Roles

# Generated data has new accounts with roles granted long ago.
LONG = timedelta(days=365 * 100)


@dataclass(frozen=True)
class Roles:
    """A person with their roles by desk, and the number of these rows."""

    user: User
    memberships: Mapping[UUID, Membership]
    number: int


def _roles(ids: Sequence[UUID]) -> Iterator[Roles]:
    for user in User.objects.filter(pk__in=ids).prefetch_related("memberships__desk"):
        rows = user.memberships.all()
        yield Roles(user, {row.desk_id: row for row in rows}, len(rows))


def _as_last_granted(row: Roles, entries: Sequence[OpenedEntry], beginnings: Beginnings) -> Iterator[tuple[str, str]]:
    """Mismatches with the role last granted on each desk, and with the moment since the person has one."""
    if row.number != len(row.memberships):
        yield f"{len(row.memberships)} roles, each on a desk of its own", str(row.number)
    last = {str(said.desk): said for said in entries}
    for said in last.values():
        membership = row.memberships.get(said.desk) if said.desk else None
        role = membership.role if membership else None
        if (said.body or {}).get("role") != role:
            yield f"body/role of {said}: {(said.body or {}).get('role') or 'none'}", role or "none"
    for desk, membership in row.memberships.items():
        is_new = any(said.kind == "account_made" for said in _around(row, entries))
        if beginnings.is_older(membership.created_at, desk) and not is_new:
            continue
        theirs = [said for said in entries if said.desk == desk]
        ends = [place for place, said in enumerate(theirs) if (said.body or {}).get("role") is None]
        granted = theirs[ends[-1] + 1 :] if ends else theirs
        if not granted:
            yield f"an entry role_granted on desk {desk}", "none"
        elif not granted[0].is_of(membership.created_at, LONG) or membership.created_at < membership.desk.created_at:
            yield f"{granted[0]} at {moment_in_words(granted[0].at)}", moment_in_words(membership.created_at)


def _around(row: Roles, entries: Sequence[OpenedEntry]) -> Sequence[OpenedEntry]:
    """All entries about the person."""
    return entries[0].around[f"person:{row.user.pk}"] if entries else ()


TOLD_ROLES: Told[Roles] = Told(
    root="person",
    kinds={
        "role_granted": ExpectedEntries(
            {
                "body/desk": Field(lambda row, said: str(said.desk)),
                "person": Field(lambda row, said: committed_person(row.user)),
            },
            nowhere={"body/role": "`_as_last_granted` compares the last entry on each desk"},
        ),
    },
    rows=_roles,
    key=lambda row: str(row.user.pk),
    key_said=lambda said: said.about.removeprefix("person:"),
    subject=lambda row: f"roles of account {row.user.pk}",
    also=_as_last_granted,
)

# Invitations


def _invitations(ids: Sequence[UUID]) -> Iterable[Invitation]:
    return Invitation.objects.filter(pk__in=ids).prefetch_related("invited_by")


_INVITED: dict[str, Field[Invitation]] = {
    "body/desk": Field(lambda row, said: str(row.desk_id)),
    "body/role": Field(lambda row, said: row.role),
    "name": Field(lambda row, said: row.name),
    "email": Field(lambda row, said: row.email),
}

TOLD_INVITATIONS: Told[Invitation] = Told(
    root="invitation",
    kinds={
        "invited": ExpectedEntries(
            _INVITED | {"by": Field(lambda row, said: committed_person(row.invited_by))},
            when=lambda row: row.created_at,
        ),
        "invitation_revoked": ExpectedEntries(_INVITED, when=lambda row: row.revoked_at),
    },
    rows=_invitations,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("invitation:"),
    subject=lambda row: f"invitation {row.pk}",
    desk=lambda row: row.desk_id,
)

# Desks


def _desks(ids: Sequence[UUID]) -> Iterable[Desk]:
    return Desk.objects.filter(pk__in=ids)


def _policy_at_first(row: Desk, said: OpenedEntry) -> JsonObject:
    """The desk's first policy: the present one without the changes that later entries record."""
    now = {name: getattr(row, name) for name in said.get("body/policy")}
    for one in reversed(said.around[said.about]):
        if one.kind == "policy_changed" and one.body:
            now |= {name: both[0] for name, both in one.body["changes"].items() if name in now}
    return now


_DESK: dict[str, Field[Desk]] = {
    "body/prefix": Field(lambda row, said: row.prefix),
    "name": Field(lambda row, said: row.name, latest=True),
}

TOLD_DESKS: Told[Desk] = Told(
    root="desk",
    kinds={
        "desk_made": ExpectedEntries(_DESK | {"body/policy": Field(_policy_at_first)}, when=lambda row: row.created_at),
        "desk_changed": ExpectedEntries(_DESK),
    },
    rows=_desks,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("desk:"),
    subject=lambda row: f"desk {row.prefix}",
    desk=lambda row: row.pk,
)

# Reads of restricted material, an entry for each desk and hour


@dataclass(frozen=True)
class Reads:
    """A desk with the reads of its restricted material, by their entry."""

    desk: Desk
    by_entry: Mapping[int, Sequence[RestrictedRead]]


def _reads(ids: Sequence[UUID]) -> Iterator[Reads]:
    found: dict[UUID, dict[int, list[RestrictedRead]]] = {}
    rows = (
        RestrictedRead.objects.filter(desk__in=ids, entry__isnull=False).prefetch_related("user").order_by("at", "pk")
    )
    for row in rows:
        if row.desk_id is not None and row.entry_id is not None:
            found.setdefault(row.desk_id, {}).setdefault(row.entry_id, []).append(row)
    for desk in Desk.objects.filter(pk__in=ids):
        yield Reads(desk, found.get(desk.pk, {}))


def _reads_in_entry(row: Reads, said: OpenedEntry) -> list[ReadContent]:
    return [read_said(read) for read in row.by_entry.get(said.id, ())]


def _read_in_the_ledger(
    row: Reads, entries: Sequence[OpenedEntry], _beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    for read in (read for reads in row.by_entry.values() for read in reads):
        if read.at is not None and read.day != read.at.astimezone(UTC).date():
            yield f"a reading on {read.at.astimezone(UTC).date()}", f"day {read.day}"
    told = {said.id for said in entries}
    for entry in sorted(row.by_entry.keys() - told):
        yield f"entry {entry} (restricted_read)", "none of this desk"


TOLD_READS: Told[Reads] = Told(
    root="desk",
    kinds={"restricted_read": ExpectedEntries({"what": Field(_reads_in_entry)})},
    rows=_reads,
    key=lambda row: str(row.desk.pk),
    key_said=lambda said: said.about.removeprefix("reads:"),
    subject=lambda row: f"reads on desk {row.desk.prefix}",
    desk=lambda row: row.desk.pk,
    subjects=lambda row: [f"reads:{row.desk.pk}"],
    also=_read_in_the_ledger,
)

TOLD: tuple[Told[Any], ...] = (*(TOLD_ACCOUNTS, TOLD_ROLES, TOLD_INVITATIONS, TOLD_DESKS, TOLD_READS),)
