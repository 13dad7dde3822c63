"""Authentication: the bearer of a token, or the person of a session."""

import re
from hmac import compare_digest
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.actions import TO_THE_HOUR, note_use
from accounts.models import Token, TokenScope, User
from accounts.second_factor import READ_WITH_PERSON, with_second_factor
from accounts.security_events import security_event
from api.bodies import check_length
from house.errors import Forbidden
from house.kept_queries import columns_of, kept_rows

_TOKEN = re.compile(rb"[0-9a-f]{64}")


@kept_rows(str, columns=[*columns_of(Token), *columns_of(User, "user__"), "has_factor", "factor_due_at"])
def _with_key(key: str) -> QuerySet[Token]:
    return with_second_factor(Token.objects.filter(token_key=key), "user_id")


class _Tokens(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        """Authenticate as knox does, without renewal, by one query. Raises AuthenticationFailed."""
        text = token.decode()
        for found in _with_key(text[: CONSTANTS.TOKEN_KEY_LENGTH]):
            if not self._cleanup_token(found) and compare_digest(hash_token(text), found.digest):
                user_and_token: tuple[User, Token] = self.validate_user(found)
                for name in READ_WITH_PERSON:  # as `accounts.sessions` reads it with the person of a session
                    setattr(found.user, name, getattr(found, name))
                return user_and_token
        raise AuthenticationFailed(_("This is not a token."))

    def _cleanup_token(self, auth_token: Token) -> bool:
        """Delete an expired token; returns whether it was expired.

        The person's other expired tokens are deleted when the use of this one is recorded: once an hour.
        """
        now = timezone.now()
        used, ends = auth_token.last_used_at, auth_token.expiry
        if used and used > now - TO_THE_HOUR and (ends is None or ends >= now):
            return False
        return bool(super()._cleanup_token(auth_token))


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Any other value is refused without a query."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _space, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        if not _TOKEN.fullmatch(token.strip()):
            raise AuthenticationFailed(_("This is not a token."))
        found = _Tokens().authenticate_credentials(token.strip())
        note_use(found[1])
        return found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopeOfToken(BasePermission):
    """Check the token's scopes before any lookup: `read` to read, `write` to change."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if not isinstance(token, Token):
            return True
        needed = TokenScope.READ if request.method in SAFE_METHODS else TokenScope.WRITE
        if needed not in token.scopes:
            security_event("token", "refused", person=token.user, token=token.id, scope=needed.value)
            raise Forbidden(_("This token lacks the scope “%(scope)s”.") % {"scope": needed.value})
        return True


def no_token_asks(request: Request) -> None:
    """Refuse tokens where a person in their own session is required. Raises Forbidden."""
    if isinstance(request.auth, Token):
        security_event("token", "refused", person=request.auth.user, token=request.auth.id, reason="mints")
        raise Forbidden(_("A token cannot create tokens. Sign in and create it in your own session."))


class PersonsSession(SessionAuthentication):
    """The session of a signed-in person, protected against forged requests."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the size first, since the check of the CSRF token reads forms whole."""
        check_length(request)
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            security_event("request", "refused", status=403, reason="forged")
            raise
