"""What the tests of this room share."""

from typing import TYPE_CHECKING

import pytest

from tests.access.conftest import taken_back, world

if TYPE_CHECKING:
    from tests.factories import Cast

__all__ = ["cast", "taken_back", "world"]


@pytest.fixture
def cast(db: None) -> "Cast":
    """People on their desks. Imported here: pytest reads this file before Django is set up."""
    from tests import factories

    return factories.cast()
