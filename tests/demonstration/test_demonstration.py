"""The demonstration data: what the worked example comes out as, and the work that is left open."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import Desk, Membership, User
from claims.models import Claim, Evidence, Revision, StatusChange
from claims.queries import evidence_of, history_of, public_evidence, published_claim, visible_claims, withheld_evidence
from claims.verdicts.evidence_graph import by_element, of_claim, threshold_of_claim
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.policy import contrary
from ledger.keys import policy_text
from ledger.reading import newest_checkpoint, published
from ledger.verifier import audit, read_policy
from reviews.models import Assessment, Assignment, Reminder
from reviews.queue import Work, work_of
from sources.models import Actor, Capture, Relay, Source
from tests.ledger.installation import publish_here
from tests.ledger.opening import audited, audits_all, opened

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

ROWS: tuple[type[Model], ...] = (
    *(User, Desk, Membership, Actor, Source, Relay, Capture, Claim, Evidence),
    *(Revision, StatusChange, Assignment, Assessment, Reminder),
)


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[str]:
    """The data loaded once for all tests of this file, and taken back after them; what the command printed."""
    printed = io.StringIO()
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("seed_demo", stdout=printed)
        yield printed.getvalue()
        transaction.set_rollback(True)


def _claim(number: int) -> Claim:
    return Claim.objects.select_related("desk", "claimant").get(reference=f"UKR-{number}")


def _person(name: str) -> User:
    return User.objects.get(username=name)


def _work(name: str) -> Work:
    return work_of(_person(name), now=timezone.now())


def _states(number: int) -> list[tuple[str | None, str]]:
    return [(change.row.from_state, change.row.to_state) for change in history_of(_claim(number))]


@pytest.mark.parametrize(
    ("number", "state", "contested", "independence", "refuting", "threshold"),
    [
        (1, "denied", True, (0, 0), (0, 0), 2),
        (2, "reported", False, (0, 0), (0, 0), 2),
        (3, "denied", True, (0, 0), (0, 0), 2),
        (4, "refuted", False, (0, 0), (2, 2), 2),
        (5, "denied", True, (0, 1), (0, 0), 2),
        (6, "corroborated", True, (2, 2), (0, 0), 2),
        (7, "reported", False, (0, 0), (1, 1), 2),
    ],
)
def test_each_row_of_the_worked_example(
    loaded: str,
    number: int,
    state: str,
    contested: bool,
    independence: tuple[int, int],
    refuting: tuple[int, int],
    threshold: int,
) -> None:
    claim = _claim(number)
    graph = load_evidence_graph(claim)
    against = of_claim(graph, "refutes")
    assert (claim.state, claim.contested, claim.support_lost) == (state, contested, False)
    assert (claim.independence_min, claim.independence_max) == independence
    assert (against.min, against.max) == refuting
    assert threshold_of_claim(graph) == threshold


@pytest.mark.parametrize(
    ("number", "elements"),
    [
        (1, [("covertly", 0), ("artillery shells", 0), ("to Russia", 0)]),
        (6, [("Iran supplied such drones to Russia", 2), ("used against cities", 2)]),
    ],
)
def test_each_element_has_its_own_number(loaded: str, number: int, elements: list[tuple[str, int]]) -> None:
    results = by_element(load_evidence_graph(_claim(number)))
    assert [(result.element.text, result.supports.min) for result in results] == elements


@pytest.mark.parametrize(
    ("number", "claimant", "parties"),
    [
        (1, "US government", {"North Korea", "Russia", "US government"}),
        (2, "US government", {"North Korea", "Russia", "US government"}),
        (3, "US intelligence", {"North Korea", "Russia", "US government"}),
        (4, "Kim Yo Jong", {"North Korea", "Russia", "Ukraine’s government"}),
        (5, "A pundit on Russian state television", {"Russia", "North Korea"}),
        (6, "Ukraine’s government", {"Ukraine’s government", "Russia", "Iran"}),
        (7, "Iran’s foreign ministry", {"Iran", "Russia", "Ukraine’s government"}),
    ],
)
def test_who_claims_and_who_is_a_party(loaded: str, number: int, claimant: str, parties: set[str]) -> None:
    claim = _claim(number)
    assert claim.claimant is not None
    assert (claim.claimant.name, set(claim.parties.values_list("name", flat=True))) == (claimant, parties)


def _carries(number: int) -> dict[str, list[str]]:
    """The publishers by stance, of live evidence."""
    found: dict[str, list[str]] = {}
    for item in _claim(number).evidence.filter(superseded_by=None).select_related("source__publisher"):
        assert item.source.publisher is not None
        found.setdefault(item.stance, []).append(item.source.publisher.name)
    return found


@pytest.mark.parametrize(
    ("number", "carries"),
    [
        (
            1,
            {
                "supports": [
                    "A news aggregator",
                    "CNN",
                    "John Kirby, spokesman of the National Security Council",
                ],
                "context": ["KCNA, North Korea’s state news agency"],
                "denies": ["KCNA, North Korea’s state news agency"],
            },
        ),
        (
            4,
            {
                "supports": ["KCNA, North Korea’s state news agency"],
                "refutes": ["Conflict Armament Research", "Reuters"],
                "context": ["Royal United Services Institute"],
            },
        ),
        (
            7,
            {
                "supports": ["Iran’s foreign ministry"],
                "context": ["Iran’s foreign minister"],
                "refutes": ["Conflict Armament Research"],
            },
        ),
    ],
)
def test_what_carries_a_claim(loaded: str, number: int, carries: dict[str, list[str]]) -> None:
    assert {stance: sorted(names) for stance, names in _carries(number).items()} == carries


def test_three_sources_of_the_first_claim_have_one_origin(loaded: str) -> None:
    graph = load_evidence_graph(_claim(1))
    origins = {
        graph.voice(source)
        for item in graph.evidence
        if item.stance == "supports"
        for source in graph.upstream_of(item.source)
        if graph.basis_of(source) == "firsthand"
    }
    assert [graph.names[voice or ""] for voice in origins] == ["US government"]


def test_an_examiner_who_had_it_from_a_party_says_why_it_was_not_tampered_with(loaded: str) -> None:
    examined = Source.objects.filter(publisher__name="Conflict Armament Research")
    assert examined.count() == 2
    assert all(source.basis == "firsthand" and source.basis_reason for source in examined)


def test_the_ministers_admission_is_against_interest_on_its_own_element_only(loaded: str) -> None:
    item = _claim(6).evidence.get(source__publisher__name="Iran’s foreign minister")
    assert item.against_interest is not None
    assert item.against_interest.name == "Iran"
    assert list(item.elements.values_list("text", flat=True)) == ["Iran supplied such drones to Russia"]


def test_irans_earlier_denial_is_superseded_and_moscows_stands(loaded: str) -> None:
    denials = _claim(6).evidence.filter(stance="denies").order_by("source__published_at")
    assert [(item.source.publisher.name if item.source.publisher else "", item.live) for item in denials] == [
        ("Iran’s foreign ministry", False),
        ("Russia’s presidential spokesman", True),
    ]


def test_one_refuting_voice_is_not_enough_for_the_seventh(loaded: str) -> None:
    graph = load_evidence_graph(_claim(7))
    assert of_claim(graph, "refutes").min == 1
    assert len(contrary(graph, "supports")) == 1


@pytest.mark.parametrize(
    ("number", "states"),
    [
        (1, [(None, "reported"), ("reported", "denied")]),
        (2, [(None, "reported")]),
        (3, [(None, "reported"), ("reported", "denied")]),
        (4, [(None, "reported"), ("reported", "refuted")]),
        (5, [(None, "reported"), ("reported", "denied")]),
        (6, [(None, "reported"), ("reported", "corroborated")]),
        (7, [(None, "reported")]),
    ],
)
def test_the_moves_that_led_there(loaded: str, number: int, states: list[tuple[str | None, str]]) -> None:
    assert _states(number) == states


def test_every_verdict_was_decided_by_a_second_person(loaded: str) -> None:
    verdicts = [change for change in StatusChange.objects.all() if change.is_verdict]
    assert len(verdicts) == 3
    assert all(change.decided_by_id not in (None, change.by_id) for change in verdicts)


def test_nothing_happened_before_it_could(loaded: str) -> None:
    now = timezone.now()
    for claim in Claim.objects.all():
        moments = list(claim.revisions.order_by("version").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert claim.created_at == moments[0]
        assert moments[-1] <= now
    numbers = Claim.objects.filter(desk__prefix="UKR").order_by("created_at").values_list("reference", flat=True)
    assert list(numbers) == [f"UKR-{number}" for number in range(1, 14)]
    assert not Evidence.objects.filter(source__published_at__gt=now).exists()


def test_the_reviewers_queue_has_each_kind_of_work(loaded: str) -> None:
    work = _work("reviewer")
    assert [item.claim.reference for item in work.overdue] == ["UKR-8"]
    assert [item.claim.reference for item in work.today] == ["UKR-7"]
    assert [item.claim.reference for item in work.offered] == ["UKR-9"]
    assert [item.claim.reference for item in work.later] == ["UKR-10"]
    assert [item.claim.reference for item in work.submitted] == ["UKR-10"]
    assert [item.claim.reference for item in work.to_decide] == ["UKR-11"]


def test_the_editors_queue_has_what_waits_for_a_second_person_and_what_lost_support(loaded: str) -> None:
    work = _work("editor")
    assert [item.claim.reference for item in work.to_decide] == ["UKR-11", "UKR-10"]
    assert [(task.claim.reference, task.kind) for task in work.lost] == [("UKR-12", "support_lost")]


def test_the_overdue_reminder_waits_to_be_sent(loaded: str) -> None:
    waiting = Reminder.objects.filter(assignment__claim__reference="UKR-8", state="pending", due_at__lte=timezone.now())
    assert set(waiting.values_list("kind", flat=True)) >= {"due"}


def test_one_claim_is_published_with_public_material(loaded: str) -> None:
    assert list(Claim.objects.exclude(published_at=None).values_list("reference", flat=True)) == ["UKR-6"]
    assert public_evidence(published_claim("UKR-6")).count() == _claim(6).evidence.count() == 7


@pytest.mark.parametrize(
    ("name", "seen", "withheld"),
    [("reporter", 4, 0), ("reviewer", 4, 0), ("reviewer2", 3, 0), ("editor", 4, 0), ("auditor", 3, 1)],
)
def test_restricted_material_is_shown_to_who_may(loaded: str, name: str, seen: int, withheld: int) -> None:
    person, claim = _person(name), _claim(8)
    assert (evidence_of(person, claim).count(), withheld_evidence(person, claim)) == (seen, withheld)


def test_restricted_material_is_in_no_number(loaded: str) -> None:
    claim = _claim(8)
    assert (claim.independence_min, claim.independence_max) == (1, 2)


def test_the_stranger_sees_their_own_desk_only(loaded: str) -> None:
    assert list(visible_claims(_person("stranger")).values_list("reference", flat=True)) == ["STR-1"]


def test_what_is_made_up_says_so(loaded: str) -> None:
    invented = Claim.objects.exclude(reference__in=[f"UKR-{number}" for number in range(1, 8)])
    assert invented.count() == 7
    assert all(claim.statement.startswith("Made-up example: ") for claim in invented)
    sources = Source.objects.filter(evidence__claim__in=invented)
    assert all(source.title.startswith("Made up: ") for source in sources)


def test_nothing_is_fetched(loaded: str) -> None:
    assert Capture.objects.count() == 0


def test_everybody_can_sign_in(loaded: str) -> None:
    names = ["reporter", "reviewer", "reviewer2", "editor", "auditor", "admin", "stranger"]
    assert [authenticate(None, username=name, password=f"demo-{name}") for name in names] == [
        _person(name) for name in names
    ]
    assert {desk.is_demonstration for desk in Desk.objects.all()} == {True}


def test_the_logins_are_printed(loaded: str) -> None:
    assert "  reviewer / demo-reviewer\n" in loaded


def test_a_second_run_changes_nothing(loaded: str) -> None:
    def everything() -> list[list[dict[str, Any]]]:
        return [list(kind._default_manager.order_by("pk").values()) for kind in ROWS]

    before = everything()
    printed = io.StringIO()
    call_command("seed_demo", stdout=printed)
    assert printed.getvalue().startswith("The demonstration data is here already.")
    assert everything() == before


def test_the_ledger_says_of_its_acts_that_they_are_older(loaded: str, tmp_path: Path) -> None:
    with transaction.atomic():
        publish_here(tmp_path, timezone.now())
        checkpoint = newest_checkpoint()
        assert checkpoint is not None
        report = audit(lambda path: published(path, checkpoint), read_policy(policy_text()))
        transaction.set_rollback(True)
    assert [str(finding) for finding in report.findings] == []
    assert report.counts["older acts brought in"] > 100


@pytest.mark.parametrize("who", ["auditor", "editor", "admin", "stranger"])
def test_what_each_may_take_of_the_ledger_is_found_to_hold(loaded: str, tmp_path: Path, who: str) -> None:
    with transaction.atomic():
        publish_here(tmp_path / "signer", timezone.now())
        said = audited(opened(tmp_path / "export", _person(who)))
        transaction.set_rollback(True)
    assert "all matches" in said


def test_all_of_the_ledger_opened_for_who_audits_every_desk_is_found_to_hold(loaded: str, tmp_path: Path) -> None:
    with transaction.atomic():
        user = audits_all(_person("auditor"))
        publish_here(tmp_path / "signer", timezone.now())
        said = audited(opened(tmp_path / "export", user))
        transaction.set_rollback(True)
    assert "fields verified in lines" in said
