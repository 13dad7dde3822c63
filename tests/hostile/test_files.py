"""Hostile files are kept byte for byte, never taken apart, and handed out so that nothing runs them."""

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from sources.models import Attachment
from tests.access.world import AccessWorld
from tests.hostile.files import NAMES, RUNNABLE, every_file
from tests.hostile.filling import BOUNDARY, multipart

FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"
# Types that some browser runs as a page, a script, a style or a plug-in's film.
RUN = re.compile("html|xml|svg|script|css|flash|java|pdf$", re.IGNORECASE)


@pytest.fixture
def editor(world: AccessWorld, taken_back: None) -> Client:
    client = Client()
    client.force_login(world.cast.editor)
    return client


def _attach(client: Client, world: AccessWorld, name: bytes, content: bytes, *, by_api: bool = False) -> Any:
    path = f"{'/api/v1' if by_api else ''}/sources/{world.source.pk}/attachments/"
    return client.generic("POST", path, multipart({"file": [(name, content)]}), content_type=FORM)


def _newest() -> Attachment:
    return Attachment.objects.latest("created_at")


def _stored(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("by_api", [False, True], ids=["page", "API"])
def test_a_hostile_file_is_kept_byte_for_byte_and_handed_out_to_be_saved(
    editor: Client, world: AccessWorld, by_api: bool
) -> None:
    files = {name: content for name, (content, _type) in RUNNABLE.items()} if by_api else every_file()
    for name, content in files.items():
        assert _attach(editor, world, name.encode(), content, by_api=by_api).status_code == (201 if by_api else 302)
        kept = _newest()
        digest = hashlib.sha256(content).hexdigest()
        assert (kept.sha256, kept.size, kept.name) == (digest, len(content), name)
        answer: Any = editor.get(f"{'/api/v1' if by_api else ''}/attachments/{kept.pk}/")
        assert answer.getvalue() == content
        assert _dangers(answer) == []


def _dangers(answer: Any) -> list[str]:
    """What in the headers of a download could let a browser run it."""
    headers = answer.headers
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    found = [name for name, value in wanted.items() if headers.get(name) != value]
    if RUN.search(headers["Content-Type"]) and headers["Content-Type"] != "application/pdf":
        found.append(headers["Content-Type"])
    if not headers["Content-Disposition"].startswith("attachment; filename"):
        found.append(headers["Content-Disposition"])
    return found


def test_a_hostile_name_leads_nowhere_and_breaks_no_header(editor: Client, world: AccessWorld) -> None:
    before = _stored(world.files)
    for name in NAMES:
        content = b"named " + name
        assert _attach(editor, world, name, content).status_code in (302, 400), name
        kept = _newest()
        if kept.sha256 != hashlib.sha256(content).hexdigest():
            continue
        assert 0 < len(kept.name) <= 255, name
        assert kept.name.isprintable() and not set(kept.name) & set('/\\:"<>|*?'), name
        answer: Any = editor.get(f"/attachments/{kept.pk}/")
        assert _dangers(answer) == []
        assert unquote(answer.headers["Content-Disposition"].partition("''")[2]) == kept.name
    digests = _stored(world.files) - before
    assert digests <= {hashlib.sha256(b"named " + name).hexdigest() for name in NAMES}


def test_a_form_of_many_files_or_parts_is_refused(editor: Client, world: AccessWorld) -> None:
    path = f"/sources/{world.source.pk}/attachments/"
    many = multipart({"file": [(b"%d" % number, b"x") for number in range(2_000)]})
    fields = multipart({str(number): [b"x"] for number in range(2_000)})
    before = Attachment.objects.count()
    statuses = [
        editor.generic("POST", prefix + path, body, content_type=FORM).status_code
        for body in (many, fields, b"--" + BOUNDARY + b"\r\n" + b"A: b\r\n" * 50_000)
        for prefix in ("", "/api/v1")
    ]
    assert (set(statuses) <= {400, 413}, Attachment.objects.count()) == (True, before), statuses
