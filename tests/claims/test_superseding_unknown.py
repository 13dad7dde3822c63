"""Who takes a statement back has to be known to be the one who made it."""

import pytest

from claims.actions.evidence import change_evidence
from claims.inputs import EvidenceInput
from house.errors import Invalid
from sources.models import Source
from tests import factories
from tests.factories import Cast, fresh


def _from_nobody(cast: Cast, title: str) -> Source:
    return factories.source(cast, title, kind="statement", basis="firsthand")


def _relayed(cast: Cast, title: str) -> Source:
    """An article of a known outlet that has it from a source whose publisher nobody knows."""
    article = factories.source(cast, title, publisher=factories.actor(cast), basis="secondhand")
    factories.relay(cast, article, _from_nobody(cast, f"{title}, upstream"))
    return article


@pytest.mark.parametrize("make", [_from_nobody, _relayed])
def test_two_unknown_publishers_are_not_one_voice(cast: Cast, make: object) -> None:
    assert callable(make)
    claim = factories.claim(cast)
    earlier, later = (factories.attach(cast, claim, make(cast, title), "denies") for title in ("First", "Second"))
    with pytest.raises(Invalid, match="publisher of this statement is unknown") as error:
        change_evidence(evidence=earlier, fields=EvidenceInput(superseded_by=later.pk), by=cast.reviewer)
    assert (set(error.value.errors), fresh(earlier).live) == ({"superseded_by"}, True)


def test_released_evidence_is_held_to_the_same_voice(cast: Cast) -> None:
    claim = factories.claim(cast)
    source = factories.source(cast, publisher=factories.actor(cast), basis="firsthand")
    earlier = factories.attach(cast, claim, source, visibility="restricted", by=cast.editor)
    (other,) = factories.firsthand(cast, claim, 1)
    change_evidence(evidence=earlier, fields=EvidenceInput(superseded_by=other.pk), by=cast.editor)
    with pytest.raises(Invalid, match="another voice"):
        factories.released(earlier, cast.editor)
    change_evidence(evidence=earlier, fields=EvidenceInput(superseded_by=None), by=cast.editor)
    factories.released(earlier, cast.editor)
    assert (fresh(earlier).visibility, fresh(earlier).live) == ("desk", True)
