"""Lists: filtered, ordered and paged in one way."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import Fields, Text, Whole
from claims.reading.paging import BY_CREATION, LARGEST_SIZE, SIZE, Order, PagePosition, find_order, page_of, read_at

Row = TypeVar("Row", bound=Model)
Line = TypeVar("Line")


class ListQuery(Fields):
    """The query parameters of every list. `ordering`: created, -created; for some also changed, -changed, due."""

    ordering = Text(default="")
    cursor = Text(default="")
    page_size = Whole(default=SIZE, min_value=1, max_value=LARGEST_SIZE)


SAID_BY_EVERY_LIST = frozenset(ListQuery().fields)


def answer_list(
    request: Request,
    rows: QuerySet[Row],
    query: Mapping[str, Any],
    render: Callable[[Sequence[Row]], list[Any]],
    *,
    orders: Mapping[str, Order] = BY_CREATION,
    **more: Any,
) -> Response:
    """One page of `rows`, already scoped and filtered, as plain dicts made by `render`.

    `query`: as parsed by `ListQuery` or a subclass. Raises Invalid for `ordering` and `cursor`.
    """
    return answer_page(request, partial(read_at, rows), query, render, orders=orders, **more)


def answer_page(
    request: Request,
    read: Callable[[PagePosition], list[Line]],
    query: Mapping[str, Any],
    render: Callable[[Sequence[Line]], list[Any]],
    *,
    orders: Mapping[str, Order] = BY_CREATION,
    **more: Any,
) -> Response:
    """The same for rows that `read` returns for a position in the list."""
    page = page_of(
        read,
        order=find_order(query["ordering"], orders),
        cursor=query["cursor"],
        size=query["page_size"],
        filters=_filters(request),
    )
    follow = {"follow": _address(request, page.follow)} if page.follow else {}
    return Response(
        {
            "next": _address(request, page.next),
            "previous": _address(request, page.previous),
            **follow,
            **more,
            "results": render(page.rows),
        }
    )


def answer_all(rows: list[Any], **more: Any) -> Response:
    """A short list in full, in the same form."""
    return Response({"next": None, "previous": None, **more, "results": rows})


def _filters(request: Request) -> dict[str, object]:
    own = {name: sorted(values) for name, values in request.query_params.lists() if name not in SAID_BY_EVERY_LIST}
    return {**own, "list": request.path}


def _address(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
