"""An evidence bundle holds what its reader may see, ties it to the log, and is made whatever dies meanwhile."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Act, RestrictedRead
from claims.actions.bundles import LEASE, MOST_TRIES, ask_for_bundle, lease_bundles, make_leased, take_bundle
from claims.actions.claims import publish_claim
from claims.actions.evidence import change_evidence
from claims.actions.sources import add_relay
from claims.bundles import stored
from claims.bundles.stored import forget_bundles_on
from claims.inputs import EvidenceInput
from claims.models import Bundle, BundlePart, Claim
from claims.tasks import forget_old_bundles_task, make_bundles
from claims.verdicts.support import lock_graph
from house.errors import NotFound
from ledger import keys
from ledger.keys import policy_text
from ledger.models import SealedStream
from reviews.actions.redactions import look_for_in_shared
from sources import evidence_storage
from sources.actions import create_actor
from sources.inputs import ActorInput
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in, made, make, with_file, zip_of
from tests.conftest import ROOT
from tests.factories import Cast, fresh
from tests.ledger.installation import NOW, publish_here, sequencing
from tests.threads import together

SECRET = "Zephyrine"
NEVER = float("inf")

pytestmark = pytest.mark.django_db


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[], None]:
    """Gives what was recorded so far its place, and signs it."""
    return lambda: publish_here(tmp_path / "signer")


@pytest.fixture
def verdict(cast: Cast, publish: Callable[[], None]) -> Claim:
    """A corroborated claim with a file on its first source, in the published log."""
    claim = factories.claim_in(cast, "corroborated")
    with_file(cast, claim.evidence.earliest("created_at").source)
    publish()
    return claim


def manifest_of(data: bytes) -> dict[str, Any]:
    return json.loads(files_in(data)["manifest.json"])  # type: ignore[no-any-return]


def test_a_bundle_is_what_its_entries_say(cast: Cast, verdict: Claim) -> None:
    report = checked(bundle_of(cast.reporter, verdict))
    looked_at = {name: report.counts[name] for name in ("files", "status changes", "files as their entries say")}
    assert (report.findings, looked_at) == ([], {"files": 17, "status changes": 2, "files as their entries say": 1})


def test_the_verifier_checks_it_alone_zipped_and_unpacked(cast: Cast, verdict: Claim, tmp_path: Path) -> None:
    data = bundle_of(cast.reporter, verdict)
    (tmp_path / "own-policy").write_bytes(policy_text())
    (tmp_path / "a.zip").write_bytes(data)
    for path, content in files_in(data).items():
        (tmp_path / "unpacked" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "unpacked" / path).write_bytes(content)
    said = []
    for what in ("a.zip", "unpacked", "nothing.zip"):
        command = [sys.executable, "-I", str(ROOT / "ledger/verifier.py"), "bundle", what, "--policy", "own-policy"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        said.append((done.returncode, "".join(done.stdout.splitlines()[-1:]).partition(" (")[0]))
    assert said == [(0, "all matches"), (0, "all matches"), (2, "")]


def test_the_program_and_the_specification_are_those_of_the_desk(cast: Cast, verdict: Claim) -> None:
    files = files_in(bundle_of(cast.reporter, verdict))
    own = {"verifier.py": "ledger/verifier.py", "ledger.md": "docs/ledger.md"}
    assert {path: files[path] for path in own} == {path: (ROOT / place).read_bytes() for path, place in own.items()}


def test_it_is_sent_as_long_as_it_was_said_to_be_and_alike_each_time(cast: Cast, verdict: Claim) -> None:
    row = made(cast.reporter, verdict)
    assert (len(zip_of(row)), zip_of(row) == zip_of(row)) == (row.size, True)


FILES = {"first.txt": b"Ten bytes.", "large.txt": b"Eleven byte", "last.txt": b"Ten bytes!"}


def test_a_file_that_is_too_large_for_a_bundle_is_left_out_and_named_with_the_reason(
    cast: Cast, publish: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claims.bundles.stored.LARGEST_FILES", 20)
    claim = factories.claim(cast)
    source = claim.evidence.get().source
    kept = [with_file(cast, source, content, name).pk for name, content in FILES.items()]
    publish()
    data = bundle_of(cast.reporter, claim)
    manifest = manifest_of(data)
    assert [file["name"] for file in manifest["files"] if "attachment" in file] == ["first.txt", "last.txt"]
    gaps = [(one["id"], one["reason"]) for one in manifest["left_out"] if one["what"] == "file"]
    assert gaps == [(str(kept[1]), "too_large")]
    assert "1 file is too large for one bundle and is left out." in manifest["withheld"]
    report = checked(data)
    assert (report.findings, report.counts["file left out: too_large"]) == ([], 1)
    assert "it is too large for one bundle" in files_in(data)["index.html"].decode()


def test_a_history_that_no_checker_would_read_as_a_whole_fails_in_words(
    cast: Cast, verdict: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claims.bundles.files.LARGEST_READ", 1000)
    row = make(ask_for_bundle(claim=verdict, by=cast.reporter))
    assert (row.state, "too long for one bundle" in row.error) == ("failed", True)


def test_no_name_that_a_sender_chose_is_a_path(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    source = claim.evidence.get().source
    with_file(cast, source, b"<script>alert(1)</script>", "../../evil.html")
    with_file(cast, source, b"Plain.", "manifest.json")
    publish()
    data = bundle_of(cast.reporter, claim)
    kept = [(file["path"], file["name"]) for file in manifest_of(data)["files"] if "attachment" in file]
    assert kept == [("files/0001.bin", "evil.html"), ("files/0002.txt", "manifest.json")]


def test_nothing_restricted_is_in_the_bundle_of_who_may_not_see_it(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim_in(cast, "corroborated")
    open_source = claim.evidence.earliest("created_at").source
    publish()
    before = {who: files_in(bundle_of(who, claim)) for who in (cast.reporter, cast.reviewer2, cast.auditor)}
    secret = factories.source(
        cast, f"{SECRET} speaks", by=cast.editor, visibility="restricted", url="https://z.example"
    )
    files = [
        with_file(cast, secret, SECRET.encode(), f"{SECRET}.txt", by=cast.editor),
        with_file(cast, open_source, SECRET.encode(), f"{SECRET}.txt", by=cast.editor, visibility="restricted"),
    ]
    item = factories.attach(cast, claim, secret, by=cast.editor, excerpt=SECRET, visibility="restricted")
    relay = add_relay(downstream=open_source, upstream=secret.pk, quote=SECRET, by=cast.editor).row
    publish()
    names = list(SealedStream.objects.values_list("name", flat=True))
    hidden = [SECRET, str(secret.pk), str(item.pk), str(relay.pk), *(str(file.pk) for file in files), *names]
    hidden += [file.sha256 for file in files]
    for who, was in before.items():
        now = files_in(bundle_of(who, claim))
        assert [one for one in hidden if one.encode() in b"".join([*now.values(), *(n.encode() for n in now)])] == []
        assert (now.keys(), now["history.json"]) == (was.keys(), was["history.json"])


def test_who_may_see_it_gets_it_tied_to_sealed_entries(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    secret = factories.source(cast, f"{SECRET} speaks", by=cast.editor, visibility="restricted")
    with_file(cast, secret, SECRET.encode(), "z.txt", by=cast.editor)
    factories.attach(cast, claim, secret, by=cast.editor, excerpt=SECRET, visibility="restricted")
    factories.assigned(cast, claim)
    publish()
    for who in (cast.editor, cast.reviewer):
        data = bundle_of(who, claim)
        report = checked(data)
        sealed = [path for path in files_in(data) if path.startswith("proofs/sealed-")]
        assert (report.findings, report.counts["files as their entries say"], len(sealed)) == ([], 1, 2)
        assert files_in(data)["files/0001.txt"] == SECRET.encode()


def test_a_sealed_stream_is_given_to_nobody_who_may_not_read_all_of_it(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    source = claim.evidence.get().source
    with_file(cast, source, b"Mine alone.", by=cast.reporter, visibility="restricted")
    publish()
    assert checked(bundle_of(cast.reporter, claim)).counts["files as their entries say"] == 1
    upstream = factories.source(cast, SECRET, by=cast.editor, visibility="restricted")
    add_relay(downstream=source, upstream=upstream.pk, quote=SECRET, by=cast.editor)
    publish()
    data = bundle_of(cast.reporter, claim)
    report = checked(data)
    assert (report.findings, report.counts["files that no entry names"]) == ([], 1)
    assert [path for path in files_in(data) if "sealed" in path] == []


def test_it_says_what_is_left_out(cast: Cast, verdict: Claim) -> None:
    secret = factories.source(cast, SECRET, by=cast.editor, visibility="restricted")
    factories.attach(cast, verdict, secret, by=cast.editor, visibility="restricted")
    data = bundle_of(cast.auditor, verdict)
    said = manifest_of(data)["withheld"]
    assert [text.split(",")[0] for text in said] == [
        "Restricted material that its reader may not see is left out.",
        "The text of assessments and decisions is disclosed to editors only. Their times are in the log.",
        "1 piece of evidence is restricted and is left out.",
        "Every bundle leaves out assessments awaiting a second person",
    ]
    page = files_in(data)["index.html"].decode()
    assert [text for text in said if text not in page] == []


def test_that_it_was_taken_is_recorded_with_the_asking(cast: Cast, verdict: Claim) -> None:
    ask_for_bundle(claim=verdict, by=cast.reporter)
    assert [act.by for act in Act.objects.filter(kind="exported")] == [cast.reporter]


def test_what_of_it_is_restricted_is_recorded_as_read_when_it_is_sent(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    secret = factories.source(cast, SECRET, by=cast.editor, visibility="restricted")
    with_file(cast, secret, b"Hers.", by=cast.editor)
    factories.attach(cast, claim, secret, by=cast.editor, visibility="restricted")
    publish()
    rows = {who.username: made(who, claim) for who in (cast.editor, cast.reporter)}
    assert RestrictedRead.objects.count() == 0
    for row in rows.values():
        zip_of(row)
    read = RestrictedRead.objects.order_by("subject").values_list("user__username", "subject")
    assert [(who, subject.partition(":")[0]) for who, subject in read] == [
        ("editor", sort) for sort in ("attachment", "evidence", "source")
    ]


def test_who_may_not_know_of_the_claim_asks_in_vain(cast: Cast, verdict: Claim) -> None:
    with pytest.raises(NotFound):
        ask_for_bundle(claim=verdict, by=cast.stranger)
    assert (Bundle.objects.count(), Act.objects.filter(kind="exported").count()) == (0, 0)


def test_asking_again_while_it_is_made_asks_for_the_same(cast: Cast, verdict: Claim) -> None:
    asked = [ask_for_bundle(claim=verdict, by=who).pk for who in (cast.reporter, cast.reporter, cast.editor)]
    assert (asked[0] == asked[1], asked[0] == asked[2]) == (True, False)
    assert Act.objects.filter(kind="exported").count() == 2


def test_a_look_at_what_a_redaction_would_erase_is_told_to_nobody_and_closes_nothing(
    cast: Cast, publish: Callable[[], None]
) -> None:
    """Looks stand in the stream of an actor that all desks share, after what was said of it."""
    shared = create_actor(desk=None, fields=ActorInput(name=f"{SECRET}, witness", kind="person"), by=cast.admin)
    claim = factories.claim(cast, claimant=shared)
    look_for_in_shared(actor=shared, words=SECRET, by=cast.editor)
    publish()
    for who in (cast.reporter, cast.editor):
        data = bundle_of(who, claim)
        proof = json.loads(files_in(data)[f"proofs/actor-{shared.pk}.json"])
        opened = [one["disclosures"]["content"] for one in proof["entries"] if "leaf" in one]
        assert [content["value"]["name"] for content in opened] == [f"{SECRET}, witness"]
        assert [one.keys() for one in proof["entries"] if "leaf" not in one] == [{"index", "leaf_hash", "proof"}]
        assert b"previewed" not in files_in(data)["history.json"]
        assert checked(data).findings == []


def test_it_waits_for_a_checkpoint_that_has_everything(cast: Cast, verdict: Claim, publish: Callable[[], None]) -> None:
    publish_claim(claim=fresh(verdict), by=cast.editor)
    row = ask_for_bundle(claim=verdict, by=cast.reporter)
    assert (make(row).state, make_bundles()) == ("waiting", 0)
    publish()
    Bundle.objects.update(lease_until=None)
    assert make_bundles() == 1
    assert (fresh(row).state, manifest_of(zip_of(fresh(row)))["later"]) == ("done", 0)


def test_after_a_minute_it_says_what_is_later_than_its_checkpoint(cast: Cast, verdict: Claim) -> None:
    publish_claim(claim=fresh(verdict), by=cast.editor)
    row = make(ask_for_bundle(claim=verdict, by=cast.reporter, now=timezone.now() - timedelta(minutes=1)))
    data = zip_of(row)
    assert (row.state, manifest_of(data)["later"], checked(data).findings) == ("done", 1, [])
    assert "1 entry is later than the checkpoint" in files_in(data)["index.html"].decode()


def test_a_file_later_than_the_checkpoint_is_said_to_be_tied_to_nothing(cast: Cast, verdict: Claim) -> None:
    with_file(cast, verdict.evidence.earliest("created_at").source, b"Later.", "later.txt")
    data = bundle_of(cast.reporter, verdict)
    assert checked(data).counts["files that no entry names"] == 1
    assert any("no entry in this log" in text for text in manifest_of(data)["withheld"])


def test_without_any_checkpoint_it_fails_after_a_minute(cast: Cast) -> None:
    claim = factories.claim(cast)
    row = make(ask_for_bundle(claim=claim, by=cast.reporter, now=timezone.now() - timedelta(minutes=1)))
    assert (row.state, row.error.partition(".")[0]) == ("failed", "No signed checkpoint covers this claim")


def test_a_server_without_its_key_says_so(cast: Cast, verdict: Claim, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    getattr(keys.receipt_key, "cache_clear", lambda: None)()
    row = make(ask_for_bundle(claim=verdict, by=cast.reporter))
    assert (row.state, row.error.partition(".")[0]) == ("failed", "This server has no key to sign bundles with")


def test_one_that_was_killed_half_way_is_finished_by_the_next(
    cast: Cast, verdict: Claim, publish: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        with_file(cast, verdict.evidence.latest("created_at").source, f"Page {number}.".encode(), f"{number}.txt")
    publish()
    read: list[str] = []

    def die_at_the_third(sha256: str) -> Any:
        read.append(sha256)
        if len(read) == 3:
            raise SystemExit
        return evidence_storage.open_stored(sha256)

    monkeypatch.setattr(stored, "open_stored", die_at_the_third)
    row, now = ask_for_bundle(claim=verdict, by=cast.reporter), timezone.now()
    (lease,) = lease_bundles(now=now)
    with pytest.raises(SystemExit):
        make_leased(lease, until=NEVER)
    half = fresh(row)
    assert (half.state, half.parts_done, half.parts_all) == ("running", 2, 5)
    assert lease_bundles(now=now + LEASE - timedelta(seconds=1)) == []
    (again,) = lease_bundles(now=now + LEASE)
    make_leased(lease, until=NEVER)  # the dead one comes back: it leaves the row to the other
    make_leased(again, until=NEVER)
    assert (fresh(row).state, len(read)) == ("done", 5)
    assert checked(zip_of(fresh(row))).findings == []


def test_a_long_one_is_made_in_turns(cast: Cast, verdict: Claim, publish: Callable[[], None]) -> None:
    with_file(cast, verdict.evidence.latest("created_at").source, b"Another.", "another.txt")
    publish()
    row, done = ask_for_bundle(claim=verdict, by=cast.reporter), []
    while fresh(row).state != "done":
        for lease in lease_bundles():
            make_leased(lease, until=0)  # the clock says that it is time for others after each file
        done.append((fresh(row).parts_done, fresh(row).parts_all))
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_what_is_broken_off_again_and_again_is_given_up(cast: Cast, verdict: Claim) -> None:
    row, now = ask_for_bundle(claim=verdict, by=cast.reporter), timezone.now()
    taken = [len(lease_bundles(now=now + number * LEASE)) for number in range(MOST_TRIES + 1)]
    assert (taken, fresh(row).state) == ([1] * MOST_TRIES + [0], "failed")


def test_a_storage_that_does_not_answer_is_asked_again(
    cast: Cast, verdict: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask_for_bundle(claim=verdict, by=cast.reporter)

    def fail(_sha256: str) -> Any:
        raise OSError("no route to the storage")

    with monkeypatch.context() as patch:
        patch.setattr(stored, "open_stored", fail)
        make(row)
    assert (fresh(row).state, lease_bundles()) == ("running", [])
    Bundle.objects.update(lease_until=None)
    assert make(row).state == "done"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "missing from storage"), (b"Other.", "differs from what was stored")]
)
def test_a_file_that_is_not_what_was_kept_is_told(
    cast: Cast, verdict: Claim, settings: Any, content: bytes | None, said: str
) -> None:
    [kept] = [path for path in Path(settings.EVIDENCE_STORAGE).rglob("*") if path.is_file()]
    kept.unlink() if content is None else kept.write_bytes(content)
    row = make(ask_for_bundle(claim=verdict, by=cast.reporter))
    assert (row.state, said in row.error) == ("failed", True)


def test_what_is_restricted_since_it_was_made_is_not_handed_out(cast: Cast, verdict: Claim) -> None:
    row = made(cast.reporter, verdict)
    item = verdict.evidence.latest("created_at")
    change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    with pytest.raises(NotFound, match="has changed"):
        take_bundle(bundle=row, by=cast.reporter)


def test_new_evidence_does_not_take_a_bundle_away(cast: Cast, verdict: Claim) -> None:
    row = made(cast.reporter, verdict)
    factories.attach(cast, fresh(verdict), factories.source(cast))
    assert len(take_bundle(bundle=row, by=cast.reporter)) == BundlePart.objects.count()


def test_after_a_day_it_is_forgotten(cast: Cast, verdict: Claim) -> None:
    row = made(cast.reporter, verdict)
    assert forget_old_bundles_task() == 0
    Bundle.objects.filter(pk=row.pk).update(asked_at=timezone.now() - timedelta(days=1))
    assert (forget_old_bundles_task(), Bundle.objects.count(), BundlePart.objects.count()) == (1, 0, 0)


def test_a_redaction_can_have_all_of_them_forgotten(cast: Cast, verdict: Claim) -> None:
    made(cast.reporter, verdict)
    ask_for_bundle(claim=verdict, by=cast.editor)
    assert (forget_bundles_on(verdict.desk), Bundle.objects.count(), BundlePart.objects.count()) == (2, 0, 0)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_the_command_writes_a_bundle(cast: Cast, verdict: Claim, in_folder: Path) -> None:
    said = StringIO()
    call_command("export_bundle", verdict.reference, "--as", "reporter", stdout=said)
    data = (in_folder / f"{verdict.reference}-bundle.zip").read_bytes()
    assert said.getvalue() == f"{verdict.reference}-bundle.zip: {len(data)} bytes\n"
    assert (checked(data).findings, manifest_of(data)["for"]["name"]) == ([], "reporter")
    assert sorted(path.name for path in in_folder.glob("*.zip*")) == [f"{verdict.reference}-bundle.zip"]


@pytest.mark.parametrize(
    ("who", "reference", "said"),
    [("stranger", "UKR-1", "Claim not found"), ("nobody", "UKR-1", "no active account")],
)
def test_the_command_gives_nobody_more_than_they_may_see(
    cast: Cast, verdict: Claim, in_folder: Path, who: str, reference: str, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("export_bundle", reference, "--as", who, stdout=StringIO())
    assert list(in_folder.glob("*.zip*")) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_for_during_a_redaction_is_made_after_it(cast: Cast, tmp_path: Path) -> None:
    claim = factories.claim(cast)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)

    def redact() -> float:
        with transaction.atomic():
            lock_graph(claim.desk_id)
            forget_bundles_on(claim.desk)
            time.sleep(0.5)
            return time.monotonic()

    def ask() -> tuple[str, float]:
        return make(ask_for_bundle(claim=claim, by=cast.reporter)).state, time.monotonic()

    erased, (state, ready) = together(redact, ask, headstart=0.1)
    assert (state, ready > erased) == ("done", True)
