"""The pages about oneself and one's desks."""

from typing import TYPE_CHECKING

from tests import factories
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    pass


def test_an_account_shows_its_desks_and_changes_its_clock(db: None) -> None:
    cast = factories.cast()
    assert "Ukraine desk reviewer" in text_of(got(cast.reviewer, "/account/"))
    own = signed_in(cast.reviewer)
    given = fields_of(own.get("/account/")) | {"time_zone": "Europe/Kyiv"}
    assert own.post("/account/", given)["Location"] == "/account/"
    assert factories.fresh(cast.reviewer).time_zone == "Europe/Kyiv"


def test_a_zone_that_is_none_is_refused(db: None) -> None:
    cast = factories.cast()
    own = signed_in(cast.reviewer)
    answer = own.post("/account/", fields_of(own.get("/account/")) | {"time_zone": "Mars/Olympus"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["time_zone"])


def test_who_is_on_no_desk_is_told(db: None) -> None:
    cast = factories.cast()
    outsider = factories.person("outsider")
    for person, address in ((cast.admin, "/account/"), (outsider, "/account/"), (outsider, "/desk/")):
        assert "You do not belong to a desk yet. An administrator can add you to one." in text_of(got(person, address))
