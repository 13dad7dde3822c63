"""One spelling of a value: RFC 8785, for objects, arrays, strings, integers, true, false and null.

Reading and writing are the verifier's own, so that what we sign is what it reads.
"""

from ledger.verifier import canonical, read_canonical

__all__ = ["canonical", "read_canonical"]
