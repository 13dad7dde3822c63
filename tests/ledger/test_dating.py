"""Time stamps in proof files and exports: which entries were there by when, as who says."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ledger.canonical import canonical, read_canonical
from ledger.stamping import stamp_request
from ledger.verifier import (
    Policy,
    Report,
    audit,
    check_claim_proof,
    check_stamp,
    read_policy,
    read_stamp_response,
)
from tests.ledger.authorities import Authority, new_authority
from tests.ledger.exports import POLICY, make_log

LOG = make_log(300, streams=3)
STREAM = "claim:00000001-0000-4000-8000-000000000000"
OWN = [index for index, leaf in enumerate(LOG.leaves) if f'"stream":"{STREAM}"'.encode() in leaf]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [new_authority(folder / name, "ec", name) for name in ("Northern", "Southern")]


@pytest.fixture(scope="module")
def policy(authorities: list[Authority]) -> Policy:
    roots = tuple(one.chain[-1].certificate.public_bytes(Encoding.DER) for one in authorities)
    return replace(POLICY, timestamp_certificates=roots)


def stamp(authority: Authority, note: bytes) -> bytes:
    return read_stamp_response(authority.reply(stamp_request(note, 2**60)))


def before(token: bytes, note: bytes, policy: Policy) -> str:
    moment = check_stamp(token, data=note, certificates=policy.timestamp_certificates).before
    rounded = moment.replace(microsecond=0).timestamp() * 1000 + -(-moment.microsecond // 1000)
    return type(moment).fromtimestamp(rounded / 1000, moment.tzinfo).isoformat(timespec="milliseconds")[:-6] + "Z"


def test_a_proof_tells_which_entries_were_there_by_when(authorities: list[Authority], policy: Policy) -> None:
    northern, southern = authorities
    first, second = OWN[2] + 1, OWN[5] + 1
    one, two = LOG.checkpoint(first), LOG.checkpoint(second)
    tokens = [stamp(northern, one), stamp(northern, two), stamp(southern, two)]
    file = LOG.proof(STREAM, [LOG.dated(first, tokens[:1]), LOG.dated(second, tokens[1:])])
    report = check_claim_proof(file, policy)
    assert report.findings == []
    in_north, later, in_south = (
        before(token, note, policy) for token, note in zip(tokens, [one, two, two], strict=True)
    )
    assert report.said["dated"] == (
        f"entries 1 to 3 before {in_north} by CN=Northern and before {in_south} by CN=Southern; "
        f"entries 4 to 6 before {later} by CN=Northern and before {in_south} by CN=Southern; "
        f"entries 7 to {len(OWN)} by nothing but the server's own clock"
    )
    assert report.counts["time stamps"] == 3


def test_a_proof_without_time_stamps_says_that_nothing_dates_it(policy: Policy) -> None:
    file = LOG.proof(STREAM)
    assert read_canonical(file)["format"] == "second-source/claim-proof/v1"
    expected = f"entries 1 to {len(OWN)} by nothing but the server's own clock"
    assert check_claim_proof(file, policy).said["dated"] == expected


def test_without_certificates_in_the_policy_nothing_is_said_to_be_dated(authorities: list[Authority]) -> None:
    file = LOG.proof(STREAM, [LOG.dated(200, [stamp(authorities[0], LOG.checkpoint(200))])])
    report = check_claim_proof(file, POLICY)
    assert (report.findings, report.counts["time stamps not checked, as the policy names no certificates"]) == ([], 1)
    assert "names no certificate of an authority" in report.said["dated"]


def dated_file(authorities: list[Authority]) -> dict[str, Any]:
    """A proof with one stamped checkpoint of 200 entries, as a value."""
    value = read_canonical(LOG.proof(STREAM, [LOG.dated(200, [stamp(authorities[0], LOG.checkpoint(200))])]))
    assert isinstance(value, dict)
    return value


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another checkpoint": (
        lambda one: one.update(checkpoint=LOG.checkpoint(199).decode()),
        "dated 1: proof: expected",
    ),
    "a checkpoint of another log": (
        lambda one: one.update(checkpoint=make_log(200, seed=9).checkpoint().decode()),
        "dated 1: old root: expected",
    ),
    "no checkpoint": (lambda one: one.update(checkpoint=7), "dated 1: checkpoint: expected a signed note"),
    "a bent proof": (
        lambda one: one["consistency"].__setitem__(0, b64(bytes(32))),
        "dated 1: old root: expected",
    ),
    "a hash too few": (lambda one: one["consistency"].pop(), "dated 1: proof: expected more hashes"),
    "no list of hashes": (lambda one: one.update(consistency=None), "dated 1: consistency: expected a list"),
    "no token": (lambda one: one.update(tokens=[]), "dated 1: tokens: expected 1 to 64"),
    "too many tokens": (lambda one: one.update(tokens=one["tokens"] * 65), "dated 1: tokens: expected 1 to 64"),
    "no base64": (lambda one: one.update(tokens=["?"]), "dated 1: token: expected base64"),
    "garbage": (lambda one: one.update(tokens=[b64(b"garbage")]), "dated 1: time stamp 1: token: expected"),
    "a field more": (lambda one: one.update(more=1), "dated 1: form: expected checkpoint, consistency, tokens"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_dates_and_does_not_hold_is_a_finding(name: str, authorities: list[Authority], policy: Policy) -> None:
    value = dated_file(authorities)
    change, expected = CHANGES[name]
    change(value["dated"][0])
    report = check_claim_proof(canonical(value), policy)
    assert [str(found)[: len(expected)] for found in report.findings] == [expected]
    assert "dated" not in report.said


@pytest.mark.parametrize("dated", [None, [], {}, "yes", 1])
def test_a_file_says_dated_only_where_something_dates_it(
    dated: object, authorities: list[Authority], policy: Policy
) -> None:
    value = {**dated_file(authorities), "dated": dated}
    assert str(check_claim_proof(canonical(value), policy).findings[0]).startswith("proof file: dated: expected")


def test_the_same_checkpoint_is_dated_once(authorities: list[Authority], policy: Policy) -> None:
    value = dated_file(authorities)
    value["dated"] *= 2
    found = check_claim_proof(canonical(value), policy).findings
    assert [str(one) for one in found] == ["dated 2: size: expected above 200, found 200"]


@pytest.mark.parametrize("format_", ["v1", "v3"])
def test_what_is_dated_is_version_two(format_: str, authorities: list[Authority], policy: Policy) -> None:
    value = {**dated_file(authorities), "format": f"second-source/claim-proof/{format_}"}
    assert str(check_claim_proof(canonical(value), policy).findings[0]).startswith("proof file: format: expected")


def export_with(stamps: dict[int, list[bytes]]) -> dict[str, bytes]:
    files = LOG.export()
    for size, tokens in stamps.items():
        files[f"stamps/{size}.note"] = LOG.checkpoint(size)
        files |= {f"stamps/{size}-{number}.tst": token for number, token in enumerate(tokens, 1)}
    files["stamps.json"] = canonical({str(size): len(tokens) for size, tokens in stamps.items()})
    return files


def audited(files: dict[str, bytes], policy: Policy) -> Report:
    return audit(files.get, policy)


def test_an_audit_holds_stamped_checkpoints_against_the_tree(authorities: list[Authority], policy: Policy) -> None:
    tokens = {size: [stamp(one, LOG.checkpoint(size)) for one in authorities] for size in (7, 256, 300)}
    report = audited(export_with(tokens), policy)
    assert (report.findings, report.counts["stamped checkpoints"], report.counts["time stamps"]) == ([], 3, 6)
    told = report.said["dated"].split("; ")
    moments = [before(token, LOG.checkpoint(300), policy) for token in tokens[300]]
    assert told == [
        f"300 entries before {moments[0]} by CN=Northern",
        f"300 entries before {moments[1]} by CN=Southern",
    ]


EXPORTS: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "another log's checkpoint": (
        lambda files: files.update({"stamps/7.note": make_log(7, seed=9).checkpoint()}),
        "stamps/7.note: root: expected",
    ),
    "another size": (lambda files: files.update({"stamps/7.note": LOG.checkpoint(8)}), "stamps/7.note: size: expected"),
    "no note": (lambda files: files.pop("stamps/7.note"), "stamps/7.note: file: expected"),
    "no token": (lambda files: files.pop("stamps/7-1.tst"), "stamps/7.note: file: expected stamps/7-1.tst"),
    "another token": (
        lambda files: files.update({"stamps/7-1.tst": b"0"}),
        "stamps/7.note: time stamp 1: token: expected",
    ),
    "no list": (lambda files: files.update({"stamps.json": b"[]"}), "stamps.json: form: expected an object"),
    "no numbers": (lambda files: files.update({"stamps.json": b'{"7":"1"}'}), "stamps.json: tokens: expected"),
    "no size": (lambda files: files.update({"stamps.json": b'{"x":1}'}), "stamps.json: size: expected"),
    "no JSON": (lambda files: files.update({"stamps.json": b"{"}), "stamps.json: form: expected canonical JSON"),
    "one beyond the log": (lambda files: files.update({"stamps.json": b'{"301":1}'}), "stamps/301.note: file"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_audit_finds_what_is_wrong_with_time_stamps(name: str, authorities: list[Authority], policy: Policy) -> None:
    files = export_with({7: [stamp(authorities[0], LOG.checkpoint(7))]})
    change, expected = EXPORTS[name]
    change(files)
    assert [str(found)[: len(expected)] for found in audited(files, policy).findings] == [expected]


def test_a_policy_names_certificates_in_pem(authorities: list[Authority], policy: Policy) -> None:
    texts = [one.chain[-1].pem.decode() for one in authorities]
    keys = {"origin": POLICY.origin, "log_keys": list(map(str, POLICY.log_keys))}
    read = read_policy(canonical({**keys, "timestamp_certificates": texts}))
    assert read.timestamp_certificates == policy.timestamp_certificates
