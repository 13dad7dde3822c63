"""Bundles whose manifest, history or proofs were changed at random and signed anew: what was bound is found."""

import base64
import hashlib
import io
import random
from typing import Any

import pytest

from ledger.bundles import Made
from ledger.canonical import canonical, read_canonical
from ledger.notes import sign_note
from ledger.verifier import BUNDLE, Report, ZippedBundle, check_bundle
from tests.ledger.exports import ORIGIN, POLICY, RECEIPT_KEY
from tests.ledger.sample_bundle import sample_bundle
from tests.ledger.test_mutations import mutate_value
from tests.ledger.vectors import zipped

WHOLE = sample_bundle()
JSON = [path for path in WHOLE if path.endswith(".json") and path not in ("manifest.json", "unproven.json")]


def signed(files: dict[str, bytes], manifest: dict[str, Any]) -> dict[str, bytes]:
    """The files with this manifest, signed with the receipts key."""
    data = canonical(manifest)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    lines = [BUNDLE, ORIGIN, manifest.get("reference"), digest, manifest.get("at")]
    text = "\n".join(line if isinstance(line, str) else "" for line in lines) + "\n"
    return {**files, "manifest.json": data, "manifest.note": sign_note(text, [RECEIPT_KEY])}


def changed(chance: random.Random) -> dict[str, bytes]:
    """A bundle with a change in the manifest, or in another file that the manifest then names as it is."""
    manifest = read_canonical(WHOLE["manifest.json"])
    if chance.randrange(3) == 0:
        return signed(WHOLE, mutate_value(manifest, chance))
    path = chance.choice(JSON)
    content = canonical(mutate_value(read_canonical(WHOLE[path]), chance))
    made = Made(path, content, "").in_manifest
    for file in manifest["files"]:
        if file["path"] == path:
            file |= {"sha256": made["sha256"], "size": made["size"]}
    return signed({**WHOLE, path: content}, manifest)


def accepted(count: int, seed: int) -> list[dict[str, bytes]]:
    """The changed bundles, of `count`, that the verifier lets pass."""
    chance, passed = random.Random(seed), []
    for _ in range(count):
        files, report = changed(chance), Report()
        check_bundle(ZippedBundle(io.BytesIO(zipped(files)), report), POLICY, report)
        if not report.findings and bound(files) != bound(WHOLE):
            passed.append(files)
    return passed


def bound(files: dict[str, bytes]) -> Any:
    """The manifest without its last file, which no entry proves: what the desk says of that is its word."""
    manifest = read_canonical(files["manifest.json"])
    return {**manifest, "files": manifest["files"][:-1]}


def test_five_hundred_changed_bundles_that_the_desk_signed_are_found() -> None:
    assert accepted(500, seed=1) == []


@pytest.mark.attack
def test_ten_thousand_changed_bundles_that_the_desk_signed_are_found() -> None:
    assert accepted(10_000, seed=2) == []
