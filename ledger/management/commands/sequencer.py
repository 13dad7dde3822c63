"""Runs the sequencer until it is stopped."""

import logging
import signal
import threading
import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.asking_witnesses import asking_witnesses
from ledger.sequencer import MOST_AT_ONCE, Sequencer
from ledger.signer import Signer, SignerRefused, locked

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_BETWEEN_CHECKPOINTS = 1.0
SECONDS_TO_THE_NEXT_TRY = 2.0
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)

logger = logging.getLogger("ledger.sequencer")


class Command(BaseCommand):
    help = (
        "Places recorded entries in the log and publishes signed checkpoints. Runs beside web, worker and beat; a "
        "second sequencer waits until the first has ended. Ends on SIGTERM or Ctrl-C."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        end = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: end.set())
        try:
            with locked(settings.LEDGER_SIGNER):
                signer = Signer(settings.LEDGER_SIGNER)
                while not end.is_set():
                    self._run(signer, end)
        except SignerRefused as error:
            raise CommandError(str(error)) from error

    def _run(self, signer: Signer, end: threading.Event) -> None:
        """Work until told to stop, or until the connection is lost."""
        try:
            with psycopg.connect(settings.LEDGER_SEQUENCER_URL, autocommit=True, connect_timeout=5) as connection:
                sequencer = Sequencer(connection, signer)
                while not sequencer.elected():
                    if end.wait(SECONDS_TO_THE_NEXT_TRY):
                        return
                with asking_witnesses(settings.WITNESS_POLICY, settings.LEDGER_SEQUENCER_URL):
                    run_sequencer(sequencer, end)
        except AWAY as error:
            self.stderr.write(f"The database does not answer: {' '.join(str(error).split())}")
            end.wait(SECONDS_TO_THE_NEXT_TRY)


def run_sequencer(sequencer: Sequencer, end: threading.Event) -> None:
    """Place waiting entries, and publish a checkpoint up to once a second, until told to stop.

    Other database errors and missing hashes are logged and tried again. Raises the errors in AWAY, and SignerRefused.
    """
    published = 0.0
    while not end.is_set():
        taken = 0
        try:
            taken = sequencer.integrate()
        except AWAY:
            raise
        except (psycopg.Error, LookupError) as error:
            _tell(error, "No entry gets its place", end)
        try:
            if time.monotonic() - published >= SECONDS_BETWEEN_CHECKPOINTS and sequencer.publish(timezone.now()):
                published = time.monotonic()
        except AWAY:
            raise
        except (psycopg.Error, LookupError) as error:
            _tell(error, "No checkpoint is published", end)
        if taken < MOST_AT_ONCE:
            end.wait(SECONDS_BETWEEN_LOOKS)


def _tell(error: Exception, what: str, end: threading.Event) -> None:
    logger.error("%s: %s. It is tried again", what, " ".join(str(error).split()))
    end.wait(SECONDS_TO_THE_NEXT_TRY)
