"""Codes of second factors: from an authenticator app (TOTP), and recovery codes for a lost device."""

import base64
import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterable
from datetime import datetime

PERIOD = 30  # seconds; RFC 6238, section 5.2
DIGITS = 6
# Clocks may differ by one period, and codes are typed late.
DRIFT = (0, -1, 1)
RECOVERY_CODES = 10
GROUPS, GROUP = 6, 4  # 24 letters and digits of 32: 120 bits, so that a digest keeps them safely
_CONFUSED = str.maketrans({"0": "O", "1": "I", "8": "B"})


def new_secret() -> str:
    """A new TOTP secret in base32: 160 bits, as RFC 4226, section 4, recommends."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp(secret: str, counter: int) -> str:
    """The code of one period (RFC 6238 with HMAC-SHA-1 and six digits, which every app supports)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number: int = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def period_of(secret: str, *, code: str, now: datetime, after: int = 0) -> int | None:
    """The period of a code; None for a wrong code, or one of a period up to `after`, since each works once."""
    given = "".join(code.split()).encode(errors="replace")
    present = int(now.timestamp()) // PERIOD
    for counter in (present + drift for drift in DRIFT):
        if counter > after and hmac.compare_digest(totp(secret, counter).encode(), given):
            return counter
    return None


def new_recovery_codes() -> list[str]:
    """New recovery codes, in groups that are easy to type: ABCD-EFGH-…"""
    return [_grouped(base64.b32encode(secrets.token_bytes(15)).decode()) for _ in range(RECOVERY_CODES)]


def _grouped(text: str) -> str:
    return "-".join(text[start : start + GROUP] for start in range(0, GROUPS * GROUP, GROUP))


def digest_of_code(code: str) -> str:
    """The SHA-256 of a recovery code, however it was typed; only this is kept."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum()).translate(_CONFUSED)
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()


def digests_of(codes: Iterable[str]) -> list[str]:
    return [digest_of_code(code) for code in codes]
