"""Sources, their relays, files and captures."""

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from sources.models import Capture, Source
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast

ABSENT = "f2b6ad0c-0f2a-4f4c-9d7e-000000000000"


def test_a_title_or_an_address_is_enough_and_an_address_is_captured(cast: Cast, reporter: Api) -> None:
    response = reporter.post("sources/", {"url": "https://example.org/item"})
    source = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/sources/{source['id']}/"
    assert (source["title"], source["kind"], source["basis"]) == ("https://example.org/item", "article", "unknown")
    assert [row["state"] for row in reporter.rows(f"sources/{source['id']}/capture/")] == ["pending"]
    assert errors(reporter.post("sources/", {})) == ["title"]


def test_every_field_of_a_source_comes_back_as_it_was_given(cast: Cast, reporter: Api) -> None:
    fields = {
        "kind": "statement",
        "title": "Briefing",
        "url": "https://example.org/briefing",
        "publisher": str(factories.actor(cast).pk),
        "published_at": "2022-11-02T15:30:00Z",
        "basis": "firsthand",
        "basis_reason": "Sealed.",
        "language": "en",
        "reliability": "B",
        "visibility": "public",
    }
    source = reporter.post("sources/", fields | {"publisher": None, "visibility": "public"}).json()
    assert {name: source[name] for name in fields if name != "publisher"} == {
        name: value for name, value in fields.items() if name != "publisher"
    }
    after = reporter.patch(f"sources/{source['id']}/", fields | {"visibility": "desk"}).json()
    assert (after["publisher"], after["visibility"]) == (fields["publisher"], "desk")


def test_a_source_without_a_grade_of_its_own_has_null(cast: Cast, reviewer: Api) -> None:
    source = factories.source(cast, reliability="B")
    assert reviewer.patch(f"sources/{source.pk}/", {"reliability": None}).json()["reliability"] is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"publisher": ABSENT}, "publisher"),
        ({"published_at": "0000-01-01T00:00:00Z"}, "published_at"),
        ({"title": "x" * 301}, "title"),
        ({"title": ["x"]}, "title"),
        ({"reliability": "G"}, "reliability"),
        ({"visibility": None}, "visibility"),
    ],
)
def test_what_cannot_be_kept_names_the_field(cast: Cast, reporter: Api, fields: dict[str, Any], named: str) -> None:
    assert errors(reporter.post("sources/", {"title": "x", **fields})) == [named]


def test_retraction_says_what_it_did_and_would_do(cast: Cast, editor: Api) -> None:
    claim = factories.claim_in(cast, "corroborated")
    fallen = claim.evidence.filter(source__basis="firsthand")[0].source
    path = f"sources/{fallen.pk}/"
    expected = [
        {
            "claim": claim.reference,
            "state": "corroborated",
            "before": {"min": 2, "max": 2},
            "after": {"min": 1, "max": 1},
            "loses_support": True,
            "regains_support": False,
        }
    ]
    dry = editor.post(path + "retract/", {"reason": "The agency took it back.", "dry_run": True}).json()
    assert (dry["dry_run"], dry["effects"], factories.fresh(claim).support_lost) == (True, expected, False)
    assert editor.get(path).json()["retracted_at"] is None
    done = editor.post(path + "retract/", {"reason": "The agency took it back."}).json()
    assert (done["dry_run"], done["effects"], factories.fresh(claim).support_lost) == (False, expected, True)
    assert (done["counts"], done["retracted_reason"]) == (False, "The agency took it back.")
    assert editor.post(path + "retract/", {"reason": "Again."}).status_code == 409
    assert editor.get(f"claims/{claim.reference}/").json()["support_lost"] is True


def test_a_correction_is_recorded_with_its_reason(cast: Cast, editor: Api) -> None:
    source = factories.source(cast)
    assert errors(editor.post(f"sources/{source.pk}/correct/")) == ["reason"]
    body = {"reason": "A figure was wrong."}
    assert editor.post(f"sources/{source.pk}/correct/", body).json()["corrected_reason"] == "A figure was wrong."


def test_a_relay_is_recorded_read_and_ended(cast: Cast, reporter: Api, reviewer: Api) -> None:
    below, above = factories.source(cast), factories.source(cast)
    path = f"sources/{below.pk}/relays/"
    response = reviewer.post(path, {"upstream": str(above.pk), "quote": "as the agency wrote"})
    relay = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/{path}{relay['id']}/"
    assert (relay["downstream"], relay["upstream"]) == (str(below.pk), str(above.pk))
    assert reporter.rows(path) == reporter.rows(f"sources/{above.pk}/relays/") == [relay]
    assert reporter.get(f"{path}{relay['id']}/").json() == relay
    assert reporter.delete(f"{path}{relay['id']}/").status_code == 403
    assert reviewer.delete(f"{path}{relay['id']}/").status_code == 204
    assert reviewer.rows(path) == []


def test_a_relay_that_closes_a_cycle_is_refused_and_shows_it(cast: Cast, reviewer: Api) -> None:
    below, above = factories.source(cast, "Article"), factories.source(cast, "Wire")
    factories.relay(cast, below, above)
    response = reviewer.post(f"sources/{above.pk}/relays/", {"upstream": str(below.pk)})
    assert errors(response) == ["upstream"]
    assert "“Article” → “Wire” → “Article”" in response.json()["detail"]


def test_a_file_is_kept_byte_for_byte_and_handed_out_to_token_and_session(
    cast: Cast, reporter: Api, reviewer: Api
) -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 500
    source = factories.source(cast, by=cast.reporter)
    file = SimpleUploadedFile("Отчёт.pdf", content)
    response = reporter.upload(f"sources/{source.pk}/attachments/", file=file)
    row = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == row["url"]
    assert (row["sha256"], row["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (row["media_type"], row["name"], row["visibility"]) == ("application/pdf", "Отчёт.pdf", "desk")
    assert row["url"] == f"http://testserver/api/v1/attachments/{row['id']}/"
    assert reviewer.rows(f"sources/{source.pk}/attachments/") == [row]
    reviewer.client.force_login(cast.reviewer)
    for headers in ({"Authorization": ""}, {"Accept": "image/png"}, {"Accept": "text/html;q=0.1"}):
        got = reviewer.get(f"attachments/{row['id']}/", headers=headers)
        assert b"".join(got.streaming_content) == content
        assert got.headers["Content-Disposition"].startswith("attachment; filename")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_address_of_a_file_is_on_the_host_that_was_asked(cast: Cast, reporter: Api) -> None:
    source = factories.source(cast, by=cast.reporter)
    path = f"sources/{source.pk}/attachments/"
    reporter.upload(path, file=SimpleUploadedFile("a.txt", b"text"))
    (row,) = reporter.get(path, headers={"Host": "127.0.0.1:8123"}).json()["results"]
    assert row["url"] == f"http://127.0.0.1:8123/api/v1/attachments/{row['id']}/"


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "data.xml"])
def test_what_a_browser_could_run_is_handed_out_as_bytes(cast: Cast, reporter: Api, name: str) -> None:
    content = {
        "page.html": b"<!doctype html><html><script>alert(1)</script></html>",
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "data.xml": b'<?xml version="1.0"?><data></data>',
    }[name]
    source = factories.source(cast, by=cast.reporter)
    row = reporter.upload(f"sources/{source.pk}/attachments/", file=SimpleUploadedFile(name, content)).json()
    got = reporter.get(row["url"].removeprefix("http://testserver"))
    assert got.headers["Content-Type"] in ("application/octet-stream", "text/plain")


def test_a_file_of_a_restricted_source_is_not_here_for_others(
    cast: Cast, editor: Api, reviewer: Api, auditor: Api
) -> None:
    source = factories.source(cast, visibility="restricted", by=cast.editor)
    row = editor.upload(f"sources/{source.pk}/attachments/", file=SimpleUploadedFile("a.txt", b"text")).json()
    assert row["visibility"] == "restricted"
    for api in (reviewer, auditor):
        assert api.get(f"attachments/{row['id']}/").status_code == 404
        assert api.get(f"sources/{source.pk}/attachments/").status_code == 404


@override_settings(ATTACHMENT_LIMIT=1000)
@pytest.mark.parametrize("size", [1001, 200_000])
def test_a_file_that_is_too_large_is_413_and_nothing_is_kept(cast: Cast, reporter: Api, size: int) -> None:
    source = factories.source(cast, by=cast.reporter)
    file = SimpleUploadedFile("a.bin", bytes(size))
    assert reporter.upload(f"sources/{source.pk}/attachments/", file=file).status_code == 413
    assert reporter.rows(f"sources/{source.pk}/attachments/") == []


def test_a_form_without_one_good_file_says_so(cast: Cast, reporter: Api) -> None:
    source = factories.source(cast, by=cast.reporter)
    path = f"sources/{source.pk}/attachments/"
    two = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    for form in ({}, {"file": "text"}, {"file": two}, {"file": SimpleUploadedFile("a.txt", b"")}):
        assert errors(reporter.upload(path, **form)) == ["file"]
    good = SimpleUploadedFile("a.txt", b"a")
    assert errors(reporter.upload(path, file=good, visibility="secret")) == ["visibility"]
    assert errors(reporter.upload(path, file=good, fille="x")) == ["fille"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_file_comes_in_a_form(cast: Cast, reporter: Api, content_type: str) -> None:
    source = factories.source(cast, by=cast.reporter)
    path = f"sources/{source.pk}/attachments/"
    assert reporter.send("POST", path, b"{}", content_type=content_type).status_code == 415


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("multipart/form-data; boundary=\xe9", b"--b--"),
    ],
)
def test_a_broken_form_is_refused(cast: Cast, reporter: Api, content_type: str, body: bytes) -> None:
    source = factories.source(cast, by=cast.reporter)
    response = reporter.send("POST", f"sources/{source.pk}/attachments/", body, content_type=content_type)
    assert response.status_code == 400


def test_a_capture_is_asked_for_once_at_a_time_and_followed(cast: Cast, reviewer: Api) -> None:
    source = factories.source(cast, url="https://example.org/item")
    path = f"sources/{source.pk}/capture/"
    response = reviewer.post(path)
    row = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/{path}{row['id']}/"
    assert (row["state"], row["url"], row["attachment"]) == ("pending", "https://example.org/item", None)
    assert reviewer.get(f"{path}{row['id']}/").json() == row
    assert reviewer.post(path).status_code == 409
    assert Capture.objects.count() == 1


def test_a_source_without_an_address_is_not_captured(cast: Cast, reviewer: Api) -> None:
    assert errors(reviewer.post(f"sources/{factories.source(cast).pk}/capture/")) == ["url"]


def test_sources_are_narrowed_and_searched(cast: Cast, reviewer: Api) -> None:
    agency = factories.actor(cast)
    wire = factories.source(cast, "Shells at the quay", publisher=agency)
    film = factories.source(cast, "Harbour film", kind="video")

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in reviewer.rows("sources/", **query)]

    assert ids() == [str(film.pk), str(wire.pk)]
    assert ids(q="shells") == ids(publisher=str(agency.pk)) == [str(wire.pk)]
    assert ids(kind="video") == [str(film.pk)]
    assert ids(desk=str(cast.other_desk.pk)) == []


def test_a_source_of_another_desk_is_not_here(cast: Cast, stranger: Api) -> None:
    source = factories.source(cast)
    assert Source.objects.count() == 1
    assert stranger.rows("sources/") == []
    assert stranger.get(f"sources/{source.pk}/").status_code == 404
