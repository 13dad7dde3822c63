"""Which passwords are taken: any signs, fifteen of them, none that everybody tries and none made of words from here."""

import unicodedata

import pytest

from accounts.actions import create_user, strong_password
from accounts.inputs import AccountInput
from accounts.models import User
from house.errors import Invalid
from tests.factories import Cast

GOOD = (
    "brass harbours at eleven",
    "корабель прийшов уночі",
    "한밤중에 배가 들어왔다 그리고 떠났다",
    "кит і 7 маяків 🐋",
    "               a               b",
    "83610572946182037",
    "x" * 14 + "y" + "long enough to be all right" * 40,
    "the editor source of second thoughts",
)
COMMON = (
    "passwordpassword",
    "123456789012345",
    "1234567890123456789",
    "qwertyuiopasdfgh",
    "PasswordPassword",
    "password12345678",
    "Password!!!!!!!!!!!",
    "iloveyouiloveyou",
    "i love you i love you",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "aaaaaaaaaaaaaaaa",
    "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
)
FROM_HERE = (
    "secondsource2026",
    "Second Source 12345!",
    "S3c0nd-S0urc3-2026",
    "UkraineDesk2026!",
    "UKR ukraine desk UKR",
    "desk.example.org2026",
    "reporterreporter1",
    "Olena.Kovalenko1987",
    "olena@newsroom.example",
    "second source password",
)


@pytest.fixture
def olena(cast: Cast, settings: "object") -> User:
    settings.PUBLIC_URL = "https://desk.example.org"  # type: ignore[attr-defined]  # pytest-django's
    cast.reporter.name, cast.reporter.email = "Olena Kovalenko", "olena@newsroom.example"
    return cast.reporter


def refusal(password: str, user: User) -> list[str]:
    try:
        strong_password(password, user)
    except Invalid as error:
        return error.errors["password"]
    return []


@pytest.mark.parametrize("password", GOOD)
def test_any_signs_will_do(olena: User, password: str) -> None:
    assert refusal(password, olena) == []


@pytest.mark.parametrize("password", COMMON)
def test_what_is_common_or_leaked_is_refused_also_in_disguise(olena: User, password: str) -> None:
    assert any("This password is common or has been leaked." in text for text in refusal(password, olena))


@pytest.mark.parametrize("password", FROM_HERE)
def test_words_from_here_are_refused(olena: User, password: str) -> None:
    assert any("contains your name or the name of this site or its desks" in text for text in refusal(password, olena))


@pytest.mark.parametrize(
    ("password", "enough"), [("brass harbour", False), ("brass harbour 8", True), ("한" * 14, False)]
)
def test_fifteen_characters_are_enough(olena: User, password: str, enough: bool) -> None:
    assert (refusal(password, olena) == []) == enough


def test_one_spelling_in_unicode_is_as_good_as_another(cast: Cast) -> None:
    written = "café über ａｌｌｅｓ wichtig"
    user = create_user(account=AccountInput(username="olena", password=unicodedata.normalize("NFD", written)), by=None)
    spellings = [unicodedata.normalize(form, written) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert [user.check_password(spelling) for spelling in spellings] == [True] * 4
    assert [user.check_password(other) for other in (written.upper(), written + " ", f" {written}", "")] == [False] * 4


def test_a_password_of_before_there_was_one_spelling_goes_on(cast: Cast) -> None:
    typed = unicodedata.normalize("NFD", "café über alles")
    super(User, cast.reporter).set_password(typed)
    assert (cast.reporter.check_password(typed), cast.reporter.check_password("cafe uber alles")) == (True, False)


def test_space_at_the_ends_counts(cast: Cast) -> None:
    user = create_user(account=AccountInput(username="olena", password=" brass harbours at eleven "), by=None)
    assert (user.check_password(" brass harbours at eleven "), user.check_password("brass harbours at eleven")) == (
        True,
        False,
    )
