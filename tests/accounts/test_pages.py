"""The pages about oneself and one's desks."""

from typing import TYPE_CHECKING

from tests import factories
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast


def test_an_account_shows_its_desks_and_changes_its_clock(db: None) -> None:
    cast = factories.cast()
    assert "Ukraine desk reviewer" in text_of(got(cast.reviewer, "/account/"))
    given = {"time_zone": "Europe/Kyiv", "language": "en"}
    assert signed_in(cast.reviewer).post("/account/", given)["Location"] == "/account/"
    assert factories.fresh(cast.reviewer).time_zone == "Europe/Kyiv"


def test_a_zone_that_is_none_is_refused(db: None) -> None:
    cast = factories.cast()
    answer = signed_in(cast.reviewer).post("/account/", {"time_zone": "Mars/Olympus", "language": "en"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["time_zone"])


def test_a_desk_shows_its_members_and_what_it_asks_for(db: None) -> None:
    cast: Cast = factories.cast()
    text = text_of(got(cast.auditor, "/desk/"))
    assert "Ukraine desk References UKR-1, UKR-2 … A verdict needs 2 independent voices" in text
    assert "auditor auditor editor editor reporter reporter" in text
    assert "Other desk" not in text


def test_who_is_on_no_desk_is_told(db: None) -> None:
    cast = factories.cast()
    for address in ("/account/", "/desk/"):
        assert "You are on no desk. An administrator puts people on desks." in text_of(got(cast.admin, address))
