"""A bundle is asked for on the history, shown while it is made to who asked alone, and taken away as a zip."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.actions import set_role
from accounts.models import Act, User
from claims.models import Bundle, Claim
from claims.tasks import make_bundles
from tests import factories
from tests.claims.bundling import checked, with_file
from tests.factories import Cast
from tests.ledger.installation import publish_here
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(cast: Cast, tmp_path: Path) -> Claim:
    """A claim with a file, in the published log."""
    row = factories.claim(cast)
    with_file(cast, row.evidence.get().source)
    publish_here(tmp_path / "signer")
    return row


@pytest.fixture
def asked(cast: Cast, claim: Claim) -> str:
    """The page that a reporter's asking leads to."""
    answer = signed_in(cast.reporter).post(f"/claims/{claim.reference}/bundles/")
    assert answer.status_code == 302
    return answer["Location"]


def test_the_history_offers_it(cast: Cast, claim: Claim) -> None:
    page = signed_in(cast.reporter).get(f"/claims/{claim.reference}/history/").content.decode()
    assert f'<form method="post" action="/claims/{claim.reference}/bundles/">' in page


def test_asking_writes_a_row_and_that_it_was_taken(cast: Cast, claim: Claim, asked: str) -> None:
    assert Bundle.objects.values_list("claim", "by", "state").get() == (claim.pk, cast.reporter.pk, "waiting")
    assert Act.objects.filter(kind="exported", by=cast.reporter).count() == 1


def test_its_page_says_how_far_it_is(cast: Cast, asked: str) -> None:
    client = signed_in(cast.reporter)
    waiting = text_of(client.get(asked))
    Bundle.objects.update(state="running", checkpoint=1, parts_done=3, parts_all=7)
    half = text_of(client.get(asked))
    Bundle.objects.update(state="waiting", checkpoint=None)
    make_bundles()
    ready = text_of(client.get(asked))
    words = ("Waiting for a signed checkpoint", "3 of 7 parts", "Ready:", "Refresh", "Download bundle")
    assert [[word in text for word in words] for text in (waiting, half, ready)] == [
        [True, False, False, True, False],
        [False, True, False, True, False],
        [False, False, True, False, True],
    ]


def test_nothing_reloads_by_itself(cast: Cast, asked: str) -> None:
    answer = signed_in(cast.reporter).get(asked)
    assert ("Refresh" in answer, b"http-equiv" in answer.content) == (False, False)


def test_why_one_failed_stands_on_its_page(cast: Cast, asked: str) -> None:
    Bundle.objects.update(state="failed", error="The disk is <full>.", ended_at="2026-11-23T00:00:00Z")
    answer = signed_in(cast.reporter).get(asked)
    assert "The bundle could not be created. The disk is <full>." in text_of(answer)


def test_it_is_taken_away_whole(cast: Cast, claim: Claim, asked: str) -> None:
    make_bundles()
    answer = signed_in(cast.reporter).get(f"{asked}file")
    data = answer.getvalue()
    headers = [answer[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control", "Content-Length")]
    name = f'attachment; filename="{claim.reference}-bundle.zip"'
    assert headers == ["application/zip", name, "no-store", str(len(data))]
    assert checked(data).findings == []


def test_asked_for_its_head_alone_nothing_is_put_together(cast: Cast, asked: str) -> None:
    make_bundles()
    answer = signed_in(cast.reporter).head(f"{asked}file")
    assert (answer["Content-Length"], answer.content) == (str(Bundle.objects.get().size), b"")


@pytest.mark.parametrize("part", ["", "file"])
def test_others_know_of_none(cast: Cast, asked: str, part: str) -> None:
    make_bundles()
    people: list[User] = [cast.editor, cast.auditor, cast.reviewer, cast.stranger, cast.admin]
    assert {signed_in(user).get(asked + part).status_code for user in people} == {404}


def _taken_off(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.reporter, role=None, by=None)


def _made_auditor(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.reporter, role="auditor", by=None)


@pytest.mark.parametrize("change", [_taken_off, _made_auditor])
def test_the_right_to_it_is_asked_for_again(cast: Cast, asked: str, change: Callable[[Cast], Any]) -> None:
    make_bundles()
    change(cast)
    assert signed_in(cast.reporter).get(f"{asked}file").status_code == 404


def test_one_that_is_not_ready_is_not_there(cast: Cast, asked: str) -> None:
    assert signed_in(cast.reporter).get(f"{asked}file").status_code == 404


def test_a_bundle_of_another_claim_is_not_under_this_one(cast: Cast, asked: str) -> None:
    other = factories.claim(cast)
    assert signed_in(cast.reporter).get(asked.replace("UKR-1", other.reference)).status_code == 404


def test_who_is_taken_off_the_desk_while_it_is_made_gets_none(cast: Cast, asked: str) -> None:
    _taken_off(cast)
    make_bundles()
    assert Bundle.objects.values_list("state", "error").get() == ("failed", "You can no longer see this claim.")
