"""Runs a witness for other installations' logs until it is stopped."""

import signal
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.signer import SignerRefused, locked
from ledger.witness_server import WitnessServer
from ledger.witnessing import Witness, WitnessRefused, make_witness_key, read_logs

SECONDS_BETWEEN_LOOKS = 1.0


class Command(BaseCommand):
    help = (
        "Runs a witness (C2SP tlog-witness), which cosigns checkpoints of the logs in --logs if they extend the last "
        "one. Needs no database. Makes its key at the first start, and prints the verifier key that other "
        "installations enter in WITNESS_POLICY. Ends on SIGTERM or Ctrl-C."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder", type=Path, default=settings.DATA_DIR / "witness", help="the folder for its key and memory"
        )
        parser.add_argument(
            "--logs", type=Path, required=True, metavar="FILE", help="lines 'log <verifier key>', and 'quorum none'"
        )
        parser.add_argument("--name", help="the name of a new key (default: this server's name and /witness)")
        parser.add_argument("--bind", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8010, help="the port to listen on (8010)")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        name = options["name"] or f"{urlsplit(settings.PUBLIC_URL).netloc}/witness"
        end = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: end.set())
        try:
            with locked(folder):
                make_witness_key(folder, name)
                witness = Witness(folder, read_logs(options["logs"]))
                with WitnessServer((options["bind"], options["port"]), witness) as server:
                    self._run(server, options["logs"], end)
        except (WitnessRefused, SignerRefused, ValueError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['bind']}:{options['port']}: {error.strerror}") from error

    def _run(self, server: WitnessServer, logs: Path, end: threading.Event) -> None:
        """Serve until told to stop, reading the file of logs again whenever it changes."""
        serving = threading.Thread(target=server.serve_forever, name="witness")
        serving.start()
        host, port = server.server_address[:2]
        self.stdout.write(f"witness {server.witness.verifier_key} http://{host!s}:{port}/")
        self.stdout.flush()
        changed = logs.stat().st_mtime_ns
        while not end.wait(SECONDS_BETWEEN_LOOKS):
            try:
                before, changed = changed, logs.stat().st_mtime_ns
                if changed != before:
                    server.witness.logs = read_logs(logs)
            except (WitnessRefused, OSError) as error:
                self.stderr.write(f"{logs} cannot be read again: {error}")
        server.shutdown()
        serving.join()
