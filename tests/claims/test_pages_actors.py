"""The pages on which actors that proved to be the same become one."""

from typing import TYPE_CHECKING, Any

from sources.models import Actor
from tests import factories
from tests.factories import fresh
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast


def _two(cast: "Cast") -> tuple[Actor, Actor]:
    return factories.actor(cast, "Kim Jong-un", kind="person"), factories.actor(cast, "Kim Jong Un", kind="person")


def _address(actor: Actor) -> str:
    return f"/actors/{actor.pk}/merge/"


def _submit_merge(cast: "Cast", actor: Actor, into: Actor, **more: Any) -> Any:
    fields = {"into": str(into.pk), "reason": "One person.", "chain": "", **more}
    return signed_in(cast.editor).post(_address(actor), fields)


def test_an_editor_is_shown_names_that_are_alike(cast: "Cast") -> None:
    merged, remains = _two(cast)
    text = text_of(got(cast.editor, f"/actors/{merged.pk}/"))
    assert "Possible duplicates 1 Kim Jong Un person Merge into Kim Jong Un…" in text
    assert "Possible duplicates" not in text_of(got(cast.reviewer, f"/actors/{merged.pk}/"))
    chosen = got(cast.editor, f"{_address(merged)}?into={remains.pk}")
    assert f'<option value="{remains.pk}" selected>' in chosen.content.decode()


def test_what_merging_would_do_is_shown_before_anything_is_done(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    first, second = (item.source.publisher for item in claim.evidence.filter(source__basis="firsthand"))
    assert first is not None
    assert second is not None
    shown = _submit_merge(cast, first, second)
    text = text_of(shown)
    assert f"Impact {claim.reference} Corroborated 2 independent voices → 1 Support lost" in text
    assert (shown.status_code, fresh(first).merged_into) == (200, None)
    done = _submit_merge(cast, first, second, confirmed=shown.context["confirming"])
    assert (done.status_code, done["Location"]) == (302, f"/actors/{second.pk}/")
    assert (fresh(first).merged_into, fresh(claim).support_lost) == (second, True)


def test_another_choice_than_the_one_that_was_shown_is_shown_first(cast: "Cast") -> None:
    merged, remains = _two(cast)
    shown = _submit_merge(cast, merged, remains)
    again = _submit_merge(cast, merged, factories.actor(cast), confirmed=shown.context["confirming"])
    assert (again.status_code, fresh(merged).merged_into) == (200, None)


def test_places_that_differ_stand_beside_each_other_to_choose_from(cast: "Cast") -> None:
    merged = factories.actor(cast, "Spokesman", part_of=factories.actor(cast, "Ministry"))
    remains = factories.actor(cast, "Speaker", part_of=factories.actor(cast, "Council"), part_of_from="2021-01-01")
    shown = _submit_merge(cast, merged, remains)
    assert (shown.status_code, list(shown.context["form"].errors)) == (400, ["chain"])
    assert "Spokesman speaks for Ministry Speaker speaks for Council from 1 Jan 2021" in text_of(shown)


def test_the_address_of_what_was_merged_leads_to_what_it_is(cast: "Cast") -> None:
    merged, remains = _two(cast)
    shown = _submit_merge(cast, merged, remains)
    _submit_merge(cast, merged, remains, confirmed=shown.context["confirming"])
    assert got(cast.reporter, f"/actors/{merged.pk}/", 302)["Location"] == f"/actors/{remains.pk}/"
    assert "Also entered as Kim Jong-un" in text_of(got(cast.reporter, f"/actors/{remains.pk}/"))
    assert "Kim Jong Un" in text_of(got(cast.reporter, "/actors/?q=jong-un"))
    got(cast.stranger, f"/actors/{merged.pk}/", 404)
