"""Copies evidence to another storage: to move from a folder to a bucket, or back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sources.copying import Damaged, copy_evidence
from sources.evidence_storage import place, place_at


class Command(BaseCommand):
    help = "Copies every evidence file that TO (a folder, or s3://bucket/prefix) lacks, checking digests."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", metavar="TO")

    def handle(self, *args: Any, **options: Any) -> None:
        to = options["to"]
        try:
            copied = copy_evidence(place(), target=place_at(to if to.startswith("s3://") else Path(to)))
        except (Damaged, OSError) as error:
            raise CommandError(f"Not everything was copied: {error}. Fix that and run it again.") from error
        self.stdout.write(f"{copied} evidence files copied.")
