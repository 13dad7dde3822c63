"""Outcomes kept for idempotency keys: read and written in the transaction of the act, deleted after a day."""

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import User
from house.errors import Conflict
from house.transactions import recorded_transaction
from reviews.models import KeptOutcome

KEPT_FOR = timedelta(hours=24)
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")  # the key in a form, so that it is submitted once


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """The scope of a key: with another person, method or address it is another key."""

    user: User
    method: str
    path: str
    key: str

    def as_fields(self) -> dict[str, User | str]:
        return {"user": self.user, "method": self.method, "path": self.path, "key": self.key}


def digest_of_form(request: HttpRequest, *, without: Collection[str] = ()) -> str:
    """A digest of a submitted form with its files, whatever the order of its fields.

    Keyed with the installation's secret: a form may hold a password, which must not be guessable from the digest.
    """
    named = [(name, request.POST.getlist(name)) for name in request.POST if name not in without]
    files = [(name, [digest_of_file(one) for one in request.FILES.getlist(name)]) for name in request.FILES]
    text = json.dumps([sorted(named), sorted(files, key=str)])
    return salted_hmac("reviews.outcomes.form", text, algorithm="sha256").hexdigest()


def digest_of_file(file: "UploadedFile[Any]") -> dict[str, str | None]:
    """The name of an uploaded file, and the SHA-256 of its bytes."""
    seen = hashlib.sha256()
    for chunk in file.chunks():
        seen.update(chunk)
    return {"name": file.name, "sha256": seen.hexdigest()}


def kept_outcome(request: KeyedRequest, *, wait: bool = False) -> KeptOutcome | None:
    """The outcome already kept for a key; the key stays locked until the surrounding transaction ends.

    While another request with the key is in progress it waits for that one, or raises Conflict.
    """
    name = f"second-source key {request.user.pk} {request.method} {request.path} {request.key}"
    # A form waits, because a person cannot ask again; a program can, and must not hold a thread (decision 88).
    hold = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {hold}(hashtextextended(%s, 0))", [name])
        (held,) = cursor.fetchone()
    if held is False:
        raise Conflict(_("A request with this key is in progress. Send it again in a moment."))
    return KeptOutcome.objects.filter(**request.as_fields()).first()


def form_is_done(user: User, path: str, *, key: str) -> bool:
    """Whether the form with this key was submitted; the form stays locked until the surrounding transaction ends.

    Submitting and saving lock it first, so that a late save waits and learns of the submission.
    """
    with connection.cursor() as cursor:
        name = f"second-source form {user.pk} {path} {key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    return KeptOutcome.objects.filter(user=user, method="POST", path=path, key__startswith=f"form {key} ").exists()


def keep_outcome(
    request: KeyedRequest,
    *,
    body_digest: str,
    status: int,
    at: str,
    effects: dict[str, Any] | None,  # free-form JSON, as the API returned it
    now: datetime | None = None,
) -> None:
    """Keep the outcome for a key. Call it in the transaction of the act."""
    KeptOutcome.objects.create(
        **request.as_fields(),
        body_digest=body_digest,
        status=status,
        at=at,
        effects=effects,
        created_at=now or timezone.now(),
    )


def forget_outcomes(*, now: datetime | None = None) -> int:
    """Delete keys older than a day, by when a repeated request has long arrived; returns their number."""
    now = now or timezone.now()
    with recorded_transaction():
        forgotten, _rows = KeptOutcome.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return forgotten
