"""Fill the database with claims for measurements."""

import secrets
import time
from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone

from claims.models import Claim
from demonstration.scale.loader import Copied, ScalePlan, load_scale
from house.errors import DomainError


class Command(BaseCommand):
    help = (
        "Makes a desk with as many claims as wanted, for measuring: copies of claims that were made through the real "
        "actions, written by COPY as the application's role. No guard is switched off: every constraint and trigger "
        "looks at every row, in transactions of 2,000 claims. Meant for a database of its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--claims", type=_number, required=True, metavar="N", help="how many claims")
        parser.add_argument("--desk", default="SCALE", metavar="PREFIX", help="prefix of the new desk; SCALE")
        parser.add_argument("--reviewers", type=_number, default=6, metavar="N", help="how many reviewers; 6")
        parser.add_argument("--password", default="", help="of everybody on the desk; without it one is made")
        parser.add_argument(
            "--deniable", action="store_true", help="every claim is reported and has a denial that can be recorded"
        )
        parser.add_argument("--add", action="store_true", help="also where the database has claims already")

    def handle(self, *args: Any, **options: Any) -> None:
        if Claim.objects.exists() and not options["add"]:
            raise CommandError(
                "This database has claims, and nothing was changed. Set DATA_DIR or DATABASE_URL to one for measuring, "
                "or say --add."
            )
        password = options["password"] or secrets.token_urlsafe(12)
        started = time.monotonic()
        copied = self._load(options, password)
        self.stdout.write(f"{copied.claims} claims, {copied.rows} rows in {time.monotonic() - started:.0f} s")
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        self.stdout.write(f"Analysed after {time.monotonic() - started:.0f} s")
        name = options["desk"].lower()
        self.stdout.write(f"Sign in as {name}-editor-1, {name}-reviewer-1 or {name}-auditor with: {password}")

    def _load(self, options: Mapping[str, Any], password: str) -> Copied:
        try:
            return load_scale(
                ScalePlan(
                    claims=options["claims"],
                    prefix=options["desk"],
                    password=password,
                    reviewers=options["reviewers"],
                    only_deniable=options["deniable"],
                    at_once=2,
                ),
                now=timezone.now(),
                tell=lambda done: self.stdout.write(f"{done} claims", ending="\r"),
            )
        except DomainError as error:
            raise CommandError(f"Nothing was loaded: {error}") from error


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)
