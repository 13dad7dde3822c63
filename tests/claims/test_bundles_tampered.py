"""A bundle that was cut off or changed fails by the name of what is wrong, also where the desk itself signed it."""

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger.bundles import sign_manifest
from ledger.keys import policy_text, receipt_key
from ledger.notes import SigningKey, receipt_key_name
from ledger.verifier import (
    Policy,
    Report,
    canonical,
    check_bundle,
    folder_members,
    read_policy,
    zip_directory,
    zip_head,
)
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in, with_file, zipped
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


@dataclass(frozen=True)
class WholeBundle:
    """A bundle that holds, its files, the policy to check it by, and the key that signed it."""

    data: bytes
    files: dict[str, bytes]
    policy: Policy
    key: SigningKey


@pytest.fixture(scope="module")
def whole(
    django_db_setup: None, django_db_blocker: "DjangoDbBlocker", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeBundle]:
    from django.conf import settings
    from django.db import transaction

    folder = Path(tmp_path_factory.mktemp("bundle"))
    settings.EVIDENCE_STORAGE = folder / "evidence"
    with django_db_blocker.unblock(), transaction.atomic():
        cast = factories.cast()
        claim = factories.claim_in(cast, "corroborated")
        source = claim.evidence.earliest("created_at").source
        with_file(cast, source)
        with_file(cast, source, bytes(range(256)) * 40, "noise.bin")
        factories.relay(cast, source, factories.source(cast, "The log"), quote="as the log has it")
        publish_here(folder / "signer")
        data = bundle_of(cast.reporter, claim)
        yield WholeBundle(data, files_in(data), read_policy(policy_text()), receipt_key())
        transaction.set_rollback(True)


def wrong(whole: WholeBundle, data: bytes) -> list[str]:
    """The findings, as they are printed."""
    return [str(finding) for finding in checked(data, whole.policy).findings]


def signed_anew(whole: WholeBundle, changed: dict[str, bytes], key: SigningKey | None = None, **said: Any) -> bytes:
    """The bundle with other files, and a manifest to match that is signed as the desk would."""
    import hashlib

    from ledger.bundles import Manifest

    files = {**whole.files, **changed}
    manifest = {**json.loads(files["manifest.json"]), **said}
    for file in manifest["files"]:
        content = files[file["path"]]
        file |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    made = sign_manifest(
        Manifest(
            reference=manifest["reference"],
            stream=manifest["stream"],
            made_for=manifest["for"],
            at=manifest["at"],
            later=manifest["later"],
            withheld=manifest["withheld"],
            left_out=manifest["left_out"],
            files=manifest["files"],
        ),
        key or whole.key,
        manifest["origin"],
    )
    return zipped({**files, **{one.path: one.content for one in made}})


def test_the_whole_one_holds(whole: WholeBundle) -> None:
    assert (wrong(whole, whole.data), wrong(whole, zipped(whole.files))) == ([], [])
    assert wrong(whole, signed_anew(whole, {})) == []


def test_a_file_that_was_changed_is_named(whole: WholeBundle) -> None:
    chance = random.Random(1)
    for path, content in whole.files.items():
        for _ in range(10):
            at = chance.randrange(len(content))
            other = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
            found = wrong(whole, zipped({**whole.files, path: other}))
            assert found and any(line.startswith(path) for line in found), (path, at, found)


def test_a_file_that_is_missing_is_named(whole: WholeBundle) -> None:
    for path in whole.files:
        found = wrong(whole, zipped({name: content for name, content in whole.files.items() if name != path}))
        assert any(line.startswith(f"{path}: file: ") and "no such file" in line for line in found), (path, found)


def test_a_file_that_was_put_in_is_named(whole: WholeBundle) -> None:
    for path in ("aaa.txt", "files/0003.txt", "proofs/other.json", "files/0001.txt.exe"):
        found = wrong(whole, zipped({**whole.files, path: b"{}"}))
        assert f"{path}: file: expected one that the manifest names, found one more" in found


def test_a_file_that_was_cut_short_is_named(whole: WholeBundle) -> None:
    for path, content in whole.files.items():
        found = wrong(whole, zipped({**whole.files, path: content[: len(content) // 2]}))
        assert any(line.startswith(f"{path}: ") for line in found), (path, found)


def test_two_files_in_each_others_place_are_named(whole: WholeBundle) -> None:
    one, other = "files/0001.txt", "files/0002.bin"
    found = wrong(whole, zipped({**whole.files, one: whole.files[other], other: whole.files[one]}))
    assert [line.partition(":")[0] for line in found] == [one, other]


def test_a_bundle_that_was_cut_off_names_the_file_that_it_ends_in(whole: WholeBundle) -> None:
    ends, at = {}, 0
    for path, content in whole.files.items():
        at += len(zip_head(path, len(content), crc=0))
        ends[path] = (at, at + len(content))
        at += len(content)
    for path, (start, end) in ends.items():
        found = wrong(whole, whole.data[: (start + end) // 2])
        assert f"{path}: size: expected {end - start} bytes" in found[0] and "cut off" in found[0], (path, found)


def test_wherever_it_is_cut_off_it_fails(whole: WholeBundle) -> None:
    chance = random.Random(2)
    for _ in range(200):
        at = chance.randrange(len(whole.data))
        assert wrong(whole, whole.data[:at]) != [], at


def test_whichever_byte_is_changed_it_fails(whole: WholeBundle) -> None:
    chance = random.Random(3)
    for _ in range(600):
        at = chance.randrange(len(whole.data))
        other = bytes([whole.data[at] ^ 1 << chance.randrange(8)])
        assert wrong(whole, whole.data[:at] + other + whole.data[at + 1 :]) != [], at


def test_whichever_byte_around_the_files_is_changed_it_fails(whole: WholeBundle) -> None:
    lines = [(path, len(content), 0) for path, content in whole.files.items()]
    directory = len(whole.data) - len(zip_directory(lines))
    around = [*range(len(zip_head("manifest.json", 0, crc=0))), *range(directory, len(whole.data))]
    for at in around:
        data = whole.data[:at] + bytes([whole.data[at] ^ 1]) + whole.data[at + 1 :]
        assert wrong(whole, data) != [], at


@pytest.mark.parametrize("more", [b"\0", b"PK\5\6", b"a comment"])
def test_nothing_stands_before_or_behind_it(whole: WholeBundle, more: bytes) -> None:
    assert (wrong(whole, whole.data + more) != [], wrong(whole, more + whole.data) != []) == (True, True)


def test_a_zip_that_others_wrote_is_none(whole: WholeBundle) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in whole.files.items():
            archive.writestr(path, content)
    [first, *_more] = wrong(whole, packed.getvalue())
    assert first.startswith("bundle, its beginning: file: expected the head of a file as section 10 has it")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a//b", ".hidden", "A", "a/../b", "c:\\x"])
def test_no_path_leads_out_of_it(whole: WholeBundle, path: str) -> None:
    data = zip_head(path, 0, crc=0) + zip_directory([(path, 0, 0)])
    assert wrong(whole, data)[0].startswith("bundle, its beginning: file: ")


def test_a_link_in_an_unpacked_one_is_not_followed(whole: WholeBundle, tmp_path: Path) -> None:
    for path, content in whole.files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "files/0001.txt").unlink()
    (tmp_path / "files/0001.txt").symlink_to("/etc/passwd")
    report = Report()
    check_bundle(folder_members(tmp_path, report), whole.policy, report)
    assert {finding.where for finding in report.findings} == {"files/0001.txt"}


def test_one_signed_by_somebody_else_is_refused(whole: WholeBundle) -> None:
    stranger = SigningKey(receipt_key_name(whole.policy.origin), bytes(32))
    [found, verdict] = wrong(whole, signed_anew(whole, {}, stranger))
    assert found.startswith("manifest.note: signature: expected one by ")
    assert verdict.endswith("this bundle proves nothing")


def test_the_policy_inside_counts_for_nothing(whole: WholeBundle) -> None:
    stranger = SigningKey(receipt_key_name(whole.policy.origin), bytes(32))
    own = {"origin": whole.policy.origin, "log_keys": [], "receipt_keys": [str(stranger.verifier_key)]}
    assert wrong(whole, signed_anew(whole, {"policy.json": canonical(own)}, stranger)) != []


def _history(change: Callable[[dict[str, Any]], object]) -> Callable[[WholeBundle], dict[str, bytes]]:
    def made(whole: WholeBundle) -> dict[str, bytes]:
        said = json.loads(whole.files["history.json"])
        change(said)
        return {"history.json": canonical(said)}

    return made


def _last_move(said: dict[str, Any]) -> dict[str, Any]:
    return next(act for act in reversed(said["acts"]) if act["kind"] == "status_changed")


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        (_history(lambda said: _last_move(said)["body"].update(to="refuted")), ".body.to: expected corroborated"),
        (_history(lambda said: _last_move(said)["values"].update(reason="Another")), ".values.reason: expected "),
        (_history(lambda said: _last_move(said)["values"]["by"].update(name="Another")), ".values.by.name: expected "),
        (_history(lambda said: said["acts"].remove(_last_move(said))), "history.json: acts: expected "),
        (_history(lambda said: said.pop("acts")), "history.json: acts: expected "),
        (lambda _whole: {"files/0001.txt": b"Seen elsewhere."}, "files/0001.txt: sha256: expected "),
        (lambda whole: {"files/0001.txt": whole.files["files/0002.bin"]}, "files/0001.txt: sha256: expected "),
    ],
)
def test_a_desk_that_signs_other_words_or_files_is_found_out_by_its_own_log(
    whole: WholeBundle, lie: Callable[[WholeBundle], dict[str, bytes]], found: str
) -> None:
    changed = lie(whole)
    findings = wrong(whole, signed_anew(whole, changed))
    # The page tells of files by their digests too.
    assert findings and all(line.startswith((*changed, "index.html")) for line in findings), findings
    assert any(found in line for line in findings), findings


def test_another_claims_proof_does_not_do(whole: WholeBundle) -> None:
    [found, history, page] = wrong(whole, signed_anew(whole, {}, reference="UKR-77"))
    assert found == "proofs/claim.json: reference: expected an entry of UKR-77, found none"
    assert history == "history.json: reference: expected UKR-77, found UKR-1"
    assert page.startswith("index.html: line ")


def test_beyond_4_gib_any_zip_program_still_finds_each_file(tmp_path: Path) -> None:
    sizes, path = (3 * 2**30, 2 * 2**30, 5), tmp_path / "large.zip"
    lines = [(f"files/{number:04d}.bin", size, 0) for number, size in enumerate(sizes, 1)]
    with path.open("wb") as file:
        for line in lines:
            file.write(zip_head(*line))
            file.seek(line[1], 1)
        file.write(zip_directory(lines))
    with zipfile.ZipFile(path) as archive:
        found = [(one.filename, one.file_size, one.header_offset) for one in archive.infolist()]
    heads = len(zip_head(*lines[0]))
    assert found == [(lines[0][0], sizes[0], 0), (lines[1][0], sizes[1], heads + sizes[0]),
                     (lines[2][0], sizes[2], 2 * heads + sizes[0] + sizes[1])]  # fmt: skip
