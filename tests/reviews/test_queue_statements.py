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


# Session, person, the page's head, what there is at all, and what they have; an editor's findings, what nobody has.
@pytest.mark.parametrize(("person", "empty", "full"), [("reviewer", 5, 6), ("editor", 7, 7), ("auditor", 5, 5)])
def test_the_statements_of_my_work(person: str, empty: int, full: int) -> None:
    cast = factories.cast()
    assert _asked(person, cast) == empty
    seen = []
    for _more in range(2):
        factories.assigned(cast, factories.claim(cast))
        factories.claim(cast)
        finding = factories.claim(cast)
        factories.firsthand(cast, finding, 2)
        factories.finding(cast, finding, "corroborated")
        seen.append(_asked(person, cast))
    assert seen == [full, full]
