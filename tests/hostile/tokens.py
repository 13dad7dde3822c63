"""Tokens for tests that look whether a refused request wrote anything."""

from accounts.actions import create_token, note_use
from accounts.models import User


def used_token(user: User) -> str:
    """A new token that was used just now: its use is written down once an hour, by refused requests too."""
    row, token = create_token(user=user)
    note_use(row)
    return token
