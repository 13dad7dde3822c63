"""Choosing by name in a browser, on a desk with more actors than a list holds."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_names_are_suggested_and_those_found_stand_below_to_choose(
    world: AccessWorld, page_of: Callable[..., "Page"]
) -> None:
    from sources.models import Actor

    by = {"desk": world.cast.desk, "created_by": world.cast.editor, "created_at": factories.days_ago(1)}
    Actor.objects.bulk_create(
        Actor(name=f"Navy {n:02}", kind="organisation", speaks_for_checked=True, **by) for n in range(60)
    )
    page = page_of(world.cast.reporter)
    page.goto("/claims/new/")
    field = page.get_by_label("Claimant")
    field.press_sequentially("navy 1")
    suggested = page.locator("#id_claimant_names option")
    suggested.first.wait_for(state="attached")
    names = [option.get_attribute("value") for option in suggested.all()]
    assert names == [f"Navy {n}" for n in range(10, 20)]
    page.get_by_role("button", name="Save claim").click()
    group = page.get_by_role("radiogroup", name="Results for “navy 1”")
    group.get_by_label("Navy 12").check()
    page.set_viewport_size({"width": 320, "height": 700})
    assert (barriers(page), sideways(page), field.input_value()) == ([], [], "navy 1")
