"""Sign-in through an organisation by OpenID Connect: the way there, and the checks on its answer.

allauth keeps the state, uses PKCE and exchanges the code. It accepts an ID token received over TLS without checking its
signature or a nonce, so this module checks both (OpenID Connect Core 1.0, 3.1.3.7). The operator chooses the issuer:
its addresses are trusted, but only over TLS.
"""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit

import jwt
import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from house.errors import Forbidden, NotFound

# Signatures by a key of the provider alone: no shared secrets, and never `none`.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SCOPE = ("openid", "profile", "email")
LEEWAY = 60  # seconds of clock difference
LONGEST_SUBJECT = 191  # characters, as the table has it
SECURE = ("https",)
HERE = ("localhost", "127.0.0.1")  # a trial provider on this machine needs no TLS
# Raised by the packages for malformed answers, besides their own errors.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError)


Metadata = dict[str, Any]  # free-form JSON of the provider (OpenID Connect Discovery, section 3): checked where read
TokenClaims = dict[str, Any]  # free-form JSON of a token or of userinfo (OpenID Connect Core, section 5): likewise


class Asked(TypedDict):
    """The session's note about the way to the organisation, which comes back with its answer."""

    purpose: str
    nonce: str
    next: str | None


class IdentityRefused(Forbidden):
    """The organisation's answer lets no one in. Its text says why, as far as that helps the reader."""


@dataclass(frozen=True)
class Identity:
    """A person's identity at the organisation.

    `email` only if verified there; `factors` says whether more than one was used (RFC 8176, `mfa`); `at` is the time in
    seconds, 0 if not stated.
    """

    subject: str
    email: str
    username: str
    name: str
    factors: bool
    at: float


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """The organisation of the settings; `sub_id` binds identities to its issuer."""

    def get_oauth2_adapter(self, request: HttpRequest) -> "Adapter":
        return Adapter(request, self)


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    def __init__(self, request: HttpRequest, provider: Provider) -> None:
        self._provider = provider
        super().__init__(request, provider.app.provider_id)

    def get_provider(self) -> Provider:
        return self._provider

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(settings.PUBLIC_URL + reverse("organisation-callback"))

    @property
    def openid_config(self) -> Metadata:
        """The provider's metadata, checked for the right issuer and safe addresses."""
        if not hasattr(self, "_checked"):
            found: Metadata = super().openid_config
            if found.get("issuer") != settings.OIDC_ISSUER:
                raise OAuth2Error("another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_safe(str(found.get(name, ""))):
                    raise OAuth2Error(f"no safe {name}")
            self._checked = found
        return self._checked


def is_safe(address: str) -> bool:
    """Whether a provider's address uses TLS or is on this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme in SECURE or (parts.scheme == "http" and parts.hostname in HERE))


def provider_of(request: HttpRequest) -> Provider:
    """The organisation. Raises NotFound if none is configured."""
    if not settings.OIDC_ISSUER:
        raise NotFound(_("Sign-in through an organisation is not set up here."))
    app = SocialApp(
        provider="openid_connect",
        provider_id=issuer_id(),
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET,
        settings={
            "server_url": settings.OIDC_ISSUER.rstrip("/"),  # OpenID Connect Discovery, section 4
            "oauth_pkce_enabled": True,
            "scope": list(SCOPE),
        },
    )
    return Provider(request, app)


def issuer_id() -> str:
    """The issuer that identities are kept under: equal subjects of another issuer are other people."""
    return "oidc:" + hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()[:32]


def lead_there(request: HttpRequest, purpose: str, *, next_url: str | None = None) -> HttpResponse:
    """Send the browser to the organisation. `purpose` comes back with the answer; `again` asks for a new sign-in.

    Raises NotFound, Refused.
    """
    provider, nonce = provider_of(request), secrets.token_urlsafe(24)
    asked = {"nonce": nonce} | ({"prompt": "login", "max_age": "0"} if purpose == "again" else {})
    data = Asked(purpose=purpose, nonce=nonce, next=next_url)
    try:
        answer: HttpResponse = provider.redirect(request, process="login", data=data, auth_params=asked)
    except (OAuth2Error, requests.RequestException, *_MALFORMED) as error:
        raise IdentityRefused(_("Your organisation cannot be reached. Try again later.")) from error
    if answer.status_code != 302:
        raise IdentityRefused(_("Your organisation cannot be reached. Try again later."))
    return answer


def read_answer(request: HttpRequest) -> tuple[Identity, Asked]:
    """The identity that came back from the organisation, and the session's note about it. Raises NotFound, Refused."""
    provider = provider_of(request)
    try:
        state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    except PermissionDenied as error:
        raise IdentityRefused(_("This sign-in started in another browser or has expired. Start again.")) from error
    if "code" not in request.GET:
        raise IdentityRefused(_("Your organisation refused the sign-in. Start again, or sign in another way."))
    adapter = provider.get_oauth2_adapter(request)
    try:
        answer = adapter.get_access_token_data(
            request,
            provider.app,
            adapter.get_client(request, provider.app),
            pkce_code_verifier=state["pkce_code_verifier"],
        )
        claims = _checked(adapter.openid_config, str(answer["id_token"]), nonce=state["data"]["nonce"])
        if "email" not in claims and "userinfo_endpoint" in adapter.openid_config:
            claims |= _more(adapter, answer["access_token"], subject=claims["sub"])
        return _identity(claims), state["data"]
    except (OAuth2Error, jwt.PyJWTError, requests.RequestException, *_MALFORMED) as error:
        raise IdentityRefused(
            _("Your organisation’s answer is not valid. Start again, or sign in another way.")
        ) from error


def _checked(config: Metadata, token: str, *, nonce: str) -> TokenClaims:
    """The claims of an ID token with valid signature, issuer, audience, times and nonce. Raises PyJWTError."""
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError("an algorithm that is not taken")
    claims: TokenClaims = jwt.decode(
        token,
        key=_key(config["jwks_uri"], header),
        algorithms=[header["alg"]],
        audience=settings.OIDC_CLIENT_ID,
        issuer=settings.OIDC_ISSUER,
        leeway=LEEWAY,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
    )
    if not constant_time_compare(str(claims["nonce"]), nonce):
        raise jwt.InvalidTokenError("an answer to another question")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", settings.OIDC_CLIENT_ID if len(audience) == 1 else None) != settings.OIDC_CLIENT_ID:
        raise jwt.InvalidAudienceError("made for another client")
    if not (isinstance(claims["sub"], str) and 0 < len(claims["sub"]) <= LONGEST_SUBJECT):
        raise jwt.InvalidTokenError("no subject that can be kept")
    return claims


def _key(address: str, header: Mapping[str, str]) -> jwt.PyJWK:
    """The provider's key that a token names, or its only key if none is named. Raises PyJWTError."""
    with get_adapter().get_requests_session() as session:
        answer = session.get(address, allow_redirects=False)
        answer.raise_for_status()
    keys = [key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if key.public_key_use in (None, "sig")]
    named = [key for key in keys if "kid" not in header or key.key_id == header["kid"]]
    if len(named) != 1 or named[0].algorithm_name != header["alg"]:
        raise jwt.InvalidKeyError("no such key")
    return named[0]


def _more(adapter: Adapter, access_token: str, *, subject: str) -> TokenClaims:
    """Further claims about the same person, without those reserved to the ID token."""
    found = adapter._fetch_user_info(access_token)
    if found.get("sub") != subject:
        raise OAuth2Error("another person")
    return {name: found[name] for name in ("email", "email_verified", "name", "preferred_username") if name in found}


def _identity(claims: TokenClaims) -> Identity:
    email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    at = claims.get("auth_time", 0)
    methods = claims.get("amr")
    return Identity(
        subject=claims["sub"],
        email=email,
        username=str(claims.get("preferred_username", "")),
        name=str(claims.get("name", "")),
        factors=isinstance(methods, list) and "mfa" in methods,
        at=min(float(at), time.time()) if isinstance(at, int | float) else 0,
    )
