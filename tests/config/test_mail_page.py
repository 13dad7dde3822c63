"""The page of the mails that are kept: who reads it, what it shows, and that it is there for `bin/dev` alone."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import clear_url_caches

from accounts.actions.account import ask_for_password
from tests import factories
from tests.factories import Cast
from tests.links import send_waiting_mails
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.cast()


def _read_the_addresses_again() -> None:
    from config import urls

    importlib.reload(urls)
    clear_url_caches()


@pytest.fixture
def trying_out(settings: "Settings", tmp_path: Path) -> Iterator[None]:
    """The settings of `bin/dev` without EMAIL_URL."""
    settings.MAIL_PAGE = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    _read_the_addresses_again()
    yield
    settings.MAIL_PAGE = False
    _read_the_addresses_again()


def test_a_production_start_has_no_such_address(cast: Cast) -> None:
    for user in (cast.admin, cast.editor):
        assert signed_in(user).get("/mails/").status_code == 404
        assert signed_in(user).get("/mails/20240101-120000-1.log/").status_code == 404


@pytest.mark.usefixtures("trying_out")
def test_administrators_read_what_would_be_sent(cast: Cast) -> None:
    assert "No mail yet." in text_of(got(cast.admin, "/mails/"))
    ask_for_password(email="reporter@example.org")
    send_waiting_mails()
    page: Any = got(cast.admin, "/mails/")
    assert "A new password for Second Source reporter@example.org" in text_of(page)
    mail = got(cast.admin, f"/mails/{page.context['mails'][0].name}/")
    assert "A new password was requested for the account reporter." in text_of(mail)
    assert '<a href="http://localhost:8000/account/password/new/' in mail.content.decode()


@pytest.mark.usefixtures("trying_out")
@pytest.mark.parametrize("name", ["reporter", "editor", "auditor", "stranger"])
def test_nobody_else_does(cast: Cast, name: str) -> None:
    for address in ("/mails/", "/mails/20240101-120000-1.log/"):
        got(getattr(cast, name), address, status=403)


@pytest.mark.usefixtures("trying_out")
def test_no_other_file_is_read(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "20240101-120000-1.log").write_text("Subject: outside the folder\n\n")
    for name in ("..%2F20240101-120000-1.log", "20240101-120000-1.log", "passwd", "%00"):
        got(cast.admin, f"/mails/{name}/", status=404)


@pytest.mark.usefixtures("trying_out")
def test_what_a_mail_holds_is_shown_as_text(cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "20240101-120000-1.log").write_text("Subject: <script>1</script>\nTo: a@b.c\n\n<b>bold</b>\n")
    page = got(cast.admin, "/mails/20240101-120000-1.log/").content.decode()
    assert ("<script>1" in page, "&lt;script&gt;1" in page, "&lt;b&gt;bold" in page) == (False, True, True)


def test_signed_out_it_is_not_told_apart_from_what_is_not_there(db: None, client: Any) -> None:
    assert client.get("/mails/").status_code == client.get("/nowhere/").status_code == 404
