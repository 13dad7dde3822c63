"""Choosing actors and sources by name, on a desk with more of them than a list holds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from claims.models import Claim
from sources.models import Actor, Relay, Source
from tests import factories
from tests.claims.test_merging import _merge as merge
from tests.claims.test_pages_writing import NEW
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast

LIMIT = 40_000  # bytes of a page, uncompressed
SECRET = "Zephyrine"


def _many(cast: "Cast", number: int = 60) -> None:
    """This many more actors and sources on the desk, which the actions would take long for."""
    by = {"desk": cast.desk, "created_by": cast.editor, "created_at": factories.days_ago(1)}
    Actor.objects.bulk_create(
        Actor(name=f"Actor {n:04}", kind="organisation", speaks_for_checked=True, **by) for n in range(number)
    )
    Source.objects.bulk_create(Source(title=f"Report {n:04}", kind="article", **by) for n in range(number))


def _new_claim(user: "User", **fields: Any) -> Any:
    return signed_in(user).post("/claims/new/", NEW | {"url": "https://example.org/"} | fields)


def _names(user: "User", address: str) -> list[str]:
    answer: Any = got(user, address)
    return [one["name"] for one in answer.json()["names"]]


def _offered(answer: Any, name: str = "claimant") -> list[str]:
    """The names among which the page asks one to choose for the first text that it could not tell."""
    found: Iterable[Any] = next(iter(answer.context["form"].fields[name]._typed.found.values()), [])
    return [one.name for one in found]


def test_fifty_are_listed_and_fifty_one_are_typed(cast: "Cast") -> None:
    _many(cast, 50)
    assert got(cast.reporter, "/claims/new/").content.count(b"data-names") == 0
    factories.actor(cast, "The ministry")
    assert b'<select name="source"' in (page := got(cast.reporter, "/claims/new/").content)
    assert (b'<select name="claimant"' in page, b'name="claimant"' in page) == (False, True)


@pytest.mark.parametrize("typed", ["The ministry", "  the MINISTRY "])
def test_a_name_is_taken_in_whichever_case(cast: "Cast", typed: str) -> None:
    _many(cast)
    actor = factories.actor(cast, "The ministry")
    _new_claim(cast.reporter, claimant=typed)
    assert Claim.objects.get().claimant == actor


def test_a_name_from_before_a_merge_is_taken(cast: "Cast") -> None:
    _many(cast)
    merged, remains = factories.actor(cast, "The bureau"), factories.actor(cast, "The ministry")
    merge(cast, merged, remains)
    _new_claim(cast.reporter, claimant="the bureau")
    assert Claim.objects.get().claimant == remains
    found: Any = got(cast.reporter, f"/actors/names/?desk={cast.desk.pk}&q=bureau")
    assert found.json() == {"names": [{"name": "The ministry", "also": "The bureau"}]}


def test_a_part_of_a_name_comes_back_with_names_to_choose_from(cast: "Cast") -> None:
    _many(cast)
    actors = [factories.actor(cast, name) for name in ("Navy of the north", "Old navy")]
    asked = _new_claim(cast.reporter, claimant="navy", place="Varn")
    assert (asked.status_code, _offered(asked)) == (400, ["Navy of the north", "Old navy"])
    assert (asked.context["form"]["place"].value(), Claim.objects.count()) == ("Varn", 0)
    page = " ".join(asked.content.decode().split())
    assert f'name="claimant-choice" value="{actors[1].pk} navy"' in page
    _new_claim(cast.reporter, claimant="navy", **{"claimant-choice": f"{actors[1].pk} navy"})
    assert Claim.objects.get().claimant == actors[1]


def test_a_choice_is_for_the_name_that_it_was_offered_for(cast: "Cast") -> None:
    _many(cast)
    offered, other = factories.actor(cast, "Navy of the north"), factories.actor(cast, "The ministry")
    _new_claim(cast.reporter, claimant="The ministry", **{"claimant-choice": f"{offered.pk} navy"})
    assert Claim.objects.get().claimant == other


def test_none_of_those_found_is_nobody(cast: "Cast") -> None:
    _many(cast)
    factories.actor(cast, "Navy of the north")
    _new_claim(cast.reporter, claimant="navy", new_claimant="Navy", **{"claimant-choice": " navy"})
    assert str(Claim.objects.get().claimant) == "Navy"


def test_a_misspelt_name_finds_those_much_like_it(cast: "Cast") -> None:
    _many(cast)
    factories.actor(cast, "Ministry of Defence")
    assert _offered(_new_claim(cast.reporter, claimant="Minstry of Defense")) == ["Ministry of Defence"]


@pytest.mark.parametrize("typed", ["Qqqq", "%", "_", "\x00", "(", "x" * 5000, "00000000-0000-4000-8000-000000000000"])
def test_what_is_called_nothing_here_is_told(cast: "Cast", typed: str) -> None:
    _many(cast)
    answer = _new_claim(cast.reporter, claimant=typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["claimant"])
    assert "No match for" in text_of(answer)


def test_names_that_stand_twice_are_told_apart_and_asked_about(cast: "Cast") -> None:
    _many(cast)
    twins = sorted(factories.actor(cast, "Kim", kind="person").pk for _ in range(2))
    names = [f"Kim ({str(pk)[:8]})" for pk in twins]
    assert sorted(_offered(_new_claim(cast.reporter, claimant="kim"))) == sorted(names)
    _new_claim(cast.reporter, claimant=names[1])
    claim = Claim.objects.get()
    assert claim.claimant_id == twins[1]
    page: Any = got(cast.reporter, f"/claims/{claim.reference}/edit/")
    assert f'value="{names[1]}"' in page.content.decode()


def test_several_names_are_asked_about_each_by_itself(cast: "Cast") -> None:
    _many(cast)
    north, south = factories.actor(cast, "Navy of the north"), factories.actor(cast, "Army of the south")
    typed = {"parties": ["navy", "", "army"]}
    asked = _new_claim(cast.reporter, **typed)
    page = " ".join(asked.content.decode().split())
    assert (f'name="parties-1-choice" value="{north.pk} navy"' in page, asked.status_code) == (True, 400)
    # As the form stood when it came back: without the empty control between the two.
    chosen = {"parties-1-choice": f"{north.pk} navy", "parties-2-choice": f"{south.pk} army"}
    _new_claim(cast.reporter, **{"parties": ["navy", "army"], **chosen})
    assert set(Claim.objects.get().parties.all()) == {north, south}


def test_a_source_is_taken_by_title_with_publisher_and_day_or_without(cast: "Cast") -> None:
    _many(cast)
    publisher = factories.actor(cast, "Acme, Inc.")
    day = factories.days_ago(3)
    upstream = factories.source(cast, "Log, of the harbour", publisher=publisher, published_at=day)
    source = factories.source(cast, "The telegram")
    named = _names(cast.reviewer, f"/sources/names/?desk={cast.desk.pk}&q=harbour+log")
    assert named == [f"Log, of the harbour, Acme, Inc., {day.date().isoformat()}"]
    for typed in (named[0], "log, of the HARBOUR"):
        Relay.objects.all().delete()
        answer = signed_in(cast.reviewer).post(f"/sources/{source.pk}/relays/", {"upstream": typed})
        assert (answer.status_code, Relay.objects.get().upstream) == (302, upstream), typed


def test_a_row_does_not_name_itself(cast: "Cast") -> None:
    _many(cast)
    actor = factories.actor(cast, "The ministry")
    address = f"/actors/{actor.pk}/merge/"
    fields = {"into": "The ministry", "reason": "The same.", "chain": ""}
    assert list(signed_in(cast.editor).post(address, fields).context["form"].errors) == ["into"]
    assert f"without={actor.pk}" in got(cast.editor, address).content.decode()


def test_merging_by_a_name_shows_first_and_is_done_as_shown(cast: "Cast") -> None:
    _many(cast)
    actor, into = factories.actor(cast, "The bureau"), factories.actor(cast, "The ministry")
    address, fields = f"/actors/{actor.pk}/merge/", {"into": "the ministry", "reason": "The same.", "chain": ""}
    shown: Any = signed_in(cast.editor).post(address, fields)
    assert (shown.status_code, factories.fresh(actor).merged_into) == (200, None)
    signed_in(cast.editor).post(address, fields | {"confirmed": shown.context["confirming"]})
    assert factories.fresh(actor).merged_into == into


def test_an_untouched_form_keeps_whom_it_names(cast: "Cast") -> None:
    claim = factories.claim(cast)
    claimant, parties = claim.claimant, set(claim.parties.all())
    assert claimant is not None
    _many(cast)
    page: Any = got(cast.reviewer, f"/claims/{claim.reference}/edit/")
    fields = fields_of(page) | {"elements-TOTAL_FORMS": 0, "elements-INITIAL_FORMS": 0}
    fields |= {"claimant": claimant.name, "parties": [actor.name for actor in parties]}
    for name in [fields["claimant"], *fields["parties"]]:
        assert f'value="{name}"' in page.content.decode()
    assert signed_in(cast.reviewer).post(f"/claims/{claim.reference}/edit/", fields).status_code == 302
    after = factories.fresh(claim)
    assert (after.claimant, set(after.parties.all())) == (claimant, parties)


def test_restricted_names_are_found_by_nobody_else(cast: "Cast") -> None:
    _many(cast)
    actor = factories.actor(cast, f"{SECRET} herself", by=cast.editor, visibility="restricted")
    source = factories.source(cast, f"{SECRET} speaks", by=cast.editor, visibility="restricted")
    addresses = [f"/{kind}/names/?desk={cast.desk.pk}&q={SECRET[:4]}" for kind in ("actors", "sources")]
    found = {user: [_names(user, address) for address in addresses] for user in (cast.editor, cast.reporter)}
    assert found == {cast.editor: [[str(actor)], [str(source)]], cast.reporter: [[], []]}
    for typed in (f"{SECRET} herself", f"{SECRET} hersel", str(actor.pk)):
        answer = _new_claim(cast.reporter, claimant=typed)
        assert (_offered(answer), list(answer.context["form"].errors)) == ([], ["claimant"])


def test_names_of_another_desk_are_not_found(cast: "Cast") -> None:
    _many(cast)
    for address in (f"/actors/names/?desk={cast.desk.pk}&q=Actor", "/actors/names/?q=Actor", "/sources/names/?q=Repo"):
        assert _names(cast.stranger, address) == []


def test_ten_at_most_are_suggested(cast: "Cast") -> None:
    _many(cast)
    assert _names(cast.reporter, "/actors/names/?q=actor") == [f"Actor {n:04}" for n in range(10)]
    assert _names(cast.reporter, "/actors/names/?q=") == []
    got(cast.reporter, "/actors/names/?desk=nonsense&q=actor", 400)


def test_forms_grow_neither_in_weight_nor_in_queries(cast: "Cast") -> None:
    claim = factories.claim(cast)
    (evidence,) = factories.firsthand(cast, claim, 1)
    actor = evidence.source.publisher_id
    addresses = [
        *("/claims/new/", f"/claims/{claim.reference}/attach/", f"/claims/{claim.reference}/edit/"),
        *(f"/claims/{claim.reference}/evidence/{evidence.pk}/", f"/sources/{evidence.source_id}/"),
        *(f"/sources/{evidence.source_id}/edit/", f"/actors/{actor}/edit/", f"/actors/{actor}/merge/"),
        "/account/conflicts/",
    ]
    _many(cast)
    few = [_cost(cast.editor, address) for address in addresses]
    _many(cast, 1950)
    many = [_cost(cast.editor, address) for address in addresses]
    assert all(queries for _bytes, queries in few)
    assert [queries for _bytes, queries in many] == [queries for _bytes, queries in few]
    assert {at: size for at, (size, _queries) in zip(addresses, many, strict=True) if size >= LIMIT} == {}


def _cost(user: "User", address: str) -> tuple[int, int]:
    client, asked = signed_in(user), []

    def count(execute: Any, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(count):
        page = client.get(address)
    assert page.status_code == 200
    return len(page.content), len(asked)
