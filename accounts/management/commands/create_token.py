"""Creates an API token."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import create_token
from accounts.models import TokenScope, User, all_scopes
from house.errors import DomainError


class Command(BaseCommand):
    help = "Creates an API token and prints it alone on the last line. It is shown only once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user name of the token's owner")
        parser.add_argument("--days", type=int, default=30, help="its lifetime, 1 to 365 days (30)")
        parser.add_argument("--scope", choices=TokenScope.values, action="append", help="its scopes (all)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"], is_active=True).first()
        if user is None:
            raise CommandError(f"No open account has the user name {options['name']}.")
        lifetime, scopes = timedelta(options["days"]), options["scope"] or all_scopes()
        try:
            row, token = create_token(user=user, name="made on the command line", lifetime=lifetime, scopes=scopes)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"A token for {user.username}, until {row.expiry:%Y-%m-%d %H:%M} UTC. Keep it: it is shown once."
        )
        self.stdout.write(token)
