"""Deployment checks of `check --deploy` beyond Django's own."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from config import grants
from ledger.trusted import NO_POLICY, policy_file


@register(Tags.security, deploy=True)
def owner_is_apart(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn when the application runs as the owner of its tables: it could then change append-only rows."""
    if grants.application_role() != grants.owner_role():
        return []
    return [
        Warning(
            "The application runs as the role that owns the tables.",
            hint="Set DATABASE_OWNER_URL to another role that owns the database, then run migrate and grant_roles.",
            id="second_source.W001",
        )
    ]


@register(Tags.security, deploy=True)
def keys_come_from_a_file(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report an error when there is no policy file: pages do not trust keys from the database."""
    if policy_file() is not None:
        return []
    return [
        Error(f"{NO_POLICY}.", hint="Run make_keys on the machine that has LEDGER_SIGNER.", id="second_source.E001")
    ]
