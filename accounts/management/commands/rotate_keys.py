"""Replaces keys of the ledger."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.keys import rotate_key
from ledger.keys import RECEIPT_KEY
from ledger.signer import SignerRefused
from ledger.trusted import shown_policy
from ledger.verifier import Unusable


class Command(BaseCommand):
    help = (
        "Makes a new key for the log (on the machine that has LEDGER_SIGNER), for receipts, or for both, records it in "
        "the ledger, and prints the policy with all keys, the newest first. The sequencer and the web take it up by "
        "themselves. The log's old key signs beside the new one for 30 days and is then destroyed. If this dies, run "
        "it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--log", action="store_true", help="the key that signs checkpoints")
        parser.add_argument("--receipts", action="store_true", help="the key that signs receipts")

        parser.add_argument(
            "--at-once", action="store_true", help="the log's old key signs nothing more: it was stolen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = [receipts for name, receipts in (("log", False), ("receipts", True)) if options[name]]
        if not chosen:
            raise CommandError("Say which: --log, --receipts, or both")
        try:
            for receipts in chosen:
                rotate_key(receipts=receipts, at_once=options["at_once"], by=None)
        except (SignerRefused, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["receipts"] and settings.LEDGER_RECEIPT_KEY:
            self.stderr.write(
                f"Set LEDGER_RECEIPT_KEY to the text in {settings.DATA_DIR / RECEIPT_KEY} on every web machine, and "
                "restart them: until then they sign with the old one"
            )
        try:
            self.stdout.write(shown_policy().decode(), ending="")
        except Unusable as error:
            raise CommandError(f"The keys are changed. {error}") from error
