"""Writes the log into a folder."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.exporting import write_export
from ledger.keys import policy_text
from ledger.models import Checkpoint
from ledger.reading import checkpoint_of, newest_checkpoint, newest_witnessed

SECONDS_FOR_WITNESSES = 15


def _witnessed(newest: Checkpoint) -> Checkpoint:
    """The first witnessed checkpoint that holds all of the newest, if one comes soon; else the newest as it is."""
    policy, end = settings.WITNESS_POLICY, time.monotonic() + SECONDS_FOR_WITNESSES
    while policy is not None and policy.quorum is not None and time.monotonic() < end:
        witnessed = newest_witnessed()
        if witnessed is not None and witnessed.size >= newest.size:
            return witnessed
        time.sleep(0.5)
    return checkpoint_of(newest.size) or newest


class Command(BaseCommand):
    help = (
        "Writes the published log into a folder that any file server can serve and ledger/verifier.py can audit. "
        "Again into the same folder, it adds what is new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--hashes-only", action="store_true", help="without the entries: what anybody may have")

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = newest_checkpoint()
        if checkpoint is None:
            raise CommandError("Nothing is published yet: run the sequencer, bin/dev does")
        checkpoint = _witnessed(checkpoint)
        folder: Path = options["folder"]
        written = write_export(folder, checkpoint, policy_text(), entries=not options["hashes_only"])
        self.stdout.write(f"{checkpoint.size} entries, {written} files written into {folder}")
