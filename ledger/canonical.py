"""Canonical JSON (RFC 8785) of objects, arrays, strings, integers, true, false and null.

Taken from the verifier, so that it reads exactly the bytes that we sign.
"""

from ledger.verifier import JsonObject, canonical, read_canonical

__all__ = ["JsonObject", "canonical", "read_canonical"]
