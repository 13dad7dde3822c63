"""Who may do what: every address × method × person. An address without an entry fails.

The people are those of `World.people`: the claim is the reporter's, given to the assigned reviewer. An empty request is
made: what is `open` to somebody answers with what is missing in it, or does the act (which is taken back).
"""

import pytest
from django.test import Client

from tests.access.asking import METHODS, address_of, ask, signed_in
from tests.access.routes import Route, routes
from tests.access.world import AccessWorld

PEOPLE = (
    "anonymous", "stranger", "administrator", "reporter", "other reporter", "assigned reviewer", "other reviewer",
    "editor", "auditor",
)  # fmt: skip
DESK = PEOPLE[3:]


def _only(*may: str, others: str = "forbidden", outside: str = "hidden", **apart: str) -> dict[str, str]:
    """Open to `may`, `others` to the rest of the desk, `outside` to who is not on it; `apart` overrides by person."""
    answers = dict.fromkeys(DESK, others) | {"stranger": outside, "administrator": outside, "anonymous": "sign in"}
    return answers | dict.fromkeys(may, "open") | {who.replace("_", " "): what for who, what in apart.items()}


ANYONE = dict.fromkeys(PEOPLE, "open")
PERSON = _only(*PEOPLE[1:])
ON_DESK = _only(*DESK)
MAY_CHANGE = _only("reporter", "assigned reviewer", "other reviewer", "editor")
EDITOR = _only("editor")
HOLDER = _only("assigned reviewer")
ASSESSOR = _only("assigned reviewer", "editor")
# Without a claim or a source in the address one writes on one's own desk, as the stranger does on theirs.
WRITER = _only(*DESK[:-1], stranger="open", administrator="forbidden")
WRITERS_PAGE = _only(*DESK[:-1], stranger="open", administrator="open")
EDITOR_SOMEWHERE = _only("editor", stranger="open", administrator="forbidden")
ADMINISTRATOR = _only("administrator", stranger="forbidden")
EDITOR_OR_ADMINISTRATOR = _only("editor", "administrator")
DESKS_EDITOR = _only("editor", administrator="forbidden")
DESK_OR_ADMINISTRATOR = _only(*DESK, "administrator")
# Of an actor that all desks share and this one uses, which the administrator wants redacted.
SHARED_ACTORS = _only("editor", "administrator", outside="forbidden")
SHARED_ACTORS_FOUND = _only("editor", "administrator", others="hidden")
REDACTING = _only("editor", others="hidden")
REMINDED = _only("assigned reviewer", others="hidden")
DRAFTS_OWNER = _only("assigned reviewer", others="hidden")
TOKENS_OWNER = _only("reporter", others="hidden")
AUDITING = _only("editor", "auditor", stranger="open", administrator="open")
NOWHERE = _only(others="hidden")
OFF = dict.fromkeys(PEOPLE, "hidden")


def _both(who: dict[str, str]) -> dict[str, dict[str, str]]:
    """The same people see a form and hand it in."""
    return {"GET": who, "POST": who}


MATRIX: dict[str, dict[str, dict[str, str]]] = {
    # outside
    "healthz": {"GET": ANYONE},
    "readyz": {"GET": ANYONE},
    "metrics": {"GET": dict.fromkeys(PEOPLE, "sign in")},  # by METRICS_TOKEN alone
    "public": {"GET": ANYONE},
    "public-claim": {"GET": ANYONE},
    "public-change": {"GET": ANYONE},
    "public-proof": {"GET": ANYONE},
    "public-material": {"GET": ANYONE},
    "public-bundle": {"GET": ANYONE},
    "published-list": {"GET": ANYONE},
    "short": {"GET": ANYONE},
    "check-us": {"GET": ANYONE},
    "ledger-verifier": {"GET": ANYONE},
    "ledger-format": {"GET": ANYONE},
    "ledger-public-entries": {"GET": ANYONE},
    "api-docs": {"GET": ANYONE},
    "api-docs-plain": {"GET": ANYONE},
    "api-schema": {"GET": ANYONE},
    "ledger-checkpoint": {"GET": ANYONE},
    "ledger-cosigned": {"GET": OFF},  # of a log with witnesses: tests/ledger/test_asking_witnesses.py
    "ledger-policy": {"GET": ANYONE},
    "ledger-stamps": {"GET": OFF},  # of a log with time stamps: tests/claims/test_time_stamps.py
    "ledger-stamp": {"GET": OFF},
    "ledger-leaf": {"GET": ANYONE},
    "check-receipts": _both(ANYONE),
    "ledger-tile": {"GET": ANYONE},
    "forgotten-password": _both(ANYONE),
    "set-password": _both(ANYONE),
    "accept-invitation": _both(ANYONE),
    # a passkey that shows nothing leads back to the sign-in page, also who is nobody yet
    "sign-in-by-passkey": {"GET": ANYONE, "POST": ANYONE | {"anonymous": "sign in"}},
    # an organisation is configured in none of these worlds: see tests/accounts/test_organisation.py
    "organisation-sign-in": {"GET": ANYONE | {"anonymous": "hidden"}},  # who is signed in is led to their work
    "organisation-callback": {"GET": OFF},
    "organisation-join": _both(OFF),
    "organisation-link": {"GET": NOWHERE},
    "organisation-unlink": _both(NOWHERE),
    # administration
    "invitations": _both(ADMINISTRATOR),
    "resend-invitation": {"POST": ADMINISTRATOR},
    "revoke-invitation": {"POST": ADMINISTRATOR},
    # one's own
    "work": {"GET": PERSON},
    "queue": {"GET": PERSON},
    "account": _both(PERSON),
    "account-mail": _both(PERSON),
    "change-address": _both(PERSON),
    "confirm-address": _both(TOKENS_OWNER),
    "signing-in": {"GET": PERSON},
    "end-session": {"POST": TOKENS_OWNER},
    "end-sessions": {"POST": PERSON},
    "second-factors": {"GET": PERSON},
    "add-app": _both(PERSON),
    "add-passkey": _both(PERSON),
    "recovery-codes": _both(PERSON),
    "remove-factor": _both(TOKENS_OWNER),
    "account_reauthenticate": {"GET": PERSON},
    "reset-second-factors": _both(ADMINISTRATOR),
    "tokens": _both(PERSON),
    "end-token": {"POST": TOKENS_OWNER},
    "receipts": {"GET": PERSON},
    "receipt-file": {"GET": NOWHERE},  # without saying which: tests/receipts/test_given.py
    "api:redactions": {"GET": PERSON, "POST": EDITOR_SOMEWHERE},
    "api:preview-redaction": {"POST": EDITOR_SOMEWHERE},
    "api:redaction": {"GET": REDACTING},
    "api:redaction-matches": {"GET": REDACTING},
    # It is the editor's own: another person decides (tests/api/test_redactions.py).
    "api:approve-redaction": {"POST": REDACTING | {"editor": "forbidden"}},
    "api:reject-redaction": {"POST": REDACTING | {"editor": "forbidden"}},
    "api:withdraw-redaction": {"POST": REDACTING},
    "api:redaction-second": {"POST": REDACTING},
    "api:receipts": {"GET": PERSON},
    "api:receipt": {"GET": TOKENS_OWNER},
    "conflicts": _both(PERSON),
    "take-back-conflict": {"POST": TOKENS_OWNER},
    "desk": {"GET": PERSON},
    "one-desk": {"GET": DESK_OR_ADMINISTRATOR},
    "desk-policy": _both(EDITOR_OR_ADMINISTRATOR),
    "redactions": {"GET": DESKS_EDITOR},
    "new-redaction": _both(DESKS_EDITOR),
    "redaction": _both(DESKS_EDITOR),
    "redact-actor": _both(SHARED_ACTORS),
    "redactions-elsewhere": {"GET": PERSON},
    "redaction-elsewhere": _both(SHARED_ACTORS_FOUND),
    "add-member": _both(_only("administrator")),
    "change-member": _both(_only("administrator")),
    "remove-member": _both(_only("administrator")),
    "form-drafts": {"GET": PERSON},
    "form-draft": _both(DRAFTS_OWNER),
    "notifications": {"GET": PERSON},
    "read-notification": {"POST": REMINDED},
    "read-notifications": {"POST": PERSON},
    "api:notifications": {"GET": PERSON},
    "api:notification": {"GET": REMINDED},
    "api:read-notification": {"POST": REMINDED},
    "api:read-notifications": {"POST": PERSON},
    "api:reminders": {"GET": PERSON},
    "api:reminder": {"GET": REMINDED},
    "api:tokens": _both(PERSON),
    "api:token": {"GET": TOKENS_OWNER, "DELETE": TOKENS_OWNER},
    # lists and new things
    "claims": {"GET": PERSON},
    "sources": {"GET": PERSON},
    "actors": {"GET": PERSON},
    "source-names": {"GET": PERSON},
    "actor-names": {"GET": PERSON},
    "new-claim": _both(WRITERS_PAGE),
    "new-actor": _both(WRITERS_PAGE),
    "api:claims": {"GET": PERSON, "POST": WRITER},
    "api:sources": {"GET": PERSON, "POST": WRITER},
    "api:actors": {"GET": PERSON, "POST": WRITER},
    "api:desks": {"GET": PERSON, "POST": ADMINISTRATOR},
    "api:desk": {"GET": DESK_OR_ADMINISTRATOR, "PATCH": EDITOR_OR_ADMINISTRATOR},
    "api:assignments": {"GET": PERSON, "POST": EDITOR_SOMEWHERE},
    "api:none": dict.fromkeys(METHODS, NOWHERE),
    # the ledger
    "ledger": {"GET": AUDITING},
    "ledger-csv": {"GET": AUDITING},
    "ledger-jsonl": {"GET": AUDITING},
    # For who audits every desk (tests/claims/test_scopes.py), for anybody where all of it is public.
    "ledger-entries": {"GET": {**NOWHERE, "anonymous": "hidden"}},
    "claim-proof": {"GET": ON_DESK},
    "claim-names": {"GET": ON_DESK},
    "ask-bundle": {"POST": ON_DESK},
    "bundle": {"GET": TOKENS_OWNER},
    "bundle-file": {"GET": TOKENS_OWNER},
    # a claim
    "claim": {"GET": ON_DESK},
    "claim-sources": {"GET": ON_DESK},
    "claim-provenance": {"GET": ON_DESK, "POST": MAY_CHANGE},
    "claim-history": {"GET": ON_DESK},
    "edit-claim": _both(MAY_CHANGE),
    "attach": _both(MAY_CHANGE),
    "evidence": _both(MAY_CHANGE),
    "withdraw-evidence": _both(MAY_CHANGE),
    "recheck": _both(ASSESSOR),
    "release-evidence": _both(EDITOR),
    "api:release-evidence": {"POST": EDITOR},
    "api:recheck": {"POST": ASSESSOR},
    "publish": _both(EDITOR),
    "unpublish": _both(EDITOR),
    "close-claim": _both(EDITOR),
    "open-claim": _both(EDITOR),
    "threshold": _both(EDITOR),
    "name-decider": _both(EDITOR),
    "end-decider": _both(EDITOR),
    "assign": _both(EDITOR),
    "assess": _both(ASSESSOR),
    "drop-draft": _both(DRAFTS_OWNER),
    "review": {"GET": ON_DESK, "POST": EDITOR},
    "api:claim": {"GET": ON_DESK, "PATCH": MAY_CHANGE},
    "api:evidence-list": {"GET": ON_DESK, "POST": MAY_CHANGE},
    "api:evidence": {"GET": ON_DESK, "PATCH": MAY_CHANGE},
    "api:withdraw-evidence": {"POST": MAY_CHANGE},
    "api:provenance": {"GET": ON_DESK},
    "api:history": {"GET": ON_DESK},
    "api:status-change": {"GET": ON_DESK},
    "api:moves": {"GET": ON_DESK, "POST": ASSESSOR},
    "api:publish": {"POST": EDITOR},
    "api:unpublish": {"POST": EDITOR},
    "api:close": {"POST": EDITOR},
    "api:open": {"POST": EDITOR},
    "api:assessments": {"GET": ON_DESK, "POST": ASSESSOR},
    "api:deciders": {"GET": ON_DESK, "POST": EDITOR},
    "api:decider": {"GET": ON_DESK, "DELETE": EDITOR},
    "api:draft": {"GET": DRAFTS_OWNER, "PUT": ASSESSOR, "DELETE": DRAFTS_OWNER},
    "api:assessment": {"GET": ON_DESK},
    "confirm-assessment": {"POST": HOLDER},
    "verdict-grounds": {"GET": ON_DESK, "POST": EDITOR},
    "api:assessment-grounds": {"GET": ON_DESK},
    "api:confirm-assessment": {"POST": HOLDER},
    "api:verdict-grounds": {"GET": ON_DESK},
    "api:confirm-verdict": {"POST": EDITOR},
    "api:approve": {"POST": EDITOR},
    "api:reject": {"POST": EDITOR},
    # an assignment
    "accept": {"POST": HOLDER},
    "decline": _both(HOLDER),
    "hand-over": _both(HOLDER),
    "change-due": _both(EDITOR),
    "withdraw-assignment": _both(EDITOR),
    "api:assignment": {"GET": ON_DESK, "PATCH": EDITOR},
    "api:accept": {"POST": HOLDER},
    "api:decline": {"POST": HOLDER},
    "api:hand-over": {"POST": HOLDER},
    "api:withdraw-assignment": {"POST": EDITOR},
    # a source
    "source": {"GET": ON_DESK},
    "edit-source": _both(MAY_CHANGE),
    "attach-file": _both(MAY_CHANGE),
    "capture": _both(MAY_CHANGE),
    "new-relay": _both(MAY_CHANGE),
    "end-relay": _both(MAY_CHANGE),
    "retract": _both(EDITOR),
    "release-source": _both(EDITOR),
    "release-capture": _both(EDITOR),
    "release-attachment": _both(EDITOR),
    "api:release-source": {"POST": EDITOR},
    "api:release-capture": {"POST": EDITOR},
    "api:release-attachment": {"POST": EDITOR},
    "correct": _both(EDITOR),
    "attachment": {"GET": ON_DESK},
    "api:source": {"GET": ON_DESK, "PATCH": MAY_CHANGE},
    "api:relays": {"GET": ON_DESK, "POST": MAY_CHANGE},
    "api:relay": {"GET": ON_DESK, "DELETE": MAY_CHANGE},
    "api:retract": {"POST": EDITOR},
    "api:correct": {"POST": EDITOR},
    "api:captures": {"GET": ON_DESK, "POST": MAY_CHANGE},
    "api:capture": {"GET": ON_DESK},
    "api:attachments": {"GET": ON_DESK, "POST": MAY_CHANGE},
    "api:attachment": {"GET": ON_DESK},
    # an actor
    "actor": {"GET": ON_DESK},
    "edit-actor": _both(MAY_CHANGE),
    "merge-actor": _both(EDITOR),
    "release-actor": _both(EDITOR),
    "api:release-actor": {"POST": EDITOR},
    "api:merge-actor": {"POST": EDITOR},
    "api:actor": {"GET": ON_DESK, "PATCH": MAY_CHANGE},
}
# Signing in and out are allauth's own views, tested in tests/config and tests/accounts.
ALLAUTH = {
    "account_login", "account_logout", "account_inactive", "account_change_password", "mfa_authenticate",
}  # fmt: skip


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    """A browser for each person, signed in once: what an answer does to it is taken back."""
    return {who: signed_in(user) for who, user in world.people.items()}


def test_every_address_has_an_entry_and_every_entry_an_address() -> None:
    assert {route.name for route in routes()} == set(MATRIX) | ALLAUTH


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_an_address_opens_to_whom_it_should_and_to_nobody_else(
    name: str, world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    address = address_of(_route(name), world)
    found = {method: {who: ask(client, method, address) for who, client in clients.items()} for method in MATRIX[name]}
    assert found == MATRIX[name]


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_an_address_knows_no_other_method(
    name: str, world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    address = address_of(_route(name), world)
    others = [method for method in METHODS if method not in MATRIX[name]]
    assert {method: ask(clients["editor"], method, address) for method in others} == dict.fromkeys(
        others, "no such act"
    )


def _route(name: str) -> Route:
    return next(route for route in routes() if route.name == name)
