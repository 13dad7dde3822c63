"""How people sign in: by name and password, nobody by themselves, and not by guessing."""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ClosedSignUp(DefaultAccountAdapter):
    """Accounts are made by an administrator; sign-up is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("That name and password do not go together."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes, then try again."),
        "enter_current_password": _("That is not your present password."),
        "incorrect_password": _("That is not your password."),
        "account_inactive": _("This account is closed."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address of the connection. Forwarding headers are ignored: anybody can write them.

        Raises PermissionDenied where there is no address to count by (a socket file without a proxy's word).
        """
        address: str = request.META.get("REMOTE_ADDR", "")
        if not address:
            raise PermissionDenied(_("The server cannot tell where this comes from."))
        return address

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Tries are counted by account alone: the host, which allauth adds, is the caller's to vary."""
        return credentials.get("username", "").lower()
