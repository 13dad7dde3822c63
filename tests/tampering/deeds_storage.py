"""What somebody does to kept files where they lie, by the numbers of the table."""

from hashlib import sha256
from pathlib import Path

from tests.tampering.deeds_log import Deed
from tests.tampering.doing import do, run
from tests.tampering.noticing import Outside


def swap_bytes_in_the_storage(outside: Outside) -> None:
    """Of a file that was kept, as long as it was."""
    path = _stored(outside)
    path.chmod(0o600)
    path.write_bytes(b"X" * path.stat().st_size)


def swap_a_file_whole(outside: Outside) -> None:
    """Bytes, digest and size together."""
    content = b"Something else was seen."
    digest = sha256(content).hexdigest()
    old = _stored(outside)
    new = old.parent.parent / digest[:2] / digest
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(content)
    do((f":file sha256 = '{digest}', size = {len(content)} WHERE id = :file_id",), outside.desk)


def delete_a_file(outside: Outside) -> None:
    """Its bytes alone."""
    _stored(outside).unlink()


def _stored(outside: Outside) -> Path:
    [(digest,)] = run("SELECT sha256 FROM sources_attachment WHERE name = 'witness.txt'")
    [found] = (outside.folder / "evidence").rglob(digest)
    return found


STORAGE: dict[str, Deed] = {
    "R71": swap_bytes_in_the_storage,
    "R74": swap_a_file_whole,
    "R118": delete_a_file,
}
