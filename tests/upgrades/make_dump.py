"""Saves a release's database for the upgrade test: the demonstration data and a file, as that release writes them.

    python -m tests.upgrades.make_dump NAME                   this checkout, as tests/upgrades/NAME
    python -m tests.upgrades.make_dump NAME --of CHECKOUT     another release's checkout, with its own code

Run it when a release is made, and commit the folder. A dump that is there already is never made anew.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from config.data_folder import DataFolder
from config.embedded import start_servers

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent.parent
ATTACH = """
from accounts.models import User
from sources.actions import attach_file
from sources.models import Source
editor = User.objects.get(username="editor")
source = Source.objects.filter(desk__is_demonstration=True, visibility="desk").order_by("created_at", "pk").first()
attach_file(source=source, chunks=[b"What the source said, kept with the release.\\n"], name="statement.txt", by=editor)
"""


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
            for command in (["migrate"], ["grant_roles"], ["seed_demo"], ["shell", "-c", ATTACH]):
                manage(options.of, environment, *command)
            manage(PROJECT, environment, "backup", str(target))
        finally:
            servers.stop()
    (dump,) = target.glob("*.dump")
    dump.rename(target / "database.dump")
    sys.stdout.write(f"{target} is made: {(target / 'database.dump').stat().st_size} bytes\n")
    return 0


def manage(checkout: Path, environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
