"""Anybody checks the status changes of a published claim in their own browser, without an account."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, publish_claim, set_threshold, unpublish_claim
from claims.inputs import ClaimInput, MergeInput, ThresholdInput
from claims.models import Claim
from claims.record import ledger_entries
from ledger.models import Checkpoint
from ledger.notes import SigningKey
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from sources.models import Actor
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways
from tests.accessibility.test_history_tampered import _run
from tests.accessibility.test_history_tampered import world as world
from tests.claims.bundling import checked
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.installation import publish_here
from tests.pages import body_of, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import Settings

# Once a browser runs, Django's connection is another: it comes before the world that all tests of this module see.
pytestmark = pytest.mark.usefixtures("browser")

SUM = "[data-public] [data-sum]"
# What statements are short for, besides those of the history page.
SHORT = {
    ":evidence": "UPDATE claims_evidence SET",
    ":source": "UPDATE sources_source SET",
    ":actor": "UPDATE sources_actor SET",
    ":publisher": "WHERE id = (SELECT publisher_id FROM sources_source :cited)",
    ":cited": "WHERE id = (SELECT source_id FROM claims_evidence :shown)",
    ":shown": "WHERE claim_id = %(claim)s AND visibility = 'public'",
    ":claimant": "WHERE id = (SELECT claimant_id FROM claims_claim WHERE id = %(claim)s)",
    ":navy": "(SELECT id FROM sources_actor WHERE name = 'Another navy')",
    ":report": "(SELECT id FROM sources_source WHERE title = 'Other report')",
    ":secret": "DELETE FROM ledger_secret s USING ledger_entry e WHERE s.entry_id = e.id AND s.name = 'public' AND",
}

TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "another state": ((":change to_state = 'refuted' :second",), "to: recorded “"),
    "another state before": ((":change from_state = 'denied' :second",), "from: recorded “reported”"),
    "another time": ((":change at = at - interval '1 day' :second",), "happened_at: recorded “"),
    "another stance": ((":change stance = 'refutes' :second",), "stance: recorded “supports”"),
    "more voices": ((":change independence_max = 5 :second",), "independence: recorded “"),
    "fewer voices": ((":change independence_min = 1 :second",), "independence: recorded “"),
    "voices not counted exactly": ((":change independence_exact = false :second",), "independence: recorded “"),
    "another threshold": ((":change threshold = 1 :second",), "threshold: recorded “2”, found “1”"),
    "another reference": ((":claim reference = 'UKR-999' :this",), "reference: recorded “"),
    "another state above": ((":claim state = 'refuted' :this",), "state: recorded “corroborated”, found “refuted”"),
    "the newest change deleted": (
        ("DELETE FROM claims_statuschange :second",),
        "change 2: recorded “on this page”, found “left out”",
    ),
    "the newest change deleted, and the state set back": (
        ("DELETE FROM claims_statuschange :second", ":claim last_seq = 1, state = 'reported' :this"),
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
        ),
        "change 3: recorded “an entry of the log”, found “none”",
    ),
    "another entry in the log": (
        ("UPDATE ledger_entry SET leaf = replace(convert_from(leaf, 'UTF8'), 'T', 'U')::bytea WHERE id = :entry",),
        "proof: recorded",
    ),
    "another day of the publication": (
        (":claim published_at = published_at - interval '1 day' :this",),
        "publication: recorded “",
    ),
    "another root on paper": (
        ("UPDATE ledger_checkpoint SET root = decode(repeat('ab', 32), 'hex')",),
        "the printed details: root: recorded “",
    ),
    "evidence of the desk shown to all": (
        (":evidence visibility = 'public' WHERE claim_id = %(claim)s AND excerpt = 'For the desk.'",),
        ": recorded “not public since ",
    ),
    "another wording": ((":claim statement = 'Forged.' :this",), "claim: statement: recorded “"),
    "another original": ((":claim original_statement = 'Forged.' :this",), "claim: original_statement: recorded “"),
    "another language": ((":claim language = 'pl' :this",), "claim: language: recorded “uk”, found “pl”"),
    "another day of the claim": ((":claim claimed_on = '2001-01-01' :this",), "claim: claimed_on: recorded “"),
    "another threshold of the claim": (
        (":unchecked", ":claim threshold_override = 5 :this"),
        "claim: threshold: recorded “2”, found “5”",
    ),
    "another reason of the threshold": (
        (":claim threshold_reason = 'Forged.' :this",),
        "claim: threshold_reason: recorded “",
    ),
    "another claimant": ((":claim claimant_id = :navy :this",), "claimant: recorded “"),
    "no claimant": ((":claim claimant_id = NULL :this",), "claimant: recorded “"),
    "a claimant of another name": (
        (":actor name = 'Forged' :claimant",),
        "claimant: name: recorded “The navy”, found “Forged”",
    ),
    "a wording that nothing opens": (
        (":secret e.stream = 'claim:' || %(claim)s", ":claim statement = 'Forged.' :this"),
        "claim: recorded “a checkable value”, found “no disclosed value”",
    ),
    "another stance of evidence": (
        (":evidence stance = 'refutes' :shown",),
        "evidence 1: stance: recorded “context”, found “refutes”",
    ),
    "another excerpt": (
        (":evidence excerpt = 'Forged.' :shown",),
        "evidence 1: excerpt: recorded “It was closed.”",
    ),
    "another page, paragraph or timestamp": (
        (":evidence locator = 'p. 9' :shown",),
        "evidence 1: locator: recorded “p. 2”",
    ),
    "another grade": (
        (":evidence credibility = 1 :shown",),
        "evidence 1: credibility: recorded “2”",
    ),
    "another basis of evidence": (
        (":evidence basis = 'firsthand' :shown",),
        "evidence 1: basis: recorded",
    ),
    "another source": (
        (":evidence source_id = :report :shown",),
        "evidence 1: source: recorded “",
    ),
    "another title": (
        (":source title = 'Forged' :cited",),
        "evidence 1: title: recorded “Open report”, found “Forged”",
    ),
    "another address": (
        (":source url = 'https://forged.example/' :cited",),
        "evidence 1: url: recorded “",
    ),
    "another day of the source": (
        (":source published_at = '2001-01-01' :cited",),
        "evidence 1: published_at: recorded “",
    ),
    "another basis of the source": (
        (":source basis = 'secondhand' :cited",),
        "evidence 1: basis: recorded “firsthand”, found “secondhand”",
    ),
    "retracted unseen": (
        (":source retracted_at = now(), retracted_by_id = :another, retracted_reason = 'Forged.' :cited",),
        "evidence 1: retracted: recorded “false”, found “true”",
    ),
    "another publisher": (
        (":source publisher_id = :navy :cited",),
        "evidence 1: publisher: recorded “",
    ),
    "a publisher of another name": (
        (":actor name = 'Forged' :publisher",),
        "evidence 1: publisher: name: recorded “The port”, found “Forged”",
    ),
    "an excerpt that nothing opens": (
        (
            ":secret e.stream = 'claim:' || %(claim)s AND e.kind = 'evidence_attached'",
            ":evidence excerpt = 'Forged.' :shown",
        ),
        "evidence 1: recorded “a checkable value”",
    ),
    "evidence taken off the page": (
        (":evidence visibility = 'desk' WHERE claim_id = %(claim)s AND visibility = 'public'",),
        "a piece of public evidence: recorded “on this page”, found “left out”",
    ),
    "evidence deleted": (
        ("DELETE FROM claims_evidence :shown",),
        "a piece of public evidence: recorded “on this page”, found “left out”",
    ),
    "evidence withdrawn unseen": (
        (":evidence withdrawn_at = now(), withdrawn_by_id = :another :shown",),
        "a piece of public evidence: recorded “on this page”, found “left out”",
    ),
}


def run(statements: tuple[str, ...], claim: Claim) -> None:
    """Runs these past all guards."""
    for short, long in SHORT.items():
        statements = tuple(statement.replace(short, long) for statement in statements)
    _run(statements, claim)


@pytest.fixture(scope="module")
def published(world: AccessWorld) -> Claim:
    """A verdict of an hour ago with everything on its page that may stand there."""
    cast = world.cast
    navy, port = (factories.actor(cast, name, kind="state", visibility="public") for name in ("The navy", "The port"))
    factories.actor(cast, "Another navy", visibility="public")
    then = factories.days_ago(1 / 24)
    claim = factories.claim_in(cast, "corroborated", claimant=navy, original_statement="Порт закрито.", now=then)
    edit_claim(claim=claim, fields=ClaimInput(claimed_on=date(2024, 3, 1), language="uk"), by=cast.editor, now=then)
    set_threshold(
        claim=factories.fresh(claim),
        fields=ThresholdInput(threshold=2, reason="As grave as most."),
        by=cast.editor,
        now=then,
    )
    open_to_all: dict[str, Any] = {"visibility": "public", "publisher": port, "basis": "firsthand"}
    report = factories.source(cast, "Open report", url="https://port.example/", **open_to_all)
    factories.source(cast, "Other report", **open_to_all)
    words: dict[str, Any] = {"excerpt": "It was closed.", "locator": "p. 2", "credibility": 2}
    factories.attach(cast, claim, report, "context", visibility="public", now=then, **words)
    factories.attach(cast, claim, report, "context", visibility="desk", now=then, excerpt="For the desk.")
    publish_claim(claim=factories.fresh(claim), by=cast.editor, now=then)
    publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), world.files / "signer")))
    return factories.fresh(claim)


@pytest.fixture
def page(page_of: Callable[..., "Page"]) -> Iterator["Page"]:
    yield page_of(None)


def _checked(page: "Page", claim: Claim) -> tuple[str, str]:
    """How the page marks its sum, and all that it says of its check."""
    page.goto(f"/public/{factories.fresh(claim).reference}/")
    page.locator(f"{SUM}:is(.verified, .redacted, .missing, .broken, .unavailable)").wait_for()
    texts = page.locator(
        f"{SUM}, [data-public] [data-findings] li, .change [data-mark]:not([hidden])"
    ).all_inner_texts()
    return (page.locator(SUM).get_attribute("class") or "").removeprefix("check "), "\n".join(texts)


def test_a_page_that_is_as_it_was_recorded(published: Claim, taken_back: None, page: "Page") -> None:
    marks, said = _checked(page, published)
    assert (marks, said.count("Matches the record")) == ("verified", 2), said
    assert "all 2 changes match the record" in said and "Also matching: the state and wording above" in said
    page.set_viewport_size({"width": 320, "height": 700})
    assert (barriers(page), sideways(page)) == ([], [])


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_past_all_guards_is_said(name: str, published: Claim, taken_back: None, page: "Page") -> None:
    statements, told = TAMPERINGS[name]
    run(statements, published)
    marks, said = _checked(page, published)
    assert (marks, told in said) == ("broken", True), said
    assert "changes match the record" not in said and "change matches the record" not in said


def test_no_reason_is_made_up_in_a_bundle_for_words_that_nothing_opens_any_more(
    published: Claim, taken_back: None
) -> None:
    run((TAMPERINGS["a wording that nothing opens"][0][0],), published)
    answer = Client().get(f"/public/{published.reference}/bundle")
    found = checked(body_of(answer)).findings
    assert any("left_out" in str(one) for one in found), found


def test_a_browser_that_cannot_says_so(published: Claim, taken_back: None, page: "Page") -> None:
    page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    assert _checked(page, published)[0] == "unavailable"


def test_the_printed_page_says_where_it_is(published: Claim, taken_back: None, page: "Page") -> None:
    page.goto(f"/public/{published.reference}/")
    code = page.get_by_role("img", name="The address of this page as a QR code")
    assert not code.is_visible()
    page.emulate_media(media="print")
    assert code.is_visible()
    assert page.get_by_text(f"/p/{published.reference}", exact=False).is_visible()
    newest = Checkpoint.objects.latest("size")
    digits = bytes(newest.root).hex()
    assert page.get_by_text(f"The log had {newest.size} entries. Its root begins:").is_visible()
    assert page.get_by_text(f"{digits[:4]} {digits[4:8]}").is_visible()


@pytest.fixture
def publish(world: AccessWorld, published: Claim, taken_back: None, tmp_path: Path) -> Callable[[], None]:
    """Publishes what else was done."""
    signer = Path(copytree(world.files / "signer", tmp_path / "signer"))
    return lambda: publish_here(signer, now=factories.days_ago(0))


def test_taken_back_and_published_again(
    world: AccessWorld, published: Claim, page: "Page", publish: Callable[[], None]
) -> None:
    unpublish_claim(claim=published, by=world.cast.editor)
    publish()
    for path in ("", "proof", "material", "changes/1"):
        assert page.goto(f"/public/{published.reference}/{path}").status == 404  # type: ignore[union-attr]  # it answers
    publish_claim(claim=factories.fresh(published), by=world.cast.editor)
    publish()
    assert _checked(page, published)[0] == "verified"


def test_published_by_nobody(world: AccessWorld, taken_back: None, page: "Page", publish: Callable[[], None]) -> None:
    """There is no entry of it, and the claim is not from before there was a log."""
    claim = factories.claim(world.cast)
    publish()
    run((":claim published_at = now() :this",), claim)
    marks, said = _checked(page, claim)
    words = "publication: recorded “no entry of its publication”, found “on this page, as published "
    assert (marks, words in said) == ("broken", True), said


def test_published_again_by_nobody(
    world: AccessWorld, published: Claim, page: "Page", publish: Callable[[], None]
) -> None:
    unpublish_claim(claim=published, by=world.cast.editor)
    publish()
    run((":claim published_at = now() :this",), published)
    marks, said = _checked(page, published)
    assert (marks, "publication: recorded “not public since " in said) == ("broken", True), said


def test_words_that_a_redaction_took_out(
    world: AccessWorld, published: Claim, page: "Page", publish: Callable[[], None]
) -> None:
    cast = world.cast
    second = factories.person("second", "editor", cast.desk)
    row = propose_redaction(desk=cast.desk, words="closed", reason="They asked us to.", by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words="closed", sha256="", by=second).seen, by=second)
    publish()
    marks, said = _checked(page, published)
    assert (marks, "[redacted]" in page.locator("#e-1").inner_text()) == ("verified", True), said


def test_a_publisher_that_was_merged_and_lost_its_name_since(
    world: AccessWorld, published: Claim, page: "Page", publish: Callable[[], None]
) -> None:
    """The source's entry names the one that was merged; what this was called stands on no page, and in no proof."""
    cast = world.cast
    office = factories.actor(cast, "The harbour office", kind="state", visibility="public")
    port = Actor.objects.get(name="The port")
    merge_actors(actor=port, fields=MergeInput(into=office.pk, reason="One office."), by=cast.editor)
    publish()
    assert _checked(page, published)[0] == "verified"
    assert "The port" not in Client().get(f"/public/{published.reference}/material").content.decode()
    second = factories.person("second", "editor", cast.desk)
    row = propose_redaction(desk=cast.desk, words="The port", reason="They asked us to.", by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words="The port", sha256="", by=second).seen, by=second)
    publish()
    marks, said = _checked(page, published)
    assert (marks, factories.fresh(port).name) == ("verified", "[redacted]"), said


def test_what_waits_too_long_for_its_place_is_told(world: AccessWorld, published: Claim, page: "Page") -> None:
    edit_claim(claim=published, fields=ClaimInput(language="pl"), by=world.cast.editor, now=factories.days_ago(1 / 48))
    run((":claim language = 'uk' :this",), published)
    marks, said = _checked(page, published)
    assert (marks, "has been waiting for its place in the log since" in said) == ("broken", True), said


def test_what_was_recorded_just_now_is_told(world: AccessWorld, published: Claim, page: "Page") -> None:
    edit_claim(claim=published, fields=ClaimInput(language="pl"), by=world.cast.editor)
    assert _checked(page, published)[0] == "missing"


def test_an_older_log_is_told_to_who_has_seen_a_newer_one(
    world: AccessWorld, published: Claim, page: "Page", publish: Callable[[], None]
) -> None:
    factories.claim(world.cast)
    publish()
    assert _checked(page, published)[0] == "verified"
    run(("DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",), published)
    marks, said = _checked(page, published)
    assert (marks, "the log, as this browser saw it before, on " in said) == ("broken", True), said


def test_a_log_of_other_keys_than_the_policy_has_is_told(
    published: Claim, taken_back: None, page: "Page", tmp_path: Path, settings: "Settings"
) -> None:
    policy, origin = tmp_path / "policy.json", Checkpoint.objects.latest("size").note.partition("\n")[0]
    other = SigningKey(origin, b"f" * 32).verifier_key
    policy.write_text(json.dumps({"origin": origin, "log_keys": [str(other)], "receipt_keys": []}))
    settings.LEDGER_POLICY = str(policy)
    marks, said = _checked(page, published)
    assert (marks, "signature: recorded “one by a known key”" in said) == ("broken", True), said


def test_somebody_who_is_not_public_is_named_nowhere(
    world: AccessWorld, taken_back: None, page: "Page", publish: Callable[[], None]
) -> None:
    claim = factories.claim(world.cast, claimant=factories.actor(world.cast, "A quiet man"))
    publish_claim(claim=claim, by=world.cast.editor)
    publish()
    marks, said = _checked(page, claim)
    assert (marks, "Not public, so not shown or compared" in said) == ("verified", True), said
    proof = Client().get(f"/public/{claim.reference}/proof").content.decode()
    assert str(claim.claimant_id) not in proof + page.content()


def test_what_was_recorded_before_there_were_public_words_is_said_not_to_be_compared(
    world: AccessWorld, taken_back: None, page: "Page", publish: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_entries, "claim_public", lambda claim: {})
    claim = factories.claim(world.cast)
    publish_claim(claim=claim, by=world.cast.editor)
    publish()
    monkeypatch.undo()
    marks, said = _checked(page, claim)
    assert (marks, "the log has no public record: claim." in said) == ("redacted", True), said


def test_without_javascript_nothing_is_said_to_be_checked(published: Claim, taken_back: None) -> None:
    text = text_of(Client().get(f"/public/{published.reference}/"))
    assert "Not checked: this needs JavaScript. You can check the proof separately, with the verifier." in text
