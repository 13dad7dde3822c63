"""The log taken away opened, for one reader: everything that they may read, proven, and nothing else in any byte."""

import json
import os
from base64 import b64decode
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from accounts.actions import change_user, set_role
from accounts.actions.invitations import invite
from accounts.models import Act, RestrictedRead, Role
from claims.record.entry_kinds import CATALOGUE
from claims.record.entry_labels import READ_BY_EDITORS_ALONE
from ledger.models import Entry
from ledger.reading import newest_checkpoint
from sources.inputs import SourceInput
from tests import factories
from tests.ledger.installation import publish_here
from tests.ledger.opening import audited, audits_all, files, lines_of, opened, values, verifier
from tests.ledger.test_golden import redact_something
from tests.pages import got

if TYPE_CHECKING:
    from tests.factories import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> "Cast":
    return factories.cast()


@pytest.fixture
def work(cast: "Cast", tmp_path: Path) -> "Cast":
    """A published log: a verdict, restricted evidence, a redaction, an invitation, and something of another desk."""
    set_role(desk=cast.other_desk, user=cast.reviewer2, role=Role.EDITOR, by=None)
    report_elsewhere(cast)
    claim, hidden = (
        factories.claim(cast, "A ship unloaded."),
        factories.source(cast, "Zephyrine", by=cast.editor, visibility="restricted"),
    )
    factories.attach(cast, claim, factories.source(cast), by=cast.editor, excerpt="Quillfeather saw it")
    factories.attach(cast, claim, hidden, by=cast.editor, excerpt="Zephyrine saw it")
    factories.firsthand(cast, claim, 2)
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    redact_something(cast)
    invite(desk=cast.desk, role=Role.REVIEWER, name="Nadia", email="nadia@example.org", by=cast.admin)
    publish_here(tmp_path / "signer")
    return cast


def report_elsewhere(cast: "Cast") -> None:
    """Something that is said on the other desk alone."""
    from sources.actions import create_source

    create_source(desk=cast.other_desk, fields=SourceInput(title="Wintergreen speaks"), by=cast.reviewer2)


def test_who_audits_every_desk_gets_every_entry_and_the_verifier_finds_nothing(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", audits_all(work.auditor))
    said = audited(folder)
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    assert f"lines: {checkpoint.size}" in said
    assert [one["index"] for one in lines_of(folder)] == list(range(checkpoint.size))
    assert {"disclosures/000.json", "tile/entries/000.p/" + str(checkpoint.size)} <= files(folder).keys()


def test_disclosures_open_what_the_lines_open(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", audits_all(work.auditor))
    beside = json.loads((folder / "disclosures/000.json").read_text())
    assert beside == {str(one["index"]): one["disclosures"] for one in lines_of(folder) if values(one)}


def test_an_auditor_of_one_desk_gets_nothing_of_another_in_any_byte(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.auditor)
    audited(folder)
    elsewhere = Entry.objects.exclude(pk__in=Act.objects.filter(desk=work.desk).values("entry"))
    foreign = [bytes(row.leaf) for row in elsewhere]
    assert any(str(work.other_desk.pk).encode() in leaf for leaf in foreign)
    said = b"".join(
        json.dumps({**one, "leaf": b64decode(one.get("leaf", "")).decode()}).encode() for one in lines_of(folder)
    )
    for name, data in {**files(folder), "said": said}.items():
        found = [
            b"Wintergreen" in data,
            str(work.other_desk.pk).encode() in data,
            *(leaf in data for leaf in foreign),
        ]
        assert not any(found), name
    assert not any("entries" in name or "disclosures" in name for name in files(folder))


def test_an_auditor_reads_no_restricted_word_and_an_editor_reads_it_and_leaves_a_trace(
    work: "Cast", tmp_path: Path
) -> None:
    RestrictedRead.objects.filter(entry=None).delete()
    texts = {}
    for user in (work.auditor, work.editor):
        folder = opened(tmp_path / user.username, user)
        audited(folder)
        texts[user.username] = json.dumps([values(one) for one in lines_of(folder)])
    assert {who: "Zephyrine" in text for who, text in texts.items()} == {"auditor": False, "editor": True}
    assert {who: "Quillfeather" in text for who, text in texts.items()} == {"auditor": True, "editor": True}
    who_read = RestrictedRead.objects.filter(entry=None).values_list("user__username", flat=True)
    assert set(who_read) == {"editor"}


def test_editors_read_assessments_and_auditors_do_not(work: "Cast", tmp_path: Path) -> None:
    kinds = {}
    for user in (work.auditor, work.editor):
        lines = lines_of(opened(tmp_path / user.username, user))
        kinds[user.username] = {one["kind"] for one in lines if values(one)}
    assert {"assessed", "decided", "redacted", "redaction_previewed"} <= kinds["editor"]
    assert kinds["editor"] - kinds["auditor"] >= {"assessed", "decided", "redacted", "redaction_previewed"}
    assert {"invited", "exported", "account_made"}.isdisjoint(kinds["editor"] | kinds["auditor"])


def test_auditors_read_nothing_of_what_redactions_commit_to() -> None:
    """Who was asked to decide, and why, stands on pages for editors."""
    of_redactions = {kind for kind, one in CATALOGUE.items() if one.stream.startswith("redaction:")}
    assert of_redactions
    assert of_redactions <= READ_BY_EDITORS_ALONE


def test_an_administrator_reads_what_is_of_no_desk(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.admin)
    audited(folder)
    lines = lines_of(folder)
    of_no_desk = Act.objects.filter(desk=None, entry__place__isnull=False)
    assert len(lines) == of_no_desk.count()
    assert all(not one["closed"] for one in lines)


def test_what_was_erased_is_closed_with_that_reason_and_the_rest_with_another(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.editor)
    reasons = {(one["kind"], name, why) for one in lines_of(folder) for name, why in one.get("closed", {}).items()}
    assert ("evidence_attached", "content", "erased") in reasons
    # Who is invited is for administrators.
    assert {kind for kind, _name, why in reasons if why == "withheld"} == {"invited"}


def test_of_an_entry_that_names_what_was_restricted_since_only_the_hash_is_given(cast: "Cast", tmp_path: Path) -> None:
    from claims.actions.sources import change_source

    source = factories.source(cast, by=cast.editor)
    change_source(source=source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    publish_here(tmp_path / "signer")
    folder = opened(tmp_path / "export", cast.auditor)
    audited(folder)
    assert str(source.pk) not in (folder / "export.jsonl").read_text()
    assert sum("leaf" not in one for one in lines_of(folder)) == 1


def test_that_it_was_taken_is_recorded(work: "Cast", tmp_path: Path) -> None:
    before = Act.objects.filter(kind="exported").count()
    opened(tmp_path / "export", work.auditor)
    act = Act.objects.filter(kind="exported").latest("entry")
    assert (Act.objects.filter(kind="exported").count() - before, act.by) == (1, work.auditor)


@pytest.mark.parametrize("who", ["reporter", "reviewer"])
def test_who_audits_no_desk_gets_nothing(work: "Cast", tmp_path: Path, who: str) -> None:
    with pytest.raises(CommandError, match="Only a desk’s auditors and editors read its ledger"):
        opened(tmp_path / "export", getattr(work, who))
    assert not (tmp_path / "export").exists()


def test_nobody_gets_it_who_has_no_open_account(work: "Cast", tmp_path: Path) -> None:
    change_user(user=work.stranger, changes={"is_active": False}, by=work.admin)
    with pytest.raises(CommandError, match="no active account stranger"):
        opened(tmp_path / "export", work.stranger)


@pytest.mark.parametrize("options", [["--with-disclosures"], ["--for", "auditor"]])
def test_one_says_for_whom_it_is_opened(work: "Cast", tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(CommandError, match="--with-disclosures asks --for whom"):
        call_command("export_ledger", str(tmp_path / "export"), *options, stdout=StringIO())


def test_two_readers_files_do_not_lie_in_one_folder(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.auditor)
    before = files(folder)
    with pytest.raises(CommandError, match="not empty"):
        opened(folder, work.editor)
    assert files(folder) == before


def test_the_files_are_their_readers_alone(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", audits_all(work.auditor))
    modes = {path.is_dir(): set[int]() for path in (folder, folder / "checkpoint")}
    for path in (folder, *folder.rglob("*")):
        modes[path.is_dir()].add(path.stat().st_mode & 0o777)
    assert modes == {True: {0o700}, False: {0o600}}


def test_the_checkpoint_comes_last(work: "Cast", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it ends at any moment, no checkpoint promises what is not on the disk, and no file is half there."""
    named: list[str] = []
    replace = Path.replace

    def note(self: Path, target: Path) -> Path:
        named.append(str(target.relative_to(tmp_path / "export")))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    folder = opened(tmp_path / "export", audits_all(work.auditor))
    assert named[-1] == "checkpoint"
    assert set(named) == files(folder).keys()


def test_a_full_disk_leaves_no_checkpoint_and_no_half_line(
    work: "Cast", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    sync = os.fsync

    def full_at_last(number: int) -> None:
        done.append(number)
        if len(done) > 1:
            raise OSError("No space left on device")
        sync(number)

    monkeypatch.setattr(os, "fsync", full_at_last)
    with pytest.raises(OSError, match="No space left"):
        opened(tmp_path / "export", work.auditor)
    assert not {"checkpoint", "export.jsonl"} & files(tmp_path / "export").keys()


def test_the_page_gives_the_same_lines_and_the_verifier_reads_them(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.auditor)
    answer = got(work.auditor, "/ledger/export.jsonl")
    taken = tmp_path / "ledger.jsonl"
    taken.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    done = verifier("export", taken, folder / "policy")
    assert (done.returncode, "for auditor" in done.stdout) == (0, True), done.stdout
    assert taken.read_bytes().splitlines()[1:] == (folder / "export.jsonl").read_bytes().splitlines()[1:]


def test_a_narrowed_file_says_by_what(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.auditor)
    answer = got(work.auditor, "/ledger/export.jsonl?kind=claim_reported")
    taken = tmp_path / "ledger.jsonl"
    taken.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    done = verifier("export", taken, folder / "policy")
    assert (done.returncode, "narrowed by kind claim_reported" in done.stdout) == (0, True), done.stdout


def test_a_narrowed_file_says_erased_only_of_what_a_redaction_in_it_names(work: "Cast", tmp_path: Path) -> None:
    folder = opened(tmp_path / "export", work.editor)
    answer = got(work.editor, "/ledger/export.jsonl?kind=evidence_attached")
    taken = tmp_path / "ledger.jsonl"
    taken.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    reasons = {why for line in taken.read_text().splitlines() for why in json.loads(line).get("closed", {}).values()}
    done = verifier("export", taken, folder / "policy")
    assert (done.returncode, reasons) == (0, {"withheld"}), done.stdout
