"""Redactions beyond a desk's own editors: of actors that all desks share, and decided by somebody of another desk."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from accounts.actions import set_role
from accounts.models import Act, RestrictedRead, User
from claims.actions.actors import merge_actors
from claims.inputs import MergeInput
from house.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.entries import read_entry
from ledger.keys import policy_text
from ledger.models import Erasure
from ledger.reading import newest_checkpoint, openings_of, published
from ledger.verifier import audit, read_policy
from reviews.actions.memberships import change_account
from reviews.actions.redactions import (
    look_for_in_shared,
    name_second,
    preview_of,
    propose_redaction,
    propose_shared_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.models import Redaction
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor
from tests import factories
from tests.factories import Cast, fresh
from tests.hostile.answers import Database
from tests.ledger.installation import publish_here
from tests.pages import signed_in, text_of
from tests.reviews.test_pages_redactions import hidden
from tests.reviews.test_redactions import NAME, secrets_with

REASON = "She asked us to."
STRIP = "A redaction beyond your desks awaits you"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def shared(cast: Cast) -> Actor:
    """An actor that all desks share, with the name that has to go; the editor's desk uses it, and no other."""
    row = create_actor(desk=None, fields=ActorInput(name=f"{NAME}, witness", kind="person"), by=cast.admin)
    factories.source(cast, "What was said", publisher=row)
    return row


def shared_redaction(shared: Actor, by: User) -> Redaction:
    return propose_shared_redaction(actor=shared, words=NAME, reason=REASON, by=by)


def done_by(row: Redaction, by: User) -> Redaction:
    return redact(redaction=row, seen=preview_of(redaction=row, by=by).seen, by=by)


def desks_own(cast: Cast) -> Redaction:
    """Of the desk with one editor, who proposes it."""
    factories.claim(cast, f"{NAME} saw it.")
    return propose_redaction(desk=cast.desk, words=NAME, reason=REASON, by=cast.editor)


@pytest.mark.parametrize(("first", "second"), [("editor", "admin"), ("admin", "editor")])
def test_an_administrator_and_an_editor_redact_a_shared_actor(
    cast: Cast, shared: Actor, tmp_path: Path, first: str, second: str
) -> None:
    row = done_by(shared_redaction(shared, getattr(cast, first)), getattr(cast, second))
    assert (fresh(shared).name, row.state, row.erased) == ("[redacted], witness", "done", 1)
    assert (Database().holds(NAME), secrets_with(NAME)) == (False, 0)
    publish_here(tmp_path / "signer")
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    assert audit(lambda path: published(path, checkpoint), read_policy(policy_text())).findings == []


@pytest.mark.django_db(transaction=True)
def test_what_is_left_agrees_with_itself(cast: Cast, shared: Actor) -> None:
    done_by(shared_redaction(shared, cast.editor), cast.admin)
    refused = desks_own(cast)
    name_second(redaction=refused, user=cast.stranger, by=cast.editor)
    refuse_redaction(redaction=refused, by=cast.stranger)
    call_command("verify")  # fails with status 1 for anything that does not agree


def test_a_name_of_before_a_merge_goes_too(cast: Cast, shared: Actor) -> None:
    other = create_actor(desk=None, fields=ActorInput(name="The witness", kind="person"), by=cast.admin)
    merge_actors(actor=shared, fields=MergeInput(into=other.pk, reason=f"{NAME} is the witness."), by=cast.admin)
    row = done_by(shared_redaction(fresh(other), cast.editor), cast.admin)
    assert (fresh(shared).name, fresh(shared).merge.reason, row.erased) == ("[redacted], witness", "[redacted]", 2)
    assert Database().holds(NAME) is False


def test_of_one_that_no_desk_uses_an_editor_of_any_desk_is_the_second(cast: Cast) -> None:
    unused = create_actor(desk=None, fields=ActorInput(name=f"{NAME}, witness", kind="person"), by=cast.admin)
    row = shared_redaction(unused, cast.admin)
    assert STRIP in signed_in(cast.stranger).get("/claims/").content.decode()
    assert done_by(row, cast.stranger).state == "done"


def test_no_desk_uses_it_where_the_only_use_is_another_shared_actor(cast: Cast) -> None:
    fields = ActorInput(name=f"{NAME}, witness", kind="person")
    unused = create_actor(desk=None, fields=fields, by=cast.admin)
    create_actor(desk=None, fields=ActorInput(name="The office", kind="state", part_of=unused.pk), by=cast.admin)
    assert done_by(shared_redaction(unused, cast.stranger), cast.admin).state == "done"


@pytest.mark.parametrize("who", ["reporter", "reviewer", "auditor"])
def test_of_one_that_no_desk_uses_nobody_but_editors_is(cast: Cast, who: str) -> None:
    unused = create_actor(desk=None, fields=ActorInput(name=f"{NAME}, witness", kind="person"), by=cast.admin)
    with pytest.raises(Forbidden):
        shared_redaction(unused, getattr(cast, who))


def test_a_desk_whose_own_actor_was_merged_into_it_uses_it(cast: Cast) -> None:
    own = factories.actor(cast, "The witness")
    into = create_actor(desk=None, fields=ActorInput(name=f"{NAME}, witness", kind="person"), by=cast.admin)
    merge_actors(actor=own, fields=MergeInput(into=into.pk, reason="The same."), by=cast.editor)
    with pytest.raises(Forbidden):
        shared_redaction(into, cast.stranger)
    assert done_by(shared_redaction(fresh(into), cast.editor), cast.admin).state == "done"


def test_what_desks_wrote_themselves_stays_for_them(cast: Cast, shared: Actor) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    done_by(shared_redaction(shared, cast.editor), cast.admin)
    assert fresh(claim).statement == f"{NAME} saw it."


def test_the_log_says_of_which_actor_on_no_desk(cast: Cast, shared: Actor) -> None:
    row = done_by(shared_redaction(shared, cast.editor), cast.admin)
    [act] = Act.objects.filter(kind="redacted")
    body = read_entry(bytes(act.entry.leaf)).body
    assert (act.desk, act.by, body["actor"], body["desk"]) == (None, cast.admin, str(shared.pk), None)
    assert openings_of([act.pk])[act.pk]["proposed_by"].value["name"] == "editor"
    assert row.decided_by == cast.admin


def test_neither_two_editors_nor_two_administrators_do_it(cast: Cast, shared: Actor) -> None:
    editor2 = factories.person("editor2", "editor", cast.desk)
    admin2 = factories.person("admin2", is_administrator=True)
    both = factories.person("both", "editor", cast.desk, is_administrator=True)
    for first, seconds in ((cast.editor, [cast.editor, editor2]), (cast.admin, [cast.admin, admin2, both])):
        row = shared_redaction(shared, first)
        for second in seconds:
            with pytest.raises(Forbidden):
                done_by(row, second)
            with pytest.raises(Forbidden):
                refuse_redaction(redaction=row, by=second)


def test_who_is_both_is_not_both_of_the_two(cast: Cast, shared: Actor) -> None:
    both = factories.person("both", "editor", cast.desk, is_administrator=True)
    row = shared_redaction(shared, both)
    with pytest.raises(Forbidden):
        done_by(row, both)
    assert done_by(row, cast.editor).state == "done"


def test_an_administrator_who_takes_the_right_from_another_is_not_both(cast: Cast, shared: Actor) -> None:
    admin2 = factories.person("admin2", is_administrator=True)
    row = shared_redaction(shared, admin2)
    change_account(user=admin2, changes={"is_staff": False}, by=cast.admin)
    with pytest.raises(Conflict):
        done_by(row, cast.admin)
    assert refuse_redaction(redaction=row, by=cast.admin).state == "refused"


def test_a_shared_actors_redaction_waits_for_the_other_of_the_two(cast: Cast, shared: Actor) -> None:
    admin2 = factories.person("admin2", is_administrator=True)
    shared_redaction(shared, cast.admin)
    assert [STRIP in signed_in(who).get("/claims/").content.decode() for who in (admin2, cast.admin)] == [False, False]
    shared_redaction(shared, cast.editor)
    assert [STRIP in signed_in(who).get("/claims/").content.decode() for who in (admin2, cast.admin)] == [True, True]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("editor", "redaction_decided_by_a_second_person"), ("editor2", "no two persons redacted this")],
)
def test_the_database_refuses_it_too(
    cast: Cast, shared: Actor, monkeypatch: pytest.MonkeyPatch, who: str, refusal: str
) -> None:
    """The same person, and two editors: past the action's own question."""
    factories.person("editor2", "editor", cast.desk)
    row = shared_redaction(shared, cast.editor)
    monkeypatch.setattr("reviews.actions.redactions.may_decide_redaction", lambda _row, _by: None)
    with pytest.raises(DatabaseError, match=refusal):
        done_by(row, User.objects.get(username=who))
    assert fresh(shared).name == f"{NAME}, witness"


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("reviewer", Forbidden), ("auditor", Forbidden), ("reporter", Forbidden), ("stranger", Forbidden)],
)
def test_only_administrators_and_editors_who_use_it_look(
    cast: Cast, shared: Actor, who: str, refusal: type[Exception]
) -> None:
    """The stranger edits another desk, which does not use it: whether a third one does, they are not told."""
    with pytest.raises(refusal):
        look_for_in_shared(actor=shared, words=NAME, by=getattr(cast, who))


def test_an_editor_whose_desk_begins_to_use_it_may(cast: Cast, shared: Actor) -> None:
    create_source(
        desk=cast.other_desk, fields=SourceInput(title="Theirs", publisher=shared.pk), capture=False, by=cast.stranger
    )
    words, found = look_for_in_shared(actor=shared, words=NAME, by=cast.stranger)
    assert (words, found.count) == (NAME, 1)


def test_a_desks_own_actor_is_no_shared_one(cast: Cast) -> None:
    own = factories.actor(cast, NAME)
    with pytest.raises(Forbidden):
        look_for_in_shared(actor=own, words=NAME, by=cast.editor)


def test_each_look_at_a_shared_actor_is_recorded(cast: Cast, shared: Actor) -> None:
    with pytest.raises(Invalid):
        look_for_in_shared(actor=shared, words="Nobody Atall", by=cast.admin)
    act = Act.objects.get(kind="redaction_previewed")
    assert (act.by, act.desk, act.about) == (cast.admin, None, f"actor:{shared.pk}")


def test_an_administrators_preview_says_nothing_of_claims(cast: Cast, shared: Actor) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    _words, found = look_for_in_shared(actor=shared, words=NAME, by=cast.admin)
    assert [one.place.model for one in found.texts] == [Actor]
    factories.claim(cast, f"{NAME} heard it, too.")
    _words, again = look_for_in_shared(actor=shared, words=NAME, by=cast.admin)
    assert again.seen == found.seen


def test_the_pages_of_a_shared_actor(cast: Cast, shared: Actor) -> None:
    new, given = f"/actors/{shared.pk}/redact/", {"words": NAME, "reason": REASON}
    editor, admin = signed_in(cast.editor), signed_in(cast.admin)
    assert new in editor.get(f"/actors/{shared.pk}/").content.decode()
    shown = editor.post(new, given)
    assert "Words in 1 text" in text_of(shown)
    editor.post(new, {**given, "confirmed": hidden(shown, "confirmed")})
    address = f"/redactions/{Redaction.objects.get().pk}/"
    assert "A redaction beyond your desks awaits you" in admin.get("/claims/").content.decode()
    assert "An administrator must decide on your proposal." in text_of(editor.get(address))
    page = admin.get(address)
    admin.post(address, {"decision": "erase", "seen": hidden(page, "seen")})
    assert Redaction.objects.get().state == "done"
    assert "Erased in 1 place." in text_of(editor.get(address))
    assert NAME not in editor.get(f"/actors/{shared.pk}/").content.decode()
    assert "awaits you" not in admin.get("/claims/").content.decode()


def test_nobody_else_finds_the_redaction_of_a_shared_actor(cast: Cast, shared: Actor) -> None:
    row = shared_redaction(shared, cast.editor)
    for who in ("reporter", "reviewer", "auditor", "stranger"):
        client = signed_in(getattr(cast, who))
        assert client.get(f"/redactions/{row.pk}/").status_code == 404
        assert "No redactions are waiting for you." in text_of(client.get("/redactions/"))


# A second person of another desk


def test_an_editor_of_another_desk_decides_for_a_desk_with_one(cast: Cast) -> None:
    row = desks_own(cast)
    with pytest.raises(NotFound):
        preview_of(redaction=row, by=cast.stranger)
    named = name_second(redaction=row, user=cast.stranger, by=cast.editor)
    assert (done_by(named, cast.stranger).state, secrets_with(NAME)) == ("done", 0)


def test_that_somebody_was_asked_is_recorded(cast: Cast) -> None:
    row = name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)
    act = Act.objects.get(kind="redaction_second_named")
    assert (act.by, act.desk, act.about) == (cast.editor, cast.desk, f"redaction:{row.pk}")
    assert openings_of([act.pk])[act.pk]["second"].value["name"] == "stranger"


@pytest.mark.parametrize("who", ["reviewer", "auditor", "admin", "editor", None])
def test_only_an_editor_of_another_desk_is_asked(cast: Cast, who: str | None) -> None:
    row = desks_own(cast)
    with pytest.raises(Invalid):
        name_second(redaction=row, user=getattr(cast, who) if who else None, by=cast.editor)


def test_who_is_on_the_desk_as_well_is_not_asked(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.stranger, role="reporter", by=None)
    with pytest.raises(Invalid):
        name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)


def test_a_desk_with_two_editors_asks_nobody(cast: Cast) -> None:
    factories.person("editor2", "editor", cast.desk)
    with pytest.raises(Conflict):
        name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)


def test_one_person_is_asked_and_no_second(cast: Cast) -> None:
    row, other = desks_own(cast), factories.person("stranger2", "editor", cast.other_desk)
    name_second(redaction=row, user=cast.stranger, by=cast.editor)
    with pytest.raises(Conflict):
        name_second(redaction=row, user=other, by=cast.editor)
    with pytest.raises(NotFound):
        preview_of(redaction=row, by=other)


def test_for_a_shared_actor_nobody_of_another_desk_is_asked(cast: Cast, shared: Actor) -> None:
    with pytest.raises(Forbidden):
        name_second(redaction=shared_redaction(shared, cast.editor), user=cast.stranger, by=cast.editor)


@pytest.mark.parametrize("end", ["refuse", "withdraw", "erase"])
def test_what_was_shown_ends_with_the_redaction(cast: Cast, end: str) -> None:
    row = name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)
    address, client = f"/redactions/{row.pk}/", signed_in(cast.stranger)
    assert client.get(address).status_code == 200
    if end == "erase":
        done_by(row, cast.stranger)
    elif end == "refuse":
        refuse_redaction(redaction=row, by=cast.stranger)
    else:
        withdraw_redaction(redaction=row, by=cast.editor)
    assert client.get(address).status_code == 404
    assert "No redactions are waiting for you." in text_of(client.get("/redactions/"))
    with pytest.raises(NotFound):
        preview_of(redaction=fresh(row), by=cast.stranger)


def test_who_edits_no_desk_any_more_is_shown_nothing(cast: Cast) -> None:
    row = name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)
    factories.person("stranger2", "editor", cast.other_desk)
    set_role(desk=cast.other_desk, user=cast.stranger, role="reviewer", by=None)
    client = signed_in(cast.stranger)
    assert client.get(f"/redactions/{row.pk}/").status_code == 404
    assert STRIP not in client.get("/claims/").content.decode()
    with pytest.raises(NotFound):
        refuse_redaction(redaction=row, by=cast.stranger)


@pytest.mark.parametrize("end", ["role", "account"])
def test_nobody_decides_for_who_edits_the_desk_no_more(cast: Cast, end: str) -> None:
    """Else two persons who are not on a desk would erase what it wrote."""
    row = name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)
    editor2 = factories.person("editor2", "editor", cast.desk)
    if end == "role":
        set_role(desk=cast.desk, user=cast.editor, role="reporter", by=None)
    else:
        change_account(user=cast.editor, changes={"is_active": False}, by=cast.admin)
    client = signed_in(cast.stranger)
    assert client.get(f"/redactions/{row.pk}/").status_code == 404
    assert STRIP not in client.get("/claims/").content.decode()
    with pytest.raises(NotFound):
        done_by(fresh(row), cast.stranger)
    assert refuse_redaction(redaction=fresh(row), by=editor2).state == "refused"


def test_the_person_is_asked_decides_and_sees_nothing_else_of_the_desk(cast: Cast) -> None:
    source = factories.source(cast, f"Interview with {NAME}", by=cast.editor, visibility="restricted")
    row = desks_own(cast)
    own, address = f"/desk/{cast.desk.pk}/redactions/{row.pk}/", f"/redactions/{row.pk}/"
    editor, stranger = signed_in(cast.editor), signed_in(cast.stranger)
    assert "You are this desk’s only editor." in text_of(editor.get(own))
    assert stranger.get(address).status_code == 404
    editor.post(own, {"decision": "ask", "person": "stranger"})
    assert "A redaction beyond your desks awaits you" in stranger.get("/claims/").content.decode()
    page = stranger.get(address)
    assert "Words in 2 texts" in text_of(page)
    main = page.content.decode().partition("<main")[2]
    assert re.findall(r'href="(/(?:claims/\w|sources/|actors/|desk/)[^"]*)"', main) == []
    hidden_from_them = [own, f"/sources/{source.pk}/", f"/desk/{cast.desk.pk}/redactions/", f"/desk/{cast.desk.pk}/"]
    assert [stranger.get(one).status_code for one in hidden_from_them] == [404] * 4
    assert RestrictedRead.objects.filter(user=cast.stranger, subject=f"source:{source.pk}").count() == 1
    answer = stranger.post(address, {"decision": "erase", "seen": hidden(page, "seen")})
    assert answer["Location"] == "/redactions/"
    assert (fresh(source).title, Erasure.objects.count() > 0) == ("Interview with [redacted]", True)


def test_the_person_does_not_ask_others_or_take_it_back(cast: Cast) -> None:
    row = name_second(redaction=desks_own(cast), user=cast.stranger, by=cast.editor)
    other = factories.person("stranger2", "editor", cast.other_desk)
    with pytest.raises(Forbidden):
        name_second(redaction=row, user=other, by=cast.stranger)
    with pytest.raises(Forbidden):
        withdraw_redaction(redaction=row, by=cast.stranger)


def test_the_proposer_cannot_be_the_second_in_the_database(cast: Cast) -> None:
    row = desks_own(cast)
    with pytest.raises(DatabaseError), transaction.atomic():
        Redaction.objects.filter(pk=row.pk).update(second=cast.editor, second_at=row.proposed_at)
