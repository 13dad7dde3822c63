"""Time stamps with a change anywhere, many of which were signed after it: what is refused is refused for what it says.

A change in what a time stamp's authority signed is always found by its signature, so that nothing else is tried. Here
certificates, attributes and the time that they are about are changed first, and signed then by keys that are known.
"""

import base64
import json
import random
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256, sha384, sha512
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.verifier import Broken, check_stamp, read_certificates, read_der
from tests.ledger.authorities import FROM, PSS, SIGNING_CERTIFICATE_V2, UNTIL, PrivateKey, der, new_key
from tests.ledger.stamp_vectors import FILE
from tests.ledger.vectors import checkpoint

NOTE = checkpoint()
SHA256, SHA384, SHA512 = (bytes.fromhex(f"060960864801650304020{n}") for n in (1, 2, 3))
DIGESTS = {"sha256": (SHA256, sha256, hashes.SHA256()), "sha384": (SHA384, sha384, hashes.SHA384())}
DIGESTS["sha512"] = (SHA512, sha512, hashes.SHA512())
RSA = {"sha256": "0b", "sha384": "0c", "sha512": "0d"}
ECDSA = {"sha256": "02", "sha384": "03", "sha512": "04"}
WORDS = [b"", b"\0", b"\xff", b"\1", b"\2", b"\x80", b"20261122235901Z", b"20261122235901.1234567Z", b"260229000000Z"]
WORDS += [b"991231235959Z", b"99991231235959Z", b"\3\2\5\xa0", b"#a, b ", "ü".encode(), b"\xd8\0", bytes(32), b"\7\x80"]
TAGS = [*range(1, 7), 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1E, 0x1F, 0x30, 0x31, 0x80, 0x81, 0xA0, 0xA1, 0xA3, 0xA4]


class DerNode:
    """One value of DER that can be changed: what it holds is bytes, or other values."""

    def __init__(self, tag: int, content: "bytes | list[DerNode]") -> None:
        self.tag, self.content = tag, content

    def encode(self) -> bytes:
        if isinstance(self.content, bytes):
            return der(self.tag, self.content)
        return der(self.tag, *(one.encode() for one in self.content))

    def all(self) -> "list[DerNode]":
        """Itself and all that it holds."""
        inner = [] if isinstance(self.content, bytes) else [node for one in self.content for node in one.all()]
        return [self, *inner]


def parse(data: bytes) -> list[DerNode]:
    """Values of DER, with those in octets where these hold nothing else."""
    found = []
    for tag, content, _whole in read_der(data, "token"):
        inner: bytes | list[DerNode] = content
        if tag & 0x20:
            inner = parse(content)
        elif tag == 0x04 and content[:1] in (b"\x30", b"\x03", b"\x04"):
            try:
                inner = parse(content)
            except Broken:
                inner = content
        found.append(DerNode(tag, inner))
    return found


def bend(data: bytes, chance: random.Random) -> bytes:
    """The value with one change somewhere inside, in good DER."""
    (root,) = parse(data)
    nodes = root.all()
    node, what = chance.choice(nodes), chance.randrange(6)
    if what == 0:
        node.tag = chance.choice(TAGS)
    elif isinstance(node.content, bytes):
        node.content = _bend_bytes(node.content, chance)
    elif what == 1 and node.content:
        del node.content[chance.randrange(len(node.content))]
    elif what == 2 and node.content:
        node.content.insert(chance.randrange(len(node.content) + 1), chance.choice(node.content))
    elif what == 3:
        chance.shuffle(node.content)
    else:
        node.content = [
            *node.content,
            chance.choice([one for one in nodes if node not in one.all()] or [DerNode(5, b"")]),
        ]
    return root.encode()


def _bend_bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return chance.choice(
        [
            chance.choice(WORDS),
            data[:at] + chance.choice(WORDS) + data[at:],
            data[:at] + data[at + 1 :],
            data[:at] + chance.randbytes(1) + data[at + 1 :],
            bytes(one ^ (place == at) << chance.randrange(8) for place, one in enumerate(data)),
        ]
    )


class House(NamedTuple):
    """The keys of one chain, the root's first, and what each certificate says, to be signed."""

    keys: list[PrivateKey]
    says: list[bytes]


def _name(words: str) -> x509.Name:
    parts = [
        (NameOID.COUNTRY_NAME, "NO"),
        (NameOID.ORGANIZATION_NAME, "Stamps, +1 <ü>"),
        (NameOID.EMAIL_ADDRESS, "a@b.example"),
    ]
    return x509.Name([x509.NameAttribute(*one) for one in [*parts, (NameOID.COMMON_NAME, words)]])


@cache
def house(kind: str) -> House:
    """A root, one between, and a signer."""
    keys = [new_key(kind) for _ in range(3)]
    names = [_name(f"{kind} {words}") for words in ("root", "between", "signer")]
    says = []
    for place, key in enumerate(keys):
        above = max(place - 1, 0)
        builder = x509.CertificateBuilder(names[above], names[place], key.public_key(), place + 1, FROM, UNTIL)
        if place < 2:
            builder = builder.add_extension(x509.BasicConstraints(True, 1 - place), critical=True)
        else:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        uses = (place == 2, False, False, False, False, place < 2, False, False, False)
        builder = builder.add_extension(x509.KeyUsage(*uses), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        says.append(builder.sign(keys[above], hashes.SHA256()).tbs_certificate_bytes)
    return House(keys, says)


def _algorithm(key: PrivateKey, digest: str) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return bytes.fromhex(f"300d06092a864886f70d0101{RSA[digest]}0500")
    return bytes.fromhex(f"300a06082a8648ce3d0403{ECDSA[digest]}")


def _sign(key: PrivateKey, data: bytes, digest: str, *, pss: bool = False) -> bytes:
    way = DIGESTS[digest][2]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(way))
    return key.sign(data, padding.PSS(padding.MGF1(way), 32) if pss else padding.PKCS1v15(), way)


def _parts(says: bytes) -> list[bytes]:
    """What stands in a value; nothing where that cannot be told any more."""
    try:
        return [one.whole for one in read_der(read_der(says, "certificate")[0].content, "certificate")]
    except Broken:
        return []


def _certificate(says: bytes, key: PrivateKey) -> bytes:
    """What a certificate says, signed; the algorithm is the one that it names."""
    parts = _parts(says)
    named = parts[2] if len(parts) > 2 else _algorithm(key, "sha256")
    return der(0x30, says, named, der(0x03, b"\0", _sign(key, says, "sha256")))


@cache
def roots() -> list[bytes]:
    """The certificates that are trusted: the two of the vectors, and the roots of the houses here."""
    policy = json.loads(FILE.read_text())["policy"]["timestamp_certificates"]
    own = [_certificate(one.says[0], one.keys[0]) for one in map(house, ("rsa", "ec"))]
    return [der_ for pem in policy for der_ in read_certificates(pem.encode())] + own


@cache
def made() -> list[bytes]:
    """Good tokens of NOTE that openssl made, and one by a stranger."""
    known = json.loads(FILE.read_text())["made"]
    return [base64.b64decode(token) for name, token in known.items() if "2 entries" not in name]


def _info() -> bytes:
    """What an authority says of NOTE."""
    accuracy = der(0x30, b"\2\1\1", der(0x80, b"\1\xf4"), der(0x81, b"\x64"))
    imprint = der(0x30, der(0x30, SHA256, b"\5\0"), der(0x04, sha256(NOTE).digest()))
    extensions = der(0xA1, der(0x30, der(0x06, b"\x2a\3"), der(0x01, b"\0"), der(0x04, b"x")))
    time = der(0x18, b"20261122235901.123Z")
    return der(0x30, b"\2\1\1", der(0x06, b"\x2a\3\4"), imprint, b"\2\1\7", time, accuracy, b"\2\1\5", extensions)


def _serial_and_issuer(says: bytes) -> tuple[bytes, bytes]:
    parts = _parts(says)
    return (parts[1], parts[3]) if len(parts) > 3 else (b"\2\1\1", b"\x30\0")


def signed_anew(chance: random.Random) -> bytes:
    """A token with one change, signed after that; good where the change is."""
    one = house(chance.choice(("rsa", "ec")))
    digest, place = chance.choice(sorted(DIGESTS)), chance.randrange(8)
    says = [bend(own, chance) if place == number else own for number, own in enumerate(one.says)]
    certificates = [_certificate(own, one.keys[max(number - 1, 0)]) for number, own in enumerate(says)]
    info = bend(_info(), chance) if place in (3, 4) else _info()
    serial, issuer = _serial_and_issuer(says[2])
    named, hashed, _way = DIGESTS[chance.choice(sorted(DIGESTS))]
    names = der(0x30, der(0x30, der(0xA4, issuer)), serial)
    by_hash = der(0x30, der(0x30, named), der(0x04, hashed(certificates[2]).digest()), *[names] * chance.randrange(2))
    pairs = [
        (bytes.fromhex("06092a864886f70d010903"), bytes.fromhex("060b2a864886f70d0109100104")),
        (bytes.fromhex("06092a864886f70d010904"), der(0x04, DIGESTS[digest][1](info).digest())),
        (der(0x06, SIGNING_CERTIFICATE_V2), der(0x30, der(0x30, by_hash))),
    ]
    attributes = der(0x31, *sorted(der(0x30, name, der(0x31, value)) for name, value in pairs))
    if place == 5:
        attributes = b"\x31" + bend(attributes, chance)[1:]
    return _token(one.keys[2], certificates, info, attributes, (issuer, serial), digest, chance, is_bent=place == 6)


def _token(
    key: PrivateKey,
    certificates: Sequence[bytes],
    info: bytes,
    attributes: bytes,
    who: tuple[bytes, bytes],
    digest: str,
    chance: random.Random,
    *,
    is_bent: bool,
) -> bytes:
    pss = isinstance(key, rsa.RSAPrivateKey) and digest == "sha256" and chance.randrange(2) == 0
    way = der(0x30, bytes.fromhex(PSS)) if pss else _algorithm(key, digest)
    own, signature = b"\xa0" + attributes[1:], der(0x04, _sign(key, attributes, digest, pss=pss))
    named = der(0x30, DIGESTS[digest][0], b"\5\0")
    signer = der(0x30, b"\2\1\1", der(0x30, *who), named, own, way, signature)
    content = der(0x30, bytes.fromhex("060b2a864886f70d0109100104"), der(0xA0, der(0x04, info)))
    told = der(0xA0, *certificates[1:], *certificates[: chance.randrange(2)])
    whole = der(0x30, b"\2\1\3", der(0x31, named), content, told, der(0x31, signer))
    token = der(0x30, bytes.fromhex("06092a864886f70d010702"), der(0xA0, whole))
    return bend(token, chance) if is_bent else token


def changed_token(chance: random.Random) -> bytes:
    """A time stamp of NOTE, good or bad."""
    what = chance.randrange(8)
    if what > 2:
        return signed_anew(chance)
    token = chance.choice(made())
    if what == 0:
        return token
    if what == 1:
        return bend(token, chance)
    at = chance.randrange(len(token))
    return token[:at] + chance.randbytes(chance.randrange(3)) + token[at + chance.randrange(3) :]


def stamp_result(token: bytes) -> list[str] | str:
    """What a token says: its time and the latest that this can be, in microseconds since 1970, and by whom.

    Else the part of it that does not hold.
    """
    try:
        stamp = check_stamp(token, data=NOTE, certificates=roots())
    except Broken as error:
        return error.part
    begin = FROM.replace(year=1970)
    return [*(str((moment - begin) // timedelta(microseconds=1)) for moment in (stamp.at, stamp.before)), stamp.by]


def pem_of_roots() -> list[str]:
    """The trusted certificates as a policy has them."""
    return [x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM).decode() for one in roots()]
