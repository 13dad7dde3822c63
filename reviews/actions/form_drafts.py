"""Drafts of forms: text typed and not submitted, visible to its author alone. One transaction each.

Content is not checked, and no save overwrites another unseen: a window that has not seen the last save gets a draft of
its own. A draft ends when its form is submitted, when it is discarded, when its author leaves the desk, and after
`KEPT_FOR`.
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
from reviews.inputs import FormDraftInput
from reviews.models import AssessmentDraft, FormDraft
from sources.chosen import let_go
from sources.models import Actor, Source

LONGEST_DRAFT = 200_000  # characters, in all fields together
MOST_FIELDS = 1000
MOST_DRAFTS = 200  # for each person
SPARE_DRAFTS = 50  # extra drafts, for text that nothing else can save
KEPT_FOR = timedelta(days=90)  # since the last save
KEPT_FILE = "-kept"  # suffix of the field that names a file kept for the form

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class About:
    """The subject of a form; `desk` is the desk of all its parts."""

    desk: Desk | None = None
    claim: Claim | None = None
    evidence: Evidence | None = None
    source: Source | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class SeenDraft:
    """The draft that a window continues, and its progress: see `FormDraft`. Without `id`: none."""

    id: UUID | None = None
    version: int = 0
    window: str = ""
    step: int = 0


def keep_form_draft(
    *,
    fields: FormDraftInput,
    about: About,
    seen: SeenDraft,
    is_last_chance: bool = False,
    by: User,
    now: datetime | None = None,
) -> FormDraft:
    """Keep the fields of a form, finished or not.

    The save continues the draft that the window has `seen`, if no other window saved it since, or if this window did
    and its answer was lost; otherwise it becomes a separate draft. `is_last_chance`: nothing else can save it, as when
    a session has ended; a few more drafts are allowed then. Raises Invalid (too much).
    """
    now = now or timezone.now()
    content, path = _keepable(fields.content), fields.path
    with recorded_transaction():
        # One save at a time for each person, so that two windows see each other.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        # A save overtaken by a later one of the same window is dropped.
        row = _overtaken_by(seen, path, by)
        if row is not None:
            return row
        row = _going_on_from(seen, path, by) or _sent_before(seen, path, content, by)
        if row is not None and row.content == content:
            return row
        if row is None:
            _not_too_many(by, MOST_DRAFTS + (SPARE_DRAFTS if is_last_chance else 0))
            # Random, so that a window with a draft that ended does not pass for one with the next (decision 34).
            row = FormDraft(author=by, name=fields.name, path=path, version=secrets.randbelow(2**30))
        row.desk, row.claim, row.evidence = about.desk, about.claim, about.evidence
        row.source, row.actor = about.source, about.actor
        row.content, row.version, row.kept_at = content, row.version + 1, now
        row.window, row.step = seen.window[:40], seen.step
        row.save()
    return row


def _overtaken_by(seen: SeenDraft, path: str, by: User) -> FormDraft | None:
    rows = FormDraft.objects.filter(author=by, path=path, window=seen.window, step__gt=seen.step)
    return rows.first() if seen.window else None


def _going_on_from(seen: SeenDraft, path: str, by: User) -> FormDraft | None:
    """The draft that a save continues; None if it becomes a separate one."""
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
    """The draft with the same content that a form without a draft made when it was first sent."""
    if seen.id is not None or seen.window:
        return None
    return FormDraft.objects.filter(author=by, path=path, window="", content=fields).first()


def _keepable(content: Pairs) -> list[list[str]]:
    if len(content) > MOST_FIELDS or sum(len(name) + len(value) for name, value in content) > LONGEST_DRAFT:
        raise Invalid({"": [_("This draft is too long. Use at most %(limit)d characters.") % {"limit": LONGEST_DRAFT}]})
    # A field's own spaces stay: only characters that the database cannot hold are refused.
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
    """End the draft of a submitted form, and release the files kept for it.

    A draft saved by another window since stays: its text was not submitted.
    """
    with recorded_transaction():
        # By the same rule as a save: only the draft that this window continues was submitted.
        row = _going_on_from(seen, path, by)
        if row is not None:
            row.delete()
        let_go(kept_files(content), by=by)


def discard_form_draft(*, draft: FormDraft, by: User) -> None:
    """Discard one's own draft, with the files kept for it. Raises NotFound."""
    with recorded_transaction():
        row = FormDraft.objects.select_for_update(no_key=True).filter(pk=draft.pk, author=by).first()
        if row is None:
            raise NotFound(_("Draft not found."))
        row.delete()
        let_go(kept_files(row.content), by=by)


def kept_files(content: Any) -> list[UUID]:
    """The files kept for a form, as named in its fields."""
    found = []
    for name, value in content:
        if name.endswith(KEPT_FILE):
            try:
                found.append(UUID(value))
            except ValueError:
                continue
    return found


def end_drafts_of(user: User, desk: Desk | None) -> None:
    """End the drafts of a person who left a desk (every desk, if none is named): they can no longer submit them."""
    rows = FormDraft.objects.filter(author=user)
    if desk is not None:
        rows = rows.filter(desk=desk)
    # Read before the rows go, which alone name the files.
    files = [pk for content in rows.values_list("content", flat=True) for pk in kept_files(content)]
    rows.delete()
    let_go(files, by=user)


def forget_drafts(*, now: datetime | None = None) -> int:
    """Delete drafts last saved longer than `KEPT_FOR` ago; returns their number."""
    last = (now or timezone.now()) - KEPT_FOR
    with recorded_transaction():
        forms, _rows = FormDraft.objects.filter(kept_at__lte=last).delete()
        assessments, _rows = AssessmentDraft.objects.filter(kept_at__lte=last).delete()
    return forms + assessments
