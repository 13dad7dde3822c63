"""Asking at an address as somebody, and what came back in one word."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from django.db import transaction
from django.test import Client

from accounts.models import Act, User
from claims.models import StatusChange
from sources.models import Capture
from tests.access.routes import Route
from tests.access.world import AccessWorld

TILES = {"ledger-tile": "0/000.p/3", "ledger-entries": "000.p/3", "ledger-public-entries": "000"}
TILES |= {"ledger-stamp": "1.note"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def values_of(world: AccessWorld) -> dict[str, Any]:
    """What can stand in a path, by the name that the addresses give it."""
    return {
        "reference": world.claim.reference,
        "draft_id": world.form_draft.pk,
        "name": "nobody",
        "seq": StatusChange.objects.filter(claim=world.claim).count(),
        "actor_id": world.actor.pk,
        "source_id": world.source.pk,
        "relay_id": world.relay.pk,
        "evidence_id": world.evidence.pk,
        "attachment_id": world.attachment.pk,
        "assignment_id": world.assignment.pk,
        "assessment_id": world.assessment.pk,
        "decider_id": world.decider.pk,
        "reminder_id": world.assignment.reminders.earliest("due_at").pk,
        "notification_id": world.assignment.reviewer.notifications.earliest("at").pk,
        "desk_id": world.cast.desk.pk,
        "membership_id": world.membership_id,
        "token_id": world.own_tokens["reporter"].id,
        "session_id": world.own_session.id,
        "invitation_id": world.invitation.pk,
        "factor_id": world.own_factor,
        "user_id": world.cast.reporter.pk,
        "redaction_id": world.redaction.pk,
        "conflict_id": world.own_conflict.pk,
        "bundle_id": world.bundle.pk,
        "leaf_hash": _first_entry_of(world.cast.reporter),
        "capture_id": Capture.objects.get(source=world.upstream).pk,
    }


def _first_entry_of(user: User) -> str:
    """The leaf hash of the oldest entry that the person made, which is in the log."""
    return bytes(Act.objects.filter(by=user).earliest("entry").entry.leaf_hash).hex()


def addresses_of(chosen: Iterable[Route], world: AccessWorld) -> dict[str, str]:
    """Where each of these routes leads in the world, by name."""
    found, values = {}, values_of(world)
    for route in chosen:
        values["source_id"] = world.upstream.pk if "capture_id" in route.parameters else world.source.pk
        is_shared = route.name in ("redact-actor", "redaction-elsewhere")
        values["actor_id"] = (world.shared_actor if is_shared else world.actor).pk
        values["redaction_id"] = (world.shared_redaction if is_shared else world.redaction).pk
        values["token"] = world.links.get(route.name)
        values["path"] = TILES.get(route.name)
        found[route.name] = route.address(values)
    return found


def address_of(route: Route, world: AccessWorld) -> str:
    return addresses_of([route], world)[route.name]


def signed_in(user: User | None) -> Client:
    """A browser in which the person is signed in; None is nobody. A failing page answers 500 here too."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def ask(client: Client, method: str, address: str) -> str:
    """How an empty request is answered: `sign in`, `hidden`, `forbidden`, `no such act`, `failed`, or `open`.

    `open`: only what was sent was looked at, or it was done. What it did is taken back.
    """
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        answer = client.generic(method, address, b"", content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    client.cookies = cookies
    status = answer.status_code
    if status == 401 or (status == 302 and "/account/login/" in answer["Location"]):
        return "sign in"
    return {403: "forbidden", 404: "hidden", 405: "no such act"}.get(status, "failed" if status >= 500 else "open")
