"""Load the demonstration data, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.queries import is_demonstration
from demonstration.desk.loader import LOGINS, load_demonstration, password_of
from house.errors import DomainError


class Command(BaseCommand):
    help = "Loads the demonstration data: a desk with people, claims and open work. Does nothing where it is loaded."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_demonstration():
            self.stdout.write("The demonstration data is here already. Nothing was changed.")
        else:
            try:
                load_demonstration(now=timezone.now())
            except DomainError as error:
                raise CommandError(
                    f"The demonstration data was not loaded, and nothing was changed: {error}"
                ) from error
            self.stdout.write("The demonstration data is loaded.")
        self.stdout.write("Sign in as one of these (the part after the stroke is the password):")
        for name in LOGINS:
            self.stdout.write(f"  {name} / {password_of(name)}")
