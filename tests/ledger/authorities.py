"""Time-stamp authorities of the tests: certificates, and a server that hands each request to the program openssl."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.verifier import read_der

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
CONFIGURATION = """
[here]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
certs = {folder}/chain.pem
signer_key = {folder}/signer.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {named_by}
"""


def new_key(kind: str) -> PrivateKey:
    """A key of its own: 'rsa' or 'ec'."""
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def name_of(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


@dataclass(frozen=True)
class Issuer:
    """A certificate that issues others."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def new_issuer(name: str, kind: str = "ec", above: Issuer | None = None, length: int | None = None) -> Issuer:
    """A certificate authority, issued by another or by itself."""
    key = new_key(kind)
    signer = above or Issuer(key, None)  # type: ignore[arg-type]  # its own, which is made here
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(above.certificate.subject if above else name_of(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
    )
    return Issuer(key, builder.sign(signer.key, hashes.SHA256()))


def new_signer(
    issuer: Issuer,
    name: str = "Time stamps",
    kind: str = "ec",
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    critical: bool = True,
    until: datetime = UNTIL,
) -> Issuer:
    """A certificate that signs time stamps, or says that it does something else."""
    key = new_key(kind)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    return Issuer(key, builder.sign(issuer.key, hashes.SHA256()))


class Authority:
    """Answers requests for time stamps with the program openssl, from a folder of its own."""

    def __init__(self, folder: Path, signer: Issuer, chain: list[Issuer], digest: str = "sha256") -> None:
        folder.mkdir()
        self.folder, self.signer, self.chain, self._lock = folder, signer, chain, Lock()
        private = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "signer.key").write_bytes(private)
        (folder / "signer.pem").write_bytes(signer.pem)
        (folder / "chain.pem").write_bytes(b"".join(one.pem for one in chain))
        (folder / "serial").write_text("01")
        self.configure(digest)

    def configure(self, digest: str, named_by: str = "sha256") -> None:
        """Which digest it signs, and which its certificate is named by."""
        text = CONFIGURATION.format(folder=self.folder, digest=digest, named_by=named_by)
        (self.folder / "tsa.conf").write_text(text)

    @property
    def name(self) -> str:
        """The subject of the certificate that signs."""
        return self.signer.certificate.subject.rfc4514_string()

    def reply(self, request: bytes) -> bytes:
        """The TimeStampResp of a TimeStampReq."""
        with self._lock:  # openssl counts in a file
            (self.folder / "request").write_bytes(request)
            files = ("-queryfile", "request", "-out", "answer")
            openssl("ts", "-reply", "-config", "tsa.conf", "-section", "here", *files, folder=self.folder)
            return (self.folder / "answer").read_bytes()


def openssl(*arguments: str, folder: Path, may_fail: bool = False) -> bool:
    """Runs openssl in a folder; whether it ended well."""
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert may_fail or not done.returncode, done.stderr.decode()
    return not done.returncode


def new_authority(folder: Path, kind: str = "rsa", name: str = "Time stamps") -> Authority:
    """An authority under a certificate authority of its own, with one between."""
    root = new_issuer(f"{name}: root", kind)
    between = new_issuer(f"{name}: between", kind, above=root, length=0)
    return Authority(folder, new_signer(between, name, kind), [between, root])


@contextmanager
def serving(reply: Callable[[bytes], bytes], *, port: int = 0, location: str = "") -> Iterator[str]:
    """A server on this machine that answers what is posted, or leads to another `location`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(307 if location else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/stamp"
    finally:
        server.shutdown()
        server.server_close()


def der(tag: int, *parts: bytes) -> bytes:
    """A value of DER."""
    content = b"".join(parts)
    size = len(content)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(digits)]) + digits) + content


SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
# Algorithms of signatures, with what they take: RSA and ECDSA with SHA-256, and RSASSA-PSS.
RSA, ECDSA = "06092a864886f70d01010b0500", "06082a8648ce3d040302"
PSS = (
    "06092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)


def resigned(
    token: bytes, signer: Issuer, chain: Sequence[Issuer], *, pss: bool = False, by_key: bool = False
) -> bytes:
    """The token as another signer would have made it, whatever its certificate says: SHA-256, its own attributes.

    `by_key`: the certificate is named by the identifier of its key.
    """
    (outer,) = read_der(token, "token")
    kind, wrapped = read_der(outer.content, "token")
    (signed,) = read_der(wrapped.content, "token")
    version, digests, content, _certificates, infos = read_der(signed.content, "token")
    (info,) = read_der(infos.content, "token")
    one, _who, digest, attributes, *_rest = read_der(info.content, "token")
    own = signer.certificate.public_bytes(Encoding.DER)
    tbs = read_der(read_der(own, "certificate")[0].content, "certificate")[0]
    serial, _algorithm, issuer = read_der(tbs.content, "certificate")[1:4]
    kept = [part.whole for part in read_der(attributes.content, "token") if SIGNING_CERTIFICATE_V2 not in part.whole]
    by_hash = der(0x30, der(0x30, der(0x30, der(0x04, sha256(own).digest()))))
    kept.append(der(0x30, der(0x06, SIGNING_CERTIFICATE_V2), der(0x31, by_hash)))
    signature = _sign(signer.key, der(0x31, *sorted(kept)), pss=pss)
    extensions = signer.certificate.extensions
    identifier = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    who = (b"\2\1\3", der(0x80, identifier)) if by_key else (one.whole, der(0x30, issuer.whole, serial.whole))
    algorithm = bytes.fromhex(PSS if pss else RSA if isinstance(signer.key, rsa.RSAPrivateKey) else ECDSA)
    own_attributes = der(0xA0, *sorted(kept))
    info_now = der(0x30, *who, digest.whole, own_attributes, der(0x30, algorithm), der(0x04, signature))
    certificates = sorted({each.certificate.public_bytes(Encoding.DER) for each in (signer, *chain)})
    whole = (version.whole, digests.whole, content.whole, der(0xA0, *certificates), der(0x31, info_now))
    return der(0x30, kind.whole, der(0xA0, der(0x30, *whole)))


def _sign(key: PrivateKey, data: bytes, *, pss: bool) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    way = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
    return key.sign(data, way, hashes.SHA256())
