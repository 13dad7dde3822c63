"""The command that writes the log into a folder: in full, or opened for one person."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.queries import person_named
from claims.actions.exports import take_opened
from house.errors import DomainError
from ledger.exporting import write_export
from ledger.models import Checkpoint
from ledger.reading import checkpoint_of, newest_checkpoint, newest_witnessed
from ledger.trusted import shown_policy
from ledger.verifier import Broken, Unusable

SECONDS_FOR_WITNESSES = 15


def _witnessed(newest: Checkpoint) -> Checkpoint:
    """The first witnessed checkpoint that covers the newest, if one comes soon; otherwise the newest itself."""
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
        "Again into the same folder, it adds what is new. With --with-disclosures: what one person may read of it, "
        "opened, into a new folder; that they took it is recorded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--hashes-only", action="store_true", help="without the entries: what anybody may have")
        parser.add_argument("--with-disclosures", action="store_true", help="opened, as far as a person may read it")
        parser.add_argument("--for", dest="username", metavar="USERNAME", help="who it is opened for")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if options["with_disclosures"] != bool(options["username"]) or (options["username"] and options["hashes_only"]):
            raise CommandError("--with-disclosures asks --for whom, and goes without --hashes-only")
        checkpoint = newest_checkpoint()
        if checkpoint is None:
            raise CommandError("Nothing is published yet: run the sequencer, bin/dev does")
        checkpoint = _witnessed(checkpoint)
        try:
            if options["username"]:
                written = self._opened(folder, options["username"], checkpoint)
            else:
                written = write_export(folder, checkpoint, shown_policy(), entries=not options["hashes_only"])
        except (DomainError, FileExistsError, UnicodeError, Broken, Unusable) as error:
            raise CommandError(f"{folder}: {error}") from error
        self.stdout.write(f"{checkpoint.size} entries, {written} files written into {folder}")

    def _opened(self, folder: Path, username: str, checkpoint: Checkpoint) -> int:
        user = person_named(username)
        if user is None:
            raise CommandError(f"There is no active account {username}")
        return take_opened(folder=folder, checkpoint=checkpoint, policy=shown_policy(), by=user)
