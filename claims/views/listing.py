"""The list of claims: one form of filters, keyset paging."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonsRequest, own_memberships
from claims.forms.claims import NOBODY, FilterForm
from claims.models import NEVER_DUE
from claims.reading.lists import Choices, ClaimFilter, ClaimLine, ListScope, Narrowed, read_lines, scope_with_choices
from claims.reading.paging import CLAIM_ORDERS, KeysetPage, find_order, page_of
from claims.views.lines import Link
from house.errors import Invalid
from house.pages import CleanedData, address
from sources.permissions import WRITERS

PAGE_SIZE = 25


@dataclass(frozen=True)
class ClaimRow:
    """One claim in the list; `parts/register.html` explains each attribute."""

    url: str
    reference: str
    statement: str
    original_statement: str
    original_language: str
    state: str
    contested: bool
    support_lost: bool
    changed_since_verdict: bool
    said_by: str
    claimed_on: object
    least: int
    most: int
    exact: bool
    assignees: str
    due_at: object
    closed: bool


@require_safe
def claims(request: PersonsRequest) -> HttpResponse:
    """The claims that the person may see, filtered by the form, 25 a page."""
    memberships = own_memberships(request)
    scope, choices = scope_with_choices(request.user, [row.desk_id for row in memberships])
    form = _filters(request, choices)
    given = form.cleaned_data
    narrowed = _narrowed(scope, given)
    page = page_of(
        partial(read_lines, narrowed),
        order=find_order(given["ordering"], CLAIM_ORDERS),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "claims", **given},
        size=PAGE_SIZE,
    )
    count = page.rows[0].found if page.rows else narrowed.count()
    context = {
        "form": form,
        "given": given,
        "rows": [_row(claim) for claim in page.rows],
        "count": f"{narrowed.most_counted}+" if count > narrowed.most_counted else str(count),
        "chips": _chips(request, form),
        "may_write": any(row.role in WRITERS for row in memberships),
        **neighbours(request, page),
    }
    return render(request, "claims/list.html", context)


def _filters(request: PersonsRequest, choices: Choices) -> FilterForm:
    form = FilterForm(request.GET, people=choices.people, topics=choices.topics)
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form


def _narrowed(scope: ListScope, given: CleanedData) -> Narrowed:
    assignee = {"": None, NOBODY: ""}.get(given["assignee"], given["assignee"])
    conditions = ClaimFilter(
        states=given["state"],
        q=given["q"],
        topic=given["topic"],
        assignee=assignee,
        contested=True if given["contested"] else None,
        support_lost=True if given["support_lost"] else None,
        changed_since_verdict=True if given["changed_since_verdict"] else None,
        closed={"": False, "only": True}.get(given["closed"]),
        due_before=timezone.now() if given["overdue"] else None,
    )
    return Narrowed(scope, conditions)


def _row(claim: ClaimLine) -> ClaimRow:
    return ClaimRow(
        url=address("claim", claim.reference),
        reference=claim.reference,
        statement=claim.statement,
        original_statement=claim.original_statement,
        original_language=claim.language,
        state=claim.state,
        contested=claim.contested,
        support_lost=claim.support_lost_at is not None,
        changed_since_verdict=claim.grounds_changed_at is not None,
        said_by=claim.said_by or "",
        claimed_on=claim.claimed_on,
        least=claim.independence_min,
        most=claim.independence_max,
        exact=claim.independence_exact,
        assignees=", ".join(claim.reviewing),
        due_at=None if claim.due_at == NEVER_DUE else claim.due_at,
        closed=claim.closed_at is not None,
    )


def _chips(request: PersonsRequest, form: FilterForm) -> list[Link]:
    """The active filters, each with the address without it."""
    given = form.cleaned_data
    said: list[tuple[str, str, str]] = [
        ("state", state, form.label_of("state", value=state)) for state in given["state"]
    ]
    said += [
        (name, "", str(form.fields[name].label))
        for name in ("contested", "support_lost", "changed_since_verdict", "overdue")
        if given[name]
    ]
    texts = {
        "q": _("“%(value)s”"),
        "closed": _("Closed: %(value)s"),
        "assignee": _("Assigned to %(value)s"),
        "topic": _("Topic: %(value)s"),
    }
    for name, text in texts.items():
        if given[name]:
            said.append((name, "", text % {"value": form.label_of(name, value=given[name])}))
    return [Link(text, _address_without(request, name, value=value)) for name, value, text in said]


def _address_without(request: PersonsRequest, name: str, *, value: str) -> str:
    """The present address at its first page, without a filter, or without one `value` of it."""
    query = request.GET.copy()
    query.pop("cursor", None)
    query.setlist(name, [each for each in query.getlist(name) if value and each != value])
    return f"{request.path}?{query.urlencode()}"


def neighbours(request: HttpRequest, page: KeysetPage[Any]) -> dict[str, str]:
    """The addresses of the previous and next page, for `parts/paging.html`."""

    def at(cursor: str | None) -> str:
        if cursor is None:
            return ""
        query = request.GET.copy()
        query["cursor"] = cursor
        return f"{request.path}?{query.urlencode()}"

    return {"next_url": at(page.next), "previous_url": at(page.previous)}
