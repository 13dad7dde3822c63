"""The evidence bundle of a published claim, for anybody: it holds by the verifier, and nothing in it is for fewer."""

import json
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.test import Client

from claims.actions.claims import publish_claim, unpublish_claim
from claims.actions.evidence import change_evidence
from claims.bundles import public_bundles
from claims.inputs import EvidenceInput
from claims.models import Claim
from claims.record import ledger_entries
from ledger.models import Checkpoint, Entry
from ledger.reading import newest_checkpoint
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from sources.evidence_storage import delete_stored
from sources.models import Attachment, Source
from tests import factories
from tests.claims.bundling import checked, files_in, with_file, zipped
from tests.ledger.installation import publish_here
from tests.ledger.test_golden import do_everything

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.factories import Cast


@pytest.fixture
def port_report(cast: "Cast") -> Source:
    port = factories.actor(cast, "The port", visibility="public")
    return factories.source(cast, "Open report", publisher=port, visibility="public")


@pytest.fixture
def published(cast: "Cast", port_report: Source) -> Claim:
    """A verdict with one public piece of evidence."""
    navy = factories.actor(cast, "The navy", kind="state", visibility="public")
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.", claimant=navy)
    factories.attach(cast, claim, port_report, "context", excerpt="It was closed.", visibility="public")
    return publish_claim(claim=factories.fresh(claim), by=cast.editor)


@pytest.fixture
def public_file(cast: "Cast", port_report: Source) -> Attachment:
    return with_file(cast, port_report, b"The gate is shut.", "open.txt")


def _asked(claim: Claim, status: int = 200, method: str = "get") -> Any:
    answer = getattr(Client(), method)(f"/public/{claim.reference}/bundle")
    assert answer.status_code == status
    return answer


def _bundle(claim: Claim) -> bytes:
    answer = _asked(claim)
    data = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(data)
    return data


def _manifest(data: bytes) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(files_in(data)["manifest.json"])
    return manifest


def test_anybody_takes_a_bundle_that_the_verifier_finds_whole(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    report = checked(_bundle(published))
    assert report.findings == []
    assert report.said["statement"] == "The harbour was closed."
    assert report.said["claim"].startswith(published.reference)
    assert report.said["state"].startswith("corroborated")
    assert "for anybody; 0 entries are later" in report.said["made"]
    assert report.said["fields"].endswith(", 0 rows unproven")


def test_its_page_is_made_from_the_proofs_and_has_the_public_words(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    page = files_in(_bundle(published))["index.html"].decode()
    assert '<h1 dir="auto">The harbour was closed.</h1>' in page
    for words in ("It was closed.", "Open report", "The port", "The navy"):
        assert words in page


def test_a_word_changed_in_its_page_is_found(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    files = files_in(_bundle(published))
    files["index.html"] = files["index.html"].replace(b"It was closed.", b"It was opened.")
    assert any("as made from the history" in str(found) for found in checked(zipped(files)).findings)


def test_public_files_are_in_it_and_proven(published: Claim, public_file: Attachment, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    data = _bundle(published)
    assert checked(data).findings == []
    assert files_in(data)["files/0001.txt"] == b"The gate is shut."
    (kept,) = [file for file in _manifest(data)["files"] if file["path"] == "files/0001.txt"]
    assert (kept["name"], kept["proof"]) == ("open.txt", f"proofs/source-{public_file.source_id}.json")


def test_a_file_that_was_restricted_once_is_in_it_by_the_desks_word(
    cast: "Cast", published: Claim, port_report: Source, tmp_path: Path
) -> None:
    """The entry by which it was kept is sealed, and stays so."""
    file = with_file(cast, port_report, b"Let out.", "let-out.txt", visibility="restricted", by=cast.editor)
    factories.released(file, cast.editor, "public")
    publish_here(tmp_path / "signer")
    data = _bundle(published)
    assert (checked(data).findings, files_in(data)["files/0001.txt"]) == ([], b"Let out.")
    (kept,) = [one for one in _manifest(data)["files"] if one["path"] == "files/0001.txt"]
    assert kept["proof"] is None
    assert any("Their dates rest on the desk’s word" in text for text in _manifest(data)["withheld"])


def test_files_beyond_the_bound_are_left_out_and_that_is_said(
    published: Claim, public_file: Attachment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_bundles, "MOST_BYTES", public_file.size - 1)
    publish_here(tmp_path / "signer")
    data = _bundle(published)
    assert checked(data).findings == []
    assert "files/0001.txt" not in files_in(data)
    assert any("together they are too large" in text for text in _manifest(data)["withheld"])


def test_a_file_that_the_storage_lost_is_named_as_not_kept(
    published: Claim, public_file: Attachment, tmp_path: Path
) -> None:
    publish_here(tmp_path / "signer")
    delete_stored(public_file.sha256)
    data = _bundle(published)
    assert checked(data).findings == []
    gaps = [gap for gap in _manifest(data)["left_out"] if gap["what"] == "file"]
    assert [(gap["id"], gap["reason"]) for gap in gaps] == [(str(public_file.pk), "not_kept")]


def _every_byte(data: bytes) -> str:
    """All that is in it, leaves and tokens in the clear too."""
    files = files_in(data)
    assert all(files.pop(name) for name in ("ledger.md", "verifier.py"))
    proofs = [json.loads(content) for path, content in files.items() if path.startswith("proofs/")]
    leaves = [b64decode(one["leaf"]).decode() for proof in proofs for one in proof["entries"] if "leaf" in one]
    return "\n".join([*leaves, *(content.decode() for content in files.values())])


def test_nothing_of_what_is_not_public_is_in_any_byte(
    cast: "Cast", published: Claim, port_report: Source, tmp_path: Path
) -> None:
    """Names, words, digests, identifiers and what opens a commitment; beside everything that can be done on a desk."""
    do_everything(cast)
    shown = with_file(cast, port_report, b"For everybody.", "open.txt")
    of_desk_file = with_file(cast, port_report, b"For the desk.", "desk-only.txt", visibility="desk")
    hidden_file = with_file(cast, port_report, b"For few.", "few.txt", visibility="restricted", by=cast.editor)
    desk_note = factories.source(cast, "Desk note", publisher=factories.actor(cast, "A clerk"))
    of_desk = factories.attach(cast, published, desk_note, "context", excerpt="A hint.")
    under_it = with_file(cast, desk_note, b"Under it.", "under.txt")
    whisper = factories.source(cast, "Whisper", visibility="restricted", by=cast.editor)
    sealed = factories.attach(cast, published, whisper, "context", excerpt="Heard.", by=cast.editor)
    was_public = factories.attach(cast, published, port_report, "context", excerpt="Once open.", visibility="public")
    change_evidence(evidence=was_public, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    other = factories.claim_in(cast, "corroborated", statement="Not for the public.")
    publish_here(tmp_path / "signer")
    data = _bundle(published)
    assert checked(data).findings == []
    text = _every_byte(data)
    assert str(shown.pk) in text and "For everybody." in text and "It was closed." in text
    for words in ("Desk note", "A clerk", "A hint.", "Whisper", "Heard.", "Once open.", "Not for the public."):
        assert words not in text, words
    for file in (of_desk_file, hidden_file, under_it):
        assert file.name not in text and file.sha256 not in text and str(file.pk) not in text
    ids: list[UUID] = [of_desk.pk, sealed.pk, was_public.pk, other.pk, desk_note.pk, whisper.pk]
    people = [cast.reporter, cast.reviewer, cast.reviewer2, cast.editor, cast.auditor]
    for pk in (*ids, *(person.pk for person in people)):
        assert str(pk) not in text
    for person in people:
        assert f'"{person.username}"' not in text
    _assert_no_salt_but_of_what_is_public(data)


def _assert_no_salt_but_of_what_is_public(data: bytes) -> None:
    files = files_in(data)
    opened = {
        (one["index"], name)
        for path, content in files.items()
        if path.startswith("proofs/")
        for one in json.loads(content)["entries"]
        for name, value in one.get("disclosures", {}).items()
        if value is not None
    }
    assert {name for _index, name in opened} == {"public", "claimant", "publisher", "content"}
    of_files = Entry.objects.filter(place__index__in=[index for index, name in opened if name == "content"])
    assert set(of_files.values_list("kind", flat=True)) == {"attachment_kept"}


def test_that_something_hidden_is_erased_changes_no_reason(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    """Whoever reads it is not told that words of the desk's were taken out."""
    note = factories.source(cast, "A desk note on Oksana")
    factories.attach(cast, published, note, "context", excerpt="What Oksana saw.")
    second = factories.person("second", "editor", cast.desk)
    row = propose_redaction(desk=cast.desk, words="Oksana", reason="She asked us to.", by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words="Oksana", sha256="", by=second).seen, by=second)
    publish_here(tmp_path / "signer")
    data = _bundle(published)
    assert checked(data).findings == []
    assert {gap["reason"] for gap in _manifest(data)["left_out"]} == {"withheld"}


def test_what_was_published_before_there_were_public_words_is_told_as_unproven(
    cast: "Cast", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_entries, "claim_public", lambda claim: {})
    claim = publish_claim(claim=factories.claim(cast, "An older one."), by=cast.editor)
    monkeypatch.undo()
    publish_here(tmp_path / "signer")
    data = _bundle(claim)
    assert checked(data).findings == []
    (row,) = json.loads(files_in(data)["unproven.json"])
    assert (row["what"], row["row"]["statement"]) == ("claim", "An older one.")


def test_what_is_not_published_has_none_as_what_is_not_there(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    never = factories.claim(cast)
    publish_here(tmp_path / "signer")
    unpublish_claim(claim=published, by=cast.editor)
    for claim in (never, published):
        _asked(claim, 404)
    assert Client().get("/public/UKR-999/bundle").status_code == 404


def test_before_anything_is_signed_there_is_none_and_that_is_said(published: Claim) -> None:
    assert newest_checkpoint() is None
    assert "No checkpoint signed yet." in _asked(published, 404).content.decode()


def test_without_a_key_to_sign_with_it_is_said_that_it_cannot_be_had_now(
    published: Claim, tmp_path: Path, settings: "Settings"
) -> None:
    publish_here(tmp_path / "signer")
    settings.LEDGER_RECEIPT_KEY, settings.DATA_DIR = "", tmp_path / "nowhere"
    assert "Bundles cannot be signed at the moment." in _asked(published, 503).content.decode()


def test_a_browser_that_asks_only_how_large_it_is_gets_no_bytes(published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    answer = _asked(published, method="head")
    assert (answer.content, answer["Content-Type"]) == (b"", "application/zip")
    assert int(answer["Content-Length"]) > 1000
    assert answer["Content-Disposition"] == f'attachment; filename="{published.reference}-public-bundle.zip"'


def test_all_its_proofs_are_against_one_checkpoint(cast: "Cast", published: Claim, tmp_path: Path) -> None:
    publish_here(tmp_path / "signer")
    factories.claim(cast)
    files = files_in(_bundle(published))
    notes = {json.loads(content)["checkpoint"] for path, content in files.items() if path.startswith("proofs/")}
    assert notes == {files["checkpoint"].decode()} == {Checkpoint.objects.latest("size").note}
