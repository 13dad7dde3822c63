"""Saves a release's database for the upgrade test: the demonstration data and people at work, as that release has it.

    python -m tests.upgrades.make_dump NAME                   this checkout, as tests/upgrades/NAME
    python -m tests.upgrades.make_dump NAME --of CHECKOUT     another release's checkout, with its own code

Run it when a release is made, and commit the folder. A dump that is there already is never made anew.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from config.data_folder import DataFolder
from config.embedded import start_servers

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent.parent
# How many entries wait for their places, and whether a checkpoint was published.
WAITING = "SELECT (SELECT count(*) FROM ledger_outbox), EXISTS (SELECT FROM ledger_checkpoint)"
AT_WORK = FOLDER / "at_work.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of the release, such as 0.2.0")
    parser.add_argument("--of", type=Path, default=PROJECT, metavar="CHECKOUT")
    options = parser.parse_args()
    target = FOLDER / options.name
    if target.exists():
        sys.stderr.write(f"{target} is there already; a release's dump is made once\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="second-source-dump-") as folder:
        servers = start_servers(DataFolder(Path(folder)), {}, durable=False)
        try:
            environment = os.environ | servers.environment
            environment["CAPTURE_ALLOW"] = "127.0.0.1/32"
            for command in (["migrate"], ["grant_roles"], ["make_keys"], ["seed_demo"]):
                manage(options.of, environment, *command)
            sequence(options.of, environment)  # what comes after it waits for its place, as on a busy day
            people = Path(folder) / "people.json"
            run_there(options.of, environment, AT_WORK, people)
            manage(PROJECT, environment, "backup", str(target))
            keep_people(people, environment["SECRET_KEY"], target)
            shutil.copytree(Path(folder) / "signer", target / "signer", ignore=shutil.ignore_patterns("lock"))
        finally:
            servers.stop()
    (dump,) = target.glob("*.dump")
    dump.rename(target / "database.dump")
    sys.stdout.write(f"{target} is made: {(target / 'database.dump').stat().st_size} bytes\n")
    return 0


def sequence(checkout: Path, environment: dict[str, str]) -> None:
    """Give every entry of the ledger that waits its place, and publish a checkpoint."""
    sequencer = subprocess.Popen([sys.executable, "manage.py", "sequencer"], cwd=checkout, env=environment)
    try:
        with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
            while connection.execute(WAITING).fetchone() != (0, True):
                time.sleep(0.2)
    finally:
        sequencer.terminate()
        sequencer.wait(20)


def run_there(checkout: Path, environment: dict[str, str], program: Path, result: Path) -> None:
    """Run a program of this checkout with the code of the other one; it writes into `result`."""
    given = [str(program), str(result)]
    text = f"import runpy, sys; sys.argv = {given!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    manage(checkout, environment, "shell", "-c", text)


def keep_people(people: Path, secret_key: str, target: Path) -> None:
    """What people have in their browsers and programs, the key that signs sessions, and when it was so."""
    found = {"made": datetime.now(UTC).isoformat(), "secret_key": secret_key, **json.loads(people.read_text())}
    (target / "people.json").write_text(json.dumps(found, indent=1) + "\n")


def manage(checkout: Path, environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
