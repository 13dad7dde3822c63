"""The command that writes an evidence bundle of a claim into a file."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.queries import person_named
from claims.actions.bundles import ask_for_bundle, lease_bundles, make_leased, take_bundle
from claims.bundles.stored import as_parts, get_bundle, part_content
from claims.models import Bundle, BundleState
from claims.queries import get_claim
from house.errors import DomainError
from ledger.bundles import zip_pieces

A_TURN = 10.0  # seconds between two progress messages


class Command(BaseCommand):
    help = (
        "Writes an evidence bundle of a claim: history, proofs, files, and what it takes to check them offline. "
        "It holds what the person may see, and that they took it is recorded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", help="of the claim, such as UKR-42")
        parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help="whose bundle it is")
        parser.add_argument("--to", type=Path, metavar="FILE", help="REFERENCE-bundle.zip in this folder otherwise")

    def handle(self, *args: Any, **options: Any) -> None:
        user = person_named(options["username"])
        if user is None:
            raise CommandError(f"There is no active account {options['username']}")
        path: Path = options["to"] or Path(f"{options['reference']}-bundle.zip")
        try:
            made = self._made(user, options["reference"])
            size = self._write(user, made, path)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path}: {size} bytes")

    def _made(self, user: User, reference: str) -> Bundle:
        """The finished bundle: made here, or by a worker that was faster."""
        asked = ask_for_bundle(claim=get_claim(user, reference), by=user)
        while True:
            for lease in lease_bundles(only=asked.pk):
                make_leased(lease, until=time.monotonic() + A_TURN)
            row = get_bundle(user, reference, asked.pk)
            if row.state == BundleState.DONE:
                return row
            if row.state == BundleState.FAILED:
                raise CommandError(row.error)
            if row.checkpoint is None:
                self.stdout.write("Waits for a checkpoint that has everything")
            else:
                self.stdout.write(f"{row.parts_done} of {row.parts_all} parts")
            time.sleep(1)

    def _write(self, user: User, bundle: Bundle, path: Path) -> int:
        """Write the zip to the file, in full or not at all. Returns its size in bytes."""
        parts = as_parts(take_bundle(bundle=bundle, by=user))
        beside = path.with_name(f"{path.name}.new")
        try:
            with beside.open("wb") as file:
                for piece in zip_pieces(parts, lambda part: part_content(bundle, part)):
                    file.write(piece)
            beside.replace(path)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from error
        finally:
            beside.unlink(missing_ok=True)
        return bundle.size
