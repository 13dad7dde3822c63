"""`backup`: saves the database and the evidence into a folder."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.backup import BackupFailed, save
from sources.copying import Damaged


class Command(BaseCommand):
    help = "Saves the database into a new file in FOLDER, and evidence that is new into FOLDER/evidence."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            dump, copied = save(options["folder"], timezone.now())
        except (BackupFailed, Damaged, OSError) as error:
            raise CommandError(f"Nothing was saved: {error}") from error
        self.stdout.write(f"{dump} ({dump.stat().st_size} bytes) and {copied} new files of evidence are saved.")
