"""An address that is typed without https:// is completed, wherever one can be typed."""

from typing import Any

import pytest
from django import forms

from house.pages import ActForm
from reviews import urls as _every_form  # noqa: F401 - which loads the forms of all pages
from sources.addresses import completed
from sources.models import Source
from tests import factories
from tests.factories import Cast, fresh
from tests.pages import signed_in


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org", "https://example.org"),
        (" www.example.org/a?b=c#d ", "https://www.example.org/a?b=c#d"),
        ("example.org:8080/x", "https://example.org:8080/x"),
        ("localhost:8000/x", "https://localhost:8000/x"),
        ("192.0.2.7/x", "https://192.0.2.7/x"),
        ("[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("//example.org/x", "https://example.org/x"),
        ("пример.рф/статья", "https://пример.рф/статья"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://example.org", "HTTPS://example.org"),
    ],
)
def test_a_host_gets_its_scheme(typed: str, kept: str) -> None:
    assert completed(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "word", "two words.here", "somebody@example.org", "mailto:a@example.org", "javascript:alert(1)"),
        *("data:text/html,x", "ftp://example.org", "file:///etc/passwd", "/path", "?q=1", "urn:isbn:1", ".org"),
    ],
)
def test_what_is_no_host_stays_as_it_is(typed: str) -> None:
    assert completed(typed) == typed


def _kinds(of: type[ActForm]) -> set[type[ActForm]]:
    return {of}.union(*(_kinds(each) for each in of.__subclasses__()))


def test_these_are_the_fields_for_an_address() -> None:
    found = {
        (kind.__name__, name)
        for kind in _kinds(ActForm)
        for name, field in kind.base_fields.items()
        if isinstance(field, forms.URLField) or isinstance(field.widget, forms.URLInput)
    }
    assert found == {("NewClaimForm", "url"), ("AttachForm", "url"), ("SourceForm", "url")}


def test_a_new_claim_takes_one(cast: Cast) -> None:
    given = {"statement": "A ship came in.", "stance": "supports", "url": "example.org/a", "kind": "article"}
    given |= {"new_claimant_kind": "state", "new_parties_kind": "state", "new_publisher_kind": "outlet"}
    given |= {"source_basis": "unknown", "visibility": "desk"}
    given |= {"elements-TOTAL_FORMS": "0", "elements-INITIAL_FORMS": "0"}
    assert signed_in(cast.reporter).post("/claims/new/", given).status_code == 302
    assert Source.objects.get().url == "https://example.org/a"


def test_attaching_takes_one(cast: Cast) -> None:
    claim = factories.claim(cast)
    given: dict[str, Any] = {"stance": "supports", "url": "example.org/a", "kind": "article", "visibility": "desk"}
    given |= {"new_publisher_kind": "outlet", "source_basis": "unknown", "seen_version": claim.version}
    answer = signed_in(cast.reporter).post(f"/claims/{claim.reference}/attach/", given)
    assert (answer.status_code, Source.objects.filter(url="https://example.org/a").count()) == (302, 1)


def test_editing_a_source_takes_one(cast: Cast) -> None:
    source = factories.source(cast)
    form = signed_in(cast.reviewer).get(f"/sources/{source.pk}/edit/").context["form"]
    given = {name: form[name].value() or "" for name in form.fields} | {"url": "example.org/a"}
    answer = signed_in(cast.reviewer).post(f"/sources/{source.pk}/edit/", given)
    assert (answer.status_code, fresh(source).url) == (302, "https://example.org/a")


def test_the_api_takes_one(cast: Cast) -> None:
    answer = signed_in(cast.reviewer).post(
        "/api/v1/sources/", {"kind": "article", "url": "example.org/a"}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["url"]) == (201, "https://example.org/a")
    at = f"/api/v1/sources/{answer.json()['id']}/"
    changed = signed_in(cast.reviewer).patch(at, {"url": "example.org/b"}, content_type="application/json")
    assert changed.json()["url"] == "https://example.org/b"
