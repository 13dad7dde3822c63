"""Creates an account with a role on a desk."""

import secrets
import sys
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.actions import create_user, set_role
from accounts.inputs import AccountInput
from accounts.models import Desk, Role
from house.errors import DomainError


class Command(BaseCommand):
    help = "Creates an account with a role on a desk. Asks for the password, or reads it from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user name for signing in")
        parser.add_argument("--role", choices=Role.values, help="the person's role on the desk")
        parser.add_argument("--desk", help="the prefix of the desk, such as UKR")
        parser.add_argument("--email", default="", help="the address for reminders")
        parser.add_argument("--time-zone", default="UTC", help="an IANA name, such as Europe/Kyiv")
        parser.add_argument("--administrator", action="store_true", help="may manage accounts, desks and roles")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        desk = self._desk(options["desk"], role=options["role"], administrator=options["administrator"])
        given = _given_password(from_stdin=options["password_stdin"])
        password = given or secrets.token_urlsafe(12)
        try:
            with transaction.atomic():
                user = create_user(
                    account=AccountInput(
                        username=options["name"],
                        password=password,
                        email=options["email"],
                        time_zone=options["time_zone"],
                        is_administrator=options["administrator"],
                    ),
                    by=None,
                )
                if desk is not None:
                    set_role(desk=desk, user=user, role=options["role"], by=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        place = f"{options['role']} on {desk.name}" if desk else "administrator, on no desk"
        self.stdout.write(f"{user.username} can sign in: {place}.")
        if not given:
            self.stdout.write(f"No password was given, so one was made: {password}")

    def _desk(self, prefix: str | None, *, role: str | None, administrator: bool) -> Desk | None:
        """The named desk; None for an administrator without a desk. Raises CommandError."""
        if not prefix and not role and administrator:
            return None
        if not prefix or not role:
            raise CommandError("Give --role and --desk, or --administrator for an account without a desk.")
        desk = Desk.objects.filter(prefix=prefix).first()
        if desk is None:
            known = ", ".join(Desk.objects.order_by("prefix").values_list("prefix", flat=True)) or "none yet"
            raise CommandError(f"There is no desk with the prefix {prefix}. There are: {known}.")
        return desk


def _given_password(*, from_stdin: bool) -> str:
    """The typed or piped password without its line end; "" if no one is there to type it.

    Raises CommandError if the two typed passwords differ, or standard input holds none.
    """
    if sys.stdin.isatty() and not from_stdin:
        first = getpass("Password: ")
        if getpass("Once more: ") != first:
            raise CommandError("The two passwords differ. Nothing was changed.")
        return first
    given = sys.stdin.readline().rstrip("\r\n")
    if from_stdin and not given:
        raise CommandError("Standard input holds no password. Nothing was changed.")
    return given
