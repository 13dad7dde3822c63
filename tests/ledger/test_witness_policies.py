"""Cosignatures (C2SP tlog-cosignature) and the quorum of witnesses (C2SP tlog-policy), by themselves."""

import base64
import random
from dataclasses import replace

import pytest

from ledger.entries import Broken
from ledger.notes import CosigningKey, SigningKey, checkpoint_text, sign_note
from ledger.tree import root_hash
from ledger.verifier import (
    COSIGNATURE,
    Policy,
    Unusable,
    cosigned_at,
    cosigned_text,
    read_cosignatures,
    read_policy,
    read_verifier_key,
    read_witness_policy,
    split_note,
)
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY
from tests.ledger.test_mutations import mutate_bytes
from tests.ledger.vectors import AT_COSIGNED, WITNESS_KEYS, WITNESS_POLICY_TEXT, cosigned

# C2SP tlog-cosignature, its example; the keys are not in the text.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 - a note's lines are as long as they are
SIGNED = """cosignature/v1
time 1679315147
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
ALL = frozenset("abcdef")


def test_the_example_of_the_specification_is_taken_apart_as_it_says() -> None:
    text, signatures = split_note(EXAMPLE.encode())
    (_log, (name, signature)) = signatures
    assert (name, len(signature)) == ("witness.example.com/w1", 4 + 8 + 64)
    assert cosigned_text(cosigned_at(signature[4:]), text.encode()).decode() == SIGNED


def test_a_cosigning_key_reads_back_and_is_no_key_of_a_log() -> None:
    key = CosigningKey.make("witness.example.org/w")
    assert CosigningKey.read(key.private_text) == key
    assert read_verifier_key(str(key.verifier_key), COSIGNATURE) == key.verifier_key
    with pytest.raises(Broken, match="an Ed25519 key"):
        read_verifier_key(str(key.verifier_key))
    with pytest.raises(ValueError, match="not a private key"):
        SigningKey.read(key.private_text)
    # The same bytes sign under another id, as the signature type is part of it.
    assert SigningKey(key.name, key.seed).verifier_key.id != key.verifier_key.id


def test_a_cosignature_tells_its_witness_and_its_time() -> None:
    found = read_cosignatures(cosigned("ab"), [key.verifier_key for key in WITNESS_KEYS.values()])
    assert [(one.key, one.at) for one in found] == [
        (WITNESS_KEYS[name].verifier_key, AT_COSIGNED[name]) for name in "ab"
    ]
    assert str(found[0]) == "a.example.org/witness at 2026-11-22T22:15:00Z"


def test_of_two_cosignatures_by_one_witness_the_newer_one_counts_once() -> None:
    note, key = cosigned("a"), WITNESS_KEYS["a"]
    later = note + key.cosignature_line(split_note(note)[0], AT_COSIGNED["a"] + 60).encode()
    for one in (later, later + later.rpartition(b"\n\n")[2]):
        (found,) = read_cosignatures(one, [key.verifier_key])
        assert found.at == AT_COSIGNED["a"] + 60


@pytest.mark.parametrize("at", [0, 2**63, 2**64 - 1])
def test_a_time_that_is_none_is_refused(at: int) -> None:
    note = cosigned("") + WITNESS_KEYS["a"].cosignature_line(split_note(cosigned(""))[0], at).encode()
    with pytest.raises(Broken, match="cosignature"):
        read_cosignatures(note, [WITNESS_KEYS["a"].verifier_key])


def test_the_last_time_there_is_can_be_told() -> None:
    note = cosigned("") + WITNESS_KEYS["a"].cosignature_line(split_note(cosigned(""))[0], 2**63 - 1).encode()
    assert str(read_cosignatures(note, [WITNESS_KEYS["a"].verifier_key])[0]).endswith(" at 9223372036854775807 seconds")


def test_cosignatures_by_nobody_that_the_policy_names_are_passed_over() -> None:
    stranger = CosigningKey("a.example.org/witness", bytes([9] * 32))  # the name of another
    note = cosigned("b") + stranger.cosignature_line(split_note(cosigned(""))[0], 1).encode()
    found = read_cosignatures(note, [WITNESS_KEYS["a"].verifier_key, WITNESS_KEYS["b"].verifier_key])
    assert [one.key.name for one in found] == ["b.example.org/witness"]


def test_a_logs_signature_is_no_cosignature_and_the_other_way_round() -> None:
    text = split_note(cosigned(""))[0]
    as_log = SigningKey(ORIGIN, WITNESS_KEYS["a"].seed)
    assert read_cosignatures(sign_note(text, [as_log]), [WITNESS_KEYS["a"].verifier_key]) == ()
    with pytest.raises(Broken):
        Policy(ORIGIN, (as_log.verifier_key,)).checkpoint(sign_note(text, [WITNESS_KEYS["a"]]))


@pytest.mark.parametrize("change", ["signature", "time", "key id", "name", "size", "root"])
def test_no_change_of_a_cosignature_is_taken(change: str) -> None:
    """Of each byte of the signature, its time and its key id; of the name; of what is signed."""
    key = WITNESS_KEYS["a"]
    note = cosigned("a")
    head, blank, lines = note.decode().rpartition("\n\n")
    log, own = lines.splitlines()
    data = base64.b64decode(own.split(" ")[2])
    places = {"key id": range(4), "time": range(4, 12), "signature": range(12, 76)}.get(change, range(1))
    for at in places:
        for bit in range(8):
            other, name = bytearray(data), key.name
            if change in ("key id", "time", "signature"):
                other[at] ^= 1 << bit
            if change == "name":
                name = f"{key.name}{bit}"
            if change == "size":
                head = head.replace("\n6\n", "\n7\n")
            if change == "root":
                head = head.replace(head.splitlines()[2], base64.b64encode(bytes([bit] * 32)).decode())
            changed = f"{head}{blank}{log}\n— {name} {base64.b64encode(other).decode()}\n".encode()
            try:
                found = read_cosignatures(changed, [key.verifier_key])
            except Broken:
                continue
            assert found == (), (change, at, bit)


def test_no_random_change_of_a_note_has_its_quorum() -> None:
    policy, chance, note = (
        replace(POLICY, witnesses=read_witness_policy(WITNESS_POLICY_TEXT)),
        random.Random(1),
        cosigned("abd"),
    )
    witnessed = policy.witnessed(note)
    assert witnessed is not None and witnessed.is_met
    for _ in range(3000):
        changed = mutate_bytes(note, chance)
        if changed == note:
            continue
        try:
            policy.checkpoint(changed)
            found = policy.witnessed(changed)
        except Broken:
            continue
        assert found is not None and not found.is_met, changed


# Which witnesses cosigned, and whether that is enough, by the policy of C2SP's example: two of three, and one of three.
QUORUMS = [
    ("", False), ("a", False), ("ab", False), ("d", False), ("ad", False), ("abc", False), ("def", False),
    ("abd", True), ("bcf", True), ("ace", True), ("abcdef", True), ("adef", False),
]  # fmt: skip


@pytest.mark.parametrize(("names", "is_met"), QUORUMS)
def test_the_quorum_of_nested_groups(names: str, is_met: bool) -> None:
    policy = read_witness_policy(WITNESS_POLICY_TEXT)
    assert policy.is_met([WITNESS_KEYS[name].verifier_key for name in names]) is is_met


def lines(*more: str) -> bytes:
    """A policy of six witnesses and these lines."""
    return "".join(
        f"{line}\n" for line in [*(f"witness {name} {key.verifier_key}" for name, key in WITNESS_KEYS.items()), *more]
    ).encode()


@pytest.mark.parametrize(
    ("more", "met_by", "not_by"),
    [
        (["quorum none"], ["", "a"], []),
        (["quorum a"], ["a", "abc"], ["", "b", "bcdef"]),
        (["group g any a b", "quorum g"], ["a", "b"], ["", "c"]),
        (["group g all a b", "quorum g"], ["ab", "abc"], ["a", "b"]),
        (["group g 1 a", "quorum g"], ["a"], ["b"]),
        (["group g 2 a b c", "quorum g"], ["ab", "bc"], ["a", "cd"]),
        (
            ["group g any a b", "group h all g c", "group i 2 h d e", "quorum i"],
            ["acd", "bce", "de"],
            ["ab", "ac", "d"],
        ),
        # What is defined after the quorum, or is in no group, counts for nothing.
        (["quorum a", "group g all b c"], ["a"], ["bc"]),
        (["group all any a", "quorum all"], ["a"], ["b"]),
    ],
)
def test_quorums(more: list[str], met_by: list[str], not_by: list[str]) -> None:
    policy = read_witness_policy(lines(*more))
    for names, is_met in [*((one, True) for one in met_by), *((one, False) for one in not_by)]:
        assert policy.is_met([WITNESS_KEYS[name].verifier_key for name in names]) is is_met, names


OTHER = CosigningKey("other.example.org", bytes([8] * 32)).verifier_key
BAD = {
    "no quorum": lines(),
    "two quorums": lines("quorum a", "quorum a"),
    "a quorum of nobody": lines("quorum x"),
    "a quorum before its group": lines("quorum g", "group g any a"),
    "a member of nobody": lines("group g any a x", "quorum g"),
    "a member none": lines("group g any none", "quorum g"),
    "a group in itself": lines("group g any g", "quorum g"),
    "a member twice": lines("group g any a a", "quorum g"),
    "a member of two groups": lines("group g any a", "group h any a b", "quorum h"),
    "a group without members": lines("group g any", "quorum none"),
    "none of its members": lines("group g 0 a", "quorum g"),
    "more than its members": lines("group g 2 a", "quorum g"),
    "no number": lines("group g +1 a", "quorum g"),
    "a zero in front": lines("group g 01 a", "quorum g"),
    "a name that is taken": lines(f"witness a {OTHER}", "quorum a"),
    "a group's name that is taken": lines("group a any b", "quorum a"),
    "a witness none": lines(f"witness none {OTHER}", "quorum a"),
    "a group none": lines("group none any a", "quorum a"),
    "a key twice": lines(f"witness x {WITNESS_KEYS['a'].verifier_key}", "quorum a"),
    "a key twice under another name": lines(
        f"witness x {CosigningKey('x.example.org', WITNESS_KEYS['a'].seed).verifier_key}", "quorum a"
    ),
    "a log's key of a witness": lines(f"witness x {LOG_KEY.verifier_key}", "quorum a"),
    "a witness's key of a log": lines(f"log {OTHER}", "quorum a"),
    "a log twice": lines(f"log {LOG_KEY.verifier_key}", f"log {LOG_KEY.verifier_key} https://a.example", "quorum a"),
    "too many items": lines(f"witness x {OTHER} https://a.example more", "quorum a"),
    "an unknown line": lines("timeout 5", "quorum a"),
    "no line end": lines("quorum a")[:-1],
    "a carriage return": lines("quorum a").replace(b"\n", b"\r\n"),
    "a form feed": lines("quorum\fa"),
    "a control character in a comment": lines("# \x1b[2J", "quorum a"),
    "DEL": lines("# \x7f", "quorum a"),
    "nothing": b"",
    "65 logs": lines(*(f"log {SigningKey('l', bytes([n] * 32)).verifier_key}" for n in range(65)), "quorum a"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_policy_is_refused(name: str) -> None:
    with pytest.raises(Unusable, match="the witness policy"):
        read_witness_policy(BAD[name])


def test_spaces_tabs_comments_and_other_octets_are_as_the_specification_has_them() -> None:
    text = b"\t # a comment\n\n \twitness\tK\xff  %b \t https://w.example/ \n" % str(OTHER).encode()
    text += b"witness \xe2\x84\xaa %b\nquorum K\xff\n" % str(WITNESS_KEYS["a"].verifier_key).encode()
    policy = read_witness_policy(text)
    assert [witness.url for witness in policy.witnesses.values()] == ["https://w.example/", ""]
    assert (policy.is_met([OTHER]), policy.is_met([WITNESS_KEYS["a"].verifier_key])) == (True, False)


def test_where_a_policy_names_logs_one_of_them_signed() -> None:
    other = SigningKey(ORIGIN, bytes([5] * 32))
    for key, is_good in ((LOG_KEY, True), (other, False)):
        witnesses = read_witness_policy(f"log {key.verifier_key}\n".encode() + lines("quorum none"))
        try:
            found = replace(POLICY, witnesses=witnesses).witnessed(cosigned("a"))
        except Broken:
            found = None
        assert (found is not None and found.is_met) is is_good


def test_a_policy_file_holds_the_witness_policy_as_a_text() -> None:
    import json

    keys = {"origin": ORIGIN, "log_keys": [str(LOG_KEY.verifier_key)]}
    assert read_policy(json.dumps(keys).encode()).witnesses is None
    read = read_policy(json.dumps({**keys, "witness_policy": WITNESS_POLICY_TEXT.decode()}).encode())
    assert read.witnesses is not None and read.witnesses.quorum == "X-and-Y"
    for bad in ("quorum", 5, "quorum none\ud800\n"):
        with pytest.raises(Unusable):
            read_policy(json.dumps({**keys, "witness_policy": bad}).encode())


def test_as_of_when_a_quorum_had_seen_nothing_newer() -> None:
    policy = read_witness_policy(lines("group g 2 a b c", "quorum g"))
    found = replace(POLICY, witnesses=policy).witnessed(cosigned("abc"))
    assert found is not None
    times = sorted((AT_COSIGNED[name] for name in "abc"), reverse=True)
    assert found.since(policy) == times[1]


def test_extension_lines_are_signed_with_the_rest() -> None:
    text = f"{checkpoint_text(ORIGIN, 0, root_hash([]))}more\n"
    note = sign_note(text, [LOG_KEY]) + WITNESS_KEYS["a"].cosignature_line(text, 5).encode()
    assert [one.at for one in read_cosignatures(note, [WITNESS_KEYS["a"].verifier_key])] == [5]
    with pytest.raises(Broken):
        read_cosignatures(note.replace(b"more\n", b"less\n"), [WITNESS_KEYS["a"].verifier_key])
