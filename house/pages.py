"""What every page with a form does: who asks, what to offer them, and how a refusal comes back without losing a word.

A page reads by a query, calls one action, and redirects. What the action refuses stands on the form: errors beside
their fields (400), what policy misses (422), what happened meanwhile (409). Other refusals become error pages.
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


@lru_cache(maxsize=8192)
def address(name: str, of: str | UUID) -> str:
    """The address of a page that is about one thing: `reverse`, which a list asks a hundred times, kept."""
    return reverse(name, args=[of])


class Drafts(Protocol):
    """What is kept of the form at the address that is asked for; see `reviews.views.drafting`, which the rooms above
    give to every request as `drafts`."""

    def are_kept_here(self) -> bool:
        """Whether it is a form of which drafts are kept, and somebody is signed in."""

    def restored(self) -> QueryDict | None:
        """The fields of the person's last draft of it; None where there is none."""

    def saved(self) -> HttpResponse | None:
        """Keep what was posted, and answer that it was: nothing else is done with it. None: the view answers."""

    def came_back(self, form: forms.Form) -> None:
        """What was posted was not done: it is the newest that there is of the form, with its files."""

    def done(self, response: HttpResponse) -> None:
        """It was done: what is kept of it ends."""

    def postponed(self) -> None:
        """The person is asked for something else first: keep what was posted."""

    def carried(self) -> Mapping[str, str]:
        """The controls by which a form goes on from what `postponed` kept of it."""


def request_drafts(request: HttpRequest) -> Drafts:
    drafts: Drafts = request.drafts  # type: ignore[attr-defined]  # set by config.middleware.KeptForms
    return drafts


def form_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that shows a form, takes it, and redirects once it is done; drafts are kept, brought back and ended."""

    @wraps(view)
    def page(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        drafts = request_drafts(request)
        if request.method != "POST" or not drafts.are_kept_here():
            return view(request, *arguments, **named)
        answer = drafts.saved() if "keep" in request.POST else None
        if answer is not None:
            return answer
        response = view(request, *arguments, **named)
        if 300 <= response.status_code < 400 and "keep" not in request.POST:
            # Signing in again comes first; then the form is sent once more.
            asked_first = response["Location"].startswith("/account/")
            drafts.postponed() if asked_first else drafts.done(response)
        return response

    return require_http_methods(["GET", "HEAD", "POST"])(page)


def may(check: Callable[..., object], *arguments: Any) -> bool:
    """Whether to offer an act: what `check` (of a permissions module) says now. The action asks it again."""
    try:
        check(*arguments)
    except (Forbidden, NotFound):
        return False
    return True


def sent(request: HttpRequest) -> dict[str, Any]:
    """The arguments that bind a form to what was posted, or to what is kept of it; none for a page that is only looked
    at."""
    if request.method == "POST":
        return {"data": request.POST, "files": request.FILES}
    drafts = request_drafts(request)
    kept = drafts.restored() if drafts.are_kept_here() else None
    return {"data": kept, "restored": True} if kept is not None else {}


def done(response: HttpResponse) -> HttpResponse:
    """Says of an answer that leads nowhere else that the act was done: the same form again does nothing."""
    response.act_is_done = True  # type: ignore[attr-defined]  # read by `is_done`
    return response


def is_done(response: HttpResponse) -> bool:
    """Whether `done` was said of an answer."""
    return getattr(response, "act_is_done", False)


class ActForm(forms.Form):
    """A form that hands what was typed to an action, and keeps it where the action refuses.

    After a refusal `status` is that of the answer, `missing` what policy asks for, `stale` what others changed,
    `unconfirmed` what the person is asked about before it is done. One that is `restored` shows what was typed before,
    and finds nothing wrong with it before it is sent.
    """

    use_required_attribute = False
    action_fields: Mapping[str, str] = {}  # the form's name of a field that the action calls otherwise
    folds: Mapping[str, Sequence[str]] = {}  # the parts that the page folds away, each with its fields

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
        if self.restored:
            self._errors, self.cleaned_data = ErrorDict(), {}
            return
        super().full_clean()

    def submitted(self, action: Callable[[dict[str, Any]], Any]) -> bool:
        """Call `action` with the cleaned fields. Whether it was done; `outcome` is then what it answered."""
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
        """Which of the form's fields each of an action's sentences belongs to; None for the form as a whole."""
        return [(self.action_fields.get(name, name), text) for text in texts]

    def _show_again(self, error: Stale) -> None:
        """Having read what changed, the person decides on the present version."""
        self.stale = error
        if "seen_version" in self.fields and isinstance(self.data, QueryDict):
            data = self.data.copy()
            data[self.add_prefix("seen_version")] = str(error.version)
            self.data = data

    @property
    def open_folds(self) -> set[str]:
        """The folded parts in which something is written or wrong: the page opens these."""
        return {fold for fold, names in self.folds.items() if any(map(self._is_written, names))}

    def _is_written(self, name: str) -> bool:
        if name not in self.fields:
            return False
        value = self[name].value()
        if isinstance(value, list):
            value = [each for each in value if each]
        return bool(self[name].errors) or (bool(value) and value != self.fields[name].initial)


def drafts_shown(request: HttpRequest, form: forms.Form) -> Drafts | None:
    """What the template of a form says of its drafts, for `parts/draft.html`; what came back is kept."""
    drafts = request_drafts(request)
    if not drafts.are_kept_here():
        return None
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
    about: object = None,
    lines: Sequence[str] = (),
    template: str = "accounts/form.html",
    **more: Any,
) -> HttpResponse:
    """The page of one act: what it is (`title`), what it will do (`lines`), the form, its button, the way `back`.

    `about`: the claim that it is about, whose reference and statement stand above.
    """
    context = {
        "form": form,
        "drafts": drafts_shown(request, form),
        "title": title,
        "button": button,
        "back": back,
        "about": about,
        "lines": lines,
        "stale_title": _("This has changed since you opened it"),
        **more,
    }
    return render(request, template, context, status=form.status)
