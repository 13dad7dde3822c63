"""What the tests of this room share."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    """People on their desks. Imported here: pytest reads this file before Django is set up."""
    from tests import factories

    return factories.cast()
