"""A language is a short code, in a source and in a claim; anything else would be words that no redaction looks for."""

from typing import Any

import pytest

from claims.actions.claims import edit_claim
from claims.actions.sources import change_source
from claims.inputs import ClaimInput
from claims.models import Claim
from house.errors import Invalid
from sources.inputs import SourceInput
from sources.models import Source
from tests import factories
from tests.factories import Cast, fresh

pytestmark = pytest.mark.django_db


def _change(cast: Cast, kind: str, row: Any, **fields: Any) -> None:
    if kind == "source":
        change_source(source=row, fields=SourceInput(**fields), by=cast.editor)
    else:
        edit_claim(claim=row, fields=ClaimInput(**fields), by=cast.editor)


def _made(cast: Cast, kind: str) -> Any:
    return factories.source(cast) if kind == "source" else factories.claim(cast)


@pytest.mark.parametrize("kind", ["source", "claim"])
@pytest.mark.parametrize("code", ["en", "ko", "zh-Hant", "sr-Latn-RS", "de-1996", ""])
def test_language_tags_are_taken(cast: Cast, kind: str, code: str) -> None:
    row = _made(cast, kind)
    _change(cast, kind, row, language=code)
    assert fresh(row).language == code


@pytest.mark.parametrize("kind", ["source", "claim"])
@pytest.mark.parametrize("code", ["e", "two words", "фа", "en-", "-en", "\ue000", "a_b", "12"])
def test_anything_else_is_refused_with_what_would_be_right(cast: Cast, kind: str, code: str) -> None:
    row = _made(cast, kind)
    with pytest.raises(Invalid) as refused:
        _change(cast, kind, row, language=code)
    assert refused.value.errors == {"language": ["Enter a short language code, such as en, ko or fa."]}
    assert fresh(row).language == ""


@pytest.mark.parametrize("kind", ["source", "claim"])
def test_a_row_from_before_is_edited_in_its_other_fields(cast: Cast, kind: str) -> None:
    row = _made(cast, kind)
    model, field = (Source, "title") if kind == "source" else (Claim, "statement")
    model.objects.filter(pk=row.pk).update(language="en_from_before")
    _change(cast, kind, fresh(row), **{field: "Another text"})
    assert (fresh(row).language, getattr(fresh(row), field)) == ("en_from_before", "Another text")
