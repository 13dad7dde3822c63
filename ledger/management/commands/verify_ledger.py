"""Checks the log in the database as an outsider would check an export of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.keys import policy_text
from ledger.reading import newest_checkpoint, published
from ledger.verifier import audit, read_policy


class Command(BaseCommand):
    help = (
        "Audits the published log with the verifier's own code: every entry, every stream, every tile, the signature. "
        "Status 1 and a line for each thing that does not match. To check without trusting this server, export it and "
        "run ledger/verifier.py elsewhere."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = newest_checkpoint()
        if checkpoint is None:
            raise CommandError("Nothing is published yet: run the sequencer, bin/dev does")
        report = audit(lambda path: published(path, checkpoint), read_policy(policy_text()))
        for finding in report.findings:
            self.stdout.write(str(finding))
        if report.findings:
            raise CommandError(f"{len(report.findings)} findings in {checkpoint.size} entries")
        self.stdout.write(f"{checkpoint.size} entries are as the signed checkpoint says")
