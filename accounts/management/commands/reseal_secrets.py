"""A step of changing SECRET_KEY: encrypts kept secrets anew before the old key is dropped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.factors import reseal_secrets


class Command(BaseCommand):
    help = "Encrypt the secrets of authenticator apps anew with SECRET_KEY, so that SECRET_KEY_FALLBACKS can go."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = reseal_secrets()
        self.stdout.write(f"{done} secrets are encrypted with the present key.")
        if lost:
            raise CommandError(
                f"{lost} secrets open with no key that is set: name the key of before in SECRET_KEY_FALLBACKS."
            )
