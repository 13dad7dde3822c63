"""Times that scripts write look like those that the server writes, in the person's time zone."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from config import words
from tests import factories
from tests.ledger.javascript import MODULES, open_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ZONES = ["UTC", "Europe/Kyiv", "Asia/Kathmandu", "America/St_Johns"]
META = re.compile(r'<meta name="(?:zone|moment|moment-of-another-year)" content="[^"]*">')


def _metas(client: Client, address: str) -> str:
    found = META.findall(client.get(address).content.decode())
    assert len(found) == 3
    return "".join(found)


@pytest.mark.django_db
def test_a_script_writes_a_time_as_the_server_does(browser: "Browser") -> None:
    person, client, now = factories.person("Ada"), Client(), timezone.now()
    client.force_login(person)
    moments = [datetime(year, month, 5, 23, 59, 59, tzinfo=UTC) for year in (2022, now.year) for month in range(1, 13)]
    moments += [datetime(now.year, 1, 1, tzinfo=UTC), datetime(now.year, 12, 31, 0, 7, tzinfo=UTC)]
    page = open_at(browser, "http://localhost/")
    for zone in ZONES:
        person.time_zone = zone
        person.save()
        written = page.evaluate(
            """async ([metas, moments]) => {
              document.documentElement.lang = "en";
              document.head.innerHTML = metas;
              const { whenOf } = await import("/moments.js");
              return moments.map(whenOf);
            }""",
            [_metas(client, "/account/"), [moment.isoformat() for moment in moments]],
        )
        assert written == [words.moment(moment, zone=ZoneInfo(zone), now=now) for moment in moments]
    page.context.close()


@pytest.mark.django_db
def test_a_page_for_anybody_is_in_utc() -> None:
    assert '<meta name="zone" content="UTC">' in _metas(Client(), "/public/")


def test_no_other_script_has_a_format_of_its_own() -> None:
    """`draft.js` writes the hour and minute alone, in the person's zone."""
    own = re.compile(r"toLocale\w*String|toLocale\w*Date|DateTimeFormat|toDateString|toTimeString|toUTCString")
    found = {module.name for module in MODULES.glob("*.js") if own.search(module.read_text())}
    assert found == {"moments.js", "draft.js"}
