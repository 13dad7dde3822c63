"""Sign-in through allauth: by name and password, with sign-up closed and guessing slowed down."""

from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.actions.account import change_password
from accounts.actions.sign_ins import TooSoon, Try, begin_try, end_badly, end_well
from accounts.addresses import client_address, networks_of
from accounts.models import User
from accounts.queries import account_named
from accounts.sealing import seal_secret, unseal
from accounts.security_events import security_event
from accounts.stages import FIRST_STEP, begin_again, first_step_holds, note_first_step


class ClosedSignUp(DefaultAccountAdapter):
    """allauth's account adapter: administrators create accounts, sign-up is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("Wrong user name or password."),
        "incorrect_password": _("Wrong password."),
        "account_inactive": _("This account is closed."),
    }

    _try: Try

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        own = {"allauth.mfa.stages.AuthenticateStage": "accounts.stages.SecondFactor"}
        return [own.get(stage, stage) for stage in super().get_login_stages()]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that a request comes from (`accounts.addresses`).

        allauth's own reading of proxies fails with a server error when the header is too short.
        Raises PermissionDenied when the address is unknown (a socket file, and no proxy that names the client).
        """
        address = client_address(request)
        if not address:
            raise PermissionDenied(_("The server cannot determine where this request comes from."))
        return address

    def pre_login(self, request: HttpRequest, user: User, **named: Any) -> HttpResponse | None:
        """Note the first step of every sign-in. `login` checks that it still holds."""
        note_first_step(request, user)
        return cast(HttpResponse | None, super().pre_login(request, user, **named))

    def login(self, request: HttpRequest, user: User) -> None:
        """Finish every sign-in, whichever steps came in between."""
        if not first_step_holds(request, user):
            raise ImmediateHttpResponse(begin_again(request, user))
        del request.session[FIRST_STEP]
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **named: Any) -> HttpResponse:
        """Record in the security log that the person signed in, once all stages are passed."""
        security_event("sign_in", person=user)
        return cast(HttpResponse, super().post_login(request, user, **named))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse an attempt that comes too soon after wrong passwords, counted by network and not by name.

        Raises ValidationError with the seconds to wait.
        """
        name = str(credentials.get("username", ""))
        try:
            self._try = begin_try(networks=networks_of(self.get_client_ip(request)), name=name)
        except TooSoon as error:
            security_event("sign_in", "refused", person=account_named(name), reason="too soon", seconds=error.seconds)
            request.seconds_to_wait = error.seconds  # type: ignore[attr-defined]  # for `config.account_urls`
            text = _("Too many attempts. Wait %(seconds)d seconds, then try again.")
            raise ValidationError(text % {"seconds": error.seconds}, code="too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user = cast(User | None, super().authenticate(request, **credentials))
        if user is not None:
            end_well(self._try)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log the failed attempt with the account, never with the typed name: that may be a password."""
        person = account_named(str(credentials.get("username", "")))
        security_event("sign_in", "refused", person=person, reason="password")
        if end_badly(self._try):
            security_event("guessed_at", "refused", person=person)

    def logout(self, request: HttpRequest) -> None:
        security_event("sign_out", person=cast(User, request.user))
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        """Change the password from the person's own page; only the session that asks stays open."""
        key = self.request.session.session_key or ""
        changed = change_password(password=password, session=key, by=user)
        user.password = changed.password


class SecondFactors(DefaultMFAAdapter):
    """allauth's second-factor adapter: names shown by apps and passkeys, and the encryption of secrets."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the host of `PUBLIC_URL` as the passkeys' domain, whichever address the request came by."""
        return {"id": str(urlsplit(settings.PUBLIC_URL).hostname), "name": "Second Source"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, str | bytes]:
        """Return the user name (shown by the device) and a random id (kept by it), without the mail address."""
        return {"id": user.pk.hex.encode(), "name": user.username, "display_name": user.username}

    def encrypt(self, text: str) -> str:
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)
