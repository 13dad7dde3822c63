"""Which acts are done only for who showed lately that it is them: every address × method has its decision."""

from typing import Any

import pytest
from django.urls import reverse

from api.schema import rules_of
from tests.access.asking import address_of, signed_in
from tests.access.routes import Route, routes
from tests.access.test_permission_matrix import MATRIX
from tests.access.world import AccessWorld
from tests.recently import long_ago

Act = tuple[str, str]

# Who acts in whose name, what a second person decides, what cannot be taken back.
ASKED: set[Act] = {
    # tokens
    ("tokens", "POST"), ("api:tokens", "POST"),
    # decisions of a second person, and who may be one
    ("review", "POST"), ("api:approve", "POST"), ("api:reject", "POST"),
    ("name-decider", "POST"), ("api:deciders", "POST"),
    ("verdict-grounds", "POST"), ("api:confirm-verdict", "POST"),
    # releases
    ("release-source", "POST"), ("release-evidence", "POST"), ("release-capture", "POST"),
    ("release-attachment", "POST"), ("release-actor", "POST"), ("api:release-source", "POST"),
    ("api:release-evidence", "POST"), ("api:release-capture", "POST"), ("api:release-attachment", "POST"),
    ("api:release-actor", "POST"),
    # redactions
    ("new-redaction", "POST"), ("redaction", "POST"), ("redact-actor", "POST"), ("redaction-elsewhere", "POST"),
    ("api:redactions", "POST"), ("api:preview-redaction", "POST"), ("api:approve-redaction", "POST"),
    ("api:reject-redaction", "POST"), ("api:withdraw-redaction", "POST"), ("api:redaction-second", "POST"),
    # invitations
    ("invitations", "POST"), ("resend-invitation", "POST"),
    # roles, and the policy that says who needs a second factor
    ("add-member", "POST"), ("change-member", "POST"), ("remove-member", "POST"),
    ("desk-policy", "POST"), ("api:desk", "PATCH"),
    # how one signs in
    ("add-app", "GET"), ("add-app", "POST"), ("add-passkey", "GET"), ("add-passkey", "POST"),
    ("recovery-codes", "POST"), ("remove-factor", "POST"), ("reset-second-factors", "POST"),
    ("organisation-link", "GET"), ("organisation-unlink", "POST"), ("account_reauthenticate", "GET"),
}  # fmt: skip
NOT_ASKED: set[Act] = {
    # outside, or on the way in
    ("forgotten-password", "POST"), ("set-password", "POST"), ("accept-invitation", "POST"),
    ("organisation-join", "POST"), ("sign-in-by-passkey", "POST"),
    # ends something of one's own, or takes away what somebody may do
    ("end-session", "POST"), ("end-sessions", "POST"), ("end-token", "POST"), ("api:token", "DELETE"),
    ("revoke-invitation", "POST"),
    ("end-decider", "POST"), ("api:decider", "DELETE"), ("take-back-conflict", "POST"),
    # asks for the password in its own form, or follows a link in a mail
    ("change-address", "POST"), ("confirm-address", "POST"),
    # what one says about oneself
    ("account", "POST"), ("account-mail", "POST"), ("conflicts", "POST"),
    ("read-notification", "POST"), ("read-notifications", "POST"),
    ("api:read-notification", "POST"), ("api:read-notifications", "POST"),
    # looks at what is pasted, and does nothing
    ("check-receipts", "POST"),
    # an empty desk; people are put on it by acts that are asked
    ("api:desks", "POST"),
    # the desk's daily work, which is recorded and can be taken back
    ("new-claim", "POST"), ("new-actor", "POST"), ("api:claims", "POST"), ("api:sources", "POST"),
    ("api:actors", "POST"), ("api:assignments", "POST"), ("ask-bundle", "POST"), ("claim-provenance", "POST"),
    ("edit-claim", "POST"), ("attach", "POST"), ("evidence", "POST"), ("withdraw-evidence", "POST"),
    # it waits for its approval still
    ("confirm-assessment", "POST"), ("api:confirm-assessment", "POST"),
    ("recheck", "POST"), ("api:recheck", "POST"), ("publish", "POST"), ("unpublish", "POST"),
    ("close-claim", "POST"), ("open-claim", "POST"), ("threshold", "POST"), ("assign", "POST"), ("assess", "POST"),
    ("drop-draft", "POST"), ("form-draft", "POST"), ("api:claim", "PATCH"), ("api:evidence-list", "POST"),
    ("api:evidence", "PATCH"),
    ("api:withdraw-evidence", "POST"), ("api:moves", "POST"), ("api:publish", "POST"), ("api:unpublish", "POST"),
    ("api:close", "POST"), ("api:open", "POST"), ("api:assessments", "POST"), ("api:draft", "PUT"),
    ("api:draft", "DELETE"), ("accept", "POST"), ("decline", "POST"), ("hand-over", "POST"), ("change-due", "POST"),
    ("withdraw-assignment", "POST"), ("api:assignment", "PATCH"), ("api:accept", "POST"), ("api:decline", "POST"),
    ("api:hand-over", "POST"), ("api:withdraw-assignment", "POST"), ("edit-source", "POST"), ("attach-file", "POST"),
    ("capture", "POST"), ("new-relay", "POST"), ("end-relay", "POST"), ("retract", "POST"), ("correct", "POST"),
    ("api:source", "PATCH"), ("api:relays", "POST"), ("api:relay", "DELETE"), ("api:retract", "POST"),
    ("api:correct", "POST"), ("api:captures", "POST"), ("api:attachments", "POST"), ("edit-actor", "POST"),
    ("merge-actor", "POST"), ("api:merge-actor", "POST"), ("api:actor", "PATCH"),
}  # fmt: skip


def says(route: Route, method: str) -> bool:
    """Whether the view says that it asks."""
    api = getattr(route.view, "view_class", None)
    if api is not None:
        return rules_of(getattr(api, method.lower(), None)).asks_again
    return method in getattr(route.view, "asks_again", ())


def test_every_act_is_decided_on() -> None:
    changing = {
        (name, method) for name, methods in MATRIX.items() for method in methods if method not in ("GET", "HEAD")
    }
    undecided = changing - ASKED - NOT_ASKED - {("api:none", method) for method in MATRIX["api:none"]}
    assert undecided == set()
    assert set() == ASKED & NOT_ASKED
    assert {act for act in ASKED | NOT_ASKED if act[1] != "GET"} - changing == set()


def test_the_views_say_what_is_decided() -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    said = {(route.name, method) for route in routes() for method in methods if says(route, method)}
    # A page that is only read takes the answer to the question, too, before it is reached.
    assert {act for act in said if act[1] in MATRIX[act[0]]} == ASKED


@pytest.mark.parametrize(("name", "method"), sorted(ASKED))
def test_it_is_asked_before_anything_else_happens(name: str, method: str, world: AccessWorld, taken_back: None) -> None:
    route = next(route for route in routes() if route.name == name)
    for who, user in world.people.items():
        if user is None:
            continue
        client = long_ago(signed_in(user), user)
        answer = client.generic(method, address_of(route, world), b"", content_type="application/json")
        assert (who, answer.status_code, is_asking(answer)) == (who, 403, True)


@pytest.mark.parametrize("name", ["user_add", "user_change", "desk_add", "membership_add", "membership_delete"])
def test_the_administration_site_is_asked_about_as_a_whole(name: str, world: AccessWorld, taken_back: None) -> None:
    admin = world.cast.admin
    membership = world.cast.desk.memberships.get(user=world.cast.reporter)
    ids = {"user_change": world.cast.reporter.pk, "membership_delete": membership.pk}
    address = reverse(f"admin:accounts_{name}", args=[ids[name]] if name in ids else [])
    assert is_asking(long_ago(signed_in(admin), admin).post(address, {"post": "yes"}))


def is_asking(answer: Any) -> bool:
    if answer["Content-Type"] == "application/problem+json":
        return bool(answer.json()["type"] == "urn:second-source:problem:not-recent")
    return "accounts/again.html" in [template.name for template in answer.templates]
