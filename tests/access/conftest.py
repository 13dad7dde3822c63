"""One world for all tests of a module: made once, in a transaction that is taken back at its end."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker, Settings

    from tests.access.world import AccessWorld


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: "DjangoDbBlocker", tmp_path_factory: pytest.TempPathFactory
) -> Iterator["AccessWorld"]:
    from django.conf import settings
    from django.db import transaction

    from ledger import reading
    from tests.access.world import make_world  # Django is set up only after this file is read

    folder = settings.EVIDENCE_STORAGE = Path(tmp_path_factory.mktemp("evidence"))
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        # No sequencer runs here: what pages say of an entry that has waited for a minute would depend on how fast
        # this machine is, and two answers would differ by nothing else.
        patch.setattr(reading, "LONGEST_DELAY", 1_000_000)
        yield make_world(folder)
        transaction.set_rollback(True)


@pytest.fixture
def taken_back(world: "AccessWorld", django_db_blocker: "DjangoDbBlocker", settings: "Settings") -> Iterator[None]:
    """What a test does to the world is undone after it. The world's files are where it left them."""
    from django.db import transaction

    settings.EVIDENCE_STORAGE = world.files
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
