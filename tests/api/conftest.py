"""The cast, and a client for each person. Imports stand inside: pytest reads this file before Django is set up."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.client import Api
    from tests.factories import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    from tests import factories

    return factories.cast()


def _client(name: str) -> "Api":
    from accounts.models import User
    from tests.api.client import Api

    return Api(User.objects.get(username=name))


@pytest.fixture
def nobody(db: None) -> "Api":
    from tests.api.client import Api

    return Api(None)


@pytest.fixture
def reporter(cast: "Cast") -> "Api":
    return _client("reporter")


@pytest.fixture
def reviewer(cast: "Cast") -> "Api":
    return _client("reviewer")


@pytest.fixture
def editor(cast: "Cast") -> "Api":
    return _client("editor")


@pytest.fixture
def auditor(cast: "Cast") -> "Api":
    return _client("auditor")


@pytest.fixture
def stranger(cast: "Cast") -> "Api":
    return _client("stranger")


@pytest.fixture
def admin(cast: "Cast") -> "Api":
    return _client("admin")
