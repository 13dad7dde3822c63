"""Makes the keys of the ledger that this machine has not yet."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.keys import make_keys, policy_text


class Command(BaseCommand):
    help = (
        "Makes the key that signs the log (in LEDGER_SIGNER) and the one that signs receipts (in DATA_DIR), where they "
        "are missing, writes their public halves into the database as its owner, and prints the policy to check by. "
        "Repeatable."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        make_keys()
        self.stdout.write(policy_text().decode(), ending="")
