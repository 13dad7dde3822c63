"""Entity tags: a claim's version, and changing it only where it is still the one that was read (RFC 9110)."""

from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from claims.models import Claim


class PreconditionFailed(APIException):
    """`If-Match` names another version than the present one."""

    status_code = 412
    default_detail = gettext_lazy("This claim has changed since you read it. Read it again.")


def etag(claim: Claim) -> str:
    return f'"v{claim.version}"'


def version_to_match(request: Request, claim: Claim) -> int | None:
    """The version at which a change is wanted; None where any will do. Raises PreconditionFailed for another one.

    The action that is called with it asks once more, when it holds the claim.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    if etag(claim) not in parse_etags(header):
        raise PreconditionFailed
    return int(claim.version)
