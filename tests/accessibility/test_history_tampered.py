"""A superuser without the log's key changes what a claim's history page is made of: the page says so, in red.

Each tampering is done past all guards, and taken back. What stands in the log cannot be changed unseen: that the other
checks of the ledger find (tests/ledger).
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from ledger.models import Checkpoint, DailyStamp
from ledger.notes import SigningKey, checkpoint_text, sign_note
from tests import factories
from tests.access.world import AccessWorld
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import DjangoDbBlocker, Settings

SUM = "[data-sum]"
DONE = f"{SUM}:is(.verified, .redacted, .broken, .unavailable, .missing)"
# What statements are short for.
SHORT = {
    ":change": "UPDATE claims_statuschange SET",
    ":text": "UPDATE claims_statuschangetext SET",
    ":claim ": "UPDATE claims_claim SET ",
    ":second": "WHERE claim_id = %(claim)s AND seq = 2",
    ":claimant": "UPDATE sources_actor SET name = 'Forged.' WHERE id = (SELECT claimant_id FROM claims_claim :this)",
    ":this": "WHERE id = %(claim)s",
    ":opening": "DELETE FROM ledger_secret s USING ledger_entry e WHERE s.entry_id = e.id AND e.id = :entry",
    ":entry": "(SELECT max(id) FROM ledger_entry WHERE stream = 'claim:' || %(claim)s AND kind = 'status_changed')",
    ":another": "(SELECT id FROM accounts_user WHERE username = 'reviewer2')",
}

# What is done, and what the page then says of it.
TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "another state after": (
        (":change to_state = 'refuted' :second",),
        "to: recorded “corroborated”, found “refuted”",
    ),
    "another state before": (
        (":change from_state = 'denied' :second",),
        "from: recorded “reported”, found “denied”",
    ),
    "another time": ((":change at = at - interval '1 day' :second",), "happened_at: recorded"),
    "a time a millisecond later": ((":change at = at + interval '1 ms' :second",), "happened_at: recorded"),
    "another assessor": ((":change by_id = :another :second",), "by: recorded “reviewer”, found “reviewer2”"),
    "another decider": ((":change decided_by_id = :another :second",), "decided_by: recorded “editor”"),
    "no decider": (
        (":unchecked", ":change decided_by_id = NULL :second"),
        "decided_by: recorded “editor”, found “null”",
    ),
    "a person of another name": (
        ("UPDATE accounts_user SET username = 'somebody' WHERE username = 'reviewer'",),
        "by: recorded “reviewer”, found “somebody”",
    ),
    "less evidence": ((":change evidence = evidence[1:1] :second",), "evidence: recorded"),
    "no evidence": (
        (
            ":unchecked",
            ":change evidence = '{}' :second",
        ),
        "evidence: recorded",
    ),
    "evidence that is gone": (
        ("DELETE FROM claims_evidence WHERE id = (SELECT evidence[1] FROM claims_statuschange :second)",),
        "evidence: recorded",
    ),
    "another stance": ((":change stance = 'refutes' :second",), "stance: recorded “supports”, found “refutes”"),
    "more voices": ((":change independence_max = 5 :second",), "independence: recorded"),
    "fewer voices": ((":change independence_min = 1 :second",), "independence: recorded"),
    "voices not counted exactly": ((":change independence_exact = false :second",), "independence: recorded"),
    "another threshold": ((":change threshold = 1 :second",), "threshold: recorded “2”, found “1”"),
    "another digest": ((":change graph_digest = repeat('ab', 32) :second",), "graph_digest: recorded"),
    "another reason": ((":text reason = 'Forged.' :second",), "reason: recorded “"),
    "another reason of the decision": ((":text decision_reason = 'Forged.' :second",), "decision_reason: recorded"),
    "a reason said to be erased": ((":text reason = '[redacted]' :second",), "reason: recorded “"),
    "no reason": ((":text reason = '' :second",), "reason: recorded “"),
    "a reason that nothing opens": ((":opening AND s.name = 'reason'",), "reason: recorded “a checkable value"),
    "a forged reason that nothing opens": (
        (":opening AND s.name = 'reason'", ":text reason = 'Forged.' :second"),
        "found “no value and no redaction to explain it; recorded ",
    ),
    "a reason said to be erased that nothing opens": (
        (":opening AND s.name = 'reason'", ":text reason = '[redacted]' :second"),
        "found “no value and no redaction to explain it; recorded ",
    ),
    "a person that nothing opens": (
        (":opening AND s.name = 'by'", ":change by_id = :another :second"),
        "by: recorded “a checkable value”",
    ),
    "a decider that nothing opens": (
        (":opening AND s.name = 'decided_by'",),
        "decided_by: recorded “a checkable value",
    ),
    "evidence that nothing opens": (
        (":opening AND s.name = 'evidence'", ":change evidence = evidence[1:1] :second"),
        "evidence: recorded “a checkable value”",
    ),
    "evidence that there is not, and that nothing opens": (
        (":opening AND s.name = 'evidence'", ":change evidence = ARRAY[gen_random_uuid()] :second"),
        "evidence: recorded “a checkable value”",
    ),
    "a digest that nothing opens": (
        (":opening AND s.name = 'graph_digest'",),
        "graph_digest: recorded “a checkable value",
    ),
    "another value under the commitment": (
        (
            """UPDATE ledger_secret s SET value = convert_to('"Forged."', 'UTF8') FROM ledger_entry e
            WHERE s.entry_id = e.id AND e.stream = 'claim:' || %(claim)s AND s.name = 'reason'""",
            ":text reason = 'Forged.' :second",
        ),
        "disclosures.reason: recorded",
    ),
    "the newest change deleted": (
        (
            "DELETE FROM claims_statuschange :second",
            ":claim last_seq = 1, state = 'reported' :this",
        ),
        "change 2: recorded “on this page”, found “left out”",
    ),
    "the first change deleted": (
        ("DELETE FROM claims_statuschange WHERE claim_id = %(claim)s AND seq = 1",),
        "change 1: recorded “on this page”, found “left out”",
    ),
    "a change put in": (
        (
            ":unchecked",
            """INSERT INTO claims_statuschange (claim_id, seq, from_state, to_state, by_id, at, evidence, stance,
                independence_min, independence_max, independence_exact, threshold, graph_digest)
            SELECT claim_id, 3, 'corroborated', 'reported', by_id, at, '{}', 'supports', 0, 0, true, 2, graph_digest
            FROM claims_statuschange :second""",
            "INSERT INTO claims_statuschangetext (claim_id, seq, reason, decision_reason)"
            " VALUES (%(claim)s, 3, 'Forged.', '')",
        ),
        "No entry in the log records this.",
    ),
    "two changes of one number": (
        ("UPDATE claims_statuschange SET seq = 3 WHERE claim_id = %(claim)s AND seq = 2",),
        "change 2: recorded “on this page”, found “left out”",
    ),
    "another wording": ((":claim statement = 'Forged.' :this",), "statement: recorded"),
    "another original wording": (
        (":claim original_statement = 'Forged.' :this",),
        "original_statement: recorded",
    ),
    "another place": ((":claim place = 'Elsewhere' :this",), "place: recorded"),
    "another day of the claim": (
        (":claim claimed_on = '2001-01-01' :this",),
        "claimed_on: recorded",
    ),
    "another claimant": (
        (":claim claimant_id = (SELECT id FROM sources_actor WHERE name LIKE 'Accused %%' LIMIT 1) :this",),
        "claimant: recorded",
    ),
    "somebody more who claims it": (
        (
            "INSERT INTO claims_claim_also_claimed_by (claim_id, actor_id)"
            " SELECT %(claim)s, id FROM sources_actor WHERE name LIKE 'Accused %%' LIMIT 1",
        ),
        "also_claimed_by: recorded “[]”",
    ),
    "another name of the claimant": (
        (":claimant",),
        "the name “Forged.”: recorded “Claimant",
    ),
    "another name of the claimant that nothing opens": (
        (
            "DELETE FROM ledger_secret s USING ledger_entry e WHERE s.entry_id = e.id AND s.name = 'content'"
            " AND e.stream = 'actor:' || (SELECT claimant_id FROM claims_claim :this)",
            ":claimant",
        ),
        "the name “Forged.”: recorded “a checkable value”",
    ),
    "a threshold of its own": (
        (":claim threshold_override = 1, threshold_reason = 'Forged.', threshold_by_id = :another :this",),
        "threshold: recorded “null”, found “1”",
    ),
    "a closing that never was": (
        (":claim closed_at = clock_timestamp(), closed_reason = 'moot' :this",),
        "closed: recorded “none”",
    ),
    "another topic": (
        (
            "INSERT INTO claims_topic (id, desk_id, name)"
            " SELECT gen_random_uuid(), desk_id, 'Forged.' FROM claims_claim :this",
            "INSERT INTO claims_claim_topics (claim_id, topic_id)"
            " SELECT %(claim)s, id FROM claims_topic WHERE name = 'Forged.'",
        ),
        "topics: recorded “[]”",
    ),
    "another claim under its reference": (
        (
            "CREATE TEMPORARY TABLE swapped ON COMMIT DROP AS SELECT reference, desk_id FROM claims_claim :this",
            ":claim reference = 'UKR-99999' :this",
            "UPDATE claims_claim SET reference = (SELECT reference FROM swapped)"
            " WHERE id = (SELECT id FROM claims_claim WHERE id <> %(claim)s"
            " AND desk_id = (SELECT desk_id FROM swapped) ORDER BY created_at LIMIT 1)",
        ),
        "reference: recorded",
    ),
    "an entry of somebody else's": (
        (
            "UPDATE ledger_entry SET stream = 'claim:' || %(claim)s, seq = 99"
            " WHERE id = (SELECT id FROM ledger_entry WHERE stream LIKE 'actor:%%' LIMIT 1)",
        ),
        "stream: recorded",
    ),
    "an entry that is none": (("UPDATE ledger_entry SET leaf = 'x' WHERE id = :entry",), "No proof is possible"),
    "a value that is none": (
        ("UPDATE ledger_secret SET value = 'x' WHERE entry_id = :entry AND name = 'reason'",),
        "No proof is possible",
    ),
    "another state above": ((":claim state = 'refuted' :this",), "state: recorded “corroborated”"),
    "a wording that nothing opens": (
        (
            """DELETE FROM ledger_secret s USING ledger_entry e WHERE s.entry_id = e.id
            AND e.stream = 'claim:' || %(claim)s AND s.name = 'content'""",
            ":claim statement = 'Forged.' :this",
        ),
        "content: recorded “a checkable value”",
    ),
    "an erasure that no entry names": (
        (
            """INSERT INTO ledger_erasure (said_in_id, entry_id, name, row)
            VALUES (:entry, :entry, 'reason', '')""",
            ":opening AND s.name = 'reason'",
            ":text reason = '[redacted]' :second",
        ),
        "found “no value and no redaction to explain it; recorded ",
    ),
}


@pytest.fixture(scope="module")
def world(past_the_guards: None, request: pytest.FixtureRequest) -> Iterator[AccessWorld]:
    """The world of tests/access, on the connection of a superuser, with a verdict of an hour ago in the log."""
    from django.conf import settings
    from django.db import transaction

    from tests.access.world import make_world

    blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
    folder = settings.EVIDENCE_STORAGE = request.getfixturevalue("tmp_path_factory").mktemp("evidence")
    with blocker.unblock(), transaction.atomic():
        yield make_world(folder)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def verdict(world: AccessWorld) -> Claim:
    claim = factories.claim_in(world.cast, "corroborated", now=factories.days_ago(1 / 24))
    publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), world.files / "signer")))
    return claim


def _said(page: "Page", claim: Claim) -> tuple[str, str]:
    """How the page marks its sum, and all that it says of its check."""
    page.goto(f"/claims/{claim.reference}/history/")
    page.locator(DONE).wait_for()
    marks = page.locator(SUM).get_attribute("class") or ""
    texts = page.locator(f"{SUM}, [data-findings] li, [data-check] [data-note]").all_inner_texts()
    return marks.removeprefix("check "), "\n".join(texts)


def _run(statements: tuple[str, ...], claim: Claim, **values: str | int | bytes) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            if statement == ":unchecked":
                _drop_checks(cursor)
                continue
            cursor.execute(_in_full(statement), {"claim": str(claim.pk), **values})
            assert cursor.rowcount > 0, statement
        cursor.execute("SET LOCAL session_replication_role = origin")


def _in_full(statement: str) -> str:
    for short, long in SHORT.items():
        statement = statement.replace(short, long)
    return statement


def _drop_checks(cursor: Any) -> None:
    """No rule of the table of status changes is left."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'claims_statuschange'::regclass AND contype = 'c'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(sql.SQL("ALTER TABLE claims_statuschange DROP CONSTRAINT {}").format(sql.Identifier(name)))


def test_what_is_as_it_was_recorded_is_said_to_be(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    marks, said = _said(page_of(world.cast.reporter), verdict)
    assert (marks, "2 changes match the record" in said) == ("verified", True), said


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_past_all_guards_is_said(
    name: str, world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    statements, told = TAMPERINGS[name]
    _run(statements, verdict)
    marks, said = _said(page_of(world.cast.reporter), verdict)
    assert (marks, told in said) == ("broken", True), said
    assert "matches the record" not in said


@pytest.fixture
def publish(world: AccessWorld, verdict: Claim, taken_back: None, tmp_path: Path) -> Callable[[], None]:
    """Publishes what else was done."""
    signer = Path(copytree(world.files / "signer", tmp_path / "signer"))
    return lambda: publish_here(signer, now=factories.days_ago(0))


def test_an_older_log_is_told_to_who_has_seen_a_newer_one(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)
    factories.claim(world.cast)
    publish()
    assert _said(page, verdict)[0] == "verified"
    _run(("DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",), verdict)
    marks, said = _said(page, verdict)
    assert (marks, "the log, as this browser saw it before, on " in said) == ("broken", True), said


def test_a_history_that_was_cut_is_told_to_who_has_seen_all_of_it(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)
    assert _said(page, verdict)[0] == "verified"
    statements = (
        "DELETE FROM claims_statuschange :second",
        ":claim last_seq = 1, state = 'reported' :this",
        "DELETE FROM ledger_entry WHERE stream = 'claim:' || %(claim)s AND id >= :entry",
    )
    _run(statements, verdict)
    marks, said = _said(page, verdict)
    assert (marks, "this history, as this browser saw it before: recorded" in said) == ("broken", True), said


def test_a_log_signed_anew_by_another_key_is_told_without_a_setting(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    """The superuser has a key of their own, puts it into the table, and signs the newest checkpoint with it."""
    newest = Checkpoint.objects.latest("size")
    origin = newest.note.partition("\n")[0]
    forger = SigningKey(origin, b"f" * 32)
    note = sign_note(checkpoint_text(origin, newest.size, bytes(newest.root)), [forger]).decode()
    statements = (
        "UPDATE ledger_key SET text = %(key)s WHERE NOT signs_receipts",
        "UPDATE ledger_checkpoint SET note = %(note)s WHERE size = %(size)s",
    )
    _run(statements, verdict, key=str(forger.verifier_key), note=note, size=newest.size)
    page = page_of(world.cast.reporter)
    marks, said = _said(page, verdict)
    assert (marks, "signature: recorded “one by a known key”" in said) == ("broken", True), said


def test_where_no_file_names_the_keys_nothing_is_green_and_the_page_says_why(
    world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"], tmp_path: Path, settings: "Settings"
) -> None:
    settings.LEDGER_POLICY = str(tmp_path / "gone.json")
    marks, said = _said(page_of(world.cast.reporter), verdict)
    assert (marks, "the keys come from the database, so this proves nothing against its owner" in said) == (
        "broken",
        True,
    ), said


def test_a_stamped_checkpoint_that_the_log_does_not_extend_is_told(
    world: AccessWorld,
    verdict: Claim,
    publish: Callable[[], None],
    page_of: Callable[..., "Page"],
    settings: "Settings",
) -> None:
    stamped, now = Checkpoint.objects.latest("size"), factories.days_ago(0)
    settings.TIMESTAMP_AUTHORITIES = {"http://127.0.0.1:1/": ()}
    token = {"token": b"0", "before": now, "tried_at": now, "signer": "CN=Stamps"}
    DailyStamp.objects.create(
        authority="http://127.0.0.1:1/", day=now.date(), checkpoint=stamped, wanted_at=now, **token
    )
    factories.claim(world.cast)
    publish()
    page = page_of(world.cast.reporter)
    assert _said(page, verdict)[0] == "verified"
    statement = "UPDATE ledger_checkpoint SET note = replace(note, '\n' || size || '\n', '\n1\n') WHERE size = %(size)s"
    _run((statement,), verdict, size=stamped.size)
    marks, said = _said(page, verdict)
    assert (marks, "signature: recorded" in said) == ("broken", True), said


def test_what_has_waited_too_long_for_its_place_in_the_log_is_told(
    world: AccessWorld, verdict: Claim, taken_back: None, page_of: Callable[..., "Page"]
) -> None:
    edit_claim(claim=verdict, fields=ClaimInput(place="Odesa"), by=world.cast.editor, now=factories.days_ago(1 / 48))
    marks, said = _said(page_of(world.cast.reporter), verdict)
    assert (marks, "has been waiting for its place in the log since" in said) == ("broken", True), said


def test_without_javascript_nothing_is_said_to_be_checked(world: AccessWorld, verdict: Claim, taken_back: None) -> None:
    from tests.pages import got, text_of

    text = text_of(got(world.cast.reporter, f"/claims/{verdict.reference}/history/"))
    assert "Checking… Not checked: this needs JavaScript." in text
