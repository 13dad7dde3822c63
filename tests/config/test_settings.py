"""A wrong or missing value stops the start with one line that names the variable and says what to set."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from ledger.notes import CosigningKey

SETTINGS = Path(__file__).resolve().parents[2] / "config" / "settings.py"
DATABASE = "set it to postgresql://user:password@host:5432/name (bin/dev sets it by itself)"
MAIL = "set it to smtp://user:password@host:587/?tls=True, or unset it to keep mails in DATA_DIR/mail"
ADDRESS = "set the address people use, such as https://desk.example.org"
STORAGE = "set the path of a folder, or s3://bucket or s3://bucket/prefix"
ISSUER = "set the issuer as the provider names it, such as https://id.example.org/realms/desk"
STAMPS = "set ADDRESS|FILE, such as https://stamps.example.org/tsa|/etc/second-source/tsa.pem"
REDIS = "set redis://host:6379/0 (bin/dev sets it by itself)"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a production machine, complete and right."""
    for name in (
        "ALLOWED_HOSTS",
        "CAPTURE_ALLOW",
        "EMAIL_URL",
        "EVIDENCE_STORAGE",
        "ATTACHMENT_LIMIT",
        "PORT",
        "TRUSTED_PROXIES",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:secret@db.example.org:5432/second_source")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner:secret@db.example.org:5432/second_source")
    monkeypatch.setenv("REDIS_URL", "redis://redis.example.org:6379/0")
    monkeypatch.setenv("SECRET_KEY", "k" * 50)
    monkeypatch.setenv("PUBLIC_URL", "https://desk.example.org")
    return monkeypatch


def load() -> dict[str, Any]:
    return runpy.run_path(str(SETTINGS))


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DATABASE_URL", None, f"DATABASE_URL: {DATABASE}"),
        ("DATABASE_URL", "", f"DATABASE_URL: {DATABASE}"),
        ("DATABASE_URL", "db.example.org", f"DATABASE_URL: {DATABASE}"),
        (
            "TIMESTAMP_AUTHORITIES",
            "https://a:b@t.org/|/c",
            f"TIMESTAMP_AUTHORITIES: {STAMPS} (in 'https://a:b@t.org/|/c')",
        ),
        ("DATABASE_URL", "postgresql://app@host:port/name", f"DATABASE_URL: {DATABASE}"),
        (
            "DATABASE_URL",
            "sqlite:///x",
            f"DATABASE_URL: only PostgreSQL 15 or later is supported; {DATABASE}",
        ),
        (
            "DATABASE_OWNER_URL",
            "mysql://o:p@h/n",
            f"DATABASE_OWNER_URL: only PostgreSQL 15 or later is supported; {DATABASE}",
        ),
        ("REQUIRE_SECOND_FACTOR", "soon", "REQUIRE_SECOND_FACTOR: set a day such as 2027-01-31 (it is 'soon')"),
        ("SECOND_FACTOR_DAYS", "-1", "SECOND_FACTOR_DAYS: set a whole number, such as 14 (it is '-1')"),
        ("OIDC_ISSUER", "http://id.example.org", f"OIDC_ISSUER: {ISSUER}"),
        ("OIDC_ISSUER", "http://localhost.example.org", f"OIDC_ISSUER: {ISSUER}"),
        ("OIDC_ISSUER", "https://", f"OIDC_ISSUER: {ISSUER}"),
        ("OIDC_ISSUER", "https://id.example.org", "OIDC_CLIENT_ID: set what the provider calls this client"),
        ("REDIS_URL", None, f"REDIS_URL: {REDIS}"),
        ("REDIS_URL", "amqp://host", f"REDIS_URL: {REDIS}"),
        ("SECRET_KEY", None, "SECRET_KEY: set 50 random characters (bin/dev makes and keeps one by itself)"),
        ("PUBLIC_URL", "desk.example.org", f"PUBLIC_URL: {ADDRESS}"),
        ("PUBLIC_URL", "https://", f"PUBLIC_URL: {ADDRESS}"),
        ("PUBLIC_URL", "https://desk.example.org:port", f"PUBLIC_URL: {ADDRESS}"),
        ("PUBLIC_URL", "https://desk.example.org/desk", f"PUBLIC_URL: {ADDRESS}"),
        ("PORT", "http", "PORT: set a whole number, such as 8000 (it is 'http')"),
        (
            "ATTACHMENT_LIMIT",
            "50 MB",
            "ATTACHMENT_LIMIT: set a whole number, such as 52428800 (it is '50 MB')",
        ),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES: set a whole number, such as 0 (it is '-1')"),
        ("EVIDENCE_STORAGE", "https://bucket", f"EVIDENCE_STORAGE: {STORAGE}"),
        ("EVIDENCE_STORAGE", "s3://Bucket", f"EVIDENCE_STORAGE: {STORAGE}"),
        ("EVIDENCE_STORAGE", "s3://bucket/a b", f"EVIDENCE_STORAGE: {STORAGE}"),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN: set 20 random characters or more, or unset it"),
        ("EMAIL_URL", "smtp://host:port", f"EMAIL_URL: {MAIL}"),
        ("EMAIL_URL", "carrier-pigeon://host", f"EMAIL_URL: {MAIL}"),
        (
            "CAPTURE_ALLOW",
            "10.0.0.0/8, somewhere",
            "CAPTURE_ALLOW: set networks such as 10.0.0.0/8,192.168.1.5 "
            "('somewhere' does not appear to be an IPv4 or IPv6 network)",
        ),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_line(
    environment: pytest.MonkeyPatch, name: str, value: str | None, line: str
) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(SystemExit) as stop:
        load()
    assert stop.value.code == line


WITNESS_KEY = CosigningKey("w.example.org", bytes(32)).verifier_key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "set the path of a file"),
        (b"quorum x\n", "set a file in the format of C2SP tlog-policy"),
        (b"# \xff\nquorum none\n", "in UTF-8"),
        (b"%b\nquorum w\n", "give witness w in"),
        (b"%b ftp://w.example.org/\nquorum w\n", "give witness w in"),
        (b"%b https://me:secret@w.example.org/\nquorum w\n", "give witness w in"),
        (b"%b https://w.example.org/?a=b\nquorum w\n", "give witness w in"),
        (b"%b https://w.example.org:99999/\nquorum w\n", "give witness w in"),
    ],
)
def test_a_wrong_file_of_witnesses_stops_the_start_with_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path, text: bytes | None, words: str
) -> None:
    path = tmp_path / "witnesses"
    if text is not None:
        path.write_bytes(text.replace(b"%b", f"witness w {WITNESS_KEY}".encode()))
    environment.setenv("WITNESS_POLICY", str(path))
    with pytest.raises(SystemExit) as stop:
        load()
    assert str(stop.value.code).startswith("WITNESS_POLICY: ") and words in str(stop.value.code)
    assert "\n" not in str(stop.value.code) and "secret" not in str(stop.value.code)


@pytest.mark.parametrize("content", [None, b"{}", b'{"origin": "desk.example.org/ledger", "log_keys": []}'])
def test_a_wrong_policy_stops_the_start_with_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_bytes(content)
    environment.setenv("LEDGER_POLICY", str(path))
    with pytest.raises(SystemExit) as stop:
        load()
    assert str(stop.value.code).startswith(f"LEDGER_POLICY: set the path of a copy of policy.json ({path}: ")
    assert "\n" not in str(stop.value.code)


def test_a_file_of_witnesses_is_read(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "witnesses"
    path.write_text(f"witness w {WITNESS_KEY} https://w.example.org/under/it/\nquorum w\n")
    environment.setenv("WITNESS_POLICY", str(path))
    policy = load()["WITNESS_POLICY"]
    assert (policy.quorum, policy.witnesses["w"].url) == ("w", "https://w.example.org/under/it/")


def test_an_https_address_turns_on_secure_cookies_redirect_and_hsts(environment: pytest.MonkeyPatch) -> None:
    loaded = load()
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    assert [loaded[name] for name in names] == [True, True, True, 365 * 24 * 3600]


def test_a_plain_address_leaves_them_off(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "http://localhost:8000")
    loaded = load()
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    assert [loaded[name] for name in names] == [False, False, False, 0]


def test_without_an_owner_of_its_own_the_database_is_migrated_as_the_application(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("DATABASE_OWNER_URL")
    databases = load()["DATABASES"]
    assert databases["owner"]["USER"] == databases["default"]["USER"] == "app"


def test_a_variable_set_to_nothing_counts_as_unset(environment: pytest.MonkeyPatch) -> None:
    for name in ("ALLOWED_HOSTS", "EMAIL_URL", "CAPTURE_ALLOW", "DATABASE_OWNER_URL", "ATTACHMENT_LIMIT"):
        environment.setenv(name, "")
    loaded = load()
    assert loaded["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", "desk.example.org"]
    assert loaded["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert loaded["CAPTURE_ALLOW"] == []
    assert loaded["ATTACHMENT_LIMIT"] == 50 * 2**20


@pytest.mark.parametrize("given", ["s3://desk-evidence", "s3://desk-evidence/of/desk"])
def test_evidence_may_be_kept_in_a_bucket(environment: pytest.MonkeyPatch, given: str) -> None:
    environment.setenv("EVIDENCE_STORAGE", given)
    environment.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.org")
    loaded = load()
    assert (loaded["EVIDENCE_STORAGE"], loaded["S3_ENDPOINT"]) == (given, "https://s3.example.org")


def test_keys_of_before_are_still_taken(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY_FALLBACKS", f"{'o' * 50}, {'p' * 50}")
    assert load()["SECRET_KEY_FALLBACKS"] == ["o" * 50, "p" * 50]
