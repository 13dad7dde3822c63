"""Bundles of true entries alone, chosen or closed by the desk so that they read as something else."""

import base64
import io
from typing import Any

from ledger.entries import leaf_hash
from ledger.verifier import Report, ZippedBundle, check_bundle
from tests.ledger.exports import POLICY
from tests.ledger.sample_bundle import CLAIM, ERASED, ERASED_LOG, REVIEWER, erased_log, sample_bundle
from tests.ledger.vectors import zipped

OTHER = "claim:66666666-0000-4000-8000-000000000000"


def findings(files: dict[str, bytes]) -> list[str]:
    report = Report()
    check_bundle(ZippedBundle(io.BytesIO(zipped(files)), report), POLICY, report)
    return [str(one) for one in report.findings]


def test_what_another_claim_moved_to_is_no_part_of_a_bundle() -> None:
    log = erased_log()
    moved = {"claim": OTHER[6:], "number": 1, "from": None, "to": "refuted"}
    log.add(OTHER, "status_changed", moved, {"by": REVIEWER, "reason": "It is false."})
    files = sample_bundle(log=log, more_proofs={"proofs/other.json": log.proof(OTHER)})
    assert b"refuted" in files["index.html"]
    assert findings(files)[0] == f"proofs/other.json: stream: expected {CLAIM}, found {OTHER}"


def last_withheld(value: dict[str, Any]) -> None:
    *before, last = value["entries"]
    hashed = leaf_hash(base64.b64decode(last["leaf"])).hex()
    value["entries"] = [*before, {"index": last["index"], "leaf_hash": hashed, "proof": last["proof"]}]


def test_a_page_does_not_hide_that_the_last_change_may_be_withheld() -> None:
    proof = ERASED_LOG.proof(CLAIM, erased=ERASED, redactions=[7], changes=last_withheld)
    closed = [
        {"what": "fields", "entry": at, "names": [name], "reason": "withheld"} for at, name in ((5, "by"), (6, "entry"))
    ]
    files = sample_bundle({"proofs/claim.json": proof, "left_out": closed})
    assert findings(files) == []
    page = files["index.html"].decode()
    assert "State: <b>reported</b>, unless an entry that is withheld says otherwise, as of" in page
    assert "unless an entry" not in sample_bundle()["index.html"].decode()
