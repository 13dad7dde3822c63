"""No page believes keys that stand in the database: they come from a file, and where there is none the page says so."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from claims.actions.claims import publish_claim
from config.checks import keys_come_from_a_file
from ledger.keys import POLICY, receipt
from ledger.models import Key
from ledger.notes import SigningKey
from ledger.trusted import own_policy
from tests import factories
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.installation import NOW, publish_here
from tests.pages import got, text_of

if TYPE_CHECKING:
    from pytest_django import Settings

    from claims.models import Claim
    from tests.factories import Cast

pytestmark = pytest.mark.django_db
RED = "the keys come from the database, so this proves nothing against its owner."
Page = Callable[["Cast", "Claim"], str]


def _history(cast: "Cast", claim: "Claim") -> str:
    return got(cast.reporter, f"/claims/{claim.reference}/history/").content.decode()


def _acts(cast: "Cast", _claim: "Claim") -> str:
    return got(cast.auditor, "/ledger/").content.decode()


def _public(_cast: "Cast", claim: "Claim") -> str:
    return Client().get(f"/public/{claim.reference}/").content.decode()


def _how_to_check(_cast: "Cast", _claim: "Claim") -> str:
    return Client().get("/ledger/check/").content.decode()


def _receipts(_cast: "Cast", _claim: "Claim") -> str:
    given = {"text": receipt(bytes(32), "2026-03-01T12:00:00.123Z")}
    return Client().post("/ledger/receipts/", given).content.decode()


PAGES = (_history, _acts, _public, _how_to_check, _receipts)


@pytest.fixture
def cast(past_the_guards: None, db: None) -> "Cast":
    return factories.cast()


@pytest.fixture
def published(cast: "Cast", tmp_path: Path) -> "Claim":
    claim = factories.claim_in(cast, "corroborated")
    publish_claim(claim=claim, by=cast.editor)
    publish_here(tmp_path / "signer")
    return claim


@pytest.fixture
def planted(published: "Claim") -> str:
    """A key that whoever owns the database put into the table."""
    key = str(SigningKey(own_policy().origin, b"f" * 32).verifier_key)
    Key.objects.create(text=key, signs_receipts=False, since=NOW)
    return key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
@pytest.mark.parametrize("setting", ["", "gone.json"], ids=["unset", "a file that is gone"])
def test_without_a_file_a_page_says_in_red_that_nothing_is_proven_and_gives_no_result(
    cast: "Cast", published: "Claim", settings: "Settings", tmp_path: Path, page: Page, setting: str
) -> None:
    settings.LEDGER_SIGNER, settings.LEDGER_POLICY = tmp_path / "none", setting and str(tmp_path / setting)
    text = page(cast, published)
    assert re.search(
        rf'<(p class="check broken"[^>]*|li class="check broken"|div class="note wrong"><p)>[^<]*{RED}', text
    )
    assert '<li class="check verified">' not in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_with_the_file_that_was_made_with_the_keys_no_page_says_so(
    cast: "Cast", published: "Claim", page: Page
) -> None:
    assert RED not in page(cast, published)


def test_the_databases_keys_are_handed_out_to_nobody(settings: "Settings", tmp_path: Path, planted: str) -> None:
    assert planted not in Client().get("/ledger/policy").content.decode()
    settings.LEDGER_SIGNER = tmp_path / "none"
    assert Client().get("/ledger/policy").status_code == 404
    with pytest.raises(CommandError, match=r"No file names the ledger's keys\. Set LEDGER_POLICY"):
        call_command("export_ledger", str(tmp_path / "export"), stdout=StringIO())


def test_a_key_that_nobody_gave_over_to_is_told_on_the_ledgers_page(cast: "Cast", planted: str) -> None:
    text = text_of(got(cast.auditor, "/ledger/"))
    assert (f"{planted} This key is only in the database" in text, text.count("only in the database")) == (
        True,
        1,
    )


def test_the_deployment_check_asks_for_the_file(settings: "Settings", tmp_path: Path) -> None:
    assert keys_come_from_a_file(None) == []
    made = settings.LEDGER_SIGNER / POLICY
    settings.LEDGER_SIGNER = tmp_path / "none"
    [error] = keys_come_from_a_file(None)
    assert (error.id, "Set LEDGER_POLICY" in error.msg) == ("second_source.E001", True)
    settings.LEDGER_POLICY = str(made)
    assert keys_come_from_a_file(None) == []
