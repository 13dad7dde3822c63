"""`grant_roles`: gives the application's database role its rights. Run it after each migrate."""

from typing import Any

from django.core.management.base import BaseCommand

from config import grants


class Command(BaseCommand):
    help = "Gives the application's database role its rights: rows, and only additions to append-only tables."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if grants.grant_roles():
            self.stdout.write(f"{grants.application_role()} has its rights.")
        else:
            self.stdout.write(
                "Nothing was changed: DATABASE_URL and DATABASE_OWNER_URL name the same role. "
                "Set DATABASE_OWNER_URL to another one that owns the database."
            )
