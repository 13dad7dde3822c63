"""Every release's data goes on under the present code: restored from a backup, migrated, checked and used."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg import sql

from config.embedded import create_database
from tests.conftest import ROOT, replace_path, superuser

RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/database.dump"))
# What the people of a release find who were in the middle of their work.
GO_ON = {
    "signed in": {"reporter": [200], "reviewer": [200], "editor": [200, 200], "admin": [200], "leaver": [302]},
    "tokens": {name: [200, 201, ["read", "write"]] for name in ("reporter", "editor")} | {"leaver": [401, 401]},
    "drafts": [True, True, True],
    "assessment": [200, "rejected"],
    "leaver back": [[302], [401, 401]],
    "ledger": "entries are as the signed checkpoint says",
}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation with an empty database and nothing in its storage."""
    name = f"upgrade_{urlsplit(os.environ['DATABASE_URL']).path.lstrip('/')}"
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"]).username or ""
    with superuser("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        create_database(connection, name, owner=owner)
        yield os.environ | {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": replace_path(os.environ["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": replace_path(os.environ["DATABASE_OWNER_URL"], name),
            "DATABASE_SEQUENCER_URL": replace_path(os.environ["DATABASE_SEQUENCER_URL"], name),
            "EVIDENCE_STORAGE": str(tmp_path / "evidence"),
            "STATIC_ROOT": str(tmp_path / "static"),
        }
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_there_are_releases_to_upgrade_from() -> None:
    assert [path.name for path in RELEASES][:1] == ["0.1.0-56f0847"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_release_goes_on_under_the_present_code(release: Path, empty: dict[str, str]) -> None:
    if (release / "people.json").exists():
        empty["SECRET_KEY"] = json.loads((release / "people.json").read_text())["secret_key"]
        shutil.copytree(release / "signer", Path(empty["DATA_DIR"]) / "signer")
    command = [sys.executable, "-m", "tests.upgrades.going_on", str(release / "database.dump")]
    done = subprocess.run(command, cwd=ROOT, env=empty, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert list(found["pages"]) == ["200"], found["pages"]
    assert found["verify"].endswith(": no mismatches"), found["verify"]
    assert {name: found[name] for name in ("history kept", "fewer rows", "file", "move")} == {
        "history kept": True,
        "fewer rows": [],
        "file": "What the source said, kept with the release.\n",
        "move": ["reported", "denied", "editor", "denied"],
    }
    assert found["people"] == (GO_ON if (release / "people.json").exists() else {})
