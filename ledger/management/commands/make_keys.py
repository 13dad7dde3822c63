"""Makes the ledger's missing keys on this machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.keys import make_keys
from ledger.trusted import shown_policy
from ledger.verifier import Unusable


class Command(BaseCommand):
    help = (
        "Makes the key that signs the log (in LEDGER_SIGNER) and the one that signs receipts (in DATA_DIR) if they are "
        "missing. Saves their public halves in the database, as its owner, and in policy.json beside the log's key, "
        "which pages and verify_ledger use unless LEDGER_POLICY names another file. Prints the policy. Repeatable."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        make_keys()
        try:
            self.stdout.write(shown_policy().decode(), ending="")
        except Unusable as error:
            raise CommandError(str(error)) from error
