"""No restricted act can be told from what the ledger shows others: checkpoints, tiles, proofs, the API, exports.

From the same beginning two things are done that somebody may not tell apart: a restricted act on their desk, and as
many acts that are open, but on a desk that is not theirs. What they get of both is the same but for hashes. What
anybody may know is how many acts there were, on all desks (docs/ledger.md, "What it proves, and what not").
"""

import csv
import json
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from itertools import count, pairwise
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import set_role
from accounts.actions.reads import record_reads
from accounts.models import Role
from claims.record.reads import note_shown
from ledger.models import Entry
from ledger.verifier import read_bundle, read_entry
from reviews.actions.assessments import approve
from sources.actions import attach_file, create_source
from sources.inputs import SourceInput
from tests import factories
from tests.access.asking import signed_in
from tests.access.test_leaks import SECRET, without_noise
from tests.access.world import AccessWorld
from tests.ledger.installation import publish_here

HASHES = (
    re.compile(r"[A-Za-z0-9+/]{91}="),  # a signature with its key id
    re.compile(r"[A-Za-z0-9+/]{43}="),
    re.compile(r"[0-9a-f]{64}"),
)
Done = Callable[[AccessWorld], None]
_runs = count()


def restricted(world: AccessWorld) -> None:
    """Restricted evidence on the claim, and its source; then both are read."""
    editor = world.cast.editor
    source = create_source(
        desk=world.cast.desk, fields=SourceInput(title=f"{SECRET} speaks", visibility="restricted"), by=editor
    )
    factories.attach(world.cast, world.claim, source, by=editor, excerpt=SECRET)
    signed_in(editor).get(f"/sources/{source.pk}/").getvalue()
    note_shown(editor, [source])


def open_here(world: AccessWorld) -> None:
    """As many acts on the claim's desk, that all who are on it may know of."""
    for number in range(2):
        create_source(desk=world.cast.desk, fields=SourceInput(title=f"Page {number}"), by=world.cast.editor)


def open_elsewhere(world: AccessWorld) -> None:
    """As many on another desk."""
    for number in range(2):
        create_source(desk=world.cast.other_desk, fields=SourceInput(title=f"Page {number}"), by=world.cast.stranger)


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    return {who: signed_in(user) for who, user in world.people.items()}


def after(done: Done, world: AccessWorld, tmp_path: Path, look: Callable[[], Any]) -> Any:
    """What is seen once this was done, the claim moved after it, and all of it published; then it is taken back."""
    folder = tmp_path / f"signer-{next(_runs)}"
    copytree(world.files.with_name(f"{world.files.name}-signer"), folder)
    with transaction.atomic():
        before = Entry.objects.count()
        done(world)
        assert Entry.objects.count() - before == 2
        approve(
            assessment=world.assessment,
            reason="So it is.",
            seen_version=factories.fresh(world.claim).version,
            by=world.cast.editor,
        )
        publish_here(folder)
        seen = look()
        transaction.set_rollback(True)
    return seen


def without_hashes(text: str) -> str:
    for pattern in HASHES:
        text = pattern.sub("<hash>", text)
    return re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+(Z|\+00:00)", "<moment>", text)


def public(clients: dict[str, Client]) -> dict[str, Any]:
    """What anybody gets: the checkpoint and keys but for hashes; of each tile its headers and how long it is."""
    client = clients["anonymous"]
    found: dict[str, Any] = {}
    note = client.get("/ledger/checkpoint").content.decode()
    size = int(note.split("\n")[1])
    for path in ("checkpoint", "policy"):
        found[path] = without_hashes(client.get(f"/ledger/{path}").content.decode())
    for path in (f"tile/0/000.p/{size}", f"tile/0/000.p/{size + 1}", "tile/0/000", "tile/1/000.p/1"):
        answer = client.get(f"/ledger/{path}")
        found[path] = (answer.status_code, len(answer.content) if answer.status_code == 200 else 0)
    return found


def proof(client: Client, world: AccessWorld) -> Any:
    """The proof of the claim but for hashes: each entry's index, what it says and commits, what is opened of it."""
    read = json.loads(client.get(reverse("claim-proof", args=[world.claim.reference])).content)
    entries = []
    for one in read["entries"]:
        leaf = without_hashes(b64decode(one["leaf"]).decode())
        opened = {name: None if shown is None else shown["value"] for name, shown in one["disclosures"].items()}
        entries.append((one["index"], leaf, len(one["proof"]), without_hashes(json.dumps(opened))))
    return without_hashes(read["checkpoint"]), entries


def log_indexes(client: Client, world: AccessWorld) -> list[Any]:
    answer = client.get(f"/api/v1/claims/{world.claim.reference}/history/").json()
    return [(one["seq"], one["log_index"]) for one in answer["results"]]


def test_anybody_gets_the_same_of_a_restricted_act_and_of_an_open_one(
    world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    seen = [after(done, world, tmp_path, lambda: public(clients)) for done in (restricted, open_here, open_elsewhere)]
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("who", ["reporter", "other reporter", "other reviewer", "auditor"])
def test_the_proof_of_a_claim_is_the_same_with_restricted_evidence_and_with_something_on_another_desk(
    who: str, world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    def look() -> Any:
        return proof(clients[who], world), log_indexes(clients[who], world)

    assert after(restricted, world, tmp_path, look) == after(open_elsewhere, world, tmp_path, look)


def test_a_proof_has_the_same_leaves_and_numbers_as_if_there_were_no_restricted_evidence(
    world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    _note, entries = after(restricted, world, tmp_path, lambda: proof(clients["reporter"], world))
    seqs = [json.loads(leaf)["seq"] for _index, leaf, _length, _opened in entries]
    assert seqs == list(range(1, len(entries) + 1))
    assert [leaf for _index, leaf, _length, opened in entries if SECRET in leaf + opened] == []


@pytest.mark.parametrize("path", ["/ledger/", "/ledger/export.csv", "/ledger/export.jsonl"])
def test_another_desks_ledger_is_the_same_whatever_was_done_on_this_one(
    path: str, world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    def look() -> str:
        return without_hashes(without_noise(clients["stranger"].get(path).getvalue()).decode())

    assert after(restricted, world, tmp_path, look) == after(open_here, world, tmp_path, look)


def test_an_auditor_of_the_desk_takes_away_that_something_is_withheld_and_when(
    world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    def look() -> list[str]:
        return [clients["auditor"].get(f"/ledger/export.{form}").getvalue().decode() for form in ("csv", "jsonl")]

    table, lines = after(restricted, world, tmp_path, look)
    withheld = [row for row in csv.DictReader(table.splitlines()) if row["kind"] == "withheld"]
    assert [{name for name, value in row.items() if value} for row in withheld] == [{"at", "kind", "leaf_hash"}] * len(
        withheld
    )
    sealed = [one for one in map(json.loads, lines.splitlines()[1:-1]) if one["kind"] == "sealed"]
    leaves = [read_entry(b64decode(one["leaf"])) for one in sealed]
    closed = {"kind": "withheld", "content": "withheld"}
    assert [(one["body"], one["disclosures"], one["closed"]) for one in sealed] == [
        ({}, dict.fromkeys(closed), closed)
    ] * len(sealed)
    assert {(leaf.kind, str(leaf.body), tuple(leaf.c)) for leaf in leaves} == {("sealed", "{}", ("content", "kind"))}
    assert len(withheld) == len(sealed) >= 2
    assert (SECRET in table, SECRET in lines) == (False, False)


def test_an_auditor_cannot_tell_by_a_filter_what_is_withheld(
    world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    queries = ("kind=restricted_read", "kind=evidence_attached", "kind=source_added", "person=editor")

    def look() -> list[int]:
        asked = [clients["auditor"].get(f"/ledger/export.csv?{query}").getvalue() for query in queries]
        return [table.count(b"\n") for table in asked]

    assert after(restricted, world, tmp_path, look) == after(open_elsewhere, world, tmp_path, look)


def restricted_otherwise(world: AccessWorld) -> None:
    """As many restricted acts of other sorts."""
    editor, desk = world.cast.editor, world.cast.desk
    actor = factories.actor(world.cast, f"{SECRET} herself", visibility="restricted", by=editor)
    source = create_source(desk=desk, fields=SourceInput(title="A longer title", visibility="restricted"), by=editor)
    note_shown(editor, [actor, source])


ACTS: dict[str, Callable[[AccessWorld, str], Any]] = {
    "a source": lambda world, seen_by: create_source(
        desk=world.cast.desk, fields=SourceInput(title="A page", visibility=seen_by), by=world.cast.editor
    ),
    "an actor": lambda world, seen_by: factories.actor(world.cast, visibility=seen_by, by=world.cast.editor),
    "evidence": lambda world, seen_by: factories.attach(
        world.cast, world.claim, world.upstream, "context", by=world.cast.editor, visibility=seen_by
    ),
    "a file": lambda world, seen_by: attach_file(
        source=world.upstream, chunks=[b"A page."], name="page.txt", visibility=seen_by, by=world.cast.editor
    ),
}


def _growth(
    world: AccessWorld, act: Callable[[AccessWorld, str], Any], seen_by: str, readers: list[Client]
) -> list[int]:
    """By how many entries the log grows with an act, with each reading of what it made, and in the hour after it."""
    with transaction.atomic():
        now, sizes = timezone.now(), [Entry.objects.count()]
        record_reads(now=now)
        sizes.append(Entry.objects.count())
        act(world, seen_by)
        sizes.append(Entry.objects.count())
        for address in ("/sources/", "/actors/", f"/claims/{world.claim.reference}/", f"/sources/{world.upstream.pk}/"):
            for reader in readers:
                reader.get(address).getvalue()
                sizes.append(Entry.objects.count())
        for minutes in (30, 60, 61, 120):
            record_reads(now=now + timedelta(minutes=minutes))
            sizes.append(Entry.objects.count())
        transaction.set_rollback(True)
    return [after - before for before, after in pairwise(sizes)]


@pytest.mark.parametrize("name", sorted(ACTS))
def test_the_log_grows_the_same_with_a_restricted_act_that_is_read_back_and_with_an_open_one(
    name: str, world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    readers = [clients["editor"], clients["assigned reviewer"]]
    restricted_one, open_one = (_growth(world, ACTS[name], seen_by, readers) for seen_by in ("restricted", "desk"))
    assert restricted_one == open_one
    assert sum(restricted_one) == 1 + 2 * 2  # the act, and for two hours and two desks what was read


def test_an_auditor_who_reads_the_entries_cannot_tell_sorts_of_restricted_acts_apart(
    world: AccessWorld, clients: dict[str, Client], taken_back: None, tmp_path: Path
) -> None:
    def look() -> list[str]:
        cast, size = world.cast, clients["anonymous"].get("/ledger/checkpoint").content.decode().split("\n")[1]
        set_role(desk=cast.other_desk, user=cast.auditor, role=Role.AUDITOR, by=cast.admin)
        data = clients["auditor"].get(f"/ledger/tile/entries/000.p/{size}").getvalue()
        assert SECRET.encode() not in data
        leaves = [leaf.decode() for leaf in read_bundle(data)]
        return [re.sub(r"[0-9a-f]{32}", "<random>", without_hashes(leaf)) for leaf in leaves if '"sealed"' in leaf]

    assert after(restricted, world, tmp_path, look) == after(restricted_otherwise, world, tmp_path, look)
