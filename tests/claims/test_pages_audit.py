"""The ledger's page: every act on the desk for those who audit it, and nothing of what is withheld."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import Act
from claims.actions.claims import publish_claim
from claims.actions.sources import change_source
from sources.inputs import SourceInput
from tests import factories
from tests.ledger.installation import publish_here
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.models import User
    from tests.factories import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(cast: "Cast", tmp_path: Path) -> str:
    """A claim with open and restricted evidence, published log; answers its reference."""
    claim = factories.claim(cast)
    publish_claim(claim=claim, reason="Agreed.", by=cast.editor)
    source = factories.source(cast, "Zephyrine speaks", by=cast.editor, visibility="restricted")
    factories.attach(cast, claim, source, by=cast.editor, excerpt="Zephyrine saw it")
    publish_here(tmp_path / "signer")
    return claim.reference


def rows_of(answer: "HttpResponse") -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(text.splitlines()))


def test_an_auditor_reads_who_did_what_and_when(cast: "Cast", work: str) -> None:
    assert f"claim published editor {work}" in text_of(got(cast.auditor, "/ledger/"))


def test_what_is_restricted_is_withheld_from_an_auditor_and_not_from_an_editor(cast: "Cast", work: str) -> None:
    sealed = Act.objects.filter(sealed=True).count()
    for_auditor, for_editor = (text_of(got(user, "/ledger/")) for user in (cast.auditor, cast.editor))
    assert for_auditor.count("withheld: restricted material") == sealed == 2
    assert for_editor.count("withheld: restricted material") == 0


def _kinds(user: "User") -> set[str]:
    return {row[1] for row in rows_of(got(user, "/ledger/export.csv"))[1:]}


def test_an_administrator_reads_the_acts_of_no_desk_and_no_desks_acts(cast: "Cast", work: str) -> None:
    found = _kinds(cast.admin)  # which is an export itself, and of no desk
    of_no_desk = set(Act.objects.filter(desk=None).values_list("kind", flat=True))
    assert found == of_no_desk == {"account_made", "exported"}
    assert work not in text_of(got(cast.admin, "/ledger/"))


def test_who_audits_a_desk_reads_no_act_of_no_desk(cast: "Cast", work: str) -> None:
    of_the_desk = Act.objects.filter(desk=cast.desk)
    assert _kinds(cast.editor) == set(of_the_desk.values_list("kind", flat=True))
    open_ones = set(of_the_desk.filter(sealed=False).values_list("kind", flat=True))
    assert _kinds(cast.auditor) == open_ones | {"withheld"}


@pytest.mark.parametrize("query", ["person=editor", "kind=evidence_attached", "claim=UKR-1"])
def test_no_filter_tells_of_what_is_withheld(cast: "Cast", work: str, query: str) -> None:
    text = text_of(got(cast.auditor, f"/ledger/?{query}"))
    assert "withheld" not in text


@pytest.mark.parametrize("query", ["since=0001-01-01&until=9999-12-31", "since=0001-01-01", "until=9999-12-31"])
def test_the_first_and_the_last_day_there_can_be_hold_all_acts(cast: "Cast", work: str, query: str) -> None:
    assert "evidence attached" in text_of(got(cast.auditor, f"/ledger/?{query}"))


def test_a_persons_acts_are_found(cast: "Cast", work: str) -> None:
    rows = rows_of(got(cast.auditor, "/ledger/export.csv?person=reporter"))
    assert {row[2] for row in rows[1:]} == {"reporter"}


def test_acts_say_in_names_what_they_are_about(cast: "Cast", work: str) -> None:
    text = text_of(got(cast.editor, "/ledger/"))
    assert "role changed reviewer2" in text
    assert f"evidence attached editor {work}: Zephyrine speaks" in text


def test_the_desks_own_auditors_are_told_since_when_the_log_is_late(cast: "Cast", work: str) -> None:
    assert "No entry has been waiting for more than a minute." in text_of(got(cast.auditor, "/ledger/"))
    factories.claim(cast, now=timezone.now() - timedelta(minutes=2))
    told = "The log is late. Entries since"
    assert [told in text_of(got(user, "/ledger/")) for user in (cast.auditor, cast.stranger)] == [True, False]


def test_a_desk_is_read_by_its_own_auditors_only(cast: "Cast", work: str) -> None:
    answers = [got(user, "/ledger/", status) for user, status in ((cast.stranger, 200), (cast.reporter, 403))]
    assert work not in text_of(answers[0])


def test_the_export_proves_each_act_and_is_recorded(cast: "Cast", work: str) -> None:
    answer = got(cast.auditor, "/ledger/export.jsonl")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]  # type: ignore[attr-defined]
    assert ("checkpoint" in lines[0], lines[-1]) == (True, {"entries": len(lines) - 2})
    assert len(lines) - 2 == Act.objects.filter(desk=cast.desk).count()
    assert b"Zephyrine" not in json.dumps(lines).encode()
    assert Act.objects.filter(kind="exported", by=cast.auditor).count() == 1


def test_pages_follow_each_other_without_a_gap(cast: "Cast", work: str) -> None:
    for _ in range(60):
        factories.source(cast)
    client = signed_in(cast.auditor)
    first = client.get("/ledger/")
    second = client.get(first.context["next_url"])
    shown = [line for page in (first, second) for line in page.context["lines"]]
    assert len(first.context["lines"]) == 50
    assert len(shown) == Act.objects.filter(desk=cast.desk).count()


@pytest.mark.parametrize("query", ["person=editor&kind=source_added", "kind=source_added"])
def test_no_page_of_a_narrowed_list_tells_how_much_is_withheld(
    cast: "Cast", monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr("claims.views.audit.PAGE_SIZE", 3)
    monkeypatch.setattr("claims.views.audit.BATCH", 2)
    sources = [factories.source(cast, by=cast.editor) for _ in range(10)]
    for source in sources[1::2]:
        change_source(source=factories.fresh(source), fields=SourceInput(visibility="restricted"), by=cast.editor)
    client, url, pages = signed_in(cast.auditor), f"/ledger/?{query}", []
    back = ""
    while url:
        page = client.get(url).context
        pages.append(len(page["lines"]))
        url, back = page["next_url"], page["previous_url"]
    assert pages == [3, 2]
    assert len(client.get(back).context["lines"]) == 3


def test_there_is_no_next_page_of_withheld_acts_alone(cast: "Cast", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.views.audit.PAGE_SIZE", 2)
    sources = [factories.source(cast, by=cast.editor) for _ in range(4)]
    for source in sources[:2]:
        change_source(source=factories.fresh(source), fields=SourceInput(visibility="restricted"), by=cast.editor)
    page = got(cast.auditor, "/ledger/?kind=source_added").context  # type: ignore[attr-defined]
    assert (len(page["lines"]), page["next_url"]) == (2, "")
