"""What of the log's entries anybody may have: to mirror it, and to check published claims without asking the desk."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.test import Client

from claims.actions.claims import publish_claim, unpublish_claim
from claims.actions.evidence import change_evidence
from claims.bundles import public_proofs
from claims.inputs import EvidenceInput
from claims.models import Claim, Evidence
from ledger.canonical import canonical
from ledger.keys import policy_text
from ledger.models import Checkpoint, Entry
from ledger.reading import published as stands_at
from ledger.verifier import Report, audit, folder_reader, read_bundle, read_entry, read_policy, replay
from tests import factories
from tests.ledger.installation import publish_here
from tests.ledger.test_golden import do_everything

if TYPE_CHECKING:
    from tests.factories import Cast

ADDRESS = "/ledger/public/000.json"


@pytest.fixture
def published(cast: "Cast") -> Claim:
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.")
    return publish_claim(claim=claim, by=cast.editor)


def _leaves() -> dict[str, bytes]:
    answer = Client().get(ADDRESS)
    assert answer.status_code == 200
    assert canonical(json.loads(answer.content)) == answer.content
    return {index: b64decode(leaf) for index, leaf in json.loads(answer.content).items()}


def test_it_is_what_published_claims_moved_to(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    factories.claim_in(cast, "denied", statement="Of no concern to others.")
    publish_here(tmp_path / "signer")
    entries = [read_entry(leaf) for leaf in _leaves().values()]
    assert {entry.stream for entry in entries} == {f"claim:{published.pk}"}
    assert [entry.kind for entry in entries] == ["status_changed", "status_changed", "claim_published"]
    for index, leaf in _leaves().items():
        assert Entry.objects.get(place__index=int(index)).leaf == leaf


def test_what_is_taken_back_is_served_no_more(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    unpublish_claim(claim=published, by=cast.editor)
    publish_here(tmp_path / "signer")
    assert _leaves() == {}
    publish_claim(claim=factories.fresh(published), by=cast.editor)
    publish_here(tmp_path / "signer")
    assert [read_entry(leaf).kind for leaf in _leaves().values()].count("status_changed") == 2


@pytest.mark.parametrize("path", ["001", "000.p/3", "0", "x001/000", "999", "x" + "9" * 3, "x999/" * 12 + "999"])
def test_there_is_one_for_each_bundle_that_the_log_has(published: Claim, tmp_path: Path, path: str) -> None:
    assert Client().get(ADDRESS).status_code == 404  # nothing is signed yet
    publish_here(tmp_path / "signer")
    assert Client().get(f"/ledger/public/{path}.json").status_code == 404
    assert Client().get(f"/ledger/tile/entries/{path}").status_code == 404


def test_a_bundle_of_entries_is_for_anybody_where_all_of_it_is_public(
    published: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test's log begins with a published claim, so that the first leaf is made one of those that are public."""
    publish_here(tmp_path / "signer")
    size = Checkpoint.objects.latest("size").size
    assert Client().get(f"/ledger/tile/entries/000.p/{size}").status_code == 404
    assert Client().get("/ledger/tile/entries/000.p/1").status_code == 404
    monkeypatch.setattr(public_proofs, "KEYS", Entry.objects.get(place__index=0).stream)
    answer = Client().get("/ledger/tile/entries/000.p/1")
    assert (answer.status_code, read_bundle(answer.content)) == (200, [Entry.objects.get(place__index=0).leaf])


def _everything_public(published: Claim) -> str:
    """Every byte that anybody gets of a published claim and of the log."""
    at, client = f"/public/{published.reference}/", Client()
    addresses = [at, f"{at}proof", f"{at}material", f"{at}changes/1", ADDRESS, "/public/", "/ledger/check/"]
    bodies = [client.get(address).content.decode() for address in addresses]
    proofs = [bodies[1], *json.loads(bodies[2])]
    leaves = [
        b64decode(one["leaf"]).decode() for proof in proofs for one in json.loads(proof)["entries"] if "leaf" in one
    ]
    return "\n".join([*bodies, *leaves, *(leaf.decode() for leaf in _leaves().values())])


def test_nothing_that_is_not_public_is_in_any_byte(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    """Beside everything that can be done on a desk, and a claim whose evidence is of every sort."""
    do_everything(cast)
    port = factories.actor(cast, "The port", visibility="public")
    open_report = factories.source(cast, "Open report", publisher=port, visibility="public")
    shown = factories.attach(cast, published, open_report, "context", excerpt="Closed.", visibility="public")
    desk_note = factories.source(cast, "Desk note", publisher=factories.actor(cast, "A clerk"))
    of_desk = factories.attach(cast, published, desk_note, "context", excerpt="A hint.")
    whisper = factories.source(cast, "Whisper", visibility="restricted", by=cast.editor)
    sealed = factories.attach(cast, published, whisper, "context", excerpt="Heard.", by=cast.editor)
    was_public = factories.attach(cast, published, open_report, "context", excerpt="Once open.", visibility="public")
    _restrict(was_public, cast)
    hidden_claim = factories.claim_in(cast, "corroborated", statement="Not for the public.")
    publish_here(tmp_path / "signer")
    text = _everything_public(published)
    assert "Closed." in text and str(shown.pk) in text and "The port" in text
    for words in (
        "Desk note",
        "A clerk",
        "A hint.",
        "Whisper",
        "Heard.",
        "Once open.",
        "Not for the public.",
        "sealed",
    ):
        assert words not in text.replace("a sealed", ""), words
    ids: list[UUID] = [of_desk.pk, sealed.pk, was_public.pk, hidden_claim.pk, desk_note.pk, whisper.pk]
    people = [cast.reporter, cast.reviewer, cast.reviewer2, cast.editor, cast.auditor]
    for pk in (*ids, *(person.pk for person in people)):
        assert str(pk) not in text
    assert published.claimant is not None and str(published.claimant_id) not in text
    others = Claim.objects.exclude(pk=published.pk).values_list("reference", flat=True)
    assert [reference for reference in others if f"{reference}<" in text or f'"{reference}"' in text] == []


def _restrict(item: Evidence, cast: "Cast") -> None:
    change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=cast.editor)


def _mirror(folder: Path) -> Path:
    """A copy of what anybody may fetch of the log."""
    newest = Checkpoint.objects.latest("size")
    for path in ("checkpoint", f"tile/0/000.p/{newest.size}", "public/000.json"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        answer = Client().get(f"/ledger/{path}")
        assert answer.status_code == 200, path
        (folder / path).write_bytes(answer.content)
    return folder


def _audit(folder: Path) -> Report:
    return audit(folder_reader(folder), read_policy(policy_text()))


def test_a_mirror_of_it_is_audited_and_replayed(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    mirror, policy = _mirror(tmp_path / "mirror"), read_policy(policy_text())
    report = _audit(mirror)
    assert (report.findings, report.counts["public entries"]) == ([], 3)
    assert "public entries alone" in report.said["looked at"]
    listed = [{"reference": published.reference, "state": "corroborated"}]
    assert replay(folder_reader(mirror), policy, listed).findings == []
    (finding,) = replay(folder_reader(mirror), policy, [{**listed[0], "state": "refuted"}]).findings
    assert str(finding) == f"claim {published.reference}: state: expected corroborated, found refuted"


def _rewrite(mirror: Path, change: str) -> None:
    path = mirror / "public/000.json"
    leaves = json.loads(path.read_bytes())
    indexes = sorted(leaves, key=int)
    if change == "another leaf":
        leaf = b64decode(leaves[indexes[0]]).replace(b'"threshold":2', b'"threshold":1')
        leaves[indexes[0]] = b64encode(leaf).decode()
    elif change == "a leaf elsewhere":
        leaves["0"] = leaves.pop(indexes[0])
    elif change == "the first change left out":
        del leaves[indexes[0]]
    elif change == "an index beyond the log":
        leaves["255"] = leaves.pop(indexes[0])
    elif change == "no index":
        leaves["-1"] = leaves.pop(indexes[0])
    path.write_bytes(canonical(leaves))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("another leaf", "leaf: expected"),
        ("a leaf elsewhere", "entry 0: leaf: expected"),
        ("the first change left out", "body.number: expected 1, found 2"),
        ("an index beyond the log", "public/000.json: index: expected 0 to 255, below"),
        ("no index", "public/000.json: index: expected a decimal number"),
    ],
)
def test_what_a_mirror_has_that_does_not_fit_is_found(
    published: Claim, tmp_path: Path, change: str, found: str
) -> None:
    publish_here(tmp_path / "signer")
    mirror = _mirror(tmp_path / "mirror")
    _rewrite(mirror, change)
    assert any(found in str(finding) for finding in _audit(mirror).findings)


def test_an_export_with_its_entries_is_audited_as_a_whole(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    mirror, newest = _mirror(tmp_path / "mirror"), Checkpoint.objects.latest("size")
    path = f"tile/entries/000.p/{newest.size}"
    data = stands_at(path, newest)
    assert data is not None
    (mirror / path).parent.mkdir(parents=True)
    (mirror / path).write_bytes(data)
    report = _audit(mirror)
    assert (report.findings, report.counts["entries"]) == ([], newest.size)


def test_the_short_address_leads_to_a_published_claim_alone(cast: "Cast", published: Claim) -> None:
    answer = Client().get(f"/p/{published.reference}")
    assert (answer.status_code, answer["Location"]) == (302, f"/public/{published.reference}/")
    assert Client().get(f"/p/{factories.claim(cast).reference}").status_code == 404
    unpublish_claim(claim=published, by=cast.editor)
    assert Client().get(f"/p/{published.reference}").status_code == 404


@pytest.mark.parametrize("path", ["proof", "material", "changes/1", ""])
def test_a_claim_that_is_not_published_is_nowhere(cast: "Cast", published: Claim, tmp_path: Path, path: str) -> None:
    never = factories.claim(cast)
    unpublish_claim(claim=published, by=cast.editor)
    publish_here(tmp_path / "signer")
    answers = [Client().get(f"/public/{claim.reference}/{path}") for claim in (never, published)]
    absent = Client().get(f"/public/UKR-999/{path}")
    assert [answer.status_code for answer in (*answers, absent)] == [404, 404, 404]
