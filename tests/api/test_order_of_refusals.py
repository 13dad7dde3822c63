"""401, then 404, then 403, then 400: who may not is told so before their body is looked at."""

from typing import Any

import pytest

from tests import factories
from tests.api.client import Api
from tests.factories import Cast
from tests.kept import KeptRows

BAD: list[Any] = [{"Unknown field": 1}, [], "text", 7, {"reason": [], "seen_version": "x", "upstream": {}}]


@KeptRows
def kept_paths(cast: Cast) -> dict[str, str]:
    """Every address that takes a body, of rows of the desk that are the editor's."""
    claim = factories.claim(cast, by=cast.editor)
    (item,) = factories.firsthand(cast, claim, 1, by=cast.editor)
    assignment = factories.assigned(cast, claim, reviewer=cast.reviewer2)
    assessment = factories.assessment(cast, claim, "reported", by=cast.reviewer2)
    source, actor = item.source, item.source.publisher
    assert actor is not None
    one = f"claims/{claim.reference}/"
    return {
        "POST desks": "desks/",
        "PATCH desk": f"desks/{cast.desk.pk}/",
        "POST actors": "actors/",
        "PATCH actor": f"actors/{actor.pk}/",
        "POST sources": "sources/",
        "PATCH source": f"sources/{source.pk}/",
        "POST retract": f"sources/{source.pk}/retract/",
        "POST correct": f"sources/{source.pk}/correct/",
        "POST relays": f"sources/{source.pk}/relays/",
        "POST capture": f"sources/{source.pk}/capture/",
        "POST attachments": f"sources/{source.pk}/attachments/",
        "POST claims": "claims/",
        "PATCH claim": one,
        "POST publish": one + "publish/",
        "POST unpublish": one + "unpublish/",
        "POST close": one + "close/",
        "POST open": one + "open/",
        "POST evidence": one + "evidence/",
        "PATCH evidence": f"{one}evidence/{item.pk}/",
        "POST withdraw evidence": f"{one}evidence/{item.pk}/withdraw/",
        "POST moves": one + "moves/",
        "POST assessments": one + "assessments/",
        "POST approve": f"{one}assessments/{assessment.pk}/approve/",
        "POST reject": f"{one}assessments/{assessment.pk}/reject/",
        "POST assignments": "assignments/",
        "PATCH assignment": f"assignments/{assignment.pk}/",
        "POST accept": f"assignments/{assignment.pk}/accept/",
        "POST decline": f"assignments/{assignment.pk}/decline/",
        "POST hand_over": f"assignments/{assignment.pk}/hand_over/",
        "POST withdraw": f"assignments/{assignment.pk}/withdraw/",
        "POST redactions": "redactions/",
        "POST preview redaction": "redactions/preview/",
    }


@pytest.fixture
def paths(cast: Cast) -> dict[str, str]:
    return kept_paths(cast)


COLLECTIONS = {"desks/", "actors/", "sources/", "claims/", "assignments/", "redactions/", "redactions/preview/"}


@pytest.mark.parametrize("body", BAD, ids=str)
def test_an_auditor_with_a_bad_body_is_told_that_they_may_not(
    cast: Cast, paths: dict[str, str], auditor: Api, body: Any
) -> None:
    got = {name: auditor.send(name.split()[0], path, body).status_code for name, path in paths.items()}
    assert got == dict.fromkeys(paths, 403)


def test_a_reporter_with_a_bad_body_is_told_that_they_may_not_on_anothers_rows(
    cast: Cast, paths: dict[str, str], reporter: Api
) -> None:
    theirs = {"POST actors", "POST sources", "POST claims"}
    got = {name: reporter.send(name.split()[0], path, {"x": 1}).status_code for name, path in paths.items()}
    assert got == {name: 400 if name in theirs else 403 for name in paths}


@pytest.mark.parametrize("body", BAD, ids=str)
def test_a_stranger_with_a_bad_body_is_told_that_there_is_nothing(
    cast: Cast, paths: dict[str, str], stranger: Api, body: Any
) -> None:
    rows = {name: path for name, path in paths.items() if path not in COLLECTIONS}
    got = {name: stranger.send(name.split()[0], path, body).status_code for name, path in rows.items()}
    assert got == dict.fromkeys(rows, 404)


def test_nobody_with_a_bad_body_is_told_to_sign_in(paths: dict[str, str], nobody: Api) -> None:
    got = {name: nobody.send(name.split()[0], path, {"x": 1}).status_code for name, path in paths.items()}
    assert got == dict.fromkeys(paths, 401)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_who_may_not_is_told_so_before_the_content_type_is_looked_at(
    cast: Cast, paths: dict[str, str], auditor: Api, content_type: str
) -> None:
    got = {
        name: auditor.send(name.split()[0], path, b"--x", content_type=content_type).status_code
        for name, path in paths.items()
    }
    assert got == dict.fromkeys(paths, 403)


def test_an_administrator_on_no_desk_writes_no_claims(cast: Cast, admin: Api) -> None:
    assert admin.post("claims/", {"x": 1}).status_code == 403
    assert admin.post("sources/", {"x": 1}).status_code == 403


def test_a_reviewer_may_not_set_a_threshold_whatever_else_is_wrong(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    body = {"threshold": "x", "statement": 7}
    assert reviewer.patch(f"claims/{claim.reference}/", body).status_code == 403


def test_who_may_not_release_is_told_so_whatever_else_is_wrong(cast: Cast, reviewer: Api) -> None:
    hidden = factories.actor(cast, visibility="restricted")
    secret = factories.source(cast, visibility="restricted")
    claim = factories.claim(cast)
    item = factories.attach(cast, claim, secret)
    paths = [f"actors/{hidden.pk}/", f"sources/{secret.pk}/", f"claims/{claim.reference}/evidence/{item.pk}/"]
    for path in paths:
        assert reviewer.post(f"{path}release/", {"visibility": "desk", "Unknown field": 1}).status_code == 403
        assert reviewer.patch(path, {"visibility": "desk"}).status_code == 400
