"""Time stamps are taken where everything about them holds, and refused with a reason where anything does not."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.stamping import stamp_request
from ledger.verifier import Broken, check_stamp, name_in_words, read_der, read_stamp_response
from tests.ledger.authorities import Authority, Issuer, der, new_authority, new_issuer, new_signer, openssl, resigned
from tests.ledger.stamp_vectors import beside
from tests.ledger.vectors import checkpoint

NOTE = checkpoint()


def der_of(issuer: Issuer) -> bytes:
    return issuer.certificate.public_bytes(Encoding.DER)


def token_of(authority: Authority, data: bytes = NOTE) -> bytes:
    return read_stamp_response(authority.reply(stamp_request(data, 2**62 + 5)))


@pytest.fixture(scope="module", params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authorities") / "one", request.param)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authorities") / "one", "ec", "Stamps")


def root_of(authority: Authority) -> list[bytes]:
    return [der_of(authority.chain[-1])]


def refusal(token: bytes, certificates: list[bytes], data: bytes = NOTE) -> str:
    """Why a token is refused."""
    with pytest.raises(Broken) as caught:
        check_stamp(token, data=data, certificates=certificates)
    return str(caught.value)


def openssl_takes(authority: Authority, token: bytes, data: bytes = NOTE, root: Issuer | None = None) -> bool:
    """What the program openssl says of the same."""
    folder = authority.folder
    (folder / "token").write_bytes(token)
    (folder / "data").write_bytes(data)
    (folder / "root.pem").write_bytes((root or authority.chain[-1]).pem)
    arguments = ("ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "root.pem")
    return openssl(*arguments, folder=folder, may_fail=True)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("named_by", ["sha1", "sha256", "sha512"])
def test_a_token_says_by_when_and_by_whom(authority: Authority, digest: str, named_by: str) -> None:
    authority.configure(digest, named_by)
    begin = datetime.now(UTC)
    token = token_of(authority)
    stamp = check_stamp(token, data=NOTE, certificates=root_of(authority))
    assert (stamp.by, stamp.nonce) == ("CN=Time stamps", 2**62 + 5)
    assert stamp.before - stamp.at == timedelta(seconds=1, milliseconds=500, microseconds=100)
    assert begin - timedelta(seconds=2) < stamp.at < datetime.now(UTC) + timedelta(seconds=2)
    assert openssl_takes(authority, token)


@pytest.mark.parametrize("trusted", [0, 1, 2], ids=["the one between", "the root", "the signer itself"])
def test_any_certificate_of_the_chain_may_be_the_one_that_is_trusted(one: Authority, trusted: int) -> None:
    certificates = [der_of([*one.chain, one.signer][trusted])]
    assert check_stamp(token_of(one), data=NOTE, certificates=certificates).by == "CN=Stamps"


def test_a_token_without_certificates_needs_those_of_the_policy(one: Authority) -> None:
    # The last BOOLEAN of the request asks for them; without it the answer has none.
    request = stamp_request(NOTE, 7)
    bare = b"\x30" + bytes([request[1] - 3]) + request[2:-3]
    token = read_stamp_response(one.reply(bare))
    assert "the signer's, in the token or in the policy" in refusal(token, root_of(one))
    assert check_stamp(token, data=NOTE, certificates=[der_of(one.signer)]).by == "CN=Stamps"
    assert check_stamp(token, data=NOTE, certificates=[der_of(one.signer), *root_of(one)]).by == "CN=Stamps"


def test_a_token_of_something_else_is_refused(one: Authority) -> None:
    token = token_of(one, b"something else")
    assert "imprint: expected the SHA-256" in refusal(token, root_of(one))
    assert not openssl_takes(one, token)


def test_a_token_by_nobody_that_is_trusted_is_refused(one: Authority, tmp_path: Path) -> None:
    other = new_authority(tmp_path / "other", "ec", "Stamps")  # of the same names
    assert "one that leads to a certificate of the policy" in refusal(token_of(one), root_of(other))
    assert not openssl_takes(one, token_of(one), root=other.chain[-1])


SIGNERS: dict[str, Callable[[Issuer], Issuer]] = {
    "another use": lambda root: new_signer(root, usages=(ExtendedKeyUsageOID.CODE_SIGNING,)),
    "two uses": lambda root: new_signer(
        root, usages=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)
    ),
    "no use named": lambda root: new_signer(root, usages=()),
    "not critically": lambda root: new_signer(root, critical=False),
}


@pytest.mark.parametrize("name", SIGNERS)
def test_a_certificate_for_anything_else_signs_no_time_stamps(name: str, one: Authority, tmp_path: Path) -> None:
    # openssl itself refuses to sign with such a certificate: a good token is signed anew.
    root = one.chain[0]
    signer = SIGNERS[name](root)
    token = resigned(token_of(one), signer, one.chain)
    assert "for time stamps alone, critically" in refusal(token, root_of(one))
    assert not openssl_takes(one, token)


def test_a_certificate_that_had_run_out_is_refused(one: Authority) -> None:
    signer = new_signer(one.chain[0], "Stamps", until=datetime(2021, 1, 1, tzinfo=UTC))
    token = resigned(token_of(one), signer, one.chain)
    assert "all valid at the time" in refusal(token, root_of(one))


def test_no_certificate_stands_under_more_issuers_than_it_allows(one: Authority) -> None:
    between, root = one.chain  # `between` allows none below it
    below = new_issuer("Below", above=between)
    signer = new_signer(below, "Stamps")
    token = resigned(token_of(one), signer, [below, between])
    assert "one that leads to a certificate of the policy" in refusal(token, [der_of(root)])
    assert not openssl_takes(one, token)


def test_a_certificate_that_may_not_issue_others_leads_nowhere(one: Authority) -> None:
    middle = new_signer(one.chain[0], "Middle")
    token = resigned(token_of(one), new_signer(middle, "Stamps"), [middle, *one.chain])
    assert "one that leads to a certificate of the policy" in refusal(token, root_of(one))
    assert not openssl_takes(one, token)


def test_a_token_signed_with_pss_is_taken(tmp_path: Path) -> None:
    one = new_authority(tmp_path / "one", "rsa", "Stamps")
    token = resigned(token_of(one), one.signer, one.chain, pss=True)
    assert check_stamp(token, data=NOTE, certificates=root_of(one)).by == "CN=Stamps"
    bent = bytearray(token)
    bent[-1] ^= 1
    assert "signature: expected one by CN=Stamps" in refusal(bytes(bent), root_of(one))


def test_a_signer_may_be_named_by_its_key(one: Authority) -> None:
    token = resigned(token_of(one), one.signer, one.chain, by_key=True)
    assert check_stamp(token, data=NOTE, certificates=root_of(one)).by == "CN=Stamps"
    other = resigned(token_of(one), new_signer(one.chain[0], "Stamps"), one.chain, by_key=True)
    identifier = der(0x80, token.partition(b"\x80\x14")[2][:20])
    swapped = other[: other.rindex(b"\x80\x14")] + identifier + other[other.rindex(b"\x80\x14") + 22 :]
    assert "the signer's, in the token or in the policy, found" in refusal(swapped, root_of(one))


def test_an_answer_that_grants_nothing_says_why(one: Authority) -> None:
    # SHA-1 for the imprint: this authority takes SHA-256 alone.
    imprint = der(0x30, der(0x30, bytes.fromhex("06052b0e03021a0500")), der(0x04, bytes(20)))
    request = der(0x30, b"\2\1\1", imprint)
    with pytest.raises(Broken, match="status: expected granted, found") as caught:
        read_stamp_response(one.reply(request))
    assert "2" in caught.value.found


BROKEN_DER = {
    "nothing": b"",
    "no DER": b"no DER",
    "without an end": b"\x30\x80\x02\x01\x01\x00\x00",
    "longer than it is": b"\x30\x84\xff\xff\xff\xff",
    "a length of a length": b"\x30\xff" + b"\xff" * 127,
    "a length with a zero before": b"\x30\x82\x00\x01\x00",
    "a length that needs no second byte": b"\x30\x81\x01\x00",
    "a tag of two bytes": b"\x3f\x81\x01\x00",
    "one byte": b"\x30",
    "deep": b"".join(b"\x30\x82" + (length * 4).to_bytes(2, "big") for length in range(2000, 0, -1)),
}


@pytest.mark.parametrize("name", BROKEN_DER)
def test_what_is_no_token_is_refused(name: str, one: Authority) -> None:
    assert "expected" in refusal(BROKEN_DER[name], root_of(one))
    with pytest.raises(Broken):
        read_stamp_response(BROKEN_DER[name])


def test_a_token_that_is_too_large_is_refused(one: Authority) -> None:
    assert refusal(bytes(65_537), root_of(one)) == "token: expected at most 65536 bytes, found 65537"


def test_a_cut_token_is_refused(one: Authority) -> None:
    token = token_of(one)
    for end in range(0, len(token), 7):
        refusal(token[:end], root_of(one))
    refusal(token + b"\0", root_of(one))


def test_a_bent_token_is_taken_only_where_nobody_signed_what_was_bent(one: Authority) -> None:
    """That is in the root's certificate, which the reader has: what came along of it decides nothing."""
    token, root = token_of(one), root_of(one)
    begin = token.index(root[0])
    along = range(begin, begin + len(root[0]))
    said, taken = check_stamp(token, data=NOTE, certificates=root), []
    for at in range(len(token)):
        bent = token[:at] + bytes([token[at] ^ 1 << at % 8]) + token[at + 1 :]
        try:
            found = check_stamp(bent, data=NOTE, certificates=root)
        except Broken:
            continue
        taken.append(at)
        assert found == said, at
    assert [at for at in taken if at not in along] == []


def test_bytes_put_in_or_left_out_anywhere_say_nothing_else(one: Authority) -> None:
    chance, token, root = random.Random(5), token_of(one), root_of(one)
    said = check_stamp(token, data=NOTE, certificates=root)
    for _ in range(2000):
        bent = bytearray(token)
        at = chance.randrange(len(token))
        bent[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        try:
            found = check_stamp(bytes(bent), data=NOTE, certificates=root)
        except Broken:
            continue
        assert found == said


NAMES = {
    "plain": [(NameOID.COUNTRY_NAME, "NO"), (NameOID.ORGANIZATION_NAME, "Stamps"), (NameOID.COMMON_NAME, "One")],
    "signs that are escaped": [(NameOID.COMMON_NAME, 'a,b+c"d\\e<f>g;h=i')],
    "a space at either end": [(NameOID.COMMON_NAME, " a "), (NameOID.ORGANIZATION_NAME, "#b")],
    "zero": [(NameOID.COMMON_NAME, "a\0b")],
    "types without a short name": [(NameOID.EMAIL_ADDRESS, "a@b.example"), (NameOID.SERIAL_NUMBER, "5")],
    "other scripts": [(NameOID.COMMON_NAME, "Печатка — ü")],
}


@pytest.mark.parametrize("name", NAMES)
def test_authorities_are_called_as_certificates_are_elsewhere(name: str) -> None:
    made = x509.Name([x509.NameAttribute(kind, value) for kind, value in NAMES[name]])
    (read,) = read_der(made.public_bytes(), "name")
    assert name_in_words(read) == made.rfc4514_string()


def test_a_certificate_beside_it_that_cannot_be_read_is_passed_over(one: Authority) -> None:
    token = beside(token_of(one), der(0x30, b"\2\1\5"))
    assert check_stamp(token, data=NOTE, certificates=root_of(one)).by == "CN=Stamps"


def test_ber_in_what_nobody_looks_at_is_refused(one: Authority) -> None:
    token = beside(token_of(one), attributes=b"\xa1\4\x30\x80\0\0")
    assert "a length in its one spelling" in refusal(token, root_of(one))
