"""Secrets that must be read again, so that a digest is not enough: encrypted with a key from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _key(secret: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"second-source second factors").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _keys() -> MultiFernet:
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal_secret(text: str) -> str:
    """The encrypted text to keep."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text sealed with the present key or one of `SECRET_KEY_FALLBACKS`. Raises InvalidToken."""
    return _keys().decrypt(sealed.encode()).decode()


def seal_anew(sealed: str) -> str:
    """The same text sealed with the present key. Raises InvalidToken."""
    return _keys().rotate(sealed.encode()).decode()
