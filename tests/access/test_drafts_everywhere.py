"""Every form in which more than a sentence can be typed keeps a draft: found from the pages, so none is forgotten."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from claims.actions.sources import change_source
from reviews.models import FormDraft
from reviews.views.drafting import DRAFTED
from sources.inputs import SourceInput
from tests import factories
from tests.access.asking import address_of, signed_in
from tests.access.routes import Route, routes
from tests.access.world import AccessWorld
from tests.accessibility.test_axe import pages

# Why not.
WITHOUT = {
    "new-redaction": "what is to be erased is not to be kept, and the reason must not name it",
    "redact-actor": "as on a desk",
    "check-receipts": "what is pasted there lies in a file, and nothing is done with it",
    "reset-second-factors": "one sentence of an administrator, on a page that asks for their password",
}
OF_THEIR_OWN = {"assess": "drafts of assessments, which the API has as well: tests/reviews/test_pages_drafts.py"}


class Forms(HTMLParser):
    """The forms of a page that are posted and have a text of several lines: where each is sent, and what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._form: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("method") == "post":
            self._form = {"action": given.get("action"), "texts": [], "names": set(), "keeps": False, "status": False}
        if self._form is None:
            return
        if tag == "textarea":
            self._form["texts"].append(given["name"])
        self._form["names"].add(given.get("name"))
        self._form["keeps"] |= tag == "button" and given.get("name") == "keep"
        self._form["status"] |= "data-draft-status" in given

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.found += [self._form] if self._form["texts"] else []
            self._form = None


def _route(name: str) -> Route:
    return next(route for route in routes() if route.name == name)


def _texts(client: Client, address: str) -> list[dict[str, Any]]:
    parser = Forms()
    parser.feed(client.get(address).content.decode())
    return parser.found


def _sent_to(form: dict[str, Any], name: str) -> str:
    if not form["action"]:
        return name
    try:
        return resolve(form["action"]).view_name
    except Resolver404:
        return form["action"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def clients(world: AccessWorld) -> dict[str, Client]:
    return {who: signed_in(user) for who, user in world.people.items()}


def test_every_form_with_a_longer_text_keeps_a_draft(
    world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    keeping: set[str] = set()
    others: set[str] = set()
    for name, who in pages():
        for form in _texts(clients[who], address_of(_route(name), world)):
            target = _sent_to(form, name)
            whole = form["keeps"] and form["status"] and {"draft-of", "draft-id", "draft-version"} <= form["names"]
            (keeping if whole or target != name else others).add(target)
    assert (others, keeping - set(DRAFTED)) == (set(WITHOUT), set(OF_THEIR_OWN))
    # Closed, published, the wrong way round in this world: the same view as another that was walked.
    assert set(DRAFTED) - keeping <= {"unpublish", "publish", "attach-file", "verdict-grounds"}


def _place(name: str, world: AccessWorld) -> tuple[str, str]:
    """Who sees the form, and where: that about a verdict needs one, and the claim of this world waits for its first."""
    if name != "verdict-grounds":
        return dict(pages())[name], address_of(_route(name), world)
    claim = factories.claim_in(world.cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    change_source(source=source, fields=SourceInput(title="Another title"), by=world.cast.reviewer2)
    return "editor", reverse(name, args=[claim.reference])


@pytest.mark.parametrize("name", sorted(DRAFTED))
def test_what_was_typed_comes_back_with_all_that_its_form_carried(
    name: str, world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    FormDraft.objects.all().delete()
    who, address = _place(name, world)
    client = clients[who]
    texts = [text for form in _texts(client, address) if not form["action"] for text in form["texts"]]
    typed = {text: f"Half a sentence for {text}" for text in texts}
    carried = {"seen_version": "1", "base-of-a-field": "as it was", "agreed": "abc", "confirmed": "yes"}
    saved = client.post(address, typed | carried | {"keep": "draft"})
    assert saved.status_code == 302
    draft = FormDraft.objects.get()
    assert (draft.name, draft.path, draft.author) == (name, address, world.people[who])
    assert dict(draft.content) == typed | {"seen_version": "1", "base-of-a-field": "as it was"}
    page = client.get(saved["Location"]).content.decode()
    assert [text for text in typed.values() if text not in page] == []
    assert "is in the form. It was not submitted." in page
    assert "aria-invalid" not in page
    read = client.get(f"/drafts/{draft.pk}/").content.decode()
    assert [text for text in typed.values() if text not in read] == []
    assert re.search(r'href="[^"]*\?draft=', read)


@pytest.mark.parametrize("who", ["stranger", "other reporter", "other reviewer", "auditor", "editor", "administrator"])
def test_nobody_else_is_shown_a_draft(
    who: str, world: AccessWorld, clients: dict[str, Client], taken_back: None
) -> None:
    secret = "Zanzibarian words"
    FormDraft.objects.filter(pk=world.form_draft.pk).update(content=[["excerpt", secret]])
    addresses = [world.form_draft.path, f"{world.form_draft.path}?draft={world.form_draft.pk}", "/drafts/", "/"]
    addresses += [f"/drafts/{world.form_draft.pk}/", f"/claims/{world.claim.reference}/"]
    assert [address for address in addresses if secret in clients[who].get(address).content.decode()] == []
    assert secret in clients["assigned reviewer"].get(world.form_draft.path).content.decode()
