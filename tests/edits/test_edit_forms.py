"""Every edit form of the house and every field of each: nothing is lost, nothing is overwritten unseen."""

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps

from accounts.models import Act, FieldChange, Role, User
from claims.models import Claim
from house.edit_forms import EditForm
from sources.models import Actor
from tests import factories
from tests.edits.browsing import OpenForm, opened
from tests.edits.subjects import SUBJECTS, Subject, begin_again
from tests.pages import text_of

if TYPE_CHECKING:
    from tests.factories import Cast

# What an act brings along, and no form edits.
COUNTED = {
    *("version", "changed_at", "words", "independence_min", "independence_max", "contested", "support_lost_at"),
    *("threshold_by_id", "last_claim_number", "second_factor_since"),
}
COLUMNS = {"threshold": "threshold_override"}  # a claim's column of that name is counted


@pytest.fixture
def other(cast: "Cast") -> User:
    return factories.person("editor2", Role.EDITOR, cast.desk)


def _kept(row: Any) -> dict[str, Any]:
    """Every column of the row to the byte, by field, with what it names by sets."""
    (columns,) = type(row).objects.filter(pk=row.pk).values()
    kept = {name.removesuffix("_id"): value for name, value in columns.items() if name not in COUNTED}
    if isinstance(row, Claim):
        kept.pop("threshold")
        for element in row.elements.order_by("position"):
            kept |= {f"elements.{element.pk}.text": element.text, f"elements.{element.pk}.essential": element.essential}
    for related in row._meta.many_to_many:
        kept[related.name] = sorted(map(str, related.value_from_object(factories.fresh(row))))
    return kept


def _differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _column(name: str) -> str:
    return COLUMNS.get(name, name)


def _fresh(kind: str, cast: "Cast") -> Subject:
    begin_again(cast.desk)
    return SUBJECTS[kind](cast)


def _window(cast: "Cast", subject: Subject) -> OpenForm:
    return opened(cast.editor, subject.address).type(**subject.always)


def _saved(window: OpenForm) -> int:
    """Press the button, and once more where the page first shows what it would do."""
    status = window.save()
    return window.save() if status == 200 else status


def test_every_edit_form_is_walked() -> None:
    assert apps.ready
    assert {SUBJECTS[kind].__name__ for kind in SUBJECTS} == {kind.replace(" ", "_") for kind in SUBJECTS}

    def below(kind: type[EditForm]) -> set[type[EditForm]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    walked = {"SourceForm", "ActorForm", "EvidenceForm", "EditClaimForm", "ThresholdForm", "PolicyForm"}
    # What has no version has tests of its own: tests/accounts/test_opened_earlier.py
    elsewhere = {"RoleForm", "SettingsForm", "RemindersForm"}
    assert {kind.__name__ for kind in below(EditForm) - {EditForm}} == walked | elsewhere


@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_field_of_the_row_is_walked(cast: "Cast", kind: str) -> None:
    subject = _fresh(kind, cast)
    form = opened(cast.editor, subject.address).answer.context["form"]
    elements = {name for name in subject.typed if name.startswith("elements.")}
    assert form.row_names and {*form.row_names, *elements} - {"visibility"} == subject.typed.keys() - {"visibility"}
    assert subject.done.keys() == subject.typed.keys()


def _acts() -> int:
    """Acts that were recorded, without what is recorded of looking."""
    return Act.objects.exclude(kind__endswith="_read").count()


@pytest.mark.parametrize("kind", SUBJECTS)
def test_saving_with_nothing_touched_changes_no_byte(cast: "Cast", kind: str) -> None:
    subject = _fresh(kind, cast)
    before, version = _kept(subject.row), factories.fresh(subject.row).version  # type: ignore[attr-defined]
    acts, changes = _acts(), FieldChange.objects.count()
    assert _saved(_window(cast, subject)) == 302
    assert _kept(subject.row) == before
    assert factories.fresh(subject.row).version == version  # type: ignore[attr-defined]
    assert (_acts(), FieldChange.objects.count()) == (acts, changes)


def test_saving_an_actor_untouched_keeps_each_byte_of_why_it_stands_alone(cast: "Cast") -> None:
    row = factories.actor(cast, stands_alone_because="x")
    Actor.objects.filter(pk=row.pk).update(stands_alone_because="One.\nTwo.\r\n")
    assert opened(cast.editor, f"/actors/{row.pk}/edit/").save() == 302
    assert factories.fresh(row).stands_alone_because == "One.\nTwo.\r\n"


@pytest.mark.parametrize("kind", SUBJECTS)
def test_two_who_change_different_fields_both_succeed_and_touch_nothing_else(
    cast: "Cast", other: User, kind: str
) -> None:
    names = list(SUBJECTS[kind](cast).typed)
    for number, place in enumerate(names):
        subject = _fresh(kind, cast)
        name, theirs = list(subject.typed)[number], list(subject.typed)[number - 1]
        before = _kept(subject.row)
        window = _window(cast, subject).type(**subject.typed[name])
        subject.change({theirs: subject.done[theirs]}, other)
        between = _kept(subject.row)
        assert _saved(window) == 302, (place, text_of(window.answer))
        after = _kept(subject.row)
        assert _differing(before, between) == {_column(theirs)}, place
        assert _differing(between, after) == {_column(name)}, place


@pytest.mark.parametrize("kind", SUBJECTS)
def test_the_same_field_is_refused_with_both_values_and_either_can_be_taken(
    cast: "Cast", other: User, kind: str
) -> None:
    names = list(SUBJECTS[kind](cast).typed)
    for number, place in enumerate(names):
        subject = _fresh(kind, cast)
        name = list(subject.typed)[number]
        if isinstance(subject.done[name], bool):  # the other of two values is the same for both
            continue
        window = _window(cast, subject).type(**subject.typed[name])
        subject.change({name: subject.done[name]}, other)
        theirs, version = _kept(subject.row), factories.fresh(subject.row).version  # type: ignore[attr-defined]
        assert window.save() == 409, place
        (conflict,) = window.answer.context["form"].conflicts
        assert (conflict.name, conflict.by) == (name, "editor2")
        assert conflict.theirs != conflict.yours and conflict.seen not in (conflict.theirs, conflict.yours), place
        assert "editor2 changed this while you were editing" in text_of(window.answer)
        assert window.save() == 409, f"{place}: a second press without a choice"
        (again,) = window.answer.context["form"].conflicts
        assert (again.by, again.at, again.is_undecided) == ("editor2", conflict.at, True)
        assert "Choose one of the two." in text_of(window.answer)
        assert _kept(subject.row) == theirs, place
        twin = OpenForm(window.user, window.address, dict(window.sent))
        assert _saved(twin.type(**{f"take-{name}": "theirs"})) == 302, (place, text_of(twin.answer))
        assert _kept(subject.row) == theirs, place
        assert factories.fresh(subject.row).version == version, place  # type: ignore[attr-defined]
        assert _saved(window.type(**{f"take-{name}": "mine"})) == 302, (place, text_of(window.answer))
        assert _differing(theirs, _kept(subject.row)) == {_column(name)}, place
        assert factories.fresh(subject.row).version == version + 1, place  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_second_press_in_an_old_window_takes_nothing_back(cast: "Cast", other: User, kind: str) -> None:
    subject = _fresh(kind, cast)
    name = next(iter(subject.typed))
    window = _window(cast, subject).type(**subject.typed[name])
    old = OpenForm(window.user, window.address, dict(window.sent))
    assert _saved(window) == 302
    subject.change({name: subject.done[name]}, other)
    theirs = _kept(subject.row)
    old.again()
    assert _kept(subject.row) == theirs
