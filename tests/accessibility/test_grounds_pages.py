"""No barrier on the pages that show what a verdict, or an assessment that waits, rests on now."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from claims.actions.sources import change_source
from sources.inputs import SourceInput
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, cut_off_when_spaced, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _verdict(world: AccessWorld) -> str:
    claim = factories.claim_in(world.cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    change_source(source=source, fields=SourceInput(title="Another title"), by=world.cast.reviewer2)
    return reverse("verdict-grounds", args=[claim.reference])


def _assessment(world: AccessWorld) -> str:
    change_source(source=world.source, fields=SourceInput(title="Another title"), by=world.cast.reviewer2)
    return reverse("review", args=[world.assessment.pk])


@pytest.mark.parametrize("changed", [_verdict, _assessment])
def test_what_changed_has_no_barrier(
    changed: Callable[[AccessWorld], str], world: AccessWorld, page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.editor)
    answer = page.goto(changed(world))
    assert answer is not None and answer.status == 200
    assert page.get_by_text("Another title").first.is_visible()
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 700})
    assert barriers(page) + sideways(page) == []
    assert cut_off_when_spaced(page) + sideways(page) == []
