"""Who may, where it depends on what a body asks for: looked up before the rest of the body is."""

from uuid import UUID

from rest_framework.request import Request

from reviews.api.bodies import peek
from reviews.api.view import person
from sources.models import Visibility
from sources.permissions import may_release


def may_release_if_asked(request: Request, visibility: str, desk_id: UUID | None) -> None:
    """Refuse a body that would release a restricted row from who may not release it. Raises Forbidden."""
    if visibility == Visibility.RESTRICTED and peek(request, "visibility") in (Visibility.DESK, Visibility.PUBLIC):
        may_release(person(request), desk_id)
