"""The bundle of the vectors: a claim with a source, a file, a graph, and words that were erased, open and sealed."""

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ledger.bundles import Made, Manifest, sign_manifest
from ledger.canonical import canonical, read_canonical
from ledger.verifier import bundle_page, compute_history, read_checkpoint
from tests.ledger.exports import ORIGIN, RECEIPT_KEY
from tests.ledger.sample_log import AT, SampleLog

ID = "7d1f4f0a-3a77-4a5e-8c39-0d6a4e8f1b22"
CLAIM = f"claim:{ID}"
SEALED = "sealed:000102030405060708090a0b0c0d0e0f"
SOURCE, FILE, EVIDENCE, PART = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "1234")
REVIEWER = {"id": "5", "name": "reviewer"}
PAPER = b"What was said."
ACTOR = "55555555-0000-4000-8000-000000000000"
GRAPH = canonical(
    {
        "v": 1,
        "day": "2026-11-22",
        "threshold": 2,
        "claimants": [],
        "parties": [],
        "elements": [{"id": PART, "essential": True}],
        "evidence": [
            {
                "id": EVIDENCE,
                "source": SOURCE,
                "stance": "supports",
                "elements": [PART],
                "counts": True,
                "live": True,
                "against_interest": None,
            }
        ],
        "sources": [
            {
                "id": SOURCE,
                "publisher": ACTOR,
                "voice": ACTOR,
                "day": "2026-11-21",
                "basis": "firsthand",
                "counts": True,
                "countable": True,
            }
        ],
        "relays": [],
    }
)
GRAPH_DIGEST = hashlib.sha256(GRAPH).hexdigest()
# What was erased, as index and name: a reason, and what a sealed entry said.
ERASED = [(2, "reason"), (4, "content/reason")]


def erased_log(log: SampleLog | None = None) -> SampleLog:
    """A claim's entries, those of its source, one that is sealed, and the redactions of words in both; into a log."""
    log, elements = log or SampleLog(), [{"id": PART, "text": "shells", "essential": True}]
    wording = {"statement": "Shells were sent — ü\nby night.", "elements": elements}
    log.add(
        CLAIM,
        "claim_reported",
        {"claim": ID, "reference": "UKR-42"},
        {"by": REVIEWER, "content": {**wording, "place": ""}},
    )
    log.add(CLAIM, "claim_edited", {"claim": ID}, {"by": REVIEWER, "content": {**wording, "place": "Odesa"}})
    moved = {"claim": ID, "number": 1, "from": None, "to": "reported"}
    named = log.add(CLAIM, "status_changed", moved, {"by": REVIEWER, "reason": "Oksana", "graph_digest": GRAPH_DIGEST})
    title = {"title": "A <b>paper</b>", "publisher_id": None}
    log.add(f"source:{SOURCE}", "source_added", {"source": SOURCE}, {"by": REVIEWER, "content": title})
    item = {"source_id": SOURCE, "stance": "supports", "elements": [PART]}
    of_sealed = {"claim": ID, "evidence": EVIDENCE}
    sealed = log.add(SEALED, "sealed", of_sealed, {"by": REVIEWER, "content": item, "reason": "Oksana"})
    kept = {"name": "said.txt", "media_type": "text/plain", "size": len(PAPER), "sha256": _sha256(PAPER)}
    of_file = {"attachment": FILE, "source": SOURCE}
    log.add(f"source:{SOURCE}", "attachment_kept", of_file, {"by": REVIEWER, "content": kept})
    moved = {"claim": ID, "number": 2, "from": "reported", "to": "denied"}
    log.add(
        CLAIM, "status_changed", moved, {"by": REVIEWER, "reason": "A ministry denied it", "graph_digest": "0" * 64}
    )
    said = {"fields": {named: ["reason"]}, "rows": []}
    log.add("redaction:1", "redacted", said, {"by": REVIEWER, "reason": "She asked us to."})
    said = {"fields": {sealed: ["content/reason"]}, "rows": []}
    other = "sealed:ff0102030405060708090a0b0c0d0e0f"
    log.add(other, "sealed", said, {"by": REVIEWER, "reason": "She asked us to."}, sealed="redacted")
    return log


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


ERASED_LOG = erased_log()


def redacted_proofs() -> dict[str, bytes]:
    """Proof files with redactions, as they are and as they may not be."""

    def changed(**members: Any) -> bytes:
        return ERASED_LOG.proof(CLAIM, erased=ERASED, redactions=[7], changes=lambda value: value.update(**members))

    of_claim = ERASED_LOG.proof(CLAIM, erased=ERASED, redactions=[7])
    [one] = read_canonical(of_claim)["redactions"]
    sealed = ERASED_LOG.proof(SEALED, erased=ERASED, redactions=[8])
    [inside] = read_canonical(sealed)["redactions"]
    [first, *_rest] = read_canonical(of_claim)["entries"]
    hashed = hashlib.sha256(b"\0" + base64.b64decode(one["leaf"])).hexdigest()
    withheld = {"index": one["index"], "leaf_hash": hashed, "proof": one["proof"]}
    closed = {**inside, "disclosures": dict.fromkeys(("kind", "content"))}
    return {
        "with its redaction": of_claim,
        "sealed, with its redaction": sealed,
        "a redaction in a file of version 1": changed(format="second-source/claim-proof/v1"),
        "a redaction twice": changed(redactions=[one, one]),
        "a redaction at another index": changed(redactions=[{**one, "index": 6}]),
        "a redaction that is none": changed(redactions=[first]),
        "a redaction of another file's fields": changed(redactions=[one, inside]),
        "a redaction that is withheld": changed(redactions=[withheld]),
        "a redaction withheld by another hash": changed(redactions=[{**withheld, "leaf_hash": "0" * 64}]),
        "a sealed redaction that is not disclosed": changed(redactions=[closed]),
        "a redaction that is no object": changed(redactions=[None]),
    }


def sample_bundle(
    changes: Mapping[str, Any] = MappingProxyType({}),
    *,
    log: SampleLog = ERASED_LOG,
    more_proofs: Mapping[str, bytes] = MappingProxyType({}),
) -> dict[str, bytes]:
    """The files of the bundle, manifest and note first. `changes`: of the manifest, a file by its path, the key."""
    size = log.checkpoint()
    proofs = {
        "proofs/claim.json": log.proof(CLAIM, erased=ERASED, redactions=[7]),
        f"proofs/source-{SOURCE}.json": log.proof(f"source:{SOURCE}", erased=[(5, "by")]),
        f"proofs/sealed-{SEALED[7:]}.json": log.proof(SEALED, erased=ERASED, redactions=[8]),
        **more_proofs,
    }
    proofs = {path: changes.get(path, data) for path, data in proofs.items()}
    history = compute_history("UKR-42", {path: read_canonical(data) for path, data in proofs.items()})
    unproven = [{"what": "attachment", "row": {"attachment": "9", "name": "more.txt"}}]
    made = [
        Made("history.json", changes.get("history.json", canonical(history)), "history"),
        Made("unproven.json", canonical(unproven), "unproven"),
        Made("checkpoint", size, "checkpoint"),
        *(Made(path, data, "proof") for path, data in proofs.items()),
        Made(f"graphs/{GRAPH_DIGEST}.json", changes.get("graph", GRAPH), "graph"),
    ]
    papers = [
        Made("files/0001.txt", changes.get("files/0001.txt", PAPER), "attachment"),
        Made("files/0002.txt", b"More.", "attachment"),
    ]
    of_people: list[Mapping[str, Any]] = [
        {"attachment": FILE, "name": "said.txt", "proof": f"proofs/source-{SOURCE}.json"},
        {"attachment": "9", "name": "more.txt", "proof": None},
    ]
    more = {"source": SOURCE, "media_type": "text/plain"}
    kept = [{**one.in_manifest, **more, **own} for one, own in zip(papers, of_people, strict=True)]
    said: dict[str, Any] = {
        "reference": "UKR-42",
        "stream": CLAIM,
        "made_for": REVIEWER,
        "at": AT.format(9),
        "later": 0,
        "withheld": ["Restricted material, if there is any."],
        "left_out": [
            {"what": "fields", "entry": 5, "names": ["by"], "reason": "withheld"},
            {"what": "graph", "entry": 6, "id": "0" * 64, "reason": "not_kept"},
        ],
    }
    said |= {name: value for name, value in changes.items() if name in said}
    manifest = Manifest(**said, files=[{"path": "index.html"}, *(one.in_manifest for one in made), *kept])
    signed = read_checkpoint(size.decode().partition("\n\n")[0] + "\n")
    page = Made(
        "index.html", bundle_page(manifest.said(ORIGIN), history=history, unproven=unproven, checkpoint=signed), "page"
    )
    page = Made("index.html", changes.get("index.html", page.content), "page")
    manifest = Manifest(**said, files=[page.in_manifest, *(one.in_manifest for one in made), *kept])
    return {
        one.path: one.content
        for one in (*sign_manifest(manifest, changes.get("key", RECEIPT_KEY), ORIGIN), page, *made, *papers)
    }


def lies() -> dict[str, dict[str, bytes]]:
    """Bundles that somebody with the receipts key signed, and what the log does not say."""
    whole = sample_bundle()
    history, page = whole["history.json"], whole["index.html"]
    gaps = read_canonical(whole["manifest.json"])["left_out"]
    without_redaction = ERASED_LOG.proof(CLAIM, erased=ERASED)
    return {
        "another place": sample_bundle({"history.json": history.replace(b"Odesa", b"Kyiv")}),
        "another name": sample_bundle({"history.json": history.replace(b"reviewer", b"somebody")}),
        "another page": sample_bundle({"index.html": page.replace(b"Odesa", b"Kyiv")}),
        "another file": sample_bundle({"files/0001.txt": b"What was shed."}),
        "another graph": sample_bundle({"graph": GRAPH.replace(b"firsthand", b"rumour")}),
        "a claim of another reference": sample_bundle({"reference": "UKR-43"}),
        "nothing said to be left out": sample_bundle({"left_out": []}),
        "something said to be erased": sample_bundle({"left_out": [{**gaps[0], "reason": "redacted"}, gaps[1]]}),
        "without the redaction": sample_bundle({"proofs/claim.json": without_redaction}),
    }
