"""Real servers for every test: PostgreSQL, Valkey or Redis, a mail server, a worker, a browser.

Tests run as the application's role, in a database that our own migrations made and `grant_roles` opened.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from config.data_folder import DataFolder
from config.embedded import Servers, create_database, start_servers
from tests import fast, migrated

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django import DjangoDbBlocker, Settings

    from tests.mail import MailServer

ROOT = Path(__file__).resolve().parent.parent
# Filled after migrate, read by everybody, written by no test.
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission", "ledger_key"}
_numbers = count(1)
_EARLY_COVERAGE = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only tests that start nothing but the database")


def pytest_configure(config: pytest.Config) -> None:
    """Starts the servers once for all test processes, and points this process at a database of its own."""
    if config.getoption("fast"):
        config.pluginmanager.register(fast.LongOnes())
    worker: str | None = getattr(config, "workerinput", {}).get("workerid")
    if worker is None:
        _start_session(config)
        if config.getoption("dist") != "no" and not config.option.collectonly:
            # The processes that this one starts run the tests; Django is set up there. They migrate nothing themselves.
            config.add_cleanup(migrated.start())
            return
    number = int(worker.removeprefix("gw")) if worker else 0
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL"):
        # Without a role of its own the sequencer is the application.
        os.environ[name] = replace_path(
            os.environ.get(name) or os.environ["DATABASE_URL"], f"test_second_source_{worker or 'main'}"
        )
    os.environ["REDIS_URL"] = replace_path(os.environ["REDIS_URL"], str(number))
    folder = Path(os.environ["DATA_DIR"]) / (worker or "main")
    (folder / "static").mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DATA_DIR": str(folder),
        "EVIDENCE_STORAGE": str(folder / "evidence"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "METRICS_TOKEN": "a-token-for-the-metrics",
        # Tests ask as fast as they can; those of the limits set their own.
        **{f"LIMIT_{kind}": "none" for kind in ("API", "FORM", "UPLOAD", "CAPTURE", "EXPORT", "PREVIEW")},
        # Playwright's synchronous interface keeps an event loop running in the thread of the tests.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    if worker and getattr(config.option, "cov_source", None):
        config.stash[_EARLY_COVERAGE] = _measure_imports()
    _configure_django()


def _measure_imports() -> Any:
    """Starts coverage in a process of xdist: pytest-cov begins only with the session, when Django has all modules."""
    import coverage

    early = coverage.Coverage(data_suffix=True, config_file=str(ROOT / "pyproject.toml"))
    early.start()
    return early


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Saves what was measured until now where pytest-cov combines it with the rest."""
    if early := session.config.stash.get(_EARLY_COVERAGE, None):
        early.stop()
        early.save()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What walks through a world comes first: begun last, it would be shared out, its world made by each process."""
    if config.getoption("fast"):
        chosen = fast.choose(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen
        fast.listen()
    items.sort(key=lambda item: "world" not in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """What was loaded by now stays: no collection of garbage looks at it again. Nor does one come with each page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _start_session(config: pytest.Config) -> None:
    names = ("EMAIL_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "CAPTURE_ALLOW", "STATIC_ROOT", "PORT", "BIND")
    ledger = (
        "LEDGER_SIGNER",
        "LEDGER_RECEIPT_KEY",
        "LEDGER_ORIGIN",
        "LEDGER_ANCHORS",
        "LEDGER_ANCHOR_HOURS",
        "TIMESTAMP_AUTHORITIES",
        "LEDGER_POLICY",
        "WITNESS_POLICY",
    )
    coming_in = ("REQUIRE_SECOND_FACTOR", "SECOND_FACTOR_DAYS", "RECENT_AUTHENTICATION_MINUTES", "OIDC_ISSUER")
    for name in (*names, *ledger, *coming_in, "TRUSTED_PROXIES", "LEDGER_POLICY"):
        os.environ.pop(name, None)
    if os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_OWNER_URL"):
        raise pytest.UsageError("DATABASE_OWNER_URL: set a superuser that is another role than that of DATABASE_URL")
    temporary = tempfile.TemporaryDirectory(prefix="second-source-tests-")
    config.add_cleanup(temporary.cleanup)
    servers: Servers = start_servers(DataFolder(Path(temporary.name)), os.environ, durable=False)
    config.add_cleanup(servers.stop)
    os.environ |= servers.environment
    os.environ["TEST_SUPERUSER_URL"] = servers.superuser_url or os.environ["DATABASE_OWNER_URL"]
    _let_tests_sequence()


def replace_path(url: str, path: str) -> str:
    """The address `url` with another database."""
    return urlsplit(url)._replace(path="/" + path).geturl()


def _configure_django() -> None:
    from django.conf import settings

    # Hashing slowly is right for people and tells a test nothing.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # The live server finds the files where they lie; bin/check makes the collected and hashed ones.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def superuser(database: str = "") -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection past all rights of the application, to this process's database; commits each statement."""
    name = database or urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    return psycopg.connect(replace_path(os.environ["TEST_SUPERUSER_URL"], name), autocommit=True)


@pytest.fixture(scope="session", autouse=True)
def _acts_as_the_catalogue_has_them() -> None:
    """An act that docs/ledger-kinds.md does not have as it is recorded fails, in whatever test."""
    from tests.ledger import kinds

    kinds.install()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """The database of this process: made anew, migrated by the owner, opened to the application's role."""
    from django.core.management import call_command
    from django.db import connections

    from ledger.keys import make_keys

    name = urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"]).username or ""
    copied = migrated.is_made()
    with superuser("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        create_database(connection, name, owner=owner, template=migrated.NAME if copied else "template1")
    with django_db_blocker.unblock():
        if not copied:
            call_command("migrate", verbosity=0)
        call_command("grant_roles", verbosity=0)
        make_keys()
        _compose_kept_queries()
        connections["owner"].close()
    with superuser() as connection, pytest.MonkeyPatch.context() as patch:
        _empty_tables_instead_of_flushing(connection, patch)
        yield
    with django_db_blocker.unblock():
        connections.close_all()
    with superuser("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _compose_kept_queries() -> None:
    """Composing a query looks like a statement to a test that counts them, and only the first use composes it."""
    from django.contrib.auth import get_backends
    from django.urls import get_resolver

    from house.kept_queries import KeptQuery

    get_backends()
    _ = get_resolver().url_patterns  # both import what asks in a request
    for module in list(sys.modules.values()):
        for kept in [each for each in vars(module).values() if isinstance(each, KeptQuery)]:
            _ = kept.statement


def _let_tests_sequence() -> None:
    """What a test has not committed no other connection sees: there it takes the sequencer's role on its own.

    The application inherits none of its rights: only `SET ROLE`, which the product never says, reaches them. Done once,
    before there are other processes: PostgreSQL refuses two that change a role at the same moment.
    """
    application = urlsplit(os.environ["DATABASE_URL"]).username or ""
    sequencer = urlsplit(os.environ.get("DATABASE_SEQUENCER_URL", "")).username
    if sequencer not in (None, application):
        roles = {"application": sql.Identifier(application), "sequencer": sql.Identifier(sequencer)}
        with superuser("postgres") as connection:
            connection.execute(sql.SQL("ALTER ROLE {application} NOINHERIT").format(**roles))
            connection.execute(sql.SQL("GRANT {sequencer} TO {application}").format(**roles))


def _empty_tables_instead_of_flushing(
    connection: "psycopg.Connection[tuple[Any, ...]]", patch: pytest.MonkeyPatch
) -> None:
    """Django's flush truncates as the application's role, which may not; append-only tables refuse anybody.

    Here, and nowhere else, their triggers are set aside. DELETE rather than TRUNCATE: a few rows go faster,
    and a transaction that a test left open cannot block it for ever.
    """
    from django.db import connections
    from django.test import TransactionTestCase

    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    names = sorted({name for (name,) in tables} - KEPT_TABLES)
    filled = [name for name in names if connection.execute(_query("SELECT 1 FROM {} LIMIT 1", name)).fetchone()]
    if filled:
        raise pytest.UsageError(f"migrations fill {', '.join(filled)}: say in tests/conftest.py how they are kept")
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET lock_timeout = '10s'")
    statement = sql.SQL("; ").join([_query("DELETE FROM {}", name) for name in names])

    def empty(_case: TransactionTestCase) -> None:
        connection.execute(statement)
        connections["default"].close()

    patch.setattr(TransactionTestCase, "_fixture_teardown", empty)


def _query(template: str, table: str) -> sql.Composed:
    return sql.SQL(template).format(sql.Identifier(table))


@pytest.fixture(autouse=True, scope="session")
def _signing_in_leaves_what_it_does() -> Iterator[None]:
    """`force_login` of the tests' client leaves in the session when that was, as the page for signing in does."""
    from django.contrib import auth
    from django.test import Client

    from tests.recently import put_sign_in

    signs_in, login = Client._login, auth.login  # type: ignore[attr-defined]  # what login and force_login share

    def login_and_note(request: Any, user: Any, backend: str | None = None) -> None:
        login(request, user, backend)
        put_sign_in(request.session, user)

    def _login(client: Client, user: Any, backend: str | None = None) -> None:
        with pytest.MonkeyPatch.context() as for_this_call:
            for_this_call.setattr(auth, "login", login_and_note)
            signs_in(client, user, backend)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "_login", _login)
        yield


@pytest.fixture(autouse=True)
def _evidence_storage(settings: "Settings", tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every test keeps its attachments in a folder of its own, which is made when something is kept."""
    settings.EVIDENCE_STORAGE = tmp_path_factory.getbasetemp() / f"evidence-{next(_numbers)}"


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The broker's address, in a Redis database that is this process's alone and empty."""
    import redis

    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        yield url
        server.flushdb()


@pytest.fixture
def smtp_server(settings: "Settings") -> Iterator["MailServer"]:
    """A mail server that keeps what it gets in `messages`; Django sends to it."""
    from tests.mail import MailServer

    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        yield server


@pytest.fixture
def celery_worker(transactional_db: None, redis_url: str) -> Iterator[None]:
    """A real worker for both queues, in a thread, so that the settings of the test are its settings."""
    from celery.contrib.testing.worker import start_worker

    from config.celery import app

    with start_worker(app, pool="solo", perform_ping_check=False, queues="reminders,captures", loglevel="WARNING"):
        yield


@pytest.fixture
def worker_process(
    transactional_db: None, redis_url: str, settings: "Settings", tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Starts workers as processes of their own: `worker_process("reminders")` returns one that is ready.

    It has `.process` (a Popen) and `.log`; what a test leaves running is killed.
    """
    from tests.workers import start_worker_process

    started: list[Any] = []

    def start(queues: str = "reminders,captures", **environment: str) -> Any:
        own = {"EVIDENCE_STORAGE": str(settings.EVIDENCE_STORAGE)}
        if settings.EMAIL_HOST:
            own["EMAIL_URL"] = f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        worker = start_worker_process(queues, tmp_path / f"worker-{len(started)}.log", own | environment)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.wait_or_kill(0)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium, one for all tests of this process. Fails, and says what to install, where there is none."""
    from tests.chromium import launch

    with launch() as running:
        yield running


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    """A browser profile with nothing in it."""
    fresh = browser.new_context(locale="en-GB", timezone_id="UTC")
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: "BrowserContext") -> "Page":
    return context.new_page()


@pytest.fixture
def page_without_javascript(browser: "Browser") -> Iterator["Page"]:
    """A page in a browser that runs no scripts."""
    fresh = browser.new_context(locale="en-GB", timezone_id="UTC", java_script_enabled=False)
    fresh.set_default_timeout(15_000)
    yield fresh.new_page()
    fresh.close()
