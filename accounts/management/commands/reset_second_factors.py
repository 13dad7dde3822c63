"""For an administrator who lost their own device, where there is no other administrator to ask."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.factors import reset_factors
from accounts.models import User
from house.errors import DomainError


class Command(BaseCommand):
    help = "Take all second factors from an account and sign it out everywhere; recorded, and the person is told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user name")
        parser.add_argument("--reason", required=True, help="why; it is recorded")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']}.")
        try:
            reset_factors(user=user, reason=options["reason"], by=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The second factors of {user.username} are reset.")
