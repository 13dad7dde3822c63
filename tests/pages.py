"""Reading pages as a person would: signed in, and by their text rather than their tags."""

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The words of a page's main part, spaces squeezed. What only screen readers read is among them."""
    body = response.content.decode()
    main = body[body.index("<main") : body.index("</main>")] if "<main" in body else body
    return squeezed(html.unescape(re.sub(r"<[^>]+>", " ", main)))


def squeezed(text: str) -> str:
    """One space between words, and none before a full stop or a comma."""
    return re.sub(r" ([.,:])", r"\1", " ".join(text.split()))


def fields_of(response: Any, form: str = "form") -> dict[str, Any]:
    """What the browser would send of an untouched form: every control with its value."""
    found: dict[str, Any] = {}
    for bound in response.context[form]:
        value = bound.value()
        if value is not None and value is not False and value != "":
            found[bound.html_name] = value
    return found


def got(user: User, address: str, status: int = 200) -> HttpResponse:
    """The page at an address, as a person gets it."""
    response: Any = signed_in(user).get(address)
    assert response.status_code == status, f"{address}: {response.status_code}"
    return response  # type: ignore[no-any-return]


def body_of(response: Any) -> bytes:
    """All that was answered, also where it is sent in pieces."""
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    return body
