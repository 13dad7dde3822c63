"""A world to break: every test writes past the guards, and all of it is taken back with the test's transaction."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from claims.models import Claim
    from tests.factories import Cast


@pytest.fixture(scope="module")
def past_the_guards(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """Connects as the superuser, who alone can set the guards aside. Rules of tables that a test drops come back."""
    from django.db import connection

    superuser = urlsplit(os.environ["TEST_SUPERUSER_URL"])
    own = {"USER": superuser.username, "PASSWORD": superuser.password}
    before = {name: connection.settings_dict[name] for name in own}
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(own)
        yield
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture
def cast(past_the_guards: None, db: None) -> "Cast":
    from tests import factories

    return factories.cast()


@pytest.fixture
def unguarded(cast: "Cast") -> Callable[[], AbstractContextManager[None]]:
    """Inside it triggers and foreign keys are set aside."""
    from django.db import connection

    @contextmanager
    def without_guards() -> Iterator[None]:
        with connection.cursor() as cursor:
            # Deferred events of what the actions did would stop statements that alter their tables.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")

    return without_guards


@pytest.fixture
def execute(unguarded: Callable[[], AbstractContextManager[None]]) -> Callable[..., None]:
    """Runs a statement with triggers and foreign keys set aside."""
    from django.db import connection

    def run(statement: str, *parameters: object) -> None:
        with unguarded(), connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)  # type: ignore[arg-type]  # lists become arrays

    return run


@pytest.fixture
def verdict(cast: "Cast") -> "Claim":
    """A claim with a history: reported, then corroborated by two people, an hour ago."""
    from tests.integrity.looking import kept_verdict

    return kept_verdict(cast)
