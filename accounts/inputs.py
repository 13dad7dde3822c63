"""The inputs of actions on accounts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInput:
    """Fields of a new account; without a `password` its person signs in another way."""

    username: str
    password: str | None
    email: str = ""
    time_zone: str = "UTC"
    name: str = ""
    is_administrator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityInput:
    """A person's identity at an organisation, with the address that it verified."""

    provider: str
    subject: str
    email: str
