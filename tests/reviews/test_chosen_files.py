"""A file that was chosen survives a form that comes back: for who chose it alone, for some days, and not for ever."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from claims.models import Claim
from reviews.actions.redactions import look_for, propose_redaction, redact
from reviews.models import FormDraft
from sources import chosen
from sources.actions import attach_file
from sources.chosen import KEPT_FOR, forget_chosen, keep_chosen
from sources.erasing import delete_asked
from sources.evidence_storage import open_stored, place
from sources.models import Attachment, ChosenFile, Source
from tests import factories
from tests.factories import Cast
from tests.pages import fields_of, signed_in, text_of

BYTES = b"What the witness wrote."


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return factories.claim(cast)


def _upload(content: bytes = BYTES, name: str = "witness.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/plain")


def _filled(page: Any, **fields: Any) -> dict[str, Any]:
    carried = page.context["drafts"]
    own = {"draft-of": carried.token, "draft-id": carried.draft_id, "draft-version": str(carried.version)}
    given = {name: value for name, value in fields_of(page).items() if name != "file"}
    kept = page.context["form"]["file"].value() if "file" in page.context["form"].fields else None
    if kept is not None and hasattr(kept, "row"):
        own["file-kept"] = str(kept.row.pk)
    stance = {"stance": "supports"} if "stance" in page.context["form"].fields else {}
    return stance | given | own | fields


def _refused(client: Any, address: str, page: Any = None, **fields: Any) -> Any:
    """The form sent with a file and with something wrong in it."""
    page = page or client.get(address)
    wrong = {"url": "no address"} if "url" in page.context["form"].fields else {"visibility": "all"}
    answer = client.post(address, _filled(page, file=_upload(), **wrong, **fields))
    assert answer.status_code == 400
    return answer


def test_it_is_kept_named_and_attached_without_being_sent_again(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/attach/"
    back = _refused(client, address)
    assert "witness.txt, 23 bytes – kept" in text_of(back).replace("\xa0", " ")
    done = client.post(address, _filled(back, url=""))
    assert done.status_code == 302
    row = Attachment.objects.get()
    assert (row.name, row.size, row.created_by) == ("witness.txt", len(BYTES), cast.reviewer)
    assert not ChosenFile.objects.exists()
    delete_asked()
    with open_stored(row.sha256) as content:
        assert content.read() == BYTES


FORMS = ["/claims/new/", "/claims/{claim}/attach/", "/sources/{source}/attachments/"]


@pytest.mark.parametrize("address", FORMS)
def test_every_form_with_a_file_keeps_it(cast: Cast, claim: Claim, address: str) -> None:
    source = factories.source(cast)
    client = signed_in(cast.reviewer)
    address = address.format(claim=claim.reference, source=source.pk)
    extra = {"elements-TOTAL_FORMS": "0", "elements-INITIAL_FORMS": "0"}
    back = _refused(client, address, **extra)
    assert "witness.txt" in text_of(back)
    # And it is there once more when the form is opened anew.
    again = client.get(address)
    assert "witness.txt" in text_of(again)
    right = {"url": "", "visibility": "desk", "statement": "A ship came in."}
    done = client.post(address, _filled(again, **right, **extra))
    assert (done.status_code, Attachment.objects.count(), ChosenFile.objects.count()) == (302, 1, 0)


def test_these_are_the_forms_with_a_file() -> None:
    from django import forms

    from claims.forms.files import KeptFileField
    from house.pages import ActForm

    def kinds(of: Any) -> set[Any]:
        return {of}.union(*(kinds(each) for each in of.__subclasses__()))

    found = {
        (kind.__name__, type(field))
        for kind in kinds(ActForm)
        for field in kind.base_fields.values()
        if isinstance(field, forms.FileField)
    }
    assert found == {("NewClaimForm", KeptFileField), ("AttachForm", KeptFileField), ("FileForm", KeptFileField)}


def test_it_can_be_removed_or_replaced(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/attach/"
    back = _refused(client, address)
    done = client.post(address, _filled(back, url="", title="A log", **{"file-drop": "yes"}))
    assert (done.status_code, Attachment.objects.count(), ChosenFile.objects.count()) == (302, 0, 0)
    back = _refused(client, address)
    done = client.post(address, _filled(back, url="", file=_upload(b"Another.", "b.txt")))
    assert [(row.name, row.size) for row in Attachment.objects.all()] == [("b.txt", 8)]
    assert not ChosenFile.objects.exists()


def test_a_file_of_somebody_else_is_no_ones_to_name(cast: Cast, claim: Claim) -> None:
    theirs = keep_chosen(chunks=[BYTES], name="a.txt", desk=cast.desk, by=cast.editor)
    assert theirs is not None
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/attach/"
    answer = client.post(address, _filled(client.get(address), title="x", **{"file-kept": str(theirs.pk)}))
    assert (answer.status_code, "a.txt" in text_of(answer)) == (400, False)
    assert "has expired" in text_of(answer)
    assert (Attachment.objects.count(), ChosenFile.objects.count()) == (0, 1)


def test_an_empty_file_and_one_that_is_too_large_are_not_kept(cast: Cast, settings: Any) -> None:
    settings.ATTACHMENT_LIMIT = 4
    for content in (b"", b"12345"):
        assert keep_chosen(chunks=[content], name="a", desk=None, by=cast.reviewer) is None
    delete_asked()
    assert (ChosenFile.objects.count(), list(place().kept())) == (0, [])


def test_one_person_keeps_no_more_than_so_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "MOST_CHOSEN", 2)
    now = timezone.now()
    for number in range(3):
        later = now + timedelta(seconds=number)
        keep_chosen(chunks=[b"%d" % number], name=f"{number}", desk=None, by=cast.reviewer, now=later)
    keep_chosen(chunks=[b"x"], name="theirs", desk=None, by=cast.editor)
    assert sorted(ChosenFile.objects.values_list("name", flat=True)) == ["1", "2", "theirs"]
    assert delete_asked() == 1


def test_nor_more_bytes_than_twice_the_largest(cast: Cast, settings: Any) -> None:
    settings.ATTACHMENT_LIMIT = 4
    now = timezone.now()
    for number in range(3):
        keep_chosen(
            chunks=[b"123%d" % number], name=f"{number}", desk=None, by=cast.reviewer, now=now + timedelta(number)
        )
    assert sorted(ChosenFile.objects.values_list("name", flat=True)) == ["1", "2"]


def test_it_is_let_go_after_some_days_and_its_bytes_are_deleted(cast: Cast) -> None:
    now = timezone.now()
    keep_chosen(chunks=[BYTES], name="old", desk=None, by=cast.reviewer, now=now - KEPT_FOR)
    keep_chosen(chunks=[b"young"], name="young", desk=None, by=cast.reviewer, now=now)
    assert (forget_chosen(now=now), delete_asked()) == (1, 1)
    assert [row.name for row in ChosenFile.objects.all()] == ["young"]
    assert len(list(place().kept())) == 1


def test_bytes_that_are_attached_as_well_stay(cast: Cast) -> None:
    attach_file(source=factories.source(cast), chunks=[BYTES], name="a", by=cast.reviewer)
    keep_chosen(chunks=[BYTES], name="b", desk=None, by=cast.reviewer, now=timezone.now() - KEPT_FOR)
    assert (forget_chosen(), delete_asked()) == (1, 0)
    assert len(list(place().kept())) == 1


def test_a_redaction_of_a_file_takes_it_from_who_was_about_to_attach_it(cast: Cast) -> None:
    editor2 = factories.person("editor2", "editor", cast.desk)
    source = factories.source(cast)
    row = attach_file(source=source, chunks=[BYTES], name="a", by=cast.reviewer)
    keep_chosen(chunks=[BYTES], name="b", desk=cast.desk, by=cast.reviewer2)
    asked = propose_redaction(desk=cast.desk, file=row.pk, reason="Asked for.", by=cast.editor)
    _words, _digest, found = look_for(desk=cast.desk, words="", file=row.pk, by=cast.editor)
    redact(redaction=asked, seen=found.seen, by=editor2)
    assert (ChosenFile.objects.count(), delete_asked(), list(place().kept())) == (0, 1, [])


def test_discarding_a_draft_lets_its_file_go(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/attach/"
    _refused(client, address)
    client.post(f"/drafts/{FormDraft.objects.get().pk}/")
    assert (ChosenFile.objects.count(), Source.objects.filter(title="witness.txt").count()) == (0, 0)
