"""Checks the log in the database as an outsider would check an export."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger.keys import policy_text
from ledger.reading import forged_place, newest_checkpoint, published
from ledger.stamps import read_stamp_file
from ledger.trusted import (
    check_keys,
    check_witnesses,
    followed,
    policy_file,
    read_policy_file,
    rotations,
    with_witnesses,
)
from ledger.verifier import Report, Unusable, audit, printable, read_policy

FROM_THE_DATABASE = (
    "keys: expected a policy from a file, found none: keys are taken from the database: this proves nothing against "
    "whoever owns it, who could have signed another log by a key of theirs. Give --policy FILE or set LEDGER_POLICY"
)


class Command(BaseCommand):
    help = (
        "Audits the published log with the verifier's own code: every entry, stream and tile, the signature, and the "
        "table of keys. The keys come from --policy, LEDGER_POLICY, or the policy that make_keys left beside the log's "
        "key. Without any of these, the keys in the database are used, which counts as a mismatch. Prints a line for "
        "each mismatch and exits with status 1. To check without trusting this server, export the log and run "
        "ledger/verifier.py elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policy", type=Path, metavar="FILE", help="the public keys to check by, as JSON")
        parser.add_argument(
            "--times-from",
            type=int,
            default=0,
            metavar="INDEX",
            help="check the times of entries from this index on; earlier ones may record past acts without saying so",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = newest_checkpoint()
        if checkpoint is None:
            raise CommandError("Nothing is published yet. Run the sequencer, as bin/dev does")
        file, entries, of_keys = options["policy"] or policy_file(), rotations(), Report()
        try:
            policy = with_witnesses(read_policy_file(file) if file else read_policy(policy_text()))
        except Unusable as error:
            raise CommandError(str(error)) from error
        check_keys(policy, entries, of_keys)
        trusted = followed(policy, entries)
        check_witnesses(trusted, checkpoint, timezone.now(), of_keys)
        # Cosignatures of the newest checkpoint were checked above.
        trusted = replace(trusted, witnesses=None)
        report = audit(
            lambda path: read_stamp_file(path, checkpoint) or published(path, checkpoint),
            trusted,
            times_from=options["times_from"],
        )
        lines = [str(mismatch) for mismatch in [*of_keys.findings, *report.findings]]
        if (forged := forged_place()) is not None:
            lines.append(f"behind the newest checkpoint: {forged}")
        if file is None:
            lines.insert(0, FROM_THE_DATABASE)
        for line in lines:
            self.stdout.write(printable(line))
        if lines:
            raise CommandError(f"{len(lines)} mismatches in {checkpoint.size} entries")
        self.stdout.write(f"keys: {file}")
        for name, words in [*of_keys.said.items(), *report.said.items()]:
            self.stdout.write(printable(f"{name}: {words}"))
        self.stdout.write(f"{checkpoint.size} entries are as the signed checkpoint says")
