"""How people sign in: by name and password, nobody by themselves, and not by guessing."""

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
    """Accounts are made by an administrator; sign-up is closed."""

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
        """The address that a request comes from (`accounts.addresses`).

        allauth's own count of proxies makes a failure of ours of a header that is too short.
        Raises PermissionDenied where there is no address to count by (a socket file without a proxy's word).
        """
        address = client_address(request)
        if not address:
            raise PermissionDenied(_("The server cannot determine where this request comes from."))
        return address

    def pre_login(self, request: HttpRequest, user: User, **named: Any) -> HttpResponse | None:
        """Every way in passes here first. `login` asks whether what is noted here still holds."""
        note_first_step(request, user)
        return cast(HttpResponse | None, super().pre_login(request, user, **named))

    def login(self, request: HttpRequest, user: User) -> None:
        """Every way in ends here, whatever steps it had in between."""
        if not first_step_holds(request, user):
            raise ImmediateHttpResponse(begin_again(request, user))
        del request.session[FIRST_STEP]
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **named: Any) -> HttpResponse:
        """Whoever is signed in now, all stages of it passed, is told to the security log."""
        security_event("sign_in", person=user)
        return cast(HttpResponse, super().post_login(request, user, **named))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse who tries too soon after wrong passwords, by where they come from, whatever name they type."""
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
        """The name that was typed may be a password: the log gets whose it is, or nothing."""
        person = account_named(str(credentials.get("username", "")))
        security_event("sign_in", "refused", person=person, reason="password")
        if end_badly(self._try):
            security_event("guessed_at", "refused", person=person)

    def logout(self, request: HttpRequest) -> None:
        security_event("sign_out", person=cast(User, request.user))
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        """By the page on which one changes it. The session that asks is the one that goes on."""
        key = self.request.session.session_key or ""
        changed = change_password(password=password, session=key, by=user)
        user.password = changed.password


class SecondFactors(DefaultMFAAdapter):
    """What authenticator apps and passkeys are told of this installation and of a person, and how secrets are kept."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are of the address that people use (`PUBLIC_URL`), whatever address a request came by."""
        return {"id": str(urlsplit(settings.PUBLIC_URL).hostname), "name": "Second Source"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, str | bytes]:
        """The user name and a random id: the device shows the one and keeps the other. No mail address."""
        return {"id": user.pk.hex.encode(), "name": user.username, "display_name": user.username}

    def encrypt(self, text: str) -> str:
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)
