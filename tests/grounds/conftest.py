"""What the tests of this room share."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import Cast
    from tests.grounds.edits import GroundsWorld


@pytest.fixture
def cast(db: None) -> "Cast":
    """People on their desks. Imported here: pytest reads this file before Django is set up."""
    from tests import factories

    return factories.cast()


@pytest.fixture
def made(db: None) -> "GroundsWorld":
    """A claim with an assessment that waits."""
    from tests.grounds.edits import world

    return world()


@pytest.fixture
def verdict(db: None) -> "GroundsWorld":
    """The same once it was approved."""
    from tests import factories
    from tests.grounds.edits import world

    found = world()
    factories.approved(found.cast, found.assessment)
    return found
