"""Makes docs/ledger-vectors/stamps.json: time stamps, and proof files that have some, with what is found in each.

python -m tests.ledger.stamp_vectors            writes the file; its good tokens stay those that openssl once made

No time stamp is made twice: what is asked anew has another time. Without the file, openssl makes the tokens again.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from ledger.proofs import Dated
from ledger.stamping import stamp_request
from ledger.tree import consistency_proof
from ledger.verifier import (
    Broken,
    Policy,
    check_claim_proof,
    check_stamp,
    read_certificates,
    read_der,
    read_stamp_response,
)
from tests.ledger.authorities import der, new_authority, resigned
from tests.ledger.exports import ORIGIN, POLICY
from tests.ledger.vectors import FOLDER, LEAVES, LOG, b64, checkpoint, sample_proof

FILE = FOLDER / "stamps.json"
SOME, ALL = 2, len(LEAVES)  # of the sample's entries


def make_inputs() -> dict[str, Any]:
    """Two authorities and their tokens of two checkpoints, by the program openssl."""
    with TemporaryDirectory() as folder:
        northern = new_authority(Path(folder) / "northern", "rsa", "Northern Stamps")
        southern = new_authority(Path(folder) / "southern", "ec", "Southern Stamps")
        stranger = new_authority(Path(folder) / "stranger", "ec", "Southern Stamps")
        tokens = {
            f"{name}, {size} entries": read_stamp_response(one.reply(stamp_request(checkpoint(size), 2**62 + size)))
            for name, one in (("RSA", northern), ("ECDSA", southern), ("a stranger", stranger))
            for size in (SOME, ALL)
        }
        tokens["RSASSA-PSS"] = resigned(tokens[f"RSA, {ALL} entries"], northern.signer, northern.chain, pss=True)
        bare = resigned(tokens[f"ECDSA, {ALL} entries"], southern.signer, [])
        tokens["without the certificate between"] = bare
    trusted = [one.chain[-1].certificate.public_bytes(Encoding.PEM).decode() for one in (northern, southern)]
    return {"timestamp_certificates": trusted, "made": {name: b64(token) for name, token in tokens.items()}}


def read_inputs() -> dict[str, Any]:
    """What the file has of tokens and certificates; made anew where there is no file."""
    if not FILE.exists():
        return make_inputs()
    known = json.loads(FILE.read_text())
    return {"timestamp_certificates": known["policy"]["timestamp_certificates"], "made": known["made"]}


def trusting(certificates: list[str]) -> Policy:
    """The policy of the vectors, with these certificates (PEM)."""
    return replace(
        POLICY, timestamp_certificates=tuple(one for c in certificates for one in read_certificates(c.encode()))
    )


def bent(token: bytes, before: bytes, by: int = 0) -> bytes:
    """The token with one bit changed, `by` bytes behind the first place of some bytes."""
    at = token.index(before) + by
    return token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]


def beside(token: bytes, certificates: bytes = b"", attributes: bytes = b"") -> bytes:
    """The token with more certificates before its own, and with attributes that nobody signed."""
    (outer,) = read_der(token, "token")
    kind, wrapped = read_der(outer.content, "token")
    (signed,) = read_der(wrapped.content, "token")
    version, digests, content, given, infos = read_der(signed.content, "token")
    (info,) = read_der(infos.content, "token")
    own = der(0x30, info.content, attributes)
    whole = (version.whole, digests.whole, content.whole, der(0xA0, certificates, given.content), der(0x31, own))
    return der(0x30, kind.whole, der(0xA0, der(0x30, *whole)))


def token_vectors(made: dict[str, bytes], policy: Policy) -> list[dict[str, Any]]:
    """Tokens with the bytes that they are to date: what each says, or the finding."""
    whole = made[f"ECDSA, {ALL} entries"]
    cases = {name: (token, SOME if str(SOME) in name else ALL) for name, token in made.items()}
    cases |= {
        "of another checkpoint": (whole, SOME),
        "another time": (bent(whole, b"\x18\x13", 15), ALL),
        "another imprint": (bent(whole, b"\x04\x20", 5), ALL),
        "another signature": (whole[:-1] + bytes([whole[-1] ^ 1]), ALL),
        "another attribute": (bent(whole, bytes.fromhex("2a864886f70d010904"), 15), ALL),
        "another certificate": (bent(whole, b"Southern Stamps\x30", 3), ALL),
        "cut off": (whole[:-1], ALL),
        "a byte more": (whole + b"\0", ALL),
        "without an end": (b"\x30\x80" + whole[4:] + b"\0\0", ALL),
        "a length in two bytes too many": (b"\x30\x84\0\0" + whole[2:], ALL),
        "a certificate beside it that is none": (beside(whole, der(0x30, b"\2\1\5")), ALL),
        "a certificate beside it that is no DER": (beside(whole, der(0x30, b"\2\5")), ALL),
        "certificates beside it, too many": (beside(whole, 16 * der(0x30, b"\2\1\5")), ALL),
        "an attribute that nobody signed": (beside(whole, attributes=der(0xA1, der(0x30, b"\6\1\x2a"))), ALL),
        "an attribute that nobody signed, in BER": (beside(whole, attributes=b"\xa1\4\x30\x80\0\0"), ALL),
        "no token": (b"no token", ALL),
        "nothing": (b"", ALL),
    }
    found = []
    for name, (token, size) in cases.items():
        line: dict[str, Any] = {"name": name, "of": size, "token": b64(token)}
        try:
            stamp = check_stamp(token, data=checkpoint(size), certificates=policy.timestamp_certificates)
        except Broken as error:
            found.append({**line, "finding": str(error)})
        else:
            found.append({**line, "at": stamp.at.isoformat(), "before": stamp.before.isoformat(), "by": stamp.by})
    return found


def dated(size: int, *tokens: bytes) -> Dated:
    """A stamped checkpoint of the sample as its proof has it."""
    return Dated(checkpoint(size), consistency_proof(LOG.node(), size, new=ALL), tokens)


def file_vectors(made: dict[str, bytes], policy: Policy) -> list[dict[str, Any]]:
    """Proof files with time stamps: the result of all but these, the words and the findings of the whole."""
    some = dated(SOME, made[f"RSA, {SOME} entries"], made[f"ECDSA, {SOME} entries"])
    every = dated(ALL, made[f"ECDSA, {ALL} entries"])
    zero, stranger = b64(bytes(32)), b64(made[f"a stranger, {SOME} entries"])
    changes: dict[str, Callable[[dict[str, Any]], object]] = {
        "whole": lambda value: None,
        "without the newest": lambda value: value["dated"].pop(),
        "the two in each other's place": lambda value: value["dated"].reverse(),
        "one twice": lambda value: value["dated"].insert(0, value["dated"][0]),
        "of version 1": lambda value: value.update(format="second-source/claim-proof/v1"),
        "of version 3": lambda value: value.update(format="second-source/claim-proof/v3"),
        "version 2 without anything": lambda value: value.pop("dated"),
        "nothing that dates": lambda value: value.update(dated=[]),
        "no list": lambda value: value.update(dated={}),
        "a member that is none": lambda value: value["dated"].insert(0, 1),
        "a field more": lambda value: value["dated"][0].update(more=1),
        "another hash": lambda value: value["dated"][0]["consistency"].__setitem__(0, zero),
        "a hash too few": lambda value: value["dated"][0]["consistency"].pop(),
        "a hash too many": lambda value: value["dated"][0]["consistency"].append(zero),
        "hashes between equal sizes": lambda value: value["dated"][1]["consistency"].append(zero),
        "another checkpoint": lambda value: value["dated"][0].update(checkpoint=checkpoint(3).decode()),
        "a bent checkpoint": lambda value: value["dated"][0].update(
            checkpoint=value["dated"][0]["checkpoint"].replace("\n2\n", "\n3\n")
        ),
        "no token": lambda value: value["dated"][0].update(tokens=[]),
        "a token that is no base64": lambda value: value["dated"][0].update(tokens=["?"]),
        "a stranger's token": lambda value: value["dated"][0].update(tokens=[stranger]),
        "another checkpoint's token": lambda value: value["dated"][0].update(tokens=value["dated"][1]["tokens"]),
    }
    files = []
    for name, change in changes.items():
        data = sample_proof(change, [some, every])
        report = check_claim_proof(data, policy)
        without = check_claim_proof(data, POLICY)
        files.append(
            {
                "name": name,
                "file": b64(data),
                "result": "broken" if without.findings else "verified",
                "dated": report.said.get("dated"),
                "findings": [str(one) for one in report.findings],
            }
        )
    return files


def stamp_vectors() -> dict[str, Any]:
    """The whole file."""
    given = read_inputs()
    made = {name: base64.b64decode(token) for name, token in given["made"].items()}
    policy = trusting(given["timestamp_certificates"])
    return {
        "policy": {
            "origin": ORIGIN,
            "log_keys": [str(POLICY.log_keys[0])],
            "receipt_keys": [str(POLICY.receipt_keys[0])],
            "timestamp_certificates": given["timestamp_certificates"],
        },
        "checkpoints": {str(size): checkpoint(size).decode() for size in (SOME, ALL)},
        "made": given["made"],
        "tokens": token_vectors(made, policy),
        "files": file_vectors(made, policy),
    }


def text_of_stamps() -> str:
    """The file as it has to be."""
    return json.dumps(stamp_vectors(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text_of_stamps())
