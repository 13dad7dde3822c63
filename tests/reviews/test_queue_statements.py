"""How many statements my work takes: as many for much of a sort as for a little, and none for what is not there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import Cast
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def _asked(person: str, cast: Cast) -> int:
    client = signed_in(getattr(cast, person))
    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    return len(asked)


# Session, person, four of the page's head, whatever exists, and what they have; for an editor also unassigned work.
@pytest.mark.parametrize(("person", "empty", "full"), [("reviewer", 8, 9), ("editor", 10, 10), ("auditor", 8, 8)])
def test_the_statements_of_my_work(person: str, empty: int, full: int) -> None:
    cast = factories.cast()
    assert _asked(person, cast) == empty
    seen = []
    for _more in range(2):
        factories.assigned(cast, factories.claim(cast))
        factories.claim(cast)
        assessed = factories.claim(cast)
        factories.firsthand(cast, assessed, 2)
        factories.assessment(cast, assessed, "corroborated")
        seen.append(_asked(person, cast))
    assert seen == [full, full]
