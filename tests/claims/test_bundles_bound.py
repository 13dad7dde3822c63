"""Each value that a bundle shows is of an entry: whoever changes one, and signs the manifest anew, is found out."""

import html
import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger.keys import policy_text, receipt_key
from ledger.notes import SigningKey, receipt_key_name
from ledger.trusted import written
from ledger.verifier import CLAIM_PROOF, Policy, canonical, check_expected, compute_history, main, read_policy
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in
from tests.claims.full_claim import full_claim
from tests.claims.test_bundles_tampered import WholeBundle, signed_anew, wrong
from tests.integrity.forging import other
from tests.ledger.installation import publish_here
from tests.sources.sites import LOOPBACK, CapturedSite

if TYPE_CHECKING:
    from _pytest.capture import CaptureFixture
    from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def readers(
    django_db_setup: None, django_db_blocker: "DjangoDbBlocker", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, WholeBundle]]:
    """The bundle of one claim for each sort of reader."""
    from django.conf import settings
    from django.db import transaction

    folder = Path(tmp_path_factory.mktemp("bundle"))
    before, settings.EVIDENCE_STORAGE = settings.EVIDENCE_STORAGE, folder / "evidence"
    with django_db_blocker.unblock(), transaction.atomic():
        cast = factories.cast()
        with pytest.MonkeyPatch.context() as patch, CapturedSite() as site:
            patch.setattr(settings, "CAPTURE_ALLOW", LOOPBACK)
            threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}).start()
            claim = full_claim(cast, site.url("/log"))
            site.shutdown()
        publish_here(folder / "signer")
        found = {}
        for who in (cast.editor, cast.reviewer, cast.reporter, cast.auditor):
            data = bundle_of(who, claim)
            found[who.username] = WholeBundle(data, files_in(data), read_policy(policy_text()), receipt_key())
        yield found
        transaction.set_rollback(True)
    settings.EVIDENCE_STORAGE = before


def test_all_of_it_holds_for_every_reader(readers: dict[str, WholeBundle]) -> None:
    assert {who: wrong(whole, whole.data) for who, whole in readers.items()} == {who: [] for who in readers}


def test_the_editors_shows_nothing_that_no_entry_proves(readers: dict[str, WholeBundle]) -> None:
    assert "unproven.json" not in readers["editor"].files


def leaves(value: Any, place: str = "") -> Iterator[str]:
    """The places of all single values, as the verifier calls them."""
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from leaves(one, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            yield from leaves(one, f"{place}[{number}]")
    else:
        yield f"{place}.forged" if value == {} else place


def otherwise(value: Any, places: set[str], place: str = "") -> Any:
    """The same with another value at each of these places."""
    if isinstance(value, dict) and value:
        return {name: otherwise(one, places, f"{place}.{name}".lstrip(".")) for name, one in value.items()}
    if isinstance(value, list) and value:
        return [otherwise(one, places, f"{place}[{number}]") for number, one in enumerate(value)]
    return other(value) if (f"{place}.forged" if value == {} else place) in places else value


def named(whole: WholeBundle, **files: bytes) -> set[tuple[str, str]]:
    """Which files and parts the verifier names of a bundle with other files that the desk signed."""
    changed = {path.replace("_json", ".json").replace("_html", ".html"): data for path, data in files.items()}
    return {(one.where, one.part) for one in checked(signed_anew(whole, changed), whole.policy).findings}


@pytest.mark.parametrize("who", ["editor", "reporter"])
def test_every_value_of_the_history_is_held_against_its_entry(readers: dict[str, WholeBundle], who: str) -> None:
    whole = readers[who]
    said = json.loads(whole.files["history.json"])
    places = set(leaves(said))
    assert len(places) > 700
    found = named(whole, history_json=canonical(otherwise(said, places)))
    assert {part for where, part in found if where == "history.json"} == places
    for place in random.Random(5).sample(sorted(places), 25):
        assert named(whole, history_json=canonical(otherwise(said, {place}))) == {("history.json", place)}


def test_what_is_taken_from_the_history_put_into_it_or_moved_is_named(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    changes: tuple[tuple[Callable[[dict[str, Any]], object], str], ...] = (
        (lambda said: said["acts"].pop(), "acts"),
        (lambda said: said["acts"].append(said["acts"][0]), "acts"),
        (lambda said: said["acts"].reverse(), "acts[0].entry"),
        (lambda said: said["subjects"].pop(0), "subjects"),
        (lambda said: said["subjects"][0].pop("content"), "subjects[0].content"),
        (lambda said: said["acts"][0]["values"].update(more="words"), "acts[0].values.more"),
        (lambda said: said["acts"][0].pop("left_out"), "acts[0].left_out"),
        (lambda said: said.update(note="words"), "note"),
    )
    for change, part in changes:
        said = json.loads(whole.files["history.json"])
        change(said)
        assert ("history.json", part) in named(whole, history_json=canonical(said)), part
    spaced = json.dumps(said).encode()
    assert ("history.json", "form") in named(whole, history_json=spaced)


def test_each_text_of_the_page_is_what_was_checked(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    lines = whole.files["index.html"].split(b"\n")
    chance = random.Random(6)
    for number in chance.sample(range(len(lines)), 40):
        line = lines[number]
        at = chance.randrange(len(line)) if line else 0
        changed = [*lines[:number], line[:at] + b"x" + line[at:], *lines[number + 1 :]]
        found = named(whole, index_html=b"\n".join(changed))
        assert found == {("index.html", f"line {number + 1}")}, line
    assert named(whole, index_html=whole.files["index.html"] + b"more") != set()
    assert named(whole, index_html=whole.files["index.html"][:-1]) != set()


def test_the_page_says_all_that_the_history_does(readers: dict[str, WholeBundle]) -> None:
    """Each value that somebody wrote or chose stands on it."""
    for whole in readers.values():
        page = html.unescape(re.sub(r"<[^>]*>", "", whole.files["index.html"].decode()))
        for act in json.loads(whole.files["history.json"])["acts"]:
            content = act["values"].get("content", {})
            texts = [one for one in (*act["values"].values(), *content.values()) if isinstance(one, str)]
            assert [text for text in texts if text not in page] == [], act["kind"]


def test_a_file_that_the_desk_changes_and_signs_is_found_by_the_log(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    passed = []
    for path, content in whole.files.items():
        if path.startswith("manifest."):
            continue
        found = wrong(whole, signed_anew(whole, {path: content[:-2] + b"?" + content[-1:]}))
        if not any(line.startswith(path) for line in found):
            passed.append(path)
    # What the desk gives along, which nobody may believe from a bundle.
    assert passed == ["policy.json", "ledger.md", "verifier.py"]


def test_a_file_that_the_desk_leaves_out_unsaid_is_missed(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    gone = ("files/0001.txt", "files/0002.txt", "graphs/", "grounds/", "proofs/source-", "proofs/actor-")
    for start in gone:
        path = next(path for path in whole.files if path.startswith(start))
        found = without(whole, path)
        if start.startswith("proofs"):
            assert any(line.startswith("history.json: ") for line in found), path
        else:
            missed = [line for line in found if "left_out" in line]
            assert missed and all(line.endswith("expected its value, or a reason, found neither") for line in missed)


def test_a_source_that_the_desk_leaves_out_with_a_history_to_match_is_missed(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    for start in ("proofs/source-", "proofs/actor-"):
        path = next(path for path in whole.files if path.startswith(start))
        proofs = {name: json.loads(data) for name, data in whole.files.items() if name.startswith("proofs/")}
        proofs.pop(path)
        history = canonical(compute_history("UKR-1", proofs))
        found = without(whole, path, {"history.json": history})
        assert any(line.startswith("manifest.json: left_out: subject ") for line in found), path


def without(whole: WholeBundle, path: str, changed: dict[str, bytes] | None = None) -> list[str]:
    """The findings in the bundle without one of its files, signed by the desk."""
    said = json.loads(whole.files["manifest.json"])
    files = {name: data for name, data in whole.files.items() if name != path}
    kept = [file for file in said["files"] if file["path"] != path]
    return wrong(whole, signed_anew(replace(whole, files=files), changed or {}, files=kept))


def test_a_reason_that_is_none_is_named(readers: dict[str, WholeBundle]) -> None:
    whole = readers["reporter"]
    gaps = json.loads(whole.files["manifest.json"])["left_out"]
    for number, gap in enumerate(gaps):
        others = [*gaps[:number], *gaps[number + 1 :]]
        assert "expected its value, or a reason, found neither" in "".join(left_out(whole, others)), gap
    erased = {**gaps[0], "reason": "redacted"}
    assert "a redaction that names it" in "".join(left_out(whole, [erased, *gaps[1:]]))
    more = {"what": "file", "entry": 0, "id": "another", "reason": "withheld"}
    assert "expected something that is left out" in "".join(left_out(whole, [*gaps, more]))


def left_out(whole: WholeBundle, gaps: list[dict[str, Any]]) -> list[str]:
    return wrong(whole, signed_anew(whole, {}, left_out=gaps))


def test_what_was_erased_and_what_is_withheld_are_counted_apart(readers: dict[str, WholeBundle]) -> None:
    said = {}
    for who, whole in readers.items():
        counts = checked(whole.data, whole.policy).counts
        said[who] = (counts["fields redacted"], counts["file left out: redacted"], counts["fields withheld"] > 7)
    assert said == {
        "editor": (6, 1, False),
        "reviewer": (5, 1, True),
        "reporter": (5, 1, True),
        "auditor": (5, 1, True),
    }


def test_without_its_redactions_what_was_erased_has_no_reason(readers: dict[str, WholeBundle]) -> None:
    whole = readers["reporter"]
    for path, data in whole.files.items():
        if path.startswith("proofs/") and b'"redactions"' in data:
            proof = json.loads(data)
            del proof["redactions"]
            changed = canonical({**proof, "format": "second-source/claim-proof/v1"})
            found = wrong(whole, signed_anew(whole, {path: changed}))
            assert any("expected its value, or a reason, found neither" in line for line in found), path


def test_a_key_that_the_log_does_not_vouch_for_proves_nothing(readers: dict[str, WholeBundle]) -> None:
    whole = readers["editor"]
    stranger = SigningKey(receipt_key_name(whole.policy.origin), bytes(32))
    report = checked(signed_anew(whole, {}, stranger), whole.policy)
    assert "this bundle proves nothing" in "".join(map(str, report.findings))
    assert report.said["state"] == "corroborated"  # which its proofs tell by themselves
    other_log = Policy(whole.policy.origin, (stranger.verifier_key,), whole.policy.receipt_keys)
    report = checked(whole.data, other_log)
    assert (str(report.findings[-1]).endswith("this bundle proves nothing"), report.said) == (True, {})


def test_a_bundle_says_what_it_is_of(
    readers: dict[str, WholeBundle], tmp_path: Path, capsys: "CaptureFixture[str]"
) -> None:
    whole = readers["editor"]
    (tmp_path / "a.zip").write_bytes(whole.data)
    (tmp_path / "policy.json").write_bytes(written(whole.policy))
    command = ["bundle", str(tmp_path / "a.zip"), "--policy", str(tmp_path / "policy.json")]
    assert main([*command, "--claim", "UKR-1", "--expect-state", "corroborated"]) == 0
    said = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "claim",
        "statement",
        "state",
        "as of",
        "signed by",
        "dated",
        "made",
        "fields",
        "all matches (fields verified",
    ]
    assert main([*command, "--claim", "UKR-2"]) == 1
    assert main([*command, "--expect-state", "refuted"]) == 1
    assert "or the end is cut off" in capsys.readouterr().out


def test_a_proof_that_is_cut_at_its_end_leaves_another_state(readers: dict[str, WholeBundle]) -> None:
    whole = readers["reporter"]
    proof = json.loads(whole.files["proofs/claim.json"])
    proof["entries"] = proof["entries"][:4]
    proof = {name: value for name, value in proof.items() if name != "redactions"} | {"format": CLAIM_PROOF}
    data = signed_anew(whole, {"proofs/claim.json": canonical(proof)})
    report = checked(data, whole.policy)
    check_expected(report, whole.policy, state="corroborated")
    found = [str(finding) for finding in report.findings]
    assert "proof file: state: expected corroborated, or the end is cut off, found reported" in found
    assert any(line.startswith("history.json: ") for line in found)
