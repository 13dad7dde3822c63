"""An OpenID Connect provider for tests: Authlib's, with its own key, discovery, PKCE and a sign-in page.

`spoil` lets a test alter the claims of the next ID tokens, `sign` how they are signed; the client must notice both.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import flask
import jwt
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "second-source", "the-secret-of-the-client"
KEY_ID = "the-key"
Claims = dict[str, Any]

PAGE = """<!DOCTYPE html><html lang="en"><title>Harbour Press</title><main><h1>Harbour Press</h1>
<form method="post"><label>Subject <input name="subject"></label> <button>Let me in</button></form></main>"""


@dataclass(frozen=True)
class ProviderPerson:
    subject: str
    claims: Claims

    def get_user_id(self) -> str:
        return self.subject


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib has no types
    code: str
    subject: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time


class Client(ClientMixin):  # type: ignore[misc]
    """The provider's only client: this project, with its secret and its one redirect address."""

    client_id = CLIENT

    def __init__(self, callback: str) -> None:
        self.callback = callback

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.callback

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in ("openid", "profile", "email"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.callback

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"


@dataclass
class OpenIdProvider:
    """The provider. `people`: by subject; `spoil`, `sign`: see above; `signed_in_at`: the `auth_time`, None for now."""

    issuer: str
    callback: str
    key: rsa.RSAPrivateKey
    people: dict[str, Claims] = field(default_factory=dict)
    spoil: Callable[[Claims], None] = lambda claims: None
    sign: Callable[[Claims], str] | None = None
    signed_in_at: int | None = None
    discovery: Claims = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)  # the queries of those who were sent here

    def signed(self, claims: Claims) -> str:
        """A token signed by the provider."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def running(callback: str) -> Iterator[OpenIdProvider]:
    """The provider on a port of its own, while the block runs."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it listens to this machine alone
    provider = OpenIdProvider("", callback, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    server = make_server("127.0.0.1", 0, _application(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        del os.environ["AUTHLIB_INSECURE_TRANSPORT"]


def _application(provider: OpenIdProvider) -> flask.Flask:
    app = flask.Flask(__name__)
    authorization = AuthorizationServer(
        app,
        query_client=lambda name: Client(provider.callback) if name == CLIENT else None,
        save_token=lambda token, request: provider.tokens.update({token["access_token"]: request.user.subject}),
    )
    authorization.register_grant(_grant(provider), [_id_tokens(provider), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Claims:
        at = provider.issuer
        found = {"issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token"}
        found |= {"jwks_uri": f"{at}/jwks", "userinfo_endpoint": f"{at}/userinfo"}
        return found | provider.discovery

    @app.get("/jwks")
    def jwks() -> Claims:
        public = RSAKey.import_key(provider.key).as_dict(private=False)
        return {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        grant = authorization.get_consent_grant(end_user=None)
        if flask.request.method == "GET":
            provider.asked.append(dict(flask.request.args))
            return PAGE
        subject = flask.request.form["subject"]
        person = ProviderPerson(subject, provider.people[subject])
        return authorization.create_authorization_response(grant=grant, grant_user=person)

    @app.post("/token")
    def token() -> Any:
        return authorization.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Any:
        subject = provider.tokens[flask.request.headers["Authorization"].removeprefix("Bearer ")]
        return {"sub": subject, **provider.people[subject]}

    @app.errorhandler(OAuth2Error)
    def refused(error: OAuth2Error) -> Any:
        return str(error), 400

    return app


def _grant(provider: OpenIdProvider) -> type[Any]:
    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            provider.codes[code] = Code(
                code=code,
                subject=request.user.subject,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=asked.get("nonce"),
                code_challenge=asked["code_challenge"],
                code_challenge_method=asked["code_challenge_method"],
                auth_time=int(time.time()) if provider.signed_in_at is None else provider.signed_in_at,
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> ProviderPerson:
            return ProviderPerson(authorization_code.subject, provider.people[authorization_code.subject])

    return Grant


def _id_tokens(provider: OpenIdProvider) -> Any:
    class IdTokens(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def encode_id_token(self, token: Claims, request: Any) -> str:
            code: Code = request.authorization_code
            now = int(time.time())
            claims = {"iss": provider.issuer, "aud": CLIENT, "sub": code.subject, "iat": now, "exp": now + 300}
            claims |= {"nonce": code.nonce, "auth_time": code.auth_time, **provider.people[code.subject]}
            provider.spoil(claims)
            return (provider.sign or provider.signed)(claims)

    return IdTokens(require_nonce=True)
