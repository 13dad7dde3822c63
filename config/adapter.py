"""How people sign in: by name and password, nobody by themselves, and not by guessing."""

from ipaddress import IPv6Address, ip_address

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
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
        """The address that a request comes from, as far as it can be trusted.

        That of the connection, or, behind `TRUSTED_PROXIES` proxies, the one that the outermost of them saw: each adds
        the address that asked it at the end of X-Forwarded-For; what stands before was written by whoever asked.
        allauth's own count of proxies makes a failure of ours of a header that is too short.
        Raises PermissionDenied where there is no address to count by (a socket file without a proxy's word).
        """
        address = _told_by_proxies(request, settings.TRUSTED_PROXIES) or request.META.get("REMOTE_ADDR", "")
        if not address:
            raise PermissionDenied(_("The server cannot tell where this comes from."))
        return address

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Tries are counted by account alone: the host, which allauth adds, is the caller's to vary."""
        return credentials.get("username", "").lower()


def _told_by_proxies(request: HttpRequest, proxies: int) -> str:
    """The address that the outermost of so many proxies added; "" where they have not, or added none that is one."""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not 0 < proxies <= len(told):
        return ""
    try:
        address = ip_address(told[-proxies].strip())
    except ValueError:
        return ""
    # Written as IPv6, all of IPv4 would be counted as one network.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
