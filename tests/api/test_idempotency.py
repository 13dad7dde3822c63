"""`Idempotency-Key`: what is sent twice is done once, and answered with what there is to see now."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts.models import Token
from api.idempotency import once
from claims.models import Claim
from reviews.actions.memberships import change_role
from reviews.actions.outcomes import forget_outcomes
from reviews.models import Assessment, Assignment, KeptOutcome
from sources.models import Actor, Attachment, Source
from tests import factories
from tests.api.client import Api, address, errors, schema
from tests.factories import Cast
from tests.threads import together

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
ARTICLE = {"title": "A ship came in", "kind": "article"}


def test_a_source_is_made_once_and_answered_twice(cast: Cast, reporter: Api) -> None:
    first, second = (reporter.post("sources/", ARTICLE, headers=KEY) for _ in range(2))
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second.headers["Location"] == first.headers["Location"]
    assert Source.objects.count() == 1


def test_the_second_answer_shows_the_row_as_it_is_then(cast: Cast, reporter: Api) -> None:
    row = reporter.post("sources/", ARTICLE, headers=KEY).json()
    reporter.patch(f"sources/{row['id']}/", {"title": "Two ships came in"})
    again = reporter.post("sources/", ARTICLE, headers=KEY)
    assert (again.status_code, again.json()["title"]) == (201, "Two ships came in")


def test_who_may_not_see_it_any_more_is_not_shown_it(cast: Cast, reporter: Api) -> None:
    reporter.post("sources/", ARTICLE, headers=KEY)
    change_role(desk=cast.desk, user=cast.reporter, role=None, by=cast.admin)
    assert reporter.post("sources/", ARTICLE, headers=KEY).status_code == 404


def test_another_body_is_refused(cast: Cast, reporter: Api) -> None:
    reporter.post("sources/", ARTICLE, headers=KEY)
    refused = reporter.post("sources/", ARTICLE | {"title": "Another"}, headers=KEY)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:second-source:problem:key-of-another-request")
    assert Source.objects.count() == 1


def test_the_order_of_the_fields_makes_no_other_body(cast: Cast, reporter: Api) -> None:
    first = reporter.post("sources/", ARTICLE, headers=KEY)
    turned = dict(reversed(ARTICLE.items()))
    assert reporter.post("sources/", turned, headers=KEY).json() == first.json()


def test_a_key_is_one_persons_for_one_method_and_address(cast: Cast, reporter: Api, reviewer: Api) -> None:
    row = reporter.post("sources/", ARTICLE, headers=KEY).json()
    assert reviewer.post("sources/", ARTICLE, headers=KEY).json()["id"] != row["id"]
    assert reporter.patch(f"sources/{row['id']}/", ARTICLE, headers=KEY).status_code == 200
    assert reporter.post("actors/", {"name": "A", "kind": "person"}, headers=KEY).status_code == 201
    assert (Source.objects.count(), Actor.objects.count()) == (2, 1)


def test_a_refusal_leaves_nothing_and_is_asked_anew(cast: Cast, reporter: Api) -> None:
    body = {"upstream": "", "quote": "so"}
    source, upstream = (factories.source(cast, by=cast.reporter) for _ in range(2))
    path = f"sources/{source.pk}/relays/"
    assert errors(reporter.post(path, body, headers=KEY)) == ["upstream"]
    assert reporter.post(path, body | {"upstream": str(upstream.pk)}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "two words", "naïve", "x" * 256])
def test_what_is_no_key_is_refused(cast: Cast, reporter: Api, key: str) -> None:
    assert errors(reporter.post("sources/", ARTICLE, headers={"Idempotency-Key": key})) == ["Idempotency-Key"]
    assert not Source.objects.exists()


@pytest.mark.parametrize("key", ["x", "~" * 255, '"quoted"'])
def test_any_visible_ascii_is_a_key(cast: Cast, reporter: Api, key: str) -> None:
    assert reporter.post("sources/", ARTICLE, headers={"Idempotency-Key": key}).status_code == 201


def test_for_tokens_a_key_is_without_effect(cast: Cast) -> None:
    reporter = Api.in_session(cast.reporter)
    first, second = (reporter.post("tokens/", {"name": "mine"}, headers=KEY).json() for _ in range(2))
    assert first["token"] != second["token"]
    assert (Token.objects.filter(name="mine").count(), KeptOutcome.objects.count()) == (2, 0)


def test_reading_takes_no_key(cast: Cast, reporter: Api) -> None:
    assert reporter.get("sources/", headers={"Idempotency-Key": "two words"}).status_code == 200


def test_nothing_of_the_row_is_kept_with_the_key(cast: Cast, reporter: Api) -> None:
    reporter.post("sources/", ARTICLE | {"title": "Zephyrine speaks"}, headers=KEY)
    kept = " ".join(str(value) for value in KeptOutcome.objects.values_list()[0])
    assert "Zephyrine" not in kept and "/api/v1/sources/" in kept


def test_a_key_is_forgotten_after_a_day(cast: Cast, reporter: Api) -> None:
    reporter.post("sources/", ARTICLE, headers=KEY)
    assert forget_outcomes(now=timezone.now() + timedelta(hours=23, minutes=59)) == 0
    assert forget_outcomes(now=timezone.now() + timedelta(hours=24, minutes=1)) == 1
    reporter.post("sources/", ARTICLE, headers=KEY)
    assert Source.objects.count() == 2


# Acts of every kind


def test_a_file_is_attached_once_whatever_the_boundary_between_the_parts(cast: Cast, reporter: Api) -> None:
    source = factories.source(cast, by=cast.reporter)
    path = address(f"sources/{source.pk}/attachments/")
    client = Client(headers=reporter.headers | KEY)
    answers = []
    for boundary, content in (("one", b"as it was"), ("two", b"as it was"), ("two", b"another")):
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{content.decode()}\r\n--{boundary}--\r\n"
        )
        answers.append(client.generic("POST", path, body.encode(), f"multipart/form-data; boundary={boundary}"))
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[0].json() == answers[1].json()
    assert Attachment.objects.get().size == len(b"as it was")


def test_an_act_on_a_row_is_done_once(cast: Cast, reviewer: Api) -> None:
    assignment = factories.assigned(cast, factories.claim(cast), accepted=False)
    path = f"assignments/{assignment.pk}/accept/"
    first, second = (reviewer.post(path, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert reviewer.post(path).status_code == 409


def test_an_assessment_that_ended_its_assignment_is_answered_again(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    body = {"proposed_state": "reported", "rationale": "Nothing shows it.", "seen_version": 1}
    path = f"claims/{claim.reference}/assessments/"
    first, second = (reviewer.post(path, body, headers=KEY) for _ in range(2))
    assert (second.status_code, second.json()) == (201, first.json())
    assert (Assessment.objects.count(), reviewer.post(path, body).status_code) == (1, 403)


def test_a_lone_move_is_made_once(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    version = factories.fresh(claim).version
    body = {"to": "denied", "reason": "So.", "evidence": [str(denial.pk)], "seen_version": version}
    first, second = (editor.post(f"claims/{claim.reference}/moves/", body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.json()) == (201, first.json())


def test_a_claim_is_handed_over_once(cast: Cast, reviewer: Api) -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    path = f"assignments/{assignment.pk}/hand_over/"
    first, second = (reviewer.post(path, {"to": "reviewer2"}, headers=KEY) for _ in range(2))
    assert (first.status_code, second.json()) == (200, first.json())
    assert Assignment.objects.count() == 2


def test_a_changed_claim_is_not_held_against_its_former_version(cast: Cast, reporter: Api) -> None:
    claim = factories.claim(cast)
    headers = KEY | {"If-Match": '"v1"'}
    first, second = (
        reporter.patch(f"claims/{claim.reference}/", {"place": "Odesa"}, headers=headers) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["ETag"] == second.headers["ETag"] == '"v2"'


def test_what_is_gone_is_gone_once(cast: Cast, reviewer: Api) -> None:
    relay = factories.relay(cast, factories.source(cast), factories.source(cast))
    path = f"sources/{relay.downstream_id}/relays/{relay.pk}/"
    assert [reviewer.send("DELETE", path, headers=KEY).status_code for _ in range(2)] == [204, 204]
    assert reviewer.delete(path).status_code == 404


def test_a_retraction_tells_again_what_it_did(cast: Cast, editor: Api) -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    path, body = f"sources/{source.pk}/retract/", {"reason": "Taken back."}
    assert editor.post(path, body | {"dry_run": True}, headers=KEY).json()["dry_run"] is True
    first, second = (editor.post(path, body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.json()) == (200, first.json())
    assert [effect["loses_support"] for effect in second.json()["effects"]] == [True]


def test_the_effects_on_claims_that_one_knows_of_no_longer_are_left_out(cast: Cast, editor: Api) -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    body = {"reason": "Taken back."}
    editor.post(f"sources/{source.pk}/retract/", body, headers=KEY)
    Claim.objects.filter(pk=claim.pk).update(desk=cast.other_desk)
    assert editor.post(f"sources/{source.pk}/retract/", body, headers=KEY).json()["effects"] == []


def test_every_act_that_takes_a_key_can_be_answered_again() -> None:
    """At the address where the row is there is a view that shows what the act answered."""
    unlike = []
    for path, item in schema()["paths"].items():
        for method, said in item.items():
            if any(one["name"] == "Idempotency-Key" for one in said.get("parameters", [])):
                shape = _shape(said)
                if shape is not None and shape != _shown_again(path, said):
                    unlike.append((method, path))
    assert unlike == []


def _shape(said: dict[str, Any]) -> frozenset[str] | None:
    """The members of an operation's answer, without what it did to others; None where it answers nothing."""
    good = next(answer for code, answer in said["responses"].items() if code in ("200", "201", "204"))
    if "content" not in good:
        return None
    ref = next(iter(good["content"].values()))["schema"].get("$ref", "")
    shape = schema()["components"]["schemas"].get(ref.rsplit("/", 1)[-1], {})
    return frozenset(shape.get("properties", {})) - {"dry_run", "effects", "later"}


def _shown_again(path: str, said: dict[str, Any]) -> frozenset[str] | None:
    paths = schema()["paths"]
    if "201" in said["responses"]:
        below = re.compile(re.escape(ELSEWHERE.get(path, path)) + r"\{\w+\}/")
        path = next(one for one in paths if below.fullmatch(one))
    while True:
        view = resolve(re.sub(r"\{(\w+)\}", _example, path)).func.view_class  # type: ignore[attr-defined]
        if hasattr(view, "again"):
            return _shape(said)  # tried above, by its own test
        if hasattr(view, "get"):
            return _shape(paths[path]["get"])
        path = path.rstrip("/").rpartition("/")[0] + "/"


def _example(found: re.Match[str]) -> str:
    return {"reference": "UKR-1", "seq": "1"}.get(found[1], "8e03978e-40d5-43dd-bc93-6894a57f9324")


ELSEWHERE = {  # what is made there is not below
    "/api/v1/claims/{reference}/moves/": "/api/v1/claims/{reference}/history/",
    "/api/v1/sources/{source_id}/attachments/": "/api/v1/attachments/",
}


# At once


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_done_and_both_may_be_told(transactional_db: None) -> None:
    people = factories.cast()
    for number in range(4):
        key = {"Idempotency-Key": f"round-{number}"}
        outcomes = together(*(partial(Api(people.reporter).post, "sources/", ARTICLE, headers=key) for _ in range(4)))
        codes = sorted(answer.status_code for answer in outcomes)
        assert set(codes) <= {201, 409} and 201 in codes
        assert len({answer.json()["id"] for answer in outcomes if answer.status_code == 201}) == 1
        assert Source.objects.count() == KeptOutcome.objects.count() == number + 1


@pytest.mark.django_db(transaction=True)
def test_an_act_whose_key_cannot_be_written_is_not_done(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = factories.cast()
    client = Api(people.reporter)
    client.client.raise_request_exception = False
    # What a killed server or a full disk leaves: the act was made, and the transaction did not get to its end.
    monkeypatch.setitem(once.__globals__, "keep_outcome", _broken)
    answer = client.client.post(address("sources/"), ARTICLE, "application/json", headers=client.headers | KEY)
    monkeypatch.undo()
    assert (answer.status_code, Source.objects.count()) == (500, 0)
    assert client.post("sources/", ARTICLE, headers=KEY).status_code == 201


def _broken(*_: object, **__: object) -> None:
    raise OSError


def test_a_body_that_is_no_json_is_refused_as_without_a_key(cast: Cast, reporter: Api) -> None:
    assert reporter.send("POST", "sources/", b"{", headers=KEY).status_code == 400
    assert reporter.upload("sources/", file=SimpleUploadedFile("a", b"a")).status_code == 415
    assert not KeptOutcome.objects.exists()
