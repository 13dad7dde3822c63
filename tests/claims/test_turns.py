"""Few requests at once work on large graphs, one of each person's; everybody else goes on."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from claims import turns
from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.verdicts import counting, graph_loading
from claims.verdicts.counting import Allowance, allowed
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.support import lock_graph
from house.errors import TooMany
from tests import factories
from tests.factories import Cast, fresh
from tests.pages import signed_in


@pytest.fixture(autouse=True)
def nobody_waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.6)
    monkeypatch.setattr(turns, "_resting", {})


def _request(who: str, act: Callable[[], None]) -> Callable[[], str]:
    def ask() -> str:
        with turns.one_request():
            turns.asked_by(who)
            try:
                turns.take_turn(may_wait=True)
            except TooMany as error:
                return f"again in {error.retry_after}"
            act()
            return "done"

    return ask


def _all(*requests: Callable[[], str]) -> list[str]:
    found = [""] * len(requests)

    def run(place: int) -> None:
        found[place] = requests[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_one_person_has_one_turn_and_one_that_waits_and_the_rest_is_told_to_ask_again() -> None:
    found = _all(*[_request("one", lambda: time.sleep(0.1))] * 8)
    assert sorted(found) == ["again in 2"] * 6 + ["done"] * 2


def test_others_come_to_their_turn_beside_somebody_who_asks_eight_times() -> None:
    eight = [_request("one", lambda: time.sleep(0.1))] * 8
    assert _all(*eight, _request("other", lambda: None))[-1] == "done"


def test_a_turn_is_given_back_however_the_request_ends() -> None:
    def fail() -> None:
        raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):
            _request("one", fail)()
    assert _request("one", lambda: None)() == "done"


def test_after_a_turn_the_person_rests_for_a_time_that_grows_with_it_and_others_do_not() -> None:
    began = time.monotonic()
    assert _request("one", lambda: time.sleep(0.1))() == "done"
    given_back = time.monotonic()
    assert _request("other", lambda: None)() == "done"
    others = time.monotonic()
    assert _request("one", lambda: None)() == "done"
    assert time.monotonic() - given_back > turns.REST * 0.1 > others - given_back
    assert given_back - began < turns.REST * 0.1


def test_nobody_waits_for_a_turn_while_locks_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with turns.one_request():
        turns.take_turn(may_wait=True)
        began = time.monotonic()
        with turns.one_request(), pytest.raises(turns.TurnFirst):
            turns.take_turn(may_wait=False)
        assert time.monotonic() - began < 0.2


def test_a_request_takes_its_turn_once_and_a_command_needs_none() -> None:
    turns.take_turn(may_wait=False)
    with turns.one_request():
        turns.take_turn(may_wait=False)
        turns.take_turn(may_wait=False)


def test_only_large_graphs_are_waited_for(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = factories.claim(cast)
    with turns.one_request():
        turns.take_turn(may_wait=True)
        with turns.one_request():
            load_evidence_graph(claim)
            monkeypatch.setattr(graph_loading, "LARGE", 1)
            with pytest.raises(TooMany):
                load_evidence_graph(claim)
            # With locks held it does not wait: they are let go first.
            with allowed(Allowance()), pytest.raises(turns.TurnFirst):
                load_evidence_graph(claim)


def test_the_page_of_a_large_graph_says_when_to_ask_again_and_lists_go_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = factories.claim(cast)
    monkeypatch.setattr(graph_loading, "LARGE", 1)
    monkeypatch.setattr(turns, "REST", 0)
    client = signed_in(cast.reviewer)
    with turns.one_request():
        turns.asked_by(cast.reviewer.pk)
        turns.take_turn(may_wait=True)
        refused = client.get(f"/claims/{claim.reference}/provenance/")
        assert (refused.status_code, refused["Retry-After"]) == (429, "2")
        assert client.get("/claims/").status_code == 200
    assert client.get(f"/claims/{claim.reference}/provenance/").status_code == 200


def test_an_act_that_has_to_wait_for_its_turn_lets_the_locks_go_and_is_done_then(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = factories.claim(cast)
    monkeypatch.setattr(graph_loading, "LARGE", 1)
    given_back = threading.Event()

    def work() -> None:
        given_back.set()
        time.sleep(0.1)

    other = threading.Thread(target=_request("editor", work))
    other.start()
    given_back.wait(5)
    with turns.one_request():
        turns.asked_by("editor")
        changed = edit_claim(claim=claim, fields=ClaimInput(claimed_on=None), by=cast.editor)
        with_source = factories.attach(cast, claim, factories.source(cast), by=cast.editor)
    other.join()
    assert (changed.pk, with_source.claim_id) == (claim.pk, claim.pk)


def test_a_large_graph_is_not_begun_to_be_counted_while_locks_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    from claims.verdicts.evidence_graph import of_claim
    from tests.claims.graphs import evidence, graph, source

    monkeypatch.setattr(counting, "_LARGE", 1)
    counting.forget()
    found = graph([source("a"), source("b")], [evidence("a"), evidence("b")])
    with allowed(Allowance()), pytest.raises(counting.NotCounted):
        of_claim(found)
    assert of_claim(found).min == 2


@pytest.mark.django_db(transaction=True)
def test_another_word_does_not_wait_for_who_works_on_the_graph(transactional_db: None) -> None:
    from django.db import connection, transaction

    cast = factories.cast()
    claim = factories.claim(cast)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_graph(cast.desk.pk)
            held.set()
            done.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        edit_claim(claim=claim, fields=ClaimInput(place="Elsewhere"), by=cast.editor)
    finally:
        done.set()
        holder.join()
        connection.close()
    assert fresh(claim).place == "Elsewhere"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Another process works for "one", until this is called: it is killed, and tidies nothing up."""
    monkeypatch.setenv("SECOND_SOURCE_TURNS", str(tmp_path))
    program = (
        "import time\n"
        "from claims import turns\n"
        "with turns.one_request():\n"
        "    turns.asked_by('one')\n"
        "    turns.take_turn(may_wait=True)\n"
        "    print('has it', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "has it\n"

        def end() -> None:
            process.kill()
            process.wait()

        yield end
        end()


def test_a_turn_in_another_process_of_the_machine_counts(elsewhere: Callable[[], None]) -> None:
    assert _all(_request("one", lambda: None), _request("other", lambda: None)) == ["again in 2", "done"]
    elsewhere()
    assert _all(_request("one", lambda: None)) == ["done"]


def test_a_rest_is_known_to_the_other_processes_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECOND_SOURCE_TURNS", str(tmp_path))
    assert _request("one", lambda: time.sleep(0.2))() == "done"
    program = (
        "from claims import turns\n"
        "for who in ('one', 'other'):\n"
        "    with turns.one_request():\n"
        "        turns.asked_by(who)\n"
        "        try:\n"
        "            turns.take_turn(may_wait=False)\n"
        "            print(who, 'has it')\n"
        "        except turns.TurnFirst:\n"
        "            print(who, 'rests')\n"
    )
    (name,) = tmp_path.iterdir()
    until = time.time() + 1.5  # so long that a slow start of the other process does not miss it
    os.utime(name, (until, until))
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found == "one rests\nother has it\n"


def test_whoever_has_a_large_request_under_way_waits_before_they_lock_anything(elsewhere: Callable[[], None]) -> None:
    with turns.one_request():
        turns.asked_by("one")
        with pytest.raises(TooMany):
            turns.wait_for_own(None)
        turns.asked_by("other")
        began = time.monotonic()
        turns.wait_for_own(None)
        assert time.monotonic() - began < turns.PATIENCE
        elsewhere()
        turns.asked_by("one")
        turns.wait_for_own(None)


def _act(who: str, subject: object) -> Callable[[], str]:
    def ask() -> str:
        with turns.one_request():
            turns.asked_by(who)
            try:
                turns.wait_for_own(subject)
            except TooMany:
                return "refused"
            return "done"

    return ask


def test_acts_at_several_windows_on_what_is_known_to_be_small_go_on_beside_a_large_one(
    elsewhere: Callable[[], None],
) -> None:
    turns.remember_size("small", is_large=False)
    assert _all(*[_act("one", "small")] * 8) == ["done"] * 8
    turns.remember_size("small", is_large=True)
    assert _all(*[_act("one", "small")] * 8) == ["refused"] * 8


def test_acts_at_several_windows_at_once_hold_each_other_up_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECOND_SOURCE_TURNS", str(tmp_path))
    for _ in range(20):
        assert _all(*[_act("one", None)] * 8) == ["done"] * 8
    assert _request("one", lambda: None)() == "done"


def test_who_waited_for_their_own_takes_no_turn_by_it(elsewhere: Callable[[], None]) -> None:
    threading.Timer(0.2, elsewhere).start()
    with turns.one_request():
        turns.asked_by("one")
        turns.wait_for_own(None)
        assert not turns.has_turn()


def test_whether_an_act_found_a_large_graph_is_remembered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, small = factories.claim(cast), factories.claim(cast)
    monkeypatch.setattr(turns, "_small", {})
    edit_claim(claim=small, fields=ClaimInput(claimed_on=date(2020, 1, 2)), by=cast.editor)
    edit_claim(claim=claim, fields=ClaimInput(claimed_on=date(2020, 1, 2)), by=cast.editor)
    assert {small.pk, claim.pk} <= turns._small.keys()
    monkeypatch.setattr(graph_loading, "LARGE", 1)
    with turns.one_request():
        turns.asked_by("editor")
        edit_claim(claim=claim, fields=ClaimInput(claimed_on=date(2020, 1, 3)), by=cast.editor)
    assert (small.pk in turns._small, claim.pk in turns._small) == (True, False)
