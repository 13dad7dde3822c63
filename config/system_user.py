"""The system user that runs PostgreSQL when `bin/dev` is started as root, which PostgreSQL refuses.

That user must pass through the folders above the data and the programs. An access control list (acl(5)) gives it `x`
there and no other right; the folders stay closed to all others.
"""

import errno
import os
import pwd
import stat
import struct
import subprocess
from pathlib import Path

from config.data_folder import StartRefused
from config.processes import ChildAccount

NAME = "second-source"
_ACL = "system.posix_acl_access"
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
Entry = tuple[int, int, int]  # tag, permissions, id


def account_for(data: Path) -> ChildAccount | None:
    """Return the account for the embedded servers: None for an ordinary user; as root the owner of `data` or our own.

    Raises StartRefused when the system user is missing and cannot be created.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return ChildAccount(owner.st_uid, owner.st_gid)
    entry = _find() or _make()
    return ChildAccount(entry.pw_uid, entry.pw_gid)


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _make() -> pwd.struct_passwd:
    command = [
        "useradd",
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/bin/false",
        NAME,
    ]
    try:
        reason = subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()  # noqa: S603
    except OSError as error:
        reason = f"useradd: {error.strerror}"
    # Looked up instead of trusting the status: another start may have created it at the same moment.
    entry = _find()
    if entry is None:
        raise StartRefused(
            f"PostgreSQL does not run as root, and the system user {NAME} could not be made ({reason}); "
            "start as an ordinary user, or make that system user"
        )
    return entry


def let_through(account: ChildAccount, path: Path) -> None:
    """Let `account` pass through every folder above `path`, and through `path` itself if it is a folder.

    Raises StartRefused with the folder's name when the file system has no access control lists.
    """
    path = path.resolve()
    for folder in [*reversed(path.parents), *([path] if path.is_dir() else [])]:
        status = folder.stat()
        if status.st_mode & stat.S_IXOTH or status.st_uid == account.uid:
            continue
        try:
            _give_x(folder, account.uid)
        except OSError as error:
            raise StartRefused(
                f"{folder}: the system user that runs PostgreSQL cannot pass through this folder "
                f"({error.strerror}); allow it with chmod o+x, set DATA_DIR to another folder, or start "
                "as an ordinary user"
            ) from error


def _give_x(folder: Path, uid: int) -> None:
    entries = _read(folder)
    own = next((e for e in entries if e[0] == _USER and e[2] == uid), (_USER, 0, uid))
    mask = next((e for e in entries if e[0] == _MASK), None) or (
        _MASK,
        next(e[1] for e in entries if e[0] == _GROUP_OBJ),
        _NO_ID,
    )
    if own[1] & 1 and mask[1] & 1:
        return
    kept = [e for e in entries if e[0] != _MASK and (e[0], e[2]) != (_USER, uid)]
    # The kernel requires entries sorted by tag and id.
    wanted = sorted([*kept, (_USER, own[1] | 1, uid), (_MASK, mask[1] | 1, _NO_ID)], key=lambda e: (e[0], e[2]))
    os.setxattr(folder, _ACL, struct.pack("<I", _VERSION) + b"".join(struct.pack("<HHI", *e) for e in wanted))


def _read(folder: Path) -> list[Entry]:
    """Return the folder's list, derived from its mode if it has none."""
    try:
        raw = os.getxattr(folder, _ACL)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        return [
            (_USER_OBJ, mode >> 6 & 7, _NO_ID),
            (_GROUP_OBJ, mode >> 3 & 7, _NO_ID),
            (_OTHER, mode & 7, _NO_ID),
        ]
    return list(struct.iter_unpack("<HHI", raw[4:]))
