"""Checks that second factors are usable: their secrets open, and recovery codes accompany a factor."""

from collections.abc import Iterable, Iterator

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

from accounts.sealing import unseal
from house.integrity import Check, IntegrityScope, Place, by_query, one_by_one

_CODES_ALONE = """
SELECT 'person ' || c.user_id, 'recovery codes beside a second factor', 'alone'
FROM mfa_authenticator c
WHERE c.type = 'recovery_codes' AND NOT EXISTS (
    SELECT FROM mfa_authenticator f WHERE f.user_id = c.user_id AND f.type IN ('totp', 'webauthn')
)
"""


def _closed_secrets(scope: IntegrityScope) -> Iterable[Place]:
    rows = Authenticator.objects.filter(type=Authenticator.Type.TOTP).order_by("pk").iterator()
    return one_by_one(rows, lambda row: f"person {row.user_id}", _closed_secret)


def _closed_secret(row: Authenticator) -> Iterator[Place]:
    try:
        unseal(row.data["secret"])
    except InvalidToken:
        yield f"person {row.user_id}", "a secret that SECRET_KEY or one of its fallbacks opens", "one that none opens"


CHECKS = (
    Check("secrets of apps open", _closed_secrets),
    by_query("recovery codes beside a factor", query=_CODES_ALONE),
)
