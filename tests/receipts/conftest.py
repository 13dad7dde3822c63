"""The cast. Imports stand inside: pytest reads this file before Django is set up."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import Cast


@pytest.fixture
def cast(db: None) -> "Cast":
    from tests import factories

    return factories.cast()
