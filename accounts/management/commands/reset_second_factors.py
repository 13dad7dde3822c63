"""Resets an administrator's second factors after a lost device, when no other administrator can."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.factors import reset_factors
from accounts.models import User
from house.errors import DomainError


class Command(BaseCommand):
    help = "Remove all second factors of an account and end its sessions. Recorded; the person is notified."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user name")
        parser.add_argument("--reason", required=True, help="the reason, which is recorded")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']}.")
        try:
            reset_factors(user=user, reason=options["reason"], by=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The second factors of {user.username} are reset.")
