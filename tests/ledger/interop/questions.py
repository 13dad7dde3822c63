"""What the Go program is asked of tokens, bundles and folders, and how its answers are held against ours."""

from typing import Any

from tests.ledger.changed_folders import ChangedFolder
from tests.ledger.changed_folders import counted as counted_in_folder
from tests.ledger.interop.conftest import encoded


def stamp_question(token: str, note: str, certificates: list[str]) -> dict[str, Any]:
    """What a token (base64) says of a note (base64), by certificates in PEM."""
    return {"What": "stamp", "Data": token, "Given": note, "Certificates": certificates}


def assert_same_bundle(name: object, ours: dict[str, int] | list[str], answer: dict[str, Any]) -> None:
    """That both programs find something in a bundle, theirs where ours does too, or count the same."""
    if isinstance(ours, dict):
        assert (answer["findings"], {"rows unproven": 0, **answer["counts"]}) == ([], ours), name
    else:
        assert answer["findings"], (name, ours)
        assert set(answer["findings"]) <= set(ours), name


def folder_question(what: str, folder: ChangedFolder, **more: Any) -> dict[str, Any]:
    """An audit or a replay of a folder."""
    files = {path: encoded(data) for path, data in folder.files.items()}
    return {"What": what, "Files": files, "Receipts": [encoded(one) for one in folder.receipts.values()], **more}


def folder_answer(answer: dict[str, Any]) -> dict[str, int] | None:
    """What Go counts in a folder in which it finds nothing; None otherwise."""
    return None if answer["findings"] else counted_in_folder(answer["counts"])
