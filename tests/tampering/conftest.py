"""The desk that is tampered with: made once for a module, past the guards of the database, and taken back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.accessibility.conftest import _context
from tests.integrity.conftest import past_the_guards as past_the_guards

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from pytest_django import DjangoDbBlocker, Settings

    from accounts.models import User
    from tests.tampering.noticing import Outside
    from tests.tampering.world import KeptMaterial, TamperedDesk


@pytest.fixture(scope="module")
def world(past_the_guards: None, request: pytest.FixtureRequest) -> Iterator["tuple[TamperedDesk, KeptMaterial]"]:
    """A desk, and what others have kept of its log. Where nothing is done to it, nobody notices anything."""
    from django.conf import settings
    from django.db import transaction

    from tests.tampering.world import make_desk

    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    folder = settings.EVIDENCE_STORAGE = request.getfixturevalue("tmp_path_factory").mktemp("evidence")
    with blocker.unblock(), transaction.atomic():
        yield make_desk(folder)
        transaction.set_rollback(True)


@pytest.fixture
def outside(
    world: "tuple[TamperedDesk, KeptMaterial]",
    browser: "Browser",
    django_db_blocker: "DjangoDbBlocker",
    settings: "Settings",
    tmp_path: "Path",
) -> Iterator["Outside"]:
    """Who looks at the desk, with a copy of its files; what a test does to it is undone."""
    from shutil import copytree

    from django.db import transaction

    from tests.accessibility.answering import answer_by_django
    from tests.tampering.noticing import Outside

    desk, kept = world
    settings.EVIDENCE_STORAGE = copytree(desk.world.files, tmp_path / "evidence")
    settings.LEDGER_POLICY = str(kept.policy_file)
    opened = []

    def open_page(user: "User | None") -> "Page":
        opened.append(_context(browser))
        answer_by_django(opened[-1], user)
        return opened[-1].new_page()

    with django_db_blocker.unblock(), transaction.atomic():
        outside = Outside(desk, kept, tmp_path, open_page)
        with outside.undone:
            yield outside
        transaction.set_rollback(True)
    for context in opened:
        context.close()
