"""Drafts of assessments, kept as typed and visible to their assessor alone. One transaction each.

A draft survives changes to the claim. It ends with the submission, when it is discarded, and when its assessor leaves
the desk.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from claims.access.permissions import may_assess
from claims.models import Claim, StateChoices
from claims.verdicts.support import lock_claim
from house.errors import Invalid, NotFound, Stale
from house.fields import optional_text
from house.transactions import recorded_transaction
from ledger.canonical import JsonObject
from reviews.inputs import AssessmentInput
from reviews.models import AssessmentDraft

LONGEST_DRAFT = 200_000  # characters, in all texts together


class KeptElsewhere(Stale):
    """Another window has saved, submitted or discarded the draft since. `version`: of the draft kept now, 0 for none.

    Nothing is lost: the person still has their text, and the other draft stays as it is.
    """

    def __init__(self, kept: AssessmentDraft | None) -> None:
        told = (
            _("This draft was saved in another window.")
            if kept
            else _("This draft no longer exists: it was submitted or discarded in another window.")
        )
        super().__init__(told, version=kept.version if kept else 0, changes=[_("Nothing was overwritten.")])


def keep_draft(
    *,
    claim: Claim,
    fields: AssessmentInput,
    version: int = 0,
    in_part: bool = False,
    by: User,
    now: datetime | None = None,
) -> AssessmentDraft:
    """Keep a draft of an assessment, in the fields of `reviews.actions.assessments.submit_assessment`.

    Neither policy nor the evidence's presence is checked: text about hidden or withdrawn evidence still belongs to its
    author. `version`: of the draft that this one continues, 0 for none. Saving the same content again changes nothing,
    whatever the version, since the first answer may have been lost on its way. `in_part`: answers of that draft to
    evidence not named here stay, as the form has no field for it.

    Raises NotFound, Forbidden, Invalid (too long, not storable, an element of another claim), KeptElsewhere.
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        may_assess(by, claim)
        content = _content(claim, fields)
        draft = own_draft_of(claim, by)
        if in_part and draft is not None:
            named = {str(answer.evidence) for answer in fields.answers}
            # The page has no field for evidence that is hidden by now: what was typed on it must not be lost.
            content["answers"] += [one for one in draft.content["answers"] if one["evidence"] not in named]
        _not_too_long(content)
        # Before versions are compared: a repeated save must not conflict with itself (decision 34).
        if draft is not None and (draft.content, draft.seen_version) == (content, fields.seen_version):
            return draft
        if version != (draft.version if draft else 0):
            raise KeptElsewhere(draft)
        # Versions go on from an ended draft: a window that knows the old one must not pass for one that knows the new.
        draft = draft or AssessmentDraft(claim=claim, assessor=by, version=secrets.randbelow(2**30))
        draft.version += 1
        draft.content, draft.seen_version, draft.kept_at = content, fields.seen_version, now
        draft.save()
    return draft


def _content(claim: Claim, written: AssessmentInput) -> JsonObject:
    """What is kept of an assessment. Raises Invalid.

    Any evidence id is accepted: refusing some would tell which ones exist.
    """
    elements = _texts({line.element: line.text for line in written.elements}, "element", field="elements")
    known = {str(pk) for pk in claim.elements.values_list("pk", flat=True)}
    if not known.issuperset(one["element"] for one in elements):
        raise Invalid({"elements": [_("This belongs to another claim.")]})
    return {
        "proposed_state": _state(written.proposed_state),
        "rationale": optional_text(written.rationale, field="rationale"),
        "evidence": [str(pk) for pk in dict.fromkeys(written.evidence)],
        "answers": _texts({one.evidence: one.text for one in written.answers}, "evidence", field="answers"),
        "elements": elements,
        "recorded_mistake": written.recorded_mistake,
    }


def own_draft_of(claim: Claim, assessor: User) -> AssessmentDraft | None:
    """The draft of one person on a claim that the caller has locked."""
    return AssessmentDraft.objects.filter(claim=claim, assessor=assessor).first()


def end_draft(claim: Claim, assessor: User, *, version: int | None = None, written: AssessmentInput) -> None:
    """An assessment of a locked claim is submitted: the draft that it was written from ends.

    `version`: that of the draft which the assessor saw; another one is not thrown away unread, unless it says what is
    submitted (`written`). Raises KeptElsewhere.
    """
    draft = own_draft_of(claim, assessor)
    if draft is None:
        return
    # None: a program, which has seen no draft and submits what it was given.
    seen = version is None or draft.version == version
    if not seen and draft.content != _content(claim, written):
        raise KeptElsewhere(draft)
    draft.delete()


def drop_draft(*, claim: Claim, by: User) -> None:
    """Discard one's own draft. Raises NotFound."""
    with recorded_transaction():
        ended, _rows = AssessmentDraft.objects.filter(claim=claim, assessor=by).delete()
        if not ended:
            raise NotFound(_("You have no draft for this claim."))


def _state(proposed: str) -> str:
    if proposed and proposed not in StateChoices.values:
        raise Invalid({"proposed_state": [_("Choose one of the four states.")]})
    return proposed


def _texts(given: Mapping[UUID, str], name: str, *, field: str) -> list[dict[str, str]]:
    """The texts on pieces of evidence or on elements, without those that are empty."""
    texts = {pk: optional_text(text, field=field) for pk, text in given.items()}
    return [{name: str(pk), "text": text} for pk, text in texts.items() if text]


def _not_too_long(content: Mapping[str, Any]) -> None:
    texts = [content["rationale"], *(item["text"] for item in [*content["answers"], *content["elements"]])]
    length = sum(map(len, texts))
    if length > LONGEST_DRAFT:
        message = _("This draft is too long: %(length)d characters. Use at most %(limit)d.")
        raise Invalid({"": [message % {"length": length, "limit": LONGEST_DRAFT}]})
