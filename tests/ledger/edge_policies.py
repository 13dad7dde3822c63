"""Policies of witnesses at the edge of what C2SP tlog-policy allows: met, not met, or refused."""

import base64

from ledger.notes import CosigningKey, SigningKey
from tests.ledger.exports import LOG_KEY, ORIGIN
from tests.ledger.vectors import WITNESS_KEYS

SIX = "".join(f"witness {name} {key.verifier_key}\n" for name, key in WITNESS_KEYS.items())
A = str(WITNESS_KEYS["a"].verifier_key)
LOG = str(LOG_KEY.verifier_key)
TWIN = CosigningKey("twin.example.org", WITNESS_KEYS["a"].seed).verifier_key
LOG_TWIN = SigningKey("twin.example.org", LOG_KEY.seed).verifier_key
LOG_WITNESS = CosigningKey(ORIGIN, LOG_KEY.seed).verifier_key
OTHER = SigningKey(ORIGIN, bytes(32)).verifier_key
ML_DSA = f"a.example.org/witness+00000000+{base64.b64encode(bytes([6]) + bytes(1312)).decode()}"


def many(what: str, count: int) -> str:
    """So many lines of a sort, with a quorum."""
    if what == "group":
        return SIX + "".join(f"group g{n} any {f'g{n - 1}' if n else 'a'}\n" for n in range(count)) + "quorum a\n"
    lines = []
    for n in range(count):
        seed = n.to_bytes(32, "big")
        if what == "log":
            lines.append(f"log {SigningKey('x', seed).verifier_key}\n")
        else:
            lines.append(f"witness w{n} {CosigningKey('x', seed).verifier_key}\n")
    log = f"log {LOG}\n" if what == "log" else ""
    return log + "".join(lines) + "quorum none\n"


# What each says of a note that a and b cosigned: True, False, or None where it is none, or the note does not count.
POLICIES: dict[str, tuple[str, bool | None]] = {
    "plain": (SIX + "quorum a\n", True),
    "not met": (SIX + "quorum c\n", False),
    "empty": ("", None),
    "one line end": ("\n", None),
    "of nobody": ("quorum none\n", True),
    "of nobody, without a line end": ("quorum none", None),
    "an empty line and spaces": (SIX + "\n \t \n\tquorum \t a \n", True),
    "a comment": (SIX + "#\n  # quorum b\nquorum a\n", True),
    "a comment behind": (SIX + "quorum a # b\n", None),
    "a comment joined to a name": (SIX + "group #g any a\nquorum #g\n", True),
    "a wide space": (SIX + "quorum\u3000a\n", None),
    "a space that does not break": (SIX.replace("witness a", "witness\u00a0a") + "quorum b\n", None),
    "a name in another script": (f"witness é {A}\nquorum é\n", True),
    "a name in another script, written otherwise": (f"witness é {A}\nquorum e\u0301\n", None),
    "a name that holds a wide space": (f"witness a\u3000b {A}\nquorum a\u3000b\n", True),
    "a line end of C1": (f"witness a {A}\u0085\nquorum a\n", None),
    "a line end of C1 in a comment": (SIX + "# \u0085 \u2028\nquorum a\n", True),
    "a sign that deletes": (SIX + "# \x7f\nquorum a\n", None),
    "a NUL": (SIX + "# \0\nquorum a\n", None),
    "a form feed": (SIX + "\f\nquorum a\n", None),
    "a carriage return": (SIX + "quorum a\r\n", None),
    "a byte order mark": ("\ufeff" + SIX + "quorum a\n", None),
    "a word in capitals": (SIX + "Quorum a\n", None),
    "a word that nobody knows": (SIX + "expires 2030\nquorum a\n", None),
    "a witness called none": (f"witness none {A}\nquorum none\n", None),
    "a group called none": (SIX + "group none any a\nquorum none\n", None),
    "a group that has none": (SIX + "group g any none\nquorum g\n", None),
    "a witness called all": (f"witness all {A}\ngroup g all all\nquorum g\n", True),
    "a group called as its member": (SIX + "group a any a\nquorum a\n", None),
    "a group in itself": (SIX + "group g any g a\nquorum g\n", None),
    "a witness after its group": (f"group g any a\nwitness a {A}\nquorum g\n", None),
    "a quorum before": (f"quorum a\nwitness a {A}\n", None),
    "a group after the quorum": (SIX + "quorum a\ngroup g any a\n", True),
    "a group of nobody": (SIX + "group g any\nquorum a\n", None),
    "a number with a zero before": (SIX + "group g 01 a b\nquorum g\n", None),
    "a number with a plus": (SIX + "group g +1 a b\nquorum g\n", None),
    "a number in another script": (SIX + "group g １ a b\nquorum g\n", None),
    "a number beyond all": (SIX + f"group g {10**30} a b\nquorum g\n", None),
    "none of a group": (SIX + "group g 0 a b\nquorum g\n", None),
    "two quorums, of nobody": ("quorum none\nquorum none\n", None),
    "a quorum of two": (SIX + "quorum a b\n", None),
    "two addresses": (f"witness a {A} https://a/ https://b/\nquorum a\n", None),
    "an address of any form": (f"witness a {A} nowhere\nquorum a\n", True),
    "a key under another name": (f"witness a {A}\nwitness b {TWIN}\nquorum a\n", None),
    "a key with another id": (f"witness a {A.replace('+7', '+8', 1)}\nquorum a\n", None),
    "a key with its id in capitals": (f"witness a {A.replace('+736e5e2f', '+736E5E2F')}\nquorum a\n", None),
    "an ML-DSA key": (f"witness a {A}\nwitness b {ML_DSA}\nquorum a\n", None),
    "the log a witness": (f"witness l {LOG_WITNESS}\n{SIX}quorum a\n", True),
    "its log and a witness of its key": (f"log {LOG}\nwitness l {LOG_WITNESS}\n{SIX}quorum a\n", True),
    "its log": (f"log {LOG}\n{SIX}quorum a\n", True),
    "its log, under another name too": (f"log {LOG}\nlog {LOG_TWIN}\n{SIX}quorum a\n", None),
    "its log, under another name": (f"log {LOG_TWIN}\n{SIX}quorum a\n", None),
    "another key of its log": (f"log {OTHER}\n{SIX}quorum a\n", None),
    "another key of its log too": (f"log {OTHER}\nlog {LOG}\n{SIX}quorum a\n", True),
    "64 witnesses": (many("witness", 64), True),
    "65 witnesses": (many("witness", 65), None),
    "64 logs": (many("log", 63), True),
    "65 logs": (many("log", 64), None),
    "64 groups": (many("group", 64), True),
    "65 groups": (many("group", 65), None),
    "100,000 bytes": (f"# {'x' * 99_985}\nquorum none\n", True),
    "100,001 bytes": (f"# {'x' * 99_986}\nquorum none\n", None),
}
