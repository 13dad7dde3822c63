"""Drafts of the form at an address: saved while typing and when the form comes back, restored, ended on submission.

`house.pages.form_page` calls this for every form in `DRAFTED`, before and after the view. A form names the draft it
continues and, signed, its author: if the session has ended meanwhile, the posted text is kept for that person, and
nothing else is done.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.forms import AGAIN
from accounts.models import Desk, User
from accounts.queries import desk_for, get_desk
from claims.forms.actors import ActorForm, MergeForm
from claims.forms.claims import EditClaimForm, NewClaimForm, ThresholdForm
from claims.forms.desks import PolicyForm
from claims.forms.evidence import AttachForm, EvidenceForm, WithdrawEvidenceForm
from claims.forms.releasing import ReleaseForm
from claims.forms.sources import FileForm, ReasonForm, RelayBetweenForm, RelayForm, SourceForm
from claims.queries import get_attachment, get_claim, get_evidence, get_source
from claims.reading.actor_queries import get_actor
from house.errors import DomainError, Forbidden, Invalid
from house.transactions import recorded_transaction
from reviews.actions.drafts import KeptElsewhere, keep_draft
from reviews.actions.form_drafts import KEPT_FILE, About, Pairs, SeenDraft, end_form_draft, keep_form_draft, kept_files
from reviews.actions.outcomes import FORM_KEY, form_is_done
from reviews.forms import (
    AssessmentForm,
    CloseForm,
    ConfirmVerdictForm,
    DecisionForm,
    ReassignForm,
    as_it_stands,
    draft_version_in,
)
from reviews.inputs import FormDraftInput
from reviews.models import AssessmentDraft, FormDraft
from reviews.queries import form_drafts_of, get_assessment, get_assignment, own_draft
from sources.chosen import keep_chosen

# The forms with room for more than a sentence, by the name of their address: title and form class.
DRAFTED: dict[str, tuple[Any, type[forms.Form]]] = {
    "new-claim": (_("New claim"), NewClaimForm),
    "edit-claim": (_("Edit the claim"), EditClaimForm),
    "attach": (_("Attach a source"), AttachForm),
    "evidence": (_("Change evidence"), EvidenceForm),
    "withdraw-evidence": (_("Withdraw evidence"), WithdrawEvidenceForm),
    "recheck": (_("Confirm a quote"), ReasonForm),
    "publish": (_("Publish the claim"), ReasonForm),
    "unpublish": (_("Unpublish the claim"), ReasonForm),
    "threshold": (_("Set the threshold"), ThresholdForm),
    "close-claim": (_("Close the claim"), CloseForm),
    "open-claim": (_("Reopen the claim"), ReasonForm),
    "review": (_("Decide on an assessment"), DecisionForm),
    "verdict-grounds": (_("Confirm a verdict"), ConfirmVerdictForm),
    "decline": (_("Decline an assignment"), ReasonForm),
    "hand-over": (_("Reassign a claim"), ReassignForm),
    "withdraw-assignment": (_("Withdraw an assignment"), ReasonForm),
    "claim-provenance": (_("Add a relay"), RelayBetweenForm),
    "edit-source": (_("Edit a source"), SourceForm),
    "retract": (_("Record a retraction"), ReasonForm),
    "correct": (_("Record a correction"), ReasonForm),
    "new-relay": (_("Add a relay"), RelayForm),
    "attach-file": (_("Attach a file"), FileForm),
    "new-actor": (_("New actor"), ActorForm),
    "edit-actor": (_("Edit an actor"), ActorForm),
    "merge-actor": (_("Merge an actor"), MergeForm),
    "release-source": (_("Release a source"), ReleaseForm),
    "release-evidence": (_("Release evidence"), ReleaseForm),
    "release-attachment": (_("Release a file"), ReleaseForm),
    "release-capture": (_("Release a capture"), ReleaseForm),
    "release-actor": (_("Release an actor"), ReleaseForm),
    "desk-policy": (_("Change the policy"), PolicyForm),
}
# Its drafts are kept in `AssessmentDrafts`; here only those that their author may no longer submit.
ASSESSMENT = "assess"
TO_READ: dict[str, tuple[Any, type[forms.Form]]] = DRAFTED | {ASSESSMENT: (_("Assessment"), AssessmentForm)}
# The draft's own fields, and proof of identity.
NEVER_KEPT = ("draft-", AGAIN)
# Fields of the form's machinery; and consent, which is given again.
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "submission", "keep", "agreed", "confirmed", "decision"})
_SALT, LONGEST_WRITING = "second-source.form", 14 * 24 * 3600  # seconds: the lifetime of a session
DONE = "second-source-done"  # the cookie that tells the browser which form was submitted


class DraftsOfRequest:
    """`house.pages.Drafts` for one request. `author`: of the drafts, by default the signed-in person."""

    def __init__(self, request: HttpRequest, author: User | None = None) -> None:
        self.request = request
        self._author = author
        self.row: FormDraft | None = None
        self.brought_back = False
        self.is_forked = False
        self.is_lost = False  # none of the posted text could be kept

    @cached_property
    def author(self) -> User | None:
        user = self._author or getattr(self.request, "user", None)
        return user if isinstance(user, User) or (user is not None and user.is_authenticated) else None

    @property
    def name(self) -> str:
        found = self.request.resolver_match
        return (found.view_name or "") if found else ""

    def are_kept_here(self) -> bool:
        return self.name in DRAFTED and self.author is not None

    @cached_property
    def about(self) -> About:
        """The subject of the form. Raises the errors of the page: NotFound, Invalid."""
        assert self.author is not None and self.request.resolver_match is not None
        return about(self.author, self.request.resolver_match.kwargs, _desk_named(self.request))

    # Restoring

    def restored(self) -> QueryDict | None:
        assert self.author is not None
        rows = form_drafts_of(self.author).filter(path=self.request.path)
        chosen = self.request.GET.get("draft", "")
        found = list(rows[:10]) if FormDraft.objects.filter(author=self.author, path=self.request.path).exists() else []
        if not found:
            return None
        of_the_desk = [row for row in found if row.desk_id == getattr(self.about.desk, "pk", None)]
        self.row = next((row for row in found if str(row.pk) == chosen), of_the_desk[0] if of_the_desk else None)
        if self.row is None:
            return None
        self.brought_back = True
        return _as_posted(self.row.content)

    @property
    def others(self) -> bool:
        """Whether the person has drafts of this form besides the one shown."""
        rows = FormDraft.objects.filter(author=self.author, path=self.request.path)
        return (rows.exclude(pk=self.row.pk) if self.row else rows).exists()

    # Fields of the form

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0

    @property
    def draft_id(self) -> str:
        return str(self.row.pk) if self.row else ""

    @property
    def place(self) -> str:
        """The name of the browser's own copy: by person, form and desk, which the address of a new row does not
        contain."""
        found = self.request.resolver_match
        try:
            desk = "-" if found and found.kwargs else str(getattr(self.about.desk, "pk", "-"))
        except DomainError:  # desk not found
            desk = "-"
        return f"second-source draft {getattr(self.author, 'pk', '')} {self.request.path} {desk}"

    @property
    def token(self) -> str:
        """The signed author of this form."""
        return signing.dumps([str(getattr(self.author, "pk", "")), self.request.path], salt=_SALT)

    @property
    def last_window(self) -> str:
        return self.row.window if self.row else ""

    @property
    def last_step(self) -> int:
        return self.row.step if self.row else 0

    @property
    def kept_at(self) -> datetime | None:
        return self.row.kept_at if self.row else None

    @property
    def came_back_now(self) -> bool:
        return self.request.method == "POST"

    @property
    def sent_from(self) -> str:
        """The window that sent the form: its copy in the browser has arrived."""
        return self.request.POST.get("draft-window", "")[:40]

    @property
    def address(self) -> str:
        """The form with the last saved draft in it."""
        assert self.row is not None
        return address_of(self.row)

    # Saving

    def saved(self) -> HttpResponse | None:
        if wants_json(self.request):
            return self._saved_by_itself()
        self._keep(self._with_files())
        return redirect(self.address)

    def _saved_by_itself(self) -> HttpResponse:
        """The answer to a script that saves. If the form was submitted already, nothing is kept (410): the draft would
        be of submitted text."""
        assert self.author is not None
        key = self.request.POST.get("submission", "")
        with recorded_transaction():
            if FORM_KEY.fullmatch(key) and form_is_done(self.author, self.request.path, key=key):
                return JsonResponse({}, status=410)
            return self._kept_as_json()

    def _kept_as_json(self) -> HttpResponse:
        self._keep(self._with_files())
        return self.as_json()

    def as_json(self, status: int = 200) -> JsonResponse:
        """The answer to a script that saves."""
        assert self.row is not None
        told = {"draft": str(self.row.pk), "version": self.row.version, "kept_at": self.row.kept_at}
        return JsonResponse(told | {"forked": self.is_forked}, status=status)

    def came_back(self, form: forms.Form) -> None:
        # As shown on the page, with the values that its author has seen by now.
        content = self._with_files(form.data)
        try:
            self._keep(content)
        except DomainError:
            return  # the page still shows it
        _show_what_is_kept(form, content)

    def postponed(self) -> None:
        self._keep(self._with_files(), is_last_chance=True)

    def carried(self) -> dict[str, str]:
        return {"draft-id": self.draft_id, "draft-version": str(self.version)}

    def done(self, response: HttpResponse) -> None:
        assert self.author is not None
        path, seen, content = self.request.path, _seen(self.request.POST), _fields(self.request.POST)
        if seen.id or seen.window or kept_files(content):  # a program sends none of these
            end_form_draft(path=path, seen=seen, content=content, by=self.author)
        _tell_the_browser(response, path)

    def _keep(self, content: Pairs, *, is_last_chance: bool = False) -> None:
        assert self.author is not None
        seen = _seen(self.request.POST)
        self.row = keep_form_draft(
            fields=FormDraftInput(name=self.name, path=self.request.path, content=content),
            about=self.about,
            seen=seen,
            is_last_chance=is_last_chance,
            by=self.author,
        )
        self.is_forked = seen.id is not None and self.row.pk != seen.id

    def _with_files(self, data: Any = None) -> Pairs:
        """The fields posted, or shown instead; each chosen file is kept, and replaced by its id."""
        assert self.author is not None
        content = _fields(data if isinstance(data, QueryDict) else self.request.POST)
        for name, upload in self.request.FILES.items():
            assert isinstance(upload, UploadedFile)  # the last file of that name
            desk = self.about.desk
            kept = keep_chosen(chunks=upload.chunks(), name=upload.name or "", desk=desk, by=self.author)
            if kept is not None:
                content = [(field, value) for field, value in content if field != f"{name}{KEPT_FILE}"]
                content.append((f"{name}{KEPT_FILE}", str(kept.pk)))
        return content


class AssessmentDrafts(DraftsOfRequest):
    """Drafts of an assessment, which the API has as well: `reviews.actions.drafts`, one for each person and claim. The
    view restores it, and shows the draft of another window.

    Text that cannot be kept there becomes a draft of a form, beside it: another window has saved other text since, or
    its author may no longer assess the claim. Its own address restores it into the form.
    """

    draft: AssessmentDraft | None = None

    def are_kept_here(self) -> bool:
        return self.name == ASSESSMENT and self.author is not None

    def restored(self) -> QueryDict | None:
        assert self.author is not None
        chosen = self.request.GET.get("draft", "")
        rows = form_drafts_of(self.author).filter(path=self.request.path) if chosen else ()
        self.row = next((row for row in rows if str(row.pk) == chosen), None)
        if self.row is None:
            return None
        self.brought_back = True
        data = _as_posted(self.row.content)
        # The page shows the other draft, if any: the person replaces it knowingly.
        own = own_draft(self.author, self.row.claim) if self.row.claim else None
        data["draft_version"] = str(own.version if own else 0)
        return data

    @property
    def address(self) -> str:
        return super().address if self.row is not None else self.request.path

    def saved(self) -> HttpResponse | None:
        return self._saved_by_itself() if wants_json(self.request) else None

    def _kept_as_json(self) -> HttpResponse:
        try:
            self._keep_assessment()
        except KeptElsewhere as error:  # its window still has the text, and says so
            return JsonResponse({"version": error.version}, status=409)
        except Forbidden:
            super().postponed()
        return self.as_json()

    def as_json(self, status: int = 200) -> JsonResponse:
        if self.draft is None:
            return super().as_json(status)
        told = {"draft": "", "version": self.draft.version, "kept_at": self.draft.kept_at, "forked": False}
        return JsonResponse(told, status=status)

    def came_back(self, form: forms.Form) -> None:
        try:
            self.postponed()
        except DomainError:  # too long; the page still shows it
            return
        if self.draft is None:
            return
        assert isinstance(form.data, QueryDict)
        data = form.data.copy()
        data["draft_version"] = str(self.draft.version)
        form.data = data

    def postponed(self) -> None:
        assert self.about.claim is not None  # raises NotFound if they may not know of it
        try:
            self._keep_assessment()
        except DomainError:
            super().postponed()

    def _keep_assessment(self) -> None:
        assert self.author is not None and self.about.claim is not None
        self.draft = keep_draft(
            claim=self.about.claim,
            fields=as_it_stands(self.request.POST),
            version=draft_version_in(self.request.POST),
            in_part=True,
            by=self.author,
        )
        self.kept_as_assessment()

    def kept_as_assessment(self) -> None:
        """The posted text is now the draft of the assessment: end the form draft that it continues, unless that holds
        an answer without a field in the form."""
        assert self.author is not None
        seen = _seen(self.request.POST)
        row = FormDraft.objects.filter(author=self.author, pk=seen.id).first() if seen.id else None
        answers = [name for name, value in row.content if name.startswith("answer_") and value.strip()] if row else []
        if row is not None and all(name in self.request.POST for name in answers):
            end_form_draft(path=self.request.path, seen=seen, content=[], by=self.author)

    def carried(self) -> dict[str, str]:
        if self.draft is None:
            return super().carried()
        return {"draft_version": str(self.draft.version)}


def drafts_for(request: HttpRequest, author: User | None = None) -> DraftsOfRequest:
    """The drafts of the form at the requested address."""
    found = request.resolver_match
    kind = AssessmentDrafts if found and found.view_name == ASSESSMENT else DraftsOfRequest
    return kind(request, author)


def _tell_the_browser(response: HttpResponse, path: str) -> None:
    """Set a cookie for the next page's script, which deletes it and the browser's own copy."""
    response.set_cookie(DONE, quote(path, safe=""), max_age=60, samesite="Lax", secure=settings.HTTPS)


def about(user: User, named: Mapping[str, Any], desk_id: UUID | None) -> About:
    """The subject of a form at an address with these names in it, if the person may know of it.

    Raises NotFound; Invalid if the desk of a new row is not named.
    """
    if "assessment_id" in named:
        claim = get_assessment(user, named["assessment_id"]).claim
        return About(desk=claim.desk, claim=claim)
    if "assignment_id" in named:
        claim = get_assignment(user, named["assignment_id"]).claim
        return About(desk=claim.desk, claim=claim)
    if "reference" in named:
        claim = get_claim(user, named["reference"])
        item = get_evidence(user, claim, named["evidence_id"]) if "evidence_id" in named else None
        return About(desk=claim.desk, claim=claim, evidence=item)
    if "source_id" in named or "attachment_id" in named:
        of_file = get_attachment(user, named["attachment_id"]).source_id if "attachment_id" in named else None
        source = get_source(user, of_file or named["source_id"])
        return About(desk=source.desk, source=source)
    if "actor_id" in named:
        actor = get_actor(user, named["actor_id"])
        return About(desk=actor.desk, actor=actor)
    desk: Desk = get_desk(user, named["desk_id"]) if "desk_id" in named else desk_for(user, desk_id)
    return About(desk=desk)


def _desk_named(request: HttpRequest) -> UUID | None:
    named = request.POST.get("desk") or request.GET.get("desk")
    try:
        return UUID(named) if named else None
    except ValueError as error:
        raise Invalid({"desk": [_("Desk not found.")]}) from error


def address_of(row: FormDraft) -> str:
    """The form with this draft in it."""
    query = {"draft": str(row.pk)}
    if row.desk_id and not (row.claim_id or row.source_id or row.actor_id or row.name == "desk-policy"):
        query["desk"] = str(row.desk_id)
    return f"{row.path}?{urlencode(query)}"


def keep_for_its_author(request: HttpRequest) -> DraftsOfRequest | None:
    """Keep a posted form for the person to whom it was shown, if the session or its protection has expired; None if it
    names no author, or they may not know of its subject. Nothing else is done with it.

    If it cannot be kept (too long, too many drafts), it `is_lost`: the caller shows the text again.
    """
    try:
        author_id, path = signing.loads(request.POST.get("draft-of", ""), salt=_SALT, max_age=LONGEST_WRITING)
        author = User.objects.filter(pk=author_id, is_active=True).first()
    except (signing.BadSignature, ValueError):
        return None
    if author is None or path != request.path:
        return None
    drafts = drafts_for(request, author)
    if not drafts.are_kept_here():
        return None
    try:
        _ = drafts.about
    except DomainError:  # they may no longer know of it
        return None
    keep_or_lose(drafts)
    return drafts


def keep_or_lose(drafts: DraftsOfRequest) -> None:
    """Keep the posted text while its author has to do something else first, or mark it `is_lost`."""
    try:
        drafts.postponed()
    except DomainError:
        drafts.is_lost = True


def lost_draft(drafts: DraftsOfRequest) -> FormDraft:
    """Text that could not be kept, to show again: a draft without a row."""
    path, content = drafts.request.path, _fields(drafts.request.POST)
    return FormDraft(author=drafts.author, name=drafts.name, path=path, content=content)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, not a person."""
    return "application/json" in request.headers.get("Accept", "")


def _fields(posted: QueryDict) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, values in posted.lists() for value in values]
    return [(name, str(value)) for name, value in pairs if name not in NOT_KEPT and not name.startswith(NEVER_KEPT)]


def _as_posted(content: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in content:
        data.appendlist(name, value)
    return data


def _seen(posted: QueryDict) -> SeenDraft:
    """The draft that the window continues, as the form names it; none if that cannot be read."""
    try:
        pk = UUID(posted.get("draft-id", ""))
    except ValueError:
        pk = None
    return SeenDraft(
        pk, _number(posted, "draft-version"), posted.get("draft-window", "")[:40], _number(posted, "draft-step")
    )


def _number(posted: QueryDict, name: str) -> int:
    text = posted.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return number if number < 2**31 else 0  # the database column's limit


def _show_what_is_kept(form: forms.Form, content: Pairs) -> None:
    """Name kept files in the form, so that the browser need not send them again."""
    kept = dict(pair for pair in content if pair[0].endswith(KEPT_FILE))
    if not kept or not isinstance(form.data, QueryDict):
        return
    data = form.data.copy()
    for name, pk in kept.items():
        data[name] = pk
        form.files.pop(name.removesuffix(KEPT_FILE), None)
    form.data = data
