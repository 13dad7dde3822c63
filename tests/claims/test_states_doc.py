"""The page of states is made from the table, and whoever changes one without the other is told."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from claims.management.commands.write_states_doc import PATH
from claims.models import StateChoices
from claims.states import MOVES, OPEN, VERDICTS, State, find_move, moves_from

if TYPE_CHECKING:
    from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def elsewhere(settings: "Settings", tmp_path: Path) -> Path:
    """The place of the page in an empty project."""
    settings.BASE_DIR = tmp_path
    return tmp_path / PATH


def test_the_page_in_the_project_is_what_the_table_says() -> None:
    call_command("write_states_doc", "--check", stdout=io.StringIO())


def test_what_is_written_passes_the_check(elsewhere: Path) -> None:
    call_command("write_states_doc", stdout=io.StringIO())
    call_command("write_states_doc", "--check", stdout=io.StringIO())
    assert elsewhere.read_text() == (ROOT / PATH).read_text()


def test_a_page_that_drifted_is_refused(elsewhere: Path) -> None:
    call_command("write_states_doc", stdout=io.StringIO())
    elsewhere.write_text(elsewhere.read_text().replace("withdraw denial", "take back"))
    with pytest.raises(CommandError):
        call_command("write_states_doc", "--check", stdout=io.StringIO())


def test_a_missing_page_is_refused(elsewhere: Path) -> None:
    with pytest.raises(CommandError):
        call_command("write_states_doc", "--check", stdout=io.StringIO())
    assert not elsewhere.exists()


def test_the_diagram_has_every_move_once() -> None:
    lines = (ROOT / PATH).read_text().splitlines()
    drawn = [line.strip() for line in lines if " --> " in line]
    assert drawn == [f"{move.before or '[*]'} --> {move.after}: {move.name}" for move in MOVES]


def test_there_are_nine_moves_and_a_beginning() -> None:
    """By hand, from the design: the table cannot vouch for itself."""
    assert [(move.name, move.before, move.after) for move in MOVES] == [
        ("report", None, "reported"),
        ("record denial", "reported", "denied"),
        ("corroborate", "reported", "corroborated"),
        ("corroborate", "denied", "corroborated"),
        ("refute", "reported", "refuted"),
        ("refute", "denied", "refuted"),
        ("refute", "corroborated", "refuted"),
        ("withdraw denial", "denied", "reported"),
        ("withdraw", "corroborated", "reported"),
        ("reopen", "refuted", "reported"),
    ]


def test_each_state_is_open_or_a_verdict() -> None:
    assert OPEN.isdisjoint(VERDICTS)
    assert set(State) == OPEN | VERDICTS


def test_the_choices_are_the_states() -> None:
    assert list(StateChoices.values) == list(State)


def test_a_pair_has_one_move_or_none() -> None:
    assert find_move("corroborated", "denied") is None
    assert find_move("refuted", "corroborated") is None
    assert [move.after for move in moves_from("corroborated")] == ["refuted", "reported"]
