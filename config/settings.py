"""All settings, typed, from the environment. A wrong or missing value stops the start with one line.

This module starts no servers: `config.embedded` does, and sets their addresses in the environment.
"""

import re
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvError

from config import logs
from ledger.verifier import Unusable, WitnessPolicy, read_certificates, read_policy, read_witness_policy

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

DjangoSettings = dict[str, Any]  # a group of settings as Django names and types them


def _stop(name: str, *, remedy: str) -> SystemExit:
    """Return the exit with one line: the variable, and what to set."""
    return SystemExit(f"{name}: {remedy}")


def _text(name: str, *, default: str = "") -> str:
    """Return the value of a variable; an empty one counts as unset."""
    value: str = env.str(name, "") or default
    return value


def _list(name: str) -> list[str]:
    return [part.strip() for part in _text(name).split(",") if part.strip()]


def _number(name: str, default: int) -> int:
    text = _text(name, default=str(default))
    if not (text.isascii() and text.isdigit()):
        raise _stop(name, remedy=f"set a whole number, such as {default} (it is {text!r})")
    return int(text)


def _rates(name: str, *, default: str) -> dict[str, tuple[int, int]]:
    """Read limits in allauth's notation, such as 900/m/user; "none" means no limit.

    Returns for each of "user" and "ip" the number allowed and the length of the period in seconds.
    """
    text = _text(name, default=default)
    if text == "none":
        return {}
    rates = {}
    for part in text.split(","):
        found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})?([smhd])/(user|ip)", part.strip())
        if found is None:
            raise _stop(name, remedy=f"set limits such as {default}, or none (it is {text!r})")
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[3]]
        rates[found[4]] = (int(found[1]), int(found[2] or 1) * unit)
    return rates


def _day(name: str) -> date | None:
    text = _text(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _stop(name, remedy=f"set a day such as 2027-01-31 (it is {text!r})") from error


def _required(name: str, *, remedy: str) -> str:
    value = _text(name)
    if not value:
        raise _stop(name, remedy=remedy)
    return value


def _database(name: str) -> DjangoSettings:
    """Return Django's database settings from the variable `name`."""
    remedy = "set it to postgresql://user:password@host:5432/name (bin/dev sets it by itself)"
    _required(name, remedy=remedy)
    try:
        parsed: DjangoSettings = env.dj_db_url(name, conn_max_age=60, conn_health_checks=True)
    except (EnvError, ValueError) as error:
        raise _stop(name, remedy=remedy) from error
    if parsed.get("ENGINE") != "django.db.backends.postgresql" or not parsed.get("NAME"):
        raise _stop(name, remedy=f"only PostgreSQL 15 or later is supported; {remedy}")
    return parsed


def _mail_server(name: str) -> DjangoSettings:
    """Return Django's mail settings from the variable `name`; without it, mails are stored in a folder."""
    if not _text(name):
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}
    remedy = "set it to smtp://user:password@host:587/?tls=True, or unset it to keep mails in DATA_DIR/mail"
    try:
        parsed: DjangoSettings = env.dj_email_url(name)
    except EnvError as error:
        raise _stop(name, remedy=remedy) from error
    if not parsed.get("EMAIL_BACKEND"):
        raise _stop(name, remedy=remedy)
    return parsed


def _authorities(name: str) -> dict[str, tuple[bytes, ...]]:
    """Return the addresses of time-stamp authorities, each with its trusted certificates (DER)."""
    found = {}
    for part in _list(name):
        address, _bar, path = part.partition("|")
        try:
            parts = urlsplit(address)
            # Credentials in an address would not be sent, and auditors see the address.
            named = parts.hostname if parts.username is None else None
            if parts.scheme not in ("http", "https") or not named or parts.port == 0 or not path:
                raise ValueError("set ADDRESS|FILE, such as https://stamps.example.org/tsa|/etc/second-source/tsa.pem")
            found[address] = read_certificates(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise _stop(name, remedy=f"{' '.join(str(error).split())} (in {part!r})") from error
    return found


def _storage(name: str, default: Path) -> Path | str:
    """Return the evidence storage: a folder, or the address of a bucket."""
    given = _text(name, default=str(default))
    if "://" not in given:
        return Path(given)
    # Names that Amazon S3 allows, with a prefix of plain characters.
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?", given):
        raise _stop(name, remedy="set the path of a folder, or s3://bucket or s3://bucket/prefix")
    return given


def _policy(name: str) -> str:
    """Return the path of a readable policy; "" if the variable is unset."""
    path = _text(name)
    try:
        if path:
            read_policy(Path(path).read_bytes())
    except OSError as error:
        raise _stop(name, remedy=f"set the path of a copy of policy.json ({path}: {error.strerror})") from error
    except Unusable as error:
        raise _stop(name, remedy=f"set the path of a copy of policy.json ({path}: {error})") from error
    return path


def _witness_policy(name: str) -> WitnessPolicy | None:
    """Return the witness policy from the file in the variable, with an address for each witness; None if unset."""
    path = _text(name)
    if not path:
        return None
    try:
        policy = read_witness_policy(Path(path).read_bytes())
        policy.text.decode()
    except OSError as error:
        raise _stop(name, remedy=f"set the path of a file ({path}: {error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _stop(name, remedy=f"write {path} in UTF-8") from error
    except Unusable as error:
        raise _stop(name, remedy=f"set a file in the format of C2SP tlog-policy ({path}: {error})") from error
    for witness, (_key, url) in policy.witnesses.items():
        if not _is_address(url):
            raise _stop(
                name, remedy=f"give witness {witness} in {path} an address, such as https://witness.example.org/"
            )
    return policy


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        return False
    return is_good and url.isascii() and not (parts.query or parts.fragment or "@" in parts.netloc)


# Folders, addresses and keys
DATA_DIR = Path(_text("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
EVIDENCE_STORAGE = _storage("EVIDENCE_STORAGE", DATA_DIR / "evidence")
# The S3 service if it is not Amazon's; its client reads keys and region itself (AWS_ACCESS_KEY_ID ...).
S3_ENDPOINT = _text("AWS_ENDPOINT_URL_S3") or _text("AWS_ENDPOINT_URL") or None
ATTACHMENT_LIMIT = _number("ATTACHMENT_LIMIT", 50 * 2**20)  # bytes
try:
    CAPTURE_ALLOW = [ip_network(part) for part in _list("CAPTURE_ALLOW")]
except ValueError as error:
    raise _stop("CAPTURE_ALLOW", remedy=f"set networks such as 10.0.0.0/8,192.168.1.5 ({error})") from error

PUBLIC_URL = _text("PUBLIC_URL", default=f"http://localhost:{_number('PORT', 8000)}").rstrip("/")
try:
    _public = urlsplit(PUBLIC_URL)
    _public_is_good = _public.scheme in ("http", "https") and bool(_public.hostname) and _public.port != 0
except ValueError:
    _public_is_good = False
if not _public_is_good or _public.path or _public.query or "@" in _public.netloc:
    raise _stop("PUBLIC_URL", remedy="set the address people use, such as https://desk.example.org")
HTTPS = _public.scheme == "https"
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0)  # number of proxies in front that add to X-Forwarded-For
ALLOWED_HOSTS = [*(_list("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]), str(_public.hostname)]
SECRET_KEY = _required("SECRET_KEY", remedy="set 50 random characters (bin/dev makes and keeps one by itself)")
# Former keys: their signatures are still accepted, new ones are made with SECRET_KEY.
SECRET_KEY_FALLBACKS = _list("SECRET_KEY_FALLBACKS")
METRICS_TOKEN = _text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise _stop("METRICS_TOKEN", remedy="set 20 random characters or more, or unset it")
DEBUG = False

DATABASES = {
    "default": _database("DATABASE_URL"),
    # Migrations and grants only; the application's own role owns nothing.
    "owner": _database("DATABASE_OWNER_URL" if _text("DATABASE_OWNER_URL") else "DATABASE_URL"),
}
# PostgreSQL plans a statement that a connection repeats only once: planning one takes longer than running it.
DATABASES["default"].setdefault("OPTIONS", {}).update({"server_side_binding": True, "prepare_threshold": 2})
# PostgreSQL stops longer statements and waits for locks, and people get an error page (config.errors). Commands of
# manage.py and the sequencer have no limit; gunicorn and Celery set SECOND_SOURCE_PROCESS for their processes.
_LONGEST = {
    "web": (_number("WEB_STATEMENT_SECONDS", 15), _number("WEB_LOCK_SECONDS", 8)),
    "worker": (_number("WORKER_STATEMENT_SECONDS", 80), _number("WORKER_LOCK_SECONDS", 30)),
}
_statement, _lock = _LONGEST.get(_text("SECOND_SOURCE_PROCESS"), (0, 0))
if _statement or _lock:
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    _said = f"-c statement_timeout={_statement}s -c lock_timeout={_lock}s -c idle_in_transaction_session_timeout=120s"
    _options["options"] = f"{_options.get('options', '')} {_said}".strip()
# The sequencer's own role needs a direct connection, without a pooler.
_database("DATABASE_SEQUENCER_URL" if _text("DATABASE_SEQUENCER_URL") else "DATABASE_URL")
LEDGER_SEQUENCER_URL = _text("DATABASE_SEQUENCER_URL") or _text("DATABASE_URL")
# The folder of the log's signer, and the key that signs receipts; `manage.py prepare` makes them.
LEDGER_SIGNER = Path(_text("LEDGER_SIGNER", default=str(DATA_DIR / "signer")))
LEDGER_RECEIPT_KEY = _text("LEDGER_RECEIPT_KEY")  # the key itself; unset: DATA_DIR/receipts.key
# The file with the keys that pages and verify_ledger trust; unset: policy.json in the signer's folder.
LEDGER_POLICY = _policy("LEDGER_POLICY")
# The witnesses that cosign checkpoints, and the number required (C2SP tlog-policy).
WITNESS_POLICY = _witness_policy("WITNESS_POLICY")
# Mail addresses and existing folders to which checkpoints are sent on a schedule.
LEDGER_ANCHORS = [part if part.startswith("/") else f"mailto:{part}" for part in _list("LEDGER_ANCHORS")]
for _anchor in LEDGER_ANCHORS:
    if not _anchor.startswith("/") and "@" not in _anchor:
        raise _stop("LEDGER_ANCHORS", remedy="set mail addresses and absolute paths of folders, with commas between")
LEDGER_ANCHOR_HOURS = _number("LEDGER_ANCHOR_HOURS", 24)
# Authorities that time-stamp each day's checkpoint (RFC 3161): ADDRESS|FILE, separated by commas; the file is PEM.
TIMESTAMP_AUTHORITIES = _authorities("TIMESTAMP_AUTHORITIES")
LEDGER_ORIGIN = _text("LEDGER_ORIGIN", default=f"{_public.netloc}/ledger")  # the origin in the names of new keys
REDIS_URL = _required("REDIS_URL", remedy="set redis://host:6379/0 (bin/dev sets it by itself)")
if not REDIS_URL.startswith(("redis://", "rediss://")):
    raise _stop("REDIS_URL", remedy="set redis://host:6379/0 (bin/dev sets it by itself)")

INSTALLED_APPS = [
    "config.apps.AdminConfig",
    "config.apps.ProjectConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",  # The form templates that config/templates does not replace
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "ledger",
    "accounts",
    "sources",
    "claims",
    "reviews",
    "demonstration",
]
MIDDLEWARE = [
    "config.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.SharedAnswers",
    "accounts.session_cookies.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.LimitedBodies",
    "config.middleware.Limits",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.receipts.ReceiptsMiddleware",
    "config.middleware.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.PersonsTimeZone",
    "config.middleware.Turns",
    "config.middleware.NeedsSecondFactor",
    "config.middleware.AsksAgain",
    "config.middleware.PrivateAnswers",
    "config.middleware.DomainErrors",
    "config.submissions.SentOnce",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
STATIC_URL = "/static/"
STATIC_ROOT = Path(_text("STATIC_ROOT", default=str(DATA_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_TEMP_DIR = None

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sessions.SignIn"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "accounts.passwords.NeitherCommonNorLeaked"},
    {"NAME": "accounts.passwords.NoWordsOfThisPlace"},
]
ACCOUNT_ADAPTER = "config.adapter.ClosedSignUp"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {"change_password": "accounts.forms.OwnPasswordForm"}
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "",  # `accounts.actions.sign_ins` counts wrong passwords, by network and never by person
    "change_password": "30/m/ip",  # by address, so that a stranger at an open session locks out no other
    "reset_password": "10/m/ip",
    "reset_mail": "3/h/key",
    "address_mail": "5/h/user",
    "invite": "60/h/user",
    "join": "10/m/ip",
    "reauthenticate": "30/m/ip",
    "second_factor": "5/5m/key",
}
# All other limits, for each person and each address (accounts.limits, docs/operations.md).
RATE_LIMITS = {
    "api": _rates("LIMIT_API", default="900/m/user,3000/m/ip"),
    "form": _rates("LIMIT_FORM", default="120/m/user,900/m/ip"),
    "draft": _rates("LIMIT_DRAFT", default="240/m/user,1800/m/ip"),
    "upload": _rates("LIMIT_UPLOAD", default="60/m/user,300/m/ip"),
    "capture": _rates("LIMIT_CAPTURE", default="60/m/user,300/m/ip"),
    "export": _rates("LIMIT_EXPORT", default="30/m/user,120/m/ip"),
    "preview": _rates("LIMIT_PREVIEW", default="60/m/user,240/m/ip"),
}
# Second factors: an app's codes, passkeys, and recovery codes for a lost device.
MFA_ADAPTER = "config.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {"authenticate": "accounts.forms.CodeForm", "authenticate_webauthn": "accounts.forms.ShownPasskeyForm"}
# The day from which everyone here needs a second factor, and the days they have to add it.
REQUIRE_SECOND_FACTOR = _day("REQUIRE_SECOND_FACTOR")
SECOND_FACTOR_DAYS = _number("SECOND_FACTOR_DAYS", 14)
# Sign-in through an organisation (OpenID Connect), off until an issuer is named.
OIDC_ISSUER = _text("OIDC_ISSUER")
_issuer = urlsplit(OIDC_ISSUER)
if OIDC_ISSUER and (_issuer.scheme, _issuer.hostname) not in (
    ("https", _issuer.hostname or "none"),
    ("http", "localhost"),
    ("http", "127.0.0.1"),
):
    raise _stop(
        "OIDC_ISSUER", remedy="set the issuer as the provider names it, such as https://id.example.org/realms/desk"
    )
OIDC_CLIENT_ID = _required("OIDC_CLIENT_ID", remedy="set what the provider calls this client") if OIDC_ISSUER else ""
OIDC_CLIENT_SECRET = _required("OIDC_CLIENT_SECRET", remedy="set the secret of OIDC_CLIENT_ID") if OIDC_ISSUER else ""
OIDC_NAME = _text("OIDC_NAME", default=str(_issuer.hostname)) if OIDC_ISSUER else ""
# For this long after a sign-in or a confirmed password, the password is not asked for again.
RECENT_AUTHENTICATION = timedelta(minutes=_number("RECENT_AUTHENTICATION_MINUTES", 10))
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Rate limits live in the database, so that no request waits for Redis or fails without it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "accounts_cache"}}
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = _number("SESSION_DAYS", 14) * 24 * 3600  # from the sign-in, however often the session is used
SESSION_IDLE = timedelta(minutes=_number("SESSION_IDLE_MINUTES", 720))
if not SESSION_COOKIE_AGE or timedelta(minutes=10) > SESSION_IDLE:
    raise _stop("SESSION_DAYS, SESSION_IDLE_MINUTES", remedy="set at least 1 day, and at least 10 minutes")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Safety
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Browsers accept cookies with the prefix __Host- only from this exact host, over https and for all paths.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_SSL_REDIRECT = HTTPS
# Requested by machines on the local network, without the proxy.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Languages and times: UTC is stored, each person sees their own zone.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# Mail
_mail = _mail_server("EMAIL_URL")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
# The page of stored mails: set by bin/dev, and shown only if mails are not sent.
MAIL_PAGE = _text("MAIL_PAGE") == "yes" and not _text("EMAIL_URL")
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST", ""), _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
    _mail.get("EMAIL_HOST_USER") or "",
    _mail.get("EMAIL_HOST_PASSWORD") or "",
)
EMAIL_USE_TLS, EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_TLS")), bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _text("DEFAULT_FROM_EMAIL", default=f"Second Source <second-source@{_public.hostname}>")

# Tasks
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 90, 120
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "retry_on_timeout": True,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "reminders"
# Captures and time stamps wait for other servers, so they have a queue and a worker of their own.
CELERY_TASK_ROUTES = {
    "sources.tasks.*": {"queue": "captures"},
    "ledger.tasks.stamp_checkpoints_task": {"queue": "captures"},
}
# A tick that no worker took in time is dropped: the next one finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "reminders": {"task": "reviews.tasks.send_due_reminders", "schedule": 2.0, "options": {"expires": 10}},
    "mails": {"task": "accounts.tasks.send_mails", "schedule": 2.0, "options": {"expires": 10}},
    "grounds": {"task": "reviews.tasks.follow_grounds", "schedule": 2.0, "options": {"expires": 10}},
    "recomputations": {"task": "claims.tasks.recompute_claims", "schedule": 2.0, "options": {"expires": 10}},
    "bundles": {"task": "claims.tasks.make_bundles", "schedule": 2.0, "options": {"expires": 10}},
    "captures": {"task": "sources.tasks.run_due_captures", "schedule": 2.0, "options": {"expires": 10}},
    "erased files": {"task": "sources.tasks.delete_erased_files", "schedule": 10.0, "options": {"expires": 60}},
    "anchors": {"task": "ledger.tasks.anchor_checkpoints_task", "schedule": 60.0, "options": {"expires": 60}},
    "time stamps": {"task": "ledger.tasks.stamp_checkpoints_task", "schedule": 60.0, "options": {"expires": 60}},
    "reads": {"task": "accounts.tasks.record_restricted_reads", "schedule": 60.0, "options": {"expires": 60}},
    "old bundles": {"task": "claims.tasks.forget_old_bundles_task", "schedule": 3600.0, "options": {"expires": 3600}},
    "old mails": {"task": "accounts.tasks.clear_old_mails", "schedule": 3600.0, "options": {"expires": 3600}},
    "old sessions": {"task": "accounts.tasks.clear_ended_sessions", "schedule": 3600.0, "options": {"expires": 3600}},
    "old spendings": {"task": "accounts.tasks.clear_spendings", "schedule": 3600.0, "options": {"expires": 3600}},
    "old keys": {"task": "reviews.tasks.forget_old_outcomes", "schedule": 3600.0, "options": {"expires": 3600}},
    "old drafts": {"task": "reviews.tasks.forget_old_drafts", "schedule": 3600.0, "options": {"expires": 3600}},
    "old chosen files": {
        "task": "sources.tasks.forget_old_chosen_files",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "leftovers": {"task": "sources.tasks.clear_incoming", "schedule": 3600.0, "options": {"expires": 3600}},
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.BearerAuthentication",
        "api.authentication.PersonsSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "api.authentication.ScopeOfToken",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.bodies.JsonBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "accounts.Token"  # noqa: S105 - the name of a model
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=30),
    "AUTO_REFRESH": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Second Source",
    "DESCRIPTION": "Claims, their sources and sourcing chains, and the history of their status.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    # Enumerations stay inline; as components, each would need a name of its own.
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enum_id_removal"],
}

LOGGING = logs.LOGGING
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
