"""What the site says is published, held against the log by an outsider with the verifier alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from claims.actions.claims import publish_claim, unpublish_claim
from claims.models import Claim
from claims.record.backfill import bring_in
from claims.views import public_files
from ledger.canonical import canonical
from ledger.keys import policy_text
from ledger.sequencer import Sequencer
from ledger.verifier import Unusable, main, read_listed
from tests import factories
from tests.conftest import superuser
from tests.ledger.installation import sequencing

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

    from tests.factories import Cast

pytestmark = pytest.mark.django_db(transaction=True)

# As if there had been no log when a claim was written down.
FORGET = (
    "DELETE FROM ledger_outbox USING ledger_entry e WHERE e.id = entry_id AND e.stream = %s",
    "DELETE FROM ledger_secret USING ledger_entry e WHERE e.id = entry_id AND e.stream = %s",
    "DELETE FROM accounts_act USING ledger_entry e WHERE e.id = entry_id AND e.stream = %s",
    "DELETE FROM ledger_entry WHERE stream = %s",
)
Replay = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with sequencing(tmp_path / "signer") as one:
        yield one


@pytest.fixture
def cast(db: None) -> "Cast":
    return factories.cast()


@pytest.fixture
def published(cast: "Cast", sequencer: Sequencer) -> list[Claim]:
    """Three that are public, the newest a verdict, and one that was taken back."""
    claims = [factories.claim(cast, f"Report {number}.") for number in (1, 2)]
    claims.append(factories.claim_in(cast, "corroborated", statement="A verdict."))
    for claim in claims:
        publish_claim(claim=factories.fresh(claim), by=cast.editor)
    gone = publish_claim(claim=factories.claim(cast), by=cast.editor)
    unpublish_claim(claim=gone, by=cast.editor)
    _sign(sequencer)
    return [factories.fresh(claim) for claim in claims]


def _sign(sequencer: Sequencer) -> None:
    while sequencer.integrate():
        pass
    sequencer.publish(timezone.now())


@pytest.fixture
def replayed(live_server: "LiveServer", tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replay:
    """`verifier.py replay` at the site's address; its status, and the lines that it prints."""

    def run(listed: str | None = None) -> tuple[int, list[str]]:
        (tmp_path / "policy").write_bytes(policy_text())
        claims = listed or f"{live_server.url}/public/claims.json"
        status = main(["replay", live_server.url, "--policy", str(tmp_path / "policy"), "--claims", claims])
        read = capsys.readouterr()
        return status, [*read.out.splitlines(), *read.err.splitlines()]

    return run


def _past_all_guards(statement: str, *values: object) -> None:
    with superuser() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)


def _finds(outcome: tuple[int, list[str]], words: str) -> bool:
    status, said = outcome
    return status == 1 and any(words in line for line in said)


def test_what_is_listed_is_what_the_log_says(published: list[Claim], replayed: Replay) -> None:
    status, said = replayed()
    assert (status, "claims compared: 3" in said[-1]) == (0, True), said


def test_the_list_goes_on_in_pages(published: list[Claim], replayed: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_files, "LISTED", 2)
    first = json.loads(Client().get("/public/claims.json").content)
    assert (len(first["results"]), first["next"][:8]) == (2, "?cursor=")
    status, said = replayed()
    assert (status, "claims compared: 3" in said[-1]) == (0, True), said


def test_another_state_is_found(published: list[Claim], replayed: Replay) -> None:
    _past_all_guards("UPDATE claims_claim SET state = 'refuted' WHERE id = %s", published[2].pk)
    assert _finds(replayed(), f"claim {published[2].reference}: state: expected corroborated, found refuted")


def test_another_day_of_publication_is_found(published: list[Claim], replayed: Replay) -> None:
    _past_all_guards(
        "UPDATE claims_claim SET published_at = published_at - interval '1 day' WHERE id = %s", published[0].pk
    )
    assert _finds(replayed(), f"claim {published[0].reference}: published_at: expected 20")


def test_one_that_is_left_out_of_the_list_is_found(published: list[Claim], replayed: Replay, tmp_path: Path) -> None:
    whole = json.loads(Client().get("/public/claims.json").content)
    whole["results"] = [one for one in whole["results"] if one["reference"] != published[1].reference]
    (tmp_path / "claims.json").write_bytes(canonical(whole))
    words = f"claim {published[1].reference}: published: expected in the list"
    assert _finds(replayed(str(tmp_path / "claims.json")), words)


def test_a_page_of_the_list_alone_is_not_taken_for_all_of_it(
    published: list[Claim], replayed: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_files, "LISTED", 2)
    (tmp_path / "claims.json").write_bytes(Client().get("/public/claims.json").content)
    status, said = replayed(str(tmp_path / "claims.json"))
    assert (status, "claims compared: 2" in said[-1]) == (0, True), said


def test_one_that_nobody_published_is_found(cast: "Cast", published: list[Claim], replayed: Replay) -> None:
    hidden = Claim.objects.filter(published_at=None).order_by("created_at")[0]
    _past_all_guards("UPDATE claims_claim SET published_at = now() WHERE id = %s", hidden.pk)
    assert _finds(replayed(), f"claim {hidden.reference}: published_at: expected null, found 20")


def test_one_of_before_the_log_has_no_entry_of_its_publication_and_that_is_counted(
    cast: "Cast", sequencer: Sequencer, published: list[Claim], replayed: Replay
) -> None:
    old = factories.claim(cast, "Of before.")
    for statement in FORGET:
        _past_all_guards(statement, f"claim:{old.pk}")
    _past_all_guards("UPDATE claims_claim SET published_at = now() - interval '1 year' WHERE id = %s", old.pk)
    assert bring_in(connection, claims=[old.pk], now=timezone.now()) == 1
    _sign(sequencer)
    status, said = replayed()
    assert (status, "publications from before the log: 1" in said[-1]) == (0, True), said


def test_it_says_nothing_but_what_public_pages_say(published: list[Claim]) -> None:
    answer = Client().get("/public/claims.json")
    said = json.loads(answer.content)
    assert (canonical(said), answer["Cache-Control"]) == (answer.content, "public, max-age=1")
    assert said.keys() == {"format", "results", "next"}
    assert [one["reference"] for one in said["results"]] == [claim.reference for claim in reversed(published)]
    assert {frozenset(one) for one in said["results"]} == {frozenset(("reference", "state", "published_at"))}


def test_a_list_that_leads_elsewhere_is_not_followed(
    published: list[Claim], replayed: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_files, "LISTED", 2)
    elsewhere = "https://elsewhere.example/"
    monkeypatch.setattr(public_files, "canonical", lambda said: canonical({**said, "next": elsewhere}))
    status, said = replayed()
    assert (status, "goes on at" in said[-1]) == (2, True)


@pytest.mark.parametrize("data", [b"3", b'"text"', b'{"results": 3}', b"[" * 100_000])
def test_a_list_that_is_none_cannot_be_used(data: bytes) -> None:
    with pytest.raises(Unusable):
        read_listed(data)
