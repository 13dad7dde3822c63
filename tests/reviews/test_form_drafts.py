"""Drafts of forms: nothing is overwritten unseen, nobody else reads them, and they end when they should."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from claims.actions.sources import change_source
from claims.models import Claim
from house.errors import Invalid, NotFound
from reviews.actions import form_drafts
from reviews.actions.form_drafts import (
    KEPT_FOR,
    LONGEST_DRAFT,
    About,
    SeenDraft,
    discard_form_draft,
    end_form_draft,
    forget_drafts,
    keep_form_draft,
)
from reviews.actions.memberships import change_account, change_role
from reviews.inputs import FormDraftInput
from reviews.models import FormDraft
from reviews.queries import form_drafts_of, get_form_draft
from sources.chosen import keep_chosen
from sources.inputs import SourceInput
from sources.models import ChosenFile
from tests import factories
from tests.factories import Cast
from tests.pages import signed_in

PATH = "/claims/UKR-1/attach/"


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return factories.claim(cast)


def _kept(by: User, claim: Claim, text: str, *, now: Any = None, **seen: Any) -> FormDraft:
    return keep_form_draft(
        fields=FormDraftInput(name="attach", path=PATH, content=[("excerpt", text), ("stance", "supports")]),
        about=About(desk=claim.desk, claim=claim),
        seen=SeenDraft(**seen),
        by=by,
        now=now,
    )


def _texts(user: User) -> list[str]:
    return [dict(row.content)["excerpt"] for row in form_drafts_of(user)]


def test_a_save_goes_on_from_the_last_one(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.")
    second = _kept(cast.reviewer, claim, "One. Two.", id=first.pk, version=first.version)
    assert (second.pk, second.version) == (first.pk, first.version + 1)
    assert _texts(cast.reviewer) == ["One. Two."]


def test_who_has_not_seen_the_last_save_gets_a_draft_beside_it(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.")
    _kept(cast.reviewer, claim, "The first window.", id=first.pk, version=first.version)
    other = _kept(cast.reviewer, claim, "The second window.", id=first.pk, version=first.version)
    assert other.pk != first.pk
    assert _texts(cast.reviewer) == ["The second window.", "The first window."]


def test_a_save_whose_answer_was_lost_is_no_other_window(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.", window="w", step=1)
    again = _kept(cast.reviewer, claim, "One. Two.", window="w", step=2)
    third = _kept(cast.reviewer, claim, "Three.", id=first.pk, version=first.version, window="w", step=3)
    assert {first.pk, again.pk, third.pk} == {first.pk}
    assert _texts(cast.reviewer) == ["Three."]


def test_a_window_that_knows_a_draft_which_ended_does_not_lose_what_it_saves(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.")
    discard_form_draft(draft=first, by=cast.reviewer)
    _kept(cast.reviewer, claim, "Two.", id=first.pk, version=first.version)
    assert _texts(cast.reviewer) == ["Two."]


def test_saving_what_is_kept_changes_nothing(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.")
    assert _kept(cast.reviewer, claim, "One.", id=first.pk, version=first.version).version == first.version


def test_a_form_that_is_done_ends_the_draft_that_was_seen_and_no_other(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "One.")
    other = _kept(cast.reviewer, claim, "Beside it.")
    end_form_draft(path=PATH, seen=SeenDraft(first.pk, first.version - 1), content=[], by=cast.reviewer)
    assert len(_texts(cast.reviewer)) == 2
    end_form_draft(path=PATH, seen=SeenDraft(first.pk, first.version), content=[], by=cast.reviewer)
    assert [row.pk for row in form_drafts_of(cast.reviewer)] == [other.pk]


@pytest.mark.parametrize(
    "content",
    [[("excerpt", "x" * (LONGEST_DRAFT + 1))], [(f"f{n}", "") for n in range(1001)], [("excerpt", "a\x00b")]],
    ids=["too long", "too many fields", "NUL"],
)
def test_what_cannot_be_kept_is_refused(cast: Cast, claim: Claim, content: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid):
        keep_form_draft(
            fields=FormDraftInput(name="attach", path=PATH, content=content),
            about=About(),
            seen=SeenDraft(),
            by=cast.reviewer,
        )
    assert not FormDraft.objects.exists()


def test_spaces_around_what_was_typed_stay(cast: Cast, claim: Claim) -> None:
    _kept(cast.reviewer, claim, "  So far:\r\n ")
    assert _texts(cast.reviewer) == ["  So far:\r\n "]


def test_one_person_keeps_so_many_and_no_more(cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_drafts, "MOST_DRAFTS", 2)
    for text in ("One.", "Two."):
        row = _kept(cast.reviewer, claim, text)
    with pytest.raises(Invalid, match="2 drafts"):
        _kept(cast.reviewer, claim, "Three.")
    _kept(cast.reviewer, claim, "Two, longer.", id=row.pk, version=row.version)
    _kept(cast.editor, claim, "Somebody else's.")


def test_some_more_are_kept_where_nothing_else_can_save_them(
    cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_drafts, "MOST_DRAFTS", 1)
    monkeypatch.setattr(form_drafts, "SPARE_DRAFTS", 1)
    _kept(cast.reviewer, claim, "One.")
    last: dict[str, Any] = {
        "about": About(),
        "seen": SeenDraft(),
        "is_last_chance": True,
    }
    two, three = (FormDraftInput(name="attach", path=PATH, content=[("excerpt", text)]) for text in ("Two.", "Three."))
    keep_form_draft(**last, fields=two, by=cast.reviewer)
    with pytest.raises(Invalid):
        keep_form_draft(**last, fields=three, by=cast.reviewer)


def test_nobody_reads_or_ends_somebody_elses(cast: Cast, claim: Claim) -> None:
    row = _kept(cast.reviewer, claim, "Mine.")
    for other in (cast.editor, cast.reviewer2, cast.admin, cast.auditor, cast.stranger):
        assert list(form_drafts_of(other)) == []
        with pytest.raises(NotFound):
            get_form_draft(other, row.pk)
        with pytest.raises(NotFound):
            discard_form_draft(draft=row, by=other)
        end_form_draft(path=PATH, seen=SeenDraft(row.pk, row.version), content=[], by=other)
    assert FormDraft.objects.count() == 1


def test_a_draft_about_what_one_may_see_no_more_is_not_shown(cast: Cast) -> None:
    source = factories.source(cast, by=cast.editor)
    about = About(desk=cast.desk, source=source)
    content = [("title", "Corrected title")]
    path = f"/sources/{source.pk}/edit/"
    keep_form_draft(
        fields=FormDraftInput(name="edit-source", path=path, content=content),
        about=about,
        seen=SeenDraft(),
        by=cast.reviewer,
    )
    assert form_drafts_of(cast.reviewer).count() == 1
    change_source(source=source, fields=SourceInput(visibility="restricted"), by=cast.editor)
    assert form_drafts_of(cast.reviewer).count() == 0


@pytest.mark.parametrize("leaves", ["the desk", "the account"])
def test_who_leaves_takes_their_drafts_away(cast: Cast, claim: Claim, leaves: str) -> None:
    kept = keep_chosen(chunks=[b"x"], name="a.txt", desk=cast.desk, by=cast.reviewer)
    assert kept is not None
    keep_form_draft(
        fields=FormDraftInput(name="attach", path=PATH, content=[("file-kept", str(kept.pk))]),
        about=About(desk=cast.desk, claim=claim),
        seen=SeenDraft(),
        by=cast.reviewer,
    )
    _kept(cast.editor, claim, "Stays.")
    if leaves == "the desk":
        change_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    else:
        change_account(user=cast.reviewer, changes={"is_active": False}, by=cast.admin)
    assert [row.author for row in FormDraft.objects.all()] == [cast.editor]
    assert not ChosenFile.objects.exists()


def test_a_draft_that_nobody_went_on_with_is_forgotten(cast: Cast, claim: Claim) -> None:
    now = timezone.now()
    _kept(cast.reviewer, claim, "Old.", now=now - KEPT_FOR)
    _kept(cast.editor, claim, "Young.", now=now - KEPT_FOR + timedelta(minutes=1))
    assert forget_drafts(now=now) == 1
    assert _texts(cast.editor) == ["Young."]


def test_an_id_of_somebody_elses_draft_is_as_none(cast: Cast, claim: Claim) -> None:
    theirs = _kept(cast.editor, claim, "Theirs.")
    mine = _kept(cast.reviewer, claim, "Mine.", id=theirs.pk, version=theirs.version)
    assert (mine.pk != theirs.pk, factories.fresh(theirs).content) == (True, theirs.content)


def test_a_save_that_a_later_one_of_its_window_has_overtaken_makes_no_draft_beside_it(cast: Cast, claim: Claim) -> None:
    first = _kept(cast.reviewer, claim, "First.", window="a", step=1)
    seen = {"id": first.pk, "version": first.version, "window": "a"}
    _kept(cast.reviewer, claim, "First, second.", step=3, **seen)
    _kept(cast.reviewer, claim, "First, sec", step=2, **seen)
    assert _texts(cast.reviewer) == ["First, second."]


def test_a_form_goes_on_from_the_draft_that_it_carries_whatever_its_number(
    cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers begin at random: the largest has a digit more than most."""
    monkeypatch.setattr("reviews.actions.form_drafts.secrets.randbelow", lambda below: below - 1)
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/attach/"
    given = {"stance": "supports", "excerpt": "One.", "draft-window": ""}
    for _ in range(2):
        carried = client.post(address, given).context["drafts"]
        given |= {"draft-id": carried.draft_id, "draft-version": str(carried.version), "excerpt": "One. Two."}
    assert _texts(cast.reviewer) == ["One. Two."]
