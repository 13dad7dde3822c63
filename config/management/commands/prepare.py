"""`prepare`: the work before the first request: migrations, keys, rights, static files, demonstration data."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Desk
from config import grants
from ledger.keys import make_keys


class Command(BaseCommand):
    help = "Brings database and static files up to date, and does nothing where they are. bin/dev runs it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demonstration",
            action="store_true",
            help="load the demonstration data where there is no desk yet",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connections["owner"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=1)
        make_keys()
        connections["owner"].close()
        grants.grant_roles()
        _collect_static_files()
        if options["demonstration"] and not Desk.objects.exists():
            call_command("seed_demo")


def _collect_static_files() -> None:
    """Collect and hash the static files when one of them is new, missing or changed."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    mark = root.with_name(f"{root.name}.digest")
    digest = _digest_of_static_files()
    if mark.exists() and mark.read_text() == digest and (root / "staticfiles.json").exists():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=1)
    mark.write_text(digest)


def _digest_of_static_files() -> str:
    """Return a digest of names, sizes and times; reading the files would take as long as collecting them."""
    found = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            found.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
