"""Files with changes that the log's own key signed: what is refused in them is refused for what it says.

A change in a leaf of a signed file is always found by its hash, so that nothing else is tried. Here the leaf is changed
first, its stream is chained, the tree is grown and signed, and the file made of that.
"""

import base64
import json
import random
from datetime import timedelta
from typing import Any

from ledger.canonical import canonical
from ledger.entries import commitment, leaf_hash
from ledger.notes import checkpoint_text, sign_note
from ledger.tree import Frontier, inclusion_proof
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, receipt_for
from tests.ledger.test_mutations import WHOLE, mutate, mutate_bytes, mutate_value
from tests.ledger.vectors import FOLDER, WITNESS_POLICY_TEXT, cosigned

Files = list[dict[str, Any]]


def _vectors(name: str) -> list[Any]:
    value = json.loads((FOLDER / f"{name}.json").read_text())
    files: list[Any] = value if isinstance(value, list) else value["files"]
    return files


DATED = next(base64.b64decode(one["file"]) for one in _vectors("stamps") if one["name"] == "whole")
EXPORTS = [base64.b64decode(one["file"]) for one in _vectors("exports") if not one["findings"]]
PROOFS = [WHOLE[0], *WHOLE, DATED]
TIMES = ["2026-11-22T22:13:00.123Z", "2026-11-22T22:14:00.123Z", "2027-01-01T00:00:00.000Z", "2025-01-01T24:00:00.000Z"]


def changed_proof(chance: random.Random) -> bytes:
    """A proof file, good or bad."""
    file = json.loads(chance.choice(PROOFS))
    del file["entries"][chance.randrange(1, 6) :]
    for entry in file["entries"]:
        _close(entry, chance)
    what = chance.randrange(4)
    if what == 0:
        return canonical(file)
    if what == 1:
        return mutate(canonical(file), chance)
    if file.pop("dated", None):
        file["format"] = file["format"].replace("v2", "v1")
    before = [hash_of(entry).hex() for entry in file["entries"]]
    told = [*file["entries"], *file.get("redactions", [])]
    _change(chance.choice(told), chance)
    for entry in told:
        if chance.randrange(12) == 0:
            _withhold(entry)
    _chain(file["entries"], chance)
    for redaction in file.get("redactions", []):
        _rename(redaction, dict(zip(before, [hash_of(entry).hex() for entry in file["entries"]], strict=True)))
    sign(file)
    return canonical(mutate_value(file, chance) if what == 3 and chance.randrange(2) else file)


def changed_dated(chance: random.Random) -> bytes:
    """A proof file with time stamps, good or bad: some of its tokens and checkpoints changed or another's."""
    file = json.loads(DATED)
    member, other = (chance.choice(file["dated"]) for _ in range(2))
    what = chance.randrange(6)
    if what == 1:
        return mutate(DATED, chance)
    if what == 2:
        member["tokens"][chance.randrange(len(member["tokens"]))] = chance.choice(other["tokens"])
    elif what == 3:
        at = chance.randrange(len(member["tokens"]))
        member["tokens"][at] = base64.b64encode(mutate_bytes(base64.b64decode(member["tokens"][at]), chance)).decode()
    elif what == 4:
        member["checkpoint"] = mutate_value(member["checkpoint"], chance)
    elif what == 5:
        member["tokens"] = chance.choice([[], member["tokens"][:1], member["tokens"] * chance.choice([2, 70])])
    return canonical(file)


def changed_export(chance: random.Random) -> bytes:
    """An opened export, good or bad: lines changed, removed, doubled, put elsewhere."""
    data = chance.choice(EXPORTS)
    what = chance.randrange(4)
    if what == 0:
        return data
    if what == 1:
        return mutate_bytes(data, chance)
    lines = [json.loads(line) for line in data.splitlines()]
    at = chance.randrange(len(lines))
    if what == 2:
        lines[at] = mutate_value(lines[at], chance)
        return b"".join(canonical(line) + b"\n" for line in lines)
    other = chance.randrange(len(lines))
    move = chance.randrange(3)
    if move == 0 and at:
        del lines[at]
        lines[-1] = {"entries": len(lines) - 2} if lines[1:] else lines[-1]
    elif move == 1 and len(lines) > 3 and lines[0]["whole"] is False:
        lines[1:-1] = [_withheld_line(one, chance) for one in lines[1:-1]]
    else:
        lines[at], lines[other] = lines[other], lines[at]
    return b"".join(canonical(line) + b"\n" for line in lines)


def changed_receipts(chance: random.Random) -> bytes:
    """A file of one to three receipts, good or bad."""
    parts = [receipt_for(chance.randbytes(3), BEGIN + timedelta(seconds=n)) for n in range(chance.randrange(1, 4))]
    return b"".join(parts) if chance.randrange(3) == 0 else mutate_bytes(b"".join(parts), chance)


def changed_note(chance: random.Random) -> tuple[str, str]:
    """A cosigned note and a policy of witnesses, good or bad."""
    while True:
        note, policy = cosigned("".join(sorted(chance.sample("abcdef", chance.randrange(7))))), WITNESS_POLICY_TEXT
        if chance.randrange(3) == 0:
            note = mutate_bytes(note, chance)
        if chance.randrange(3) == 0:
            policy = mutate_bytes(policy, chance)
        try:
            return note.decode(), policy.decode()
        except UnicodeDecodeError:
            continue  # one of them is no text any more


def _close(entry: dict[str, Any], chance: random.Random) -> None:
    """Leaves some of the values out, in one of three entries."""
    if "disclosures" in entry and chance.randrange(3) == 0:
        entry["disclosures"] = {n: chance.choice([one, one, None]) for n, one in entry["disclosures"].items()}


def _withhold(entry: dict[str, Any]) -> None:
    """Gives the hash of an entry alone."""
    if "leaf" in entry:
        entry["leaf_hash"] = leaf_hash(base64.b64decode(entry.pop("leaf"))).hex()
        del entry["disclosures"]


def _withheld_line(line: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    if chance.randrange(6):
        return line
    return {name: line[name] for name in ("index", "leaf_hash", "proof")}


def _change(entry: dict[str, Any], chance: random.Random) -> None:
    """Another leaf: a value in it is another, or its body says something of an older time, or it commits otherwise."""
    if "leaf" not in entry:
        return
    leaf = json.loads(base64.b64decode(entry["leaf"]))
    what = chance.randrange(5)
    if what == 0:
        leaf = mutate_value(leaf, chance)
    elif what == 1:
        leaf["body"] |= {"happened_at": chance.choice(TIMES)}
    elif what == 2:
        leaf["body"] |= {"happened_at": chance.choice(TIMES), "brought_in": chance.choice([True, True, False, 1])}
    elif what == 3:
        name = chance.choice(sorted(leaf["c"]))
        if one := entry["disclosures"].get(name):
            one["value"] = mutate_value(one["value"], chance)
            leaf["c"][name] = commitment(base64.b64decode(one["salt"]), name, one["value"])
    entry["leaf"] = base64.b64encode(canonical(leaf)).decode()


def _chain(entries: Files, chance: random.Random) -> None:
    """Each `prev` is the hash of the entry before, most of the time."""
    if chance.randrange(6) == 0:
        return
    prev = None
    for entry in entries:
        if "leaf" in entry:
            leaf = json.loads(base64.b64decode(entry["leaf"]))
            if isinstance(leaf, dict) and leaf.get("prev") and prev:
                leaf["prev"] = prev
            entry["leaf"] = base64.b64encode(canonical(leaf)).decode()
        prev = hash_of(entry).hex()


def _rename(redaction: dict[str, Any], names: dict[str, str]) -> None:
    """The redaction names the leaves by the hashes that they have now."""
    if "leaf" not in redaction:
        return

    def renamed(value: Any) -> Any:
        text = json.dumps(value)
        for before, after in names.items():
            text = text.replace(before, after)
        return json.loads(text)

    leaf = renamed(json.loads(base64.b64decode(redaction["leaf"])))
    content = redaction["disclosures"].get("content")
    if isinstance(content, dict) and isinstance(leaf, dict) and isinstance(leaf.get("c"), dict):
        content["value"] = renamed(content["value"])
        leaf["c"]["content"] = commitment(base64.b64decode(content["salt"]), "content", content["value"])
    redaction["leaf"] = base64.b64encode(canonical(leaf)).decode()


def sign(file: dict[str, Any]) -> None:
    """Puts all entries of the file into a log, and signs that."""
    told = [*file["entries"], *file.get("redactions", [])]
    hashes = [hash_of(entry) for entry in told]
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in hashes:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}
    for at, entry in enumerate(told):
        proof = inclusion_proof(lambda *node: nodes[node], at, size=len(hashes))
        entry |= {"index": at, "proof": [base64.b64encode(one).decode() for one in proof]}
    file["checkpoint"] = sign_note(checkpoint_text(ORIGIN, len(hashes), frontier.root()), [LOG_KEY]).decode()


def hash_of(entry: dict[str, Any]) -> bytes:
    """The hash of an entry's leaf, which is given or not."""
    if "leaf" in entry:
        return leaf_hash(base64.b64decode(entry["leaf"]))
    return bytes.fromhex(entry["leaf_hash"])
