"""Time stamps in the shapes that public authorities give them are taken: keys, digests, chains, names, optional fields.

None of theirs can be fetched here: the program openssl makes them, and says of each that it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ledger.stamping import stamp_request
from ledger.verifier import check_stamp, read_der, read_stamp_response
from tests.ledger.authorities import FROM, UNTIL, Authority, Issuer, PrivateKey, der, name_of, openssl
from tests.ledger.test_stamps import NOTE, der_of, openssl_takes, refusal

Sha2 = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
NONCE = 2**63 + 11
SIGNING_TIME, UNSIGNED = bytes.fromhex("2a864886f70d010905"), bytes.fromhex("2a864886f70d0109100231")


def key_of(kind: str) -> PrivateKey:
    """'rsa3072', 'ec384': a key and its size."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    curves = {"ec256": ec.SECP256R1(), "ec384": ec.SECP384R1(), "ec521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def certificate(
    name: str,
    key: PrivateKey,
    above: Issuer | None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    digest: Sha2,
) -> Issuer:
    """A certificate by `above`, or by itself; with what public ones have besides."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(above.certificate.subject if above else name_of(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    for extension, critical in ((identifier, False), *extensions):
        builder = builder.add_extension(extension, critical=critical)
    if above:
        own = above.key.public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
    return Issuer(key, builder.sign(above.key if above else key, digest))


def usage(*, signs: bool) -> x509.KeyUsage:
    named = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = dict.fromkeys((*named, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=signs, key_cert_sign=not signs, crl_sign=not signs, **others)


def _more() -> list[tuple[x509.ExtensionType, bool]]:
    """What public certificates have and nobody has to understand: where lists and issuers are, and a policy."""
    where = x509.UniformResourceIdentifier("http://crl.example.org/one.crl")
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.16.840.1.114412.7.1"), ["https://example.org/CPS"])
    lists = x509.DistributionPoint([where], None, None, None)
    return [
        (x509.AuthorityInformationAccess([access]), False),
        (x509.CRLDistributionPoints([lists]), False),
        (x509.CertificatePolicies([policy]), False),
    ]


@dataclass(frozen=True)
class Shape:
    """How an authority makes its tokens. `settings`: lines of openssl's configuration that differ."""

    key: str = "rsa2048"
    issuers: str = "rsa2048"
    issued_by: type[Sha2] = hashes.SHA256
    digest: str = "sha256"
    settings: dict[str, str] = field(default_factory=dict)


SHAPES = {
    "RSA 4096 and SHA-512": Shape(key="rsa4096", issuers="rsa4096", issued_by=hashes.SHA512, digest="sha512"),
    "RSA 3072 under SHA-384": Shape(key="rsa3072", issued_by=hashes.SHA384, digest="sha384"),
    "ECDSA P-256": Shape(key="ec256", issuers="ec384", issued_by=hashes.SHA384),
    "ECDSA P-384": Shape(key="ec384", issuers="ec384", issued_by=hashes.SHA384, digest="sha384"),
    "ECDSA P-521": Shape(key="ec521", issuers="ec521", issued_by=hashes.SHA512, digest="sha512"),
    "ECDSA under RSA": Shape(key="ec256", issuers="rsa4096", digest="sha512"),
    "RSA under ECDSA": Shape(key="rsa2048", issuers="ec384", issued_by=hashes.SHA384),
    "signingCertificate of version 1": Shape(settings={"ess_cert_id_alg": "sha1"}),
    "signingCertificateV2 by SHA-384": Shape(settings={"ess_cert_id_alg": "sha384"}),
    "the whole chain named, version 1": Shape(settings={"ess_cert_id_alg": "sha1", "ess_cert_id_chain": "yes"}),
    "the whole chain named, version 2": Shape(settings={"ess_cert_id_chain": "yes"}),
    "ordering": Shape(settings={"ordering": "yes"}),
    "no accuracy, no ordering, no name": Shape(settings={"accuracy": "", "ordering": "no", "tsa_name": "no"}),
    "accuracy in seconds": Shape(settings={"accuracy": "secs:60"}),
    "accuracy in microseconds": Shape(settings={"accuracy": "microsecs:500"}),
    "a time without a fraction": Shape(settings={"clock_precision_digits": "0"}),
    "a time to the microsecond": Shape(settings={"clock_precision_digits": "6"}),
    "another policy": Shape(settings={"default_policy": "2.16.840.1.114412.7.1"}),
}


def authority_of(folder: Path, shape: Shape) -> Authority:
    """An authority with a root, one between and a signer, as `shape` says, and the extensions that public ones have."""
    digest = shape.issued_by()
    issues = [(usage(signs=False), True), *_more()]
    root = certificate(
        "Root", key_of(shape.issuers), None, [(x509.BasicConstraints(ca=True, path_length=None), True), *issues], digest
    )
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    between = certificate("Between", key_of(shape.issuers), root, [(constraints, True), *issues], digest)
    own = [(usage(signs=True), True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True), *_more()]
    own.append((x509.BasicConstraints(ca=False, path_length=None), True))
    made = Authority(folder, certificate("Stamps", key_of(shape.key), between, own, digest), [between, root])
    made.configure(shape.digest)
    lines = (folder / "tsa.conf").read_text().splitlines()
    kept = [line for line in lines if line.partition(" = ")[0] not in shape.settings]
    given = [f"{name} = {value}" for name, value in shape.settings.items() if value]
    (folder / "tsa.conf").write_text("\n".join([*kept, *given]) + "\n")
    (folder / "serial").write_text("0F" * 19)  # 152 bits, as random ones are
    return made


def token_of(authority: Authority, *, certificates: bool = True) -> bytes:
    """A token of the note. Without `certificates` the request does not ask for them (certReq)."""
    request = stamp_request(NOTE, NONCE)
    if not certificates:
        assert request.endswith(b"\x01\x01\xff")
        request = der(0x30, read_der(request, "request")[0].content[:-3])
    return read_stamp_response(authority.reply(request))


@pytest.fixture
def plain(tmp_path: Path) -> Authority:
    return authority_of(tmp_path / "one", Shape(issuers="ec256", key="ec256"))


@pytest.mark.parametrize("name", SHAPES)
def test_a_token_of_this_shape_is_taken(name: str, tmp_path: Path) -> None:
    authority = authority_of(tmp_path / "one", SHAPES[name])
    token = token_of(authority)
    assert openssl_takes(authority, token)
    stamp = check_stamp(token, data=NOTE, certificates=[der_of(authority.chain[-1])])
    assert (stamp.by, stamp.nonce, stamp.before >= stamp.at) == ("CN=Stamps", NONCE, True)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("salt", ["digest", "max"])
def test_one_that_is_signed_by_rsassa_pss_is_taken(tmp_path: Path, digest: str, salt: str) -> None:
    """openssl's `ts` signs none: its `cms` signs the content of a token anew, with a signingCertificateV2."""
    authority = authority_of(tmp_path / "one", Shape())
    folder, content = authority.folder, _content_of(token_of(authority))
    (folder / "content").write_bytes(content)
    kind = ("-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-cades", "-nosmimecap")
    signer = ("-signer", "signer.pem", "-inkey", "signer.key", "-certfile", "chain.pem", "-md", digest)
    way = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", f"rsa_pss_saltlen:{salt}")
    files = ("-in", "content", "-out", "signed", "-outform", "DER")
    openssl("cms", "-sign", *kind, *signer, *way, *files, folder=folder)
    (folder / "root.pem").write_bytes(authority.chain[-1].pem)
    given = ("-inform", "DER", "-in", "signed", "-out", "opened", "-CAfile", "root.pem", "-purpose", "timestampsign")
    openssl("cms", "-verify", *given, folder=folder)  # its `ts` knows no RSASSA-PSS
    token = (folder / "signed").read_bytes()
    assert check_stamp(token, data=NOTE, certificates=[der_of(authority.chain[-1])]).by == "CN=Stamps"


def _content_of(token: bytes) -> bytes:
    """The TSTInfo that a token signs."""
    wrapped = read_der(read_der(token, "token")[0].content, "token")[1]
    signed = read_der(wrapped.content, "token")[0]
    given = read_der(read_der(signed.content, "token")[2].content, "token")[1]
    return read_der(given.content, "token")[0].content


def test_one_without_certificates_is_taken_with_those_of_the_policy(plain: Authority) -> None:
    token = token_of(plain, certificates=False)
    (between, root), signer = map(der_of, plain.chain), der_of(plain.signer)
    assert "the signer's, in the token or in the policy" in refusal(token, [between, root])
    for policy in ([signer], [root, between, signer], [between, signer]):
        assert check_stamp(token, data=NOTE, certificates=policy).by == "CN=Stamps"


def test_one_that_lacks_the_certificate_between_is_taken_where_the_policy_has_it(plain: Authority) -> None:
    """openssl is configured with no chain: the token has the signer's certificate alone."""
    (plain.folder / "chain.pem").write_bytes(plain.signer.pem)
    token = token_of(plain)
    (between, root) = map(der_of, plain.chain)
    assert between not in token and der_of(plain.signer) in token
    assert "one that leads to a certificate of the policy" in refusal(token, [root])
    assert [check_stamp(token, data=NOTE, certificates=policy).by for policy in ([between], [root, between])] == [
        "CN=Stamps"
    ] * 2


def test_a_root_that_signed_itself_with_sha_1_is_one_all_the_same(tmp_path: Path) -> None:
    """As old roots are, which people trust for their key: what it says of itself is not relied upon."""
    shape = Shape(issuers="rsa2048", key="ec256")
    authority = authority_of(tmp_path / "one", shape)
    folder, root = authority.folder, authority.chain[-1]
    (folder / "root.pem").write_bytes(root.pem)
    private = root.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "root.key").write_bytes(private)
    files = ("-in", "root.pem", "-signkey", "root.key", "-out", "old.pem")
    openssl("x509", "-sha1", "-days", "36500", *files, folder=folder)
    old = x509.load_pem_x509_certificate((folder / "old.pem").read_bytes())
    assert isinstance(old.signature_hash_algorithm, hashes.SHA1)
    assert check_stamp(token_of(authority), data=NOTE, certificates=[der_of(Issuer(root.key, old))]).by == "CN=Stamps"


def test_what_nobody_signed_beside_a_token_changes_nothing(plain: Authority) -> None:
    """An authority adds unsigned attributes (RFC 5652 5.3), such as an archive stamp."""
    token = token_of(plain)
    (outer,) = read_der(token, "token")
    kind, wrapped = read_der(outer.content, "token")
    (signed,) = read_der(wrapped.content, "token")
    *before, infos = read_der(signed.content, "token")
    (info,) = read_der(infos.content, "token")
    more = der(0xA1, der(0x30, der(0x06, UNSIGNED), der(0x31, der(0x30))))
    whole = der(0x30, *(part.whole for part in before), der(0x31, der(0x30, info.content, more)))
    added = der(0x30, kind.whole, der(0xA0, whole))
    assert check_stamp(added, data=NOTE, certificates=[der_of(plain.chain[-1])]).by == "CN=Stamps"
    assert SIGNING_TIME in token
