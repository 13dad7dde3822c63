"""The catalogue of kinds (docs/ledger-kinds.md) knows every kind of entry, as it is recorded."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from claims.record.entry_kinds import CATALOGUE, SHAPES, TYPES
from claims.record.entry_labels import KINDS
from tests import factories
from tests.ledger.kinds import differences

GOLDEN = Path(__file__).parent / "golden"
# The golden leaves have sorts in place of what differs from run to run.
SORTS = {
    "<id>": "00000000-0000-4000-8000-000000000000",
    "<hash>": "0" * 64,
    "<moment>": "2026-11-22T22:14:03.123Z",
    "<day>": "2026-11-22",
    "<random>": "0" * 32,
}


def act_of(path: Path) -> dict[str, Any]:
    """What a golden leaf says of an act, as it was recorded."""
    text = path.read_text()
    for sort, example in SORTS.items():
        text = text.replace(sort, example)
    text = text.replace('"due_at": "2026-11-22T22:14:03.123Z"', '"due_at": "2026-11-22T22:14:03+00:00"')
    read = json.loads(text)
    entry, opened = read["entry"], read["opened"]
    opened.pop("blind", None)
    if entry["kind"] != "sealed":
        return {"stream": entry["stream"], "kind": entry["kind"], "body": entry["body"], "committed": opened}
    inner = {name.removeprefix("content/"): value for name, value in opened.items() if name.startswith("content/")}
    return {"stream": None, "kind": opened["kind"], "body": opened["content"]["body"], "committed": inner}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_the_golden_leaf_of_each_kind_is_as_the_catalogue_says(path: Path) -> None:
    act = act_of(path)
    sealed = act["stream"] is None
    about = CATALOGUE[path.stem].stream.split(", sealed ")[-1].split(" or ")[0]
    stream = act["stream"] or about.replace("<id of the desk>", SORTS["<id>"]).replace("<id>", SORTS["<id>"])
    assert differences(stream, act["kind"], act["body"], act["committed"], sealed=sealed) == []


def test_the_catalogue_has_each_kind_and_no_other() -> None:
    assert list(CATALOGUE) and set(CATALOGUE) == set(KINDS)


def test_every_type_is_explained() -> None:
    used = {
        of.strip("[]").removesuffix(" or null")
        for fields in (*SHAPES.values(), *(kind.body for kind in CATALOGUE.values()))
        for of in fields.values()
    }
    used |= {of.strip("[]").removesuffix(" or null") for kind in CATALOGUE.values() for of in kind.committed.values()}
    assert used - {"null"} <= TYPES.keys() | SHAPES.keys()


def test_the_page_is_what_the_catalogue_says() -> None:
    call_command("write_kinds_doc", "--check", stdout=StringIO())


def test_a_page_that_drifted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, "redacted", CATALOGUE["assessed"])
    with pytest.raises(CommandError, match="write_kinds_doc"):
        call_command("write_kinds_doc", "--check", stdout=StringIO())


BODY = {"claim": SORTS["<id>"], "version": 1}
PERSON = {"id": SORTS["<id>"], "name": "Ada"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "claim_painted"}, "not in the catalogue"),
        ({"body": {**BODY, "colour": "red"}}, "colour"),
        ({"body": {"claim": SORTS["<id>"]}}, "version"),
        ({"body": {**BODY, "version": "1"}}, "no number"),
        ({"body": {**BODY, "version": True}}, "no number"),
        ({"committed": {"by": PERSON}}, "reason"),
        ({"committed": {"by": None, "reason": ""}}, "no object"),
        ({"committed": {"by": {"id": "1", "name": "Ada"}, "reason": ""}}, "no id"),
        ({"stream": "source:" + SORTS["<id>"]}, "none of"),
        ({"sealed": True}, "sealed never"),
    ],
)
def test_what_differs_from_the_catalogue_is_named(changes: dict[str, Any], words: str) -> None:
    act: dict[str, Any] = {
        "stream": f"claim:{SORTS['<id>']}",
        "kind": "claim_opened",
        "body": BODY,
        "committed": {"by": PERSON, "reason": ""},
        "sealed": False,
        **changes,
    }
    [found] = differences(act["stream"], act["kind"], act["body"], act["committed"], sealed=act["sealed"])
    assert words in found


@pytest.mark.django_db
def test_an_act_that_the_catalogue_does_not_know_fails_in_every_test(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = factories.cast()
    monkeypatch.setattr("tests.ledger.kinds.CATALOGUE", {})
    with pytest.raises(AssertionError, match="is not in the catalogue"):
        factories.claim(cast)
