"""Evidence bundles in tests: asked for, made, taken apart, put together anew, and judged by the verifier."""

import io
import time
import zipfile
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from accounts.models import User
from claims.actions.bundles import ask_for_bundle, lease_bundles, make_leased, take_bundle
from claims.bundles.stored import as_parts, part_content
from claims.models import Bundle, Claim
from ledger.bundles import BundleFile, zip_pieces
from ledger.keys import policy_text
from ledger.verifier import Policy, Report, ZippedBundle, check_bundle, read_policy
from sources.actions import attach_file
from sources.models import Attachment
from tests import factories

if TYPE_CHECKING:
    from sources.models import Source
    from tests.factories import Cast


def make(row: Bundle) -> Bundle:
    """One turn of a worker at this bundle; the row as it is then."""
    for lease in lease_bundles(only=row.pk):
        make_leased(lease, until=time.monotonic() + 60)
    return factories.fresh(row)


def made(user: User, claim: Claim) -> Bundle:
    """A bundle that is ready. Everything was published before."""
    row = make(ask_for_bundle(claim=claim, by=user))
    assert (row.state, row.error) == ("done", "")
    return row


def zip_of(row: Bundle) -> bytes:
    """The bytes that are sent of a bundle."""
    parts = as_parts(take_bundle(bundle=row, by=row.by))
    return b"".join(zip_pieces(parts, lambda part: part_content(row, part)))


def bundle_of(user: User, claim: Claim) -> bytes:
    return zip_of(made(user, claim))


def files_in(data: bytes) -> dict[str, bytes]:
    """The files by path, as any zip program reads them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip as the desk writes it, of any files."""
    parts = [BundleFile(path, len(content), zlib.crc32(content)) for path, content in files.items()]
    return b"".join(zip_pieces(parts, lambda part: iter([files[part.path]])))


def checked(data: bytes, policy: Policy | None = None) -> Report:
    """What the verifier finds in a bundle, by the public keys of the test's desk."""
    report = Report()
    return check_bundle(ZippedBundle(io.BytesIO(data), report), policy or read_policy(policy_text()), report)


def with_file(
    cast: "Cast", source: "Source", content: bytes = b"Seen at the gate.", name: str = "gate.txt", **more: Any
) -> Attachment:
    """A file kept with a source, by the reviewer unless `by` says otherwise."""
    return attach_file(**{"source": source, "chunks": [content], "name": name, "by": cast.reviewer, **more})
