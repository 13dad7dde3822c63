"""Base of all pages with a form: drafts, offered actions, and refusals that keep the typed text.

A page reads by a query, calls one action and redirects. Refusals of the action are shown on the form: errors beside
their fields (400), open requirements of policy (422), changes by others (409). Other refusals become error pages.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, Protocol
from uuid import UUID

from django import forms
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from house.errors import Conflict, Forbidden, Invalid, Missing, NotFound, PolicyNotMet, Stale, TooMany, Unconfirmed

FormArguments = dict[str, Any]  # data, files and restored, as keyword arguments of a form class
CleanedData = dict[str, Any]  # Django's cleaned_data: the type depends on the field


@lru_cache(maxsize=8192)
def address(name: str, of: str | UUID) -> str:
    """Return the address of a page about one row: `reverse`, cached because a list needs a hundred."""
    return reverse(name, args=[of])


class Drafts(Protocol):
    """The drafts of the form at the requested address; `reviews.views.drafting` implements them."""

    def are_kept_here(self) -> bool:
        """Return whether this form has drafts and a person is signed in."""

    def restored(self) -> QueryDict | None:
        """Return the fields of the person's latest draft; None if there is none."""

    def saved(self) -> HttpResponse | None:
        """Save the posted form as a draft and return the answer; None if the view has to answer."""

    def came_back(self, form: forms.Form) -> None:
        """Save the posted form, which was not done, as the latest draft, with its files."""

    def done(self, response: HttpResponse) -> None:
        """Delete the draft after the action was done."""

    def postponed(self) -> None:
        """Save the posted form while the person does something else first, such as signing in."""

    def carried(self) -> Mapping[str, str]:
        """Return the hidden controls by which a form continues from the draft of `postponed`."""


_drafts_by: list[Callable[[HttpRequest], Drafts]] = []


def keep_drafts_by(find: Callable[[HttpRequest], Drafts]) -> None:
    """Register `find`, which returns the drafts of a request's form; the room that keeps drafts calls this once."""
    _drafts_by[:] = [find]


def request_drafts(request: HttpRequest) -> Drafts:
    """Return the drafts of the requested form, the same object throughout the request."""
    drafts: Drafts | None = getattr(request, "_drafts", None)
    if drafts is None:
        drafts = _drafts_by[0](request)
        request._drafts = drafts  # type: ignore[attr-defined]  # kept for the rest of this request
    return drafts


def form_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view that shows and takes a form, so that its drafts are saved, restored and deleted."""

    @wraps(view)
    def page(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        drafts = request_drafts(request)
        if request.method != "POST" or not drafts.are_kept_here():
            return view(request, *arguments, **named)
        # Saving a draft is no action: it needs neither valid fields nor permission to act (decision 89).
        answer = drafts.saved() if "keep" in request.POST else None
        if answer is not None:
            return answer
        response = view(request, *arguments, **named)
        if 300 <= response.status_code < 400 and "keep" not in request.POST:
            # The person signs in again first, then sends the form once more.
            asked_first = response["Location"].startswith("/account/")
            drafts.postponed() if asked_first else drafts.done(response)
        return response

    return require_http_methods(["GET", "HEAD", "POST"])(page)


def may(check: Callable[..., object], *arguments: Any) -> bool:
    """Return whether `check` (from a permissions module) allows an action now. The action checks again."""
    try:
        check(*arguments)
    except (Forbidden, NotFound):
        return False
    return True


def sent(request: HttpRequest) -> FormArguments:
    """Return the arguments that bind a form to the posted data or the draft; empty for a GET without a draft."""
    if request.method == "POST":
        return {"data": request.POST, "files": request.FILES}
    drafts = request_drafts(request)
    kept = drafts.restored() if drafts.are_kept_here() else None
    return {"data": kept, "restored": True} if kept is not None else {}


def done(response: HttpResponse) -> HttpResponse:
    """Mark an answer without redirect as done, so that the same form sent again does nothing."""
    response.act_is_done = True  # type: ignore[attr-defined]  # read by `is_done`
    return response


def is_done(response: HttpResponse) -> bool:
    """Return whether `done` marked the answer."""
    return getattr(response, "act_is_done", False)


class ActForm(forms.Form):
    """A form that passes its input to an action, and keeps the input if the action refuses.

    After a refusal, `status` is the answer's status, `missing` the open requirements of policy, `stale` the changes by
    others, and `unconfirmed` the effects to confirm. A `restored` form shows a draft, without errors until it is sent.
    """

    use_required_attribute = False
    action_fields: Mapping[str, str] = {}  # the form's names of fields, by the action's names
    folds: Mapping[str, Sequence[str]] = {}  # the folded sections of the page, each with its fields

    def __init__(self, *arguments: Any, restored: bool = False, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.restored = restored
        self.status = 200
        self.missing: Sequence[Missing] = ()
        self.stale: Stale | None = None
        self.unconfirmed: Unconfirmed | None = None
        self.outcome: Any = None
        for field in self.fields.values():
            if field.error_messages.get("required") is forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = gettext_lazy("Required")

    def full_clean(self) -> None:
        # A draft is no attempt: it comes back without errors until it is sent.
        if self.restored:
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def submitted(self, action: Callable[[CleanedData], Any]) -> bool:
        """Call `action` with the cleaned fields and return whether it was done; `outcome` is then its result."""
        if not self.is_bound or self.restored:
            return False
        if not self.is_valid():
            self.status = 400
            return False
        try:
            self.outcome = action(self.cleaned_data)
        except Invalid as error:
            self.status = 400
            self._show(error)
        except Stale as error:
            self.status = 409
            self._show_again(error)
        except Unconfirmed as error:
            self.status = 409
            self.unconfirmed = error
        except Conflict as error:
            self.status = 409
            self.add_error(None, str(error))
        except PolicyNotMet as error:
            self.status = 422
            self.missing = error.missing
        except TooMany as error:
            self.status = 429
            self.add_error(None, str(error))
        return self.status == 200

    def _show(self, error: Invalid) -> None:
        for name, texts in error.errors.items():
            for field, text in self.fields_for(name, texts):
                self.add_error(field if field in self.fields else None, text)

    def fields_for(self, name: str, texts: Sequence[str]) -> list[tuple[str | None, str]]:
        """Return the form's field for each sentence of an action's error; None for the form as a whole."""
        return [(self.action_fields.get(name, name), text) for text in texts]

    def _show_again(self, error: Stale) -> None:
        """Show the changes, and let the person decide on the present version."""
        self.stale = error
        if "seen_version" in self.fields and isinstance(self.data, QueryDict):
            data = self.data.copy()
            data[self.add_prefix("seen_version")] = str(error.version)
            self.data = data

    @property
    def open_folds(self) -> set[str]:
        """The folded sections with input or errors, which the page opens."""
        return {fold for fold, names in self.folds.items() if any(map(self._is_written, names))}

    def _is_written(self, name: str) -> bool:
        if name not in self.fields:
            return False
        value = self[name].value()
        if isinstance(value, list):
            value = [each for each in value if each]
        return bool(self[name].errors) or (bool(value) and value != self.fields[name].initial)


def drafts_shown(request: HttpRequest, form: forms.Form) -> Drafts | None:
    """Return the drafts for `parts/draft.html`, None if the form has none; after a refused POST, save the input."""
    drafts = request_drafts(request)
    if not drafts.are_kept_here():
        return None
    # Saved before it is shown: the newest text that there is must not be in the browser alone (decision 89).
    if request.method == "POST":
        drafts.came_back(form)
    return drafts


def show_form(
    request: HttpRequest,
    form: ActForm,
    *,
    title: str,
    button: str,
    back: str,
    template: str = "accounts/form.html",
    **more: Any,
) -> HttpResponse:
    """Return the page of one action: `title`, the form, its `button` and the address `back`.

    `more`: further names for the template, among them `lines` (sentences on the effects of the action) and `about` (the
    claim whose reference and statement are shown above).
    """
    context = {
        "form": form,
        "drafts": drafts_shown(request, form),
        "title": title,
        "button": button,
        "back": back,
        "about": None,
        "lines": (),
        "stale_title": _("This has changed since you opened it"),
        **more,
    }
    return render(request, template, context, status=form.status)
