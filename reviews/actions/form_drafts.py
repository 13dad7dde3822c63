"""Drafts of forms: what somebody has typed and not submitted, kept for them alone. One transaction each.

Nothing is asked of what is kept, and nothing is ever overwritten unseen: who saves without having seen the last save
gets a draft of their own beside it. A draft ends when its form is done, when it is discarded, when its author leaves
the desk, and after `KEPT_FOR`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Desk, User
from claims.models import Claim, Evidence
from house.errors import Invalid, NotFound
from house.fields import optional_text
from house.transactions import recorded_transaction
from reviews.models import AssessmentDraft, FormDraft
from sources.chosen import let_go
from sources.models import Actor, Source

LONGEST_DRAFT = 200_000  # characters, in all of its fields together
MOST_FIELDS = 1000
MOST_DRAFTS = 200  # of one person
SPARE_DRAFTS = 50  # more, for what nothing else can save
KEPT_FOR = timedelta(days=90)  # since it was last saved
KEPT_FILE = "-kept"  # how the field ends that names a file kept for the form

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class About:
    """What a form is about; the desk is that of all of it."""

    desk: Desk | None = None
    claim: Claim | None = None
    evidence: Evidence | None = None
    source: Source | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class SeenDraft:
    """The draft that a window goes on from, and how far it is: see `FormDraft`. Without `id`: from none."""

    id: UUID | None = None
    version: int = 0
    window: str = ""
    step: int = 0


def keep_form_draft(
    *,
    name: str,
    path: str,
    about: About,
    content: Pairs,
    seen: SeenDraft,
    is_last_chance: bool = False,
    by: User,
    now: datetime | None = None,
) -> FormDraft:
    """Keep what stands in a form, finished or not.

    It goes on from the draft that the window has `seen`, where nobody has saved that one since, or the same window
    has, whose answer was lost; otherwise it is a draft beside it. `is_last_chance`: nothing else can save it, as where
    a session has ended; some more are kept then. Raises Invalid (too much).
    """
    now = now or timezone.now()
    fields = _keepable(content)
    with recorded_transaction():
        # One at a time for each person: two windows that save at once see each other.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        # A save that was overtaken by a later one of the same window has nothing to say any more.
        row = _overtaken_by(seen, path, by)
        if row is not None:
            return row
        row = _going_on_from(seen, path, by) or _sent_before(seen, path, fields, by)
        if row is not None and row.content == fields:
            return row
        if row is None:
            _not_too_many(by, MOST_DRAFTS + (SPARE_DRAFTS if is_last_chance else 0))
            row = FormDraft(author=by, name=name, path=path, version=secrets.randbelow(2**30))
        row.desk, row.claim, row.evidence = about.desk, about.claim, about.evidence
        row.source, row.actor = about.source, about.actor
        row.content, row.version, row.kept_at = fields, row.version + 1, now
        row.window, row.step = seen.window[:40], seen.step
        row.save()
    return row


def _overtaken_by(seen: SeenDraft, path: str, by: User) -> FormDraft | None:
    rows = FormDraft.objects.filter(author=by, path=path, window=seen.window, step__gt=seen.step)
    return rows.first() if seen.window else None


def _going_on_from(seen: SeenDraft, path: str, by: User) -> FormDraft | None:
    """The draft that a save belongs to; None where it is one of its own."""
    rows = FormDraft.objects.select_for_update(no_key=True).filter(author=by, path=path)
    if seen.id is None:
        # The first answer to this window may have been lost.
        return rows.filter(window=seen.window, step__lte=seen.step).first() if seen.window else None
    row = rows.filter(pk=seen.id).first()
    if row is None:
        return None
    same_window = bool(seen.window) and row.window == seen.window and row.step <= seen.step
    return row if row.version == seen.version or same_window else None


def _sent_before(seen: SeenDraft, path: str, fields: list[list[str]], by: User) -> FormDraft | None:
    """The draft of the very same, which a form that knows of none made when it was sent the first time."""
    if seen.id is not None or seen.window:
        return None
    return FormDraft.objects.filter(author=by, path=path, window="", content=fields).first()


def _keepable(content: Pairs) -> list[list[str]]:
    if len(content) > MOST_FIELDS or sum(len(name) + len(value) for name, value in content) > LONGEST_DRAFT:
        raise Invalid({"": [_("This draft is too long. Use at most %(limit)d characters.") % {"limit": LONGEST_DRAFT}]})
    # A field's own spaces stay: only what cannot be kept at all is refused.
    for name, value in content:
        optional_text(name, field="")
        for start in range(0, len(value), 20_000):
            optional_text(value[start : start + 20_000], field=name)
    return [[name, value] for name, value in content]


def _not_too_many(by: User, most: int) -> None:
    if FormDraft.objects.filter(author=by).count() >= most:
        message = _("You have reached the limit of %(limit)d drafts. Discard some of them.")
        raise Invalid({"": [message % {"limit": MOST_DRAFTS}]})


def end_form_draft(*, path: str, seen: SeenDraft, content: Pairs, by: User) -> None:
    """A form was done: the draft that it was written from ends, and the files kept for it are let go.

    A draft that another window has saved since stays: those words were not submitted.
    """
    with recorded_transaction():
        row = _going_on_from(seen, path, by)
        if row is not None:
            row.delete()
        let_go(kept_files(content), by=by)


def discard_form_draft(*, draft: FormDraft, by: User) -> None:
    """Throw one's own draft away, with the files kept for it. Raises NotFound."""
    with recorded_transaction():
        row = FormDraft.objects.select_for_update(no_key=True).filter(pk=draft.pk, author=by).first()
        if row is None:
            raise NotFound(_("Draft not found."))
        row.delete()
        let_go(kept_files(row.content), by=by)


def kept_files(content: Any) -> list[UUID]:
    """The files kept for a form that its fields name."""
    found = []
    for name, value in content:
        if name.endswith(KEPT_FILE):
            try:
                found.append(UUID(value))
            except ValueError:
                continue
    return found


def end_drafts_of(user: User, desk: Desk | None) -> None:
    """Somebody has left a desk (all of them without one): what they typed about it, they can submit no more."""
    rows = FormDraft.objects.filter(author=user)
    if desk is not None:
        rows = rows.filter(desk=desk)
    files = [pk for content in rows.values_list("content", flat=True) for pk in kept_files(content)]
    rows.delete()
    let_go(files, by=user)


def forget_drafts(*, now: datetime | None = None) -> int:
    """Forget drafts that were last saved longer than `KEPT_FOR` ago; how many."""
    last = (now or timezone.now()) - KEPT_FOR
    with recorded_transaction():
        forms, _rows = FormDraft.objects.filter(kept_at__lte=last).delete()
        assessments, _rows = AssessmentDraft.objects.filter(kept_at__lte=last).delete()
    return forms + assessments
