"""Restricted material leaks nowhere: what others get is the same to the byte with it and without it.

An editor puts in a restricted actor, a source of theirs with a file and a capture, its evidence on the claim (of each
stance, on one element), and relays to and from open sources. Everybody who may not see it asks at every address
before and after. Auditors are told that something is withheld, and nothing of it.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from difflib import unified_diff
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZipFile

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import RestrictedRead
from claims.actions.conflicts import declare_conflict
from claims.actions.evidence import withdraw_evidence
from claims.actions.sources import add_relay, correct_source, retract_source
from house.errors import Invalid
from ledger.verifier import MANIFEST, MANIFEST_NOTE, PAGE
from reviews.actions.drafts import keep_draft
from reviews.inputs import AssessmentInput
from reviews.models import AssessmentDraft
from reviews.tasks import send_due_reminders
from sources.actions import attach_file, create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Source
from tests import factories
from tests.access.asking import addresses_of, signed_in
from tests.access.routes import routes
from tests.access.world import AccessWorld

if TYPE_CHECKING:
    from accounts.models import User

SECRET = "Zephyrine"  # stands in every text of the restricted material
OTHERS = ("anonymous", "stranger", "administrator", "reporter", "other reporter", "other reviewer")
# What differs between two answers by itself: a form's token and key, what a passkey signs, when a page was made, an
# export's own act, and the line that names its receipt (of these: tests/receipts/test_given.py).
NOISE = (
    rb'name="(csrfmiddlewaretoken|submission)" value="[^"]+"|"challenge": "[^"]+"|(?<=:)\w{6}:[\w-]{43}(?=")',
    rb"[^\n]*,exported,[^\n]*",
    rb'<p class="meta" role="status">\s*<span>Recorded in the ledger.*?</p>',
    rb"&quot;made&quot;: &quot;[0-9TZ:.-]+&quot;",
)
WITH_EXPORTS = re.compile(b"|".join(NOISE), re.DOTALL)
# Looking for an export reads on to the end of the line from each of its places.
WITHOUT_EXPORTS = re.compile(b"|".join(one for one in NOISE if b"exported" not in one), re.DOTALL)
# Made from the code alone, or ends the session.
NOTHING_OF_A_DESK = {"api-schema", "api-docs", "api-docs-plain", "healthz", "readyz", "account_logout"}
SEARCHES = (
    f"/claims/?q={SECRET}",
    f"/sources/?q={SECRET}",
    f"/actors/?q={SECRET}",
    f"/sources/names/?q={SECRET}",
    f"/actors/names/?q={SECRET}",
    f"/api/v1/claims/?q={SECRET}",
    f"/api/v1/sources/?q={SECRET}",
    f"/api/v1/actors/?q={SECRET}",
    "/claims/?ordering=-changed",
    "/api/v1/claims/?ordering=-changed",
    "/api/v1/sources/?ordering=created",
)


class LeakAnswer(NamedTuple):
    status: int
    body: bytes
    version: str


def _answers(client: Client, world: AccessWorld) -> dict[str, LeakAnswer]:
    """What every address answers that can be read, and some searches.

    That somebody took an export, or looked at what a redaction would erase, is an act of no desk, which administrators
    read: it is taken back.

    A page that fails tells nothing of leaks, and has a number of its own each time: it is told by its address.
    """
    addresses = addresses_of([route for route in routes() if route.name not in NOTHING_OF_A_DESK], world)
    found = {}
    for address in [*addresses.values(), *SEARCHES]:
        with transaction.atomic():
            answer = client.get(address)
            found[address] = LeakAnswer(answer.status_code, _body_of(answer), answer.get("ETag", ""))
            transaction.set_rollback(address.startswith(("/ledger/export.", "/redactions/")))
    assert [address for address, answer in found.items() if answer.status >= 500] == []
    return found


def without_noise(body: bytes) -> bytes:
    """An answer without what differs by itself."""
    noise = WITH_EXPORTS if b",exported," in body else WITHOUT_EXPORTS
    return noise.sub(b"", body)


def _body_of(answer: Any) -> bytes:
    """An answer without what differs by itself. A bundle is what its files say, without when it was made: that stands
    in its manifest, which its note signs, and on its page, whose digest the manifest has."""
    body: bytes = answer.getvalue()
    if answer.get("Content-Type") != "application/zip":
        return without_noise(body)
    with ZipFile(BytesIO(body)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist() if name != MANIFEST_NOTE}
    made = json.loads(files[MANIFEST])["at"].encode()
    page = hashlib.sha256(files[PAGE]).hexdigest().encode()
    return b"\n".join(
        name.encode() + b": " + content.replace(made, b"").replace(page, b"") for name, content in files.items()
    )


def _differences(before: dict[str, LeakAnswer], after: dict[str, LeakAnswer]) -> dict[str, list[str]]:
    """By address, what differs between two rounds: status and version, and the first lines that are not the same."""
    assert before.keys() == after.keys()
    return {address: _told(one, after[address]) for address, one in before.items() if one != after[address]}


def _told(one: LeakAnswer, other: LeakAnswer) -> list[str]:
    before, after = (answer.body.decode(errors="replace").splitlines() for answer in (one, other))
    head = f"{one.status} {one.version} -> {other.status} {other.version}"
    return [head, *islice(unified_diff(before, after, n=0, lineterm=""), 8)]


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_late() -> Iterator[None]:
    """A minute after an act the ledger says that it is late: two rounds would differ by that, and not by a leak."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("accounts.queries.LONGEST_DELAY", 3600)
        yield


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    """A browser for each person who asks. Reading changes nothing in it."""
    return {who: signed_in(world.people[who]) for who in (*OTHERS, "auditor", "editor", "assigned reviewer")}


@pytest.fixture(scope="module")
def untouched(world: AccessWorld, clients: dict[str, Client]) -> dict[str, dict[str, LeakAnswer]]:
    """What they got before anything else was done."""
    return {who: _answers(clients[who], world) for who in (*OTHERS, "auditor")}


def put_in_restricted_material(world: AccessWorld, by: "User") -> Source:
    """What nobody of OTHERS may know of; answers the source."""
    cast = world.cast
    actor = create_actor(
        desk=cast.desk, fields=ActorInput(name=f"{SECRET} herself", kind="person", visibility="restricted"), by=by
    )
    fields = SourceInput(
        title=f"{SECRET} speaks",
        url=f"https://{SECRET.lower()}.example/",
        publisher=actor.pk,
        basis="firsthand",
        visibility="restricted",
    )
    source = create_source(desk=cast.desk, fields=fields, by=by)
    attach_file(source=source, chunks=[SECRET.encode()], name=f"{SECRET}.txt", by=by)
    element = world.claim.elements.earliest("position")
    for stance in ("supports", "denies", "refutes", "context"):
        evidence = factories.attach(cast, world.claim, source, stance, by=by, excerpt=SECRET, elements=[element])
    withdraw_evidence(evidence=evidence, reason=f"{SECRET} asked for it", by=by)
    add_relay(downstream=world.source, upstream=source.pk, quote=f"as {SECRET} told me", by=by)
    add_relay(downstream=source, upstream=world.upstream.pk, quote=f"{SECRET} read the log", by=by)
    return source


def test_others_get_the_same_with_restricted_material_and_without(
    world: AccessWorld, clients: dict[str, Client], untouched: dict[str, dict[str, LeakAnswer]], taken_back: None
) -> None:
    put_in_restricted_material(world, world.cast.editor)
    for who in OTHERS:
        assert (who, _differences(untouched[who], _answers(clients[who], world))) == (who, {})
    assert not RestrictedRead.objects.exists()


def test_a_draft_is_told_to_nobody_but_its_assessor(
    world: AccessWorld, clients: dict[str, Client], untouched: dict[str, dict[str, LeakAnswer]], taken_back: None
) -> None:
    version = AssessmentDraft.objects.get().version
    keep_draft(
        claim=world.claim,
        fields=AssessmentInput(rationale=SECRET, seen_version=world.claim.version),
        version=version,
        by=world.cast.reviewer,
    )
    for who in ("stranger", "reporter", "other reviewer", "auditor"):
        assert (who, _differences(untouched[who], _answers(clients[who], world))) == (who, {})
    # An editor is offered times from now on, which differ by themselves.
    told = [address for address, answer in _answers(clients["editor"], world).items() if SECRET.encode() in answer.body]
    assert [address for address in told if "q=" not in address] == []


def test_correcting_and_retracting_what_is_restricted_changes_nothing_for_others(
    world: AccessWorld, clients: dict[str, Client], untouched: dict[str, dict[str, LeakAnswer]], taken_back: None
) -> None:
    source = put_in_restricted_material(world, world.cast.editor)
    correct_source(source=source, reason=f"{SECRET} was wrong about the day", by=world.cast.editor)
    send_due_reminders()  # to editors and the claim's reviewer: an excerpt is to be looked at again
    retract_source(source=source, reason=f"{SECRET} took it back", by=world.cast.editor)
    for who in OTHERS:
        assert (who, _differences(untouched[who], _answers(clients[who], world))) == (who, {})


def test_the_restricted_source_is_not_there_for_others(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    source = put_in_restricted_material(world, world.cast.editor)
    attachment = source.attachments.get()
    addresses = [
        f"/sources/{source.pk}/",
        f"/attachments/{attachment.pk}/",
        f"/api/v1/sources/{source.pk}/",
        f"/api/v1/attachments/{attachment.pk}/",
        f"/actors/{source.publisher_id}/",
        f"/api/v1/actors/{source.publisher_id}/",
        f"/claims/{world.claim.reference}/evidence/{source.evidence.earliest('created_at').pk}/",
    ]
    hidden = {who: {clients[who].get(address).status_code for address in addresses} for who in OTHERS[1:]}
    assert hidden == {who: {404} for who in OTHERS[1:]}


def test_a_conflict_of_interest_is_told_to_nobody_but_editors_who_assign(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    declare_conflict(actor_id=world.claim.parties.earliest("name").pk, by=world.cast.reviewer2)
    told = {
        who: [
            address
            for address, answer in _answers(clients[who], world).items()
            if b"declared a conflict" in answer.body
        ]
        for who in ("assigned reviewer", "auditor", "editor")
    }
    assert told == {"assigned reviewer": [], "auditor": [], "editor": [f"/claims/{world.claim.reference}/assign/"]}


def test_an_auditor_is_told_that_something_is_withheld_and_nothing_of_it(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    auditor = clients["auditor"]
    put_in_restricted_material(world, world.cast.editor)
    answers = _answers(auditor, world)
    told = [address for address, answer in answers.items() if b"withheld" in answer.body]
    spilt = [
        address
        for address, answer in answers.items()
        if SECRET.lower().encode() in answer.body.lower() and "q=" not in address
    ]
    assert (f"/claims/{world.claim.reference}/" in told, spilt) == (True, [])
    assert not RestrictedRead.objects.exists()


def test_those_who_may_see_it_do(world: AccessWorld, clients: dict[str, Client], taken_back: None) -> None:
    source = put_in_restricted_material(world, world.cast.editor)
    page = f"/claims/{world.claim.reference}/"
    seen = {
        who: (SECRET in clients[who].get(page).content.decode(), clients[who].get(f"/sources/{source.pk}/").status_code)
        for who in ("editor", "assigned reviewer")
    }
    assert seen == {"editor": (True, 200), "assigned reviewer": (True, 200)}


def test_everybody_reads_the_same_numbers(world: AccessWorld, clients: dict[str, Client], taken_back: None) -> None:
    put_in_restricted_material(world, world.cast.editor)
    address = f"/api/v1/claims/{world.claim.reference}/"
    keys = ("independence", "contested", "support_lost", "threshold", "version", "state")
    read = [
        {key: clients[who].get(address).json()[key] for key in keys}
        for who in ("reporter", "editor", "assigned reviewer", "auditor")
    ]
    assert read == [read[0]] * 4


def test_a_cycle_through_a_restricted_source_is_not_told_of(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    put_in_restricted_material(world, world.cast.editor)
    # source ← secret ← upstream is recorded already; upstream ← source is a cycle for who sees the secret one only.
    answer = clients["reporter"].post(
        f"/api/v1/sources/{world.upstream.pk}/relays/",
        {"upstream": str(world.source.pk)},
        content_type="application/json",
    )
    # The open relay source ← upstream makes it a cycle for everybody: what is shown of it names open sources alone.
    assert (answer.status_code, SECRET in answer.content.decode()) == (400, False)


def test_a_source_is_not_released_before_its_publisher(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    source = put_in_restricted_material(world, world.cast.editor)
    with pytest.raises(Invalid, match="at least as restricted as its publisher"):
        factories.released(source, world.cast.editor)


def test_once_released_it_is_there_for_everybody_on_the_desk(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    source = put_in_restricted_material(world, world.cast.editor)
    assert source.publisher is not None
    factories.released(source.publisher, world.cast.editor)
    factories.released(source, world.cast.editor)
    assert clients["other reporter"].get(f"/sources/{source.pk}/").status_code == 200
