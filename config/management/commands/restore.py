"""`restore`: restores a saved database and its evidence."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import BackupFailed, put_back
from sources.copying import Damaged


class Command(BaseCommand):
    help = (
        "Puts what `backup` saved into an empty database and the storage. Run migrate, grant_roles and verify after it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dump", type=Path, help="the .dump file; evidence is taken from the folder beside it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            copied = put_back(options["dump"])
        except (BackupFailed, Damaged, OSError) as error:
            raise CommandError(f"The database was not put back: {error}") from error
        self.stdout.write(
            f"The database and {copied} files of evidence are back. Now run migrate, grant_roles and verify."
        )
