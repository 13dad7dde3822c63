"""The lines of `export.jsonl`: entries opened for one reader, each with its proof (`docs/ledger.md`, section 14).

`ledger.verifier` checks them. The caller decides what the reader may know.
"""

import base64
from collections.abc import Collection, Mapping

from ledger.proofs import ProvenLeaf, disclosures_of
from ledger.verifier import CLOSED, ERASED, EXPORT, Broken, JsonObject, canonical, leaf_hash, read_entry, told_of


def head_line(
    *, checkpoint: str, made_for: Mapping[str, str], whole: bool = False, narrowed: Mapping[str, str]
) -> bytes:
    """The first line. `checkpoint`: the signed note; `made_for`: the reader's id and name.

    `whole`: there is a line for each entry of the log; `narrowed`: the filters that the reader chose.
    """
    return _line(
        {
            "format": EXPORT,
            "origin": checkpoint.partition("\n")[0],
            "checkpoint": checkpoint,
            "for": dict(made_for),
            "whole": whole,
            "narrowed": dict(narrowed),
        }
    )


def entry_line(one: ProvenLeaf, erased: Collection[str] = ()) -> bytes:
    """The line of an entry. `erased`: the fields that a redaction closed for everybody.

    Entries withheld from the reader, and malformed leaves, have a line with the hash only.
    """
    placed = {"index": one.leaf_index, "proof": [base64.b64encode(part).decode() for part in one.proof]}
    placed |= {"leaf_hash": leaf_hash(one.leaf).hex()}
    try:
        entry = None if one.withheld else read_entry(one.leaf)
    except Broken:
        entry = None
    if entry is None:
        return _line(placed)
    disclosures = disclosures_of(one)
    kind, body = told_of(entry, disclosures)
    return _line(
        {
            **placed,
            "leaf": base64.b64encode(one.leaf).decode(),
            "stream": entry.stream,
            "seq": entry.seq,
            "kind": kind,
            "at": entry.at,
            "body": body,
            "disclosures": disclosures,
            "closed": {
                name: ERASED if name in erased else CLOSED for name, given in disclosures.items() if given is None
            },
        }
    )


def last_line(entries: int) -> bytes:
    """The last line, with the number of entries. A file without it was cut off."""
    return _line({"entries": entries})


def _line(value: JsonObject) -> bytes:
    return canonical(value) + b"\n"
