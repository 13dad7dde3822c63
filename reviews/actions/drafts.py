"""Drafts of findings: kept as they were written, for their assessor alone. One transaction each.

A draft survives what happens to the claim meanwhile. It ends with the hand-in, when it is dropped, and when its
assessor leaves the desk.
"""

import secrets
from collections.abc import Mapping, Sequence
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
from reviews.models import AssessmentDraft

LONGEST_DRAFT = 200_000  # characters, in all of its texts together


class KeptElsewhere(Stale):
    """Another window has kept, handed in or dropped the draft since. `version`: that of the one kept now, 0 for none.

    What was to be kept is not lost: who asked still has it, and the other stands as it is.
    """

    def __init__(self, kept: AssessmentDraft | None) -> None:
        told = (
            _("Another window has saved this draft since.")
            if kept
            else _("This draft no longer exists: it was submitted or discarded in another window.")
        )
        super().__init__(told, version=kept.version if kept else 0, changes=[_("Nothing was overwritten.")])


def keep_draft(
    *,
    claim: Claim,
    proposed_state: str = "",
    rationale: str = "",
    evidence: Sequence[UUID] = (),
    answers: Sequence[Mapping[str, Any]] = (),
    elements: Sequence[Mapping[str, Any]] = (),
    recorded_mistake: bool = False,
    seen_version: int,
    version: int = 0,
    in_part: bool = False,
    by: User,
    now: datetime | None = None,
) -> AssessmentDraft:
    """Keep what somebody has written of a finding, in the fields of `reviews.actions.assessments.submit_assessment`.

    Policy is not asked, nor which evidence is there: words on what is hidden or withdrawn are their author's still.
    `version`: that of the draft which this one goes on from, 0 for none. Keeping once more what is kept already changes
    nothing, whatever the version: the first answer may have been lost on its way. `in_part`: answers of that draft to
    evidence that is not named here stay in it, as a form has no field for what has gone.

    Raises NotFound, Forbidden, Invalid (too long, not to be kept, an element of another claim), KeptElsewhere.
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        may_assess(by, claim)
        written = {
            "proposed_state": proposed_state,
            "rationale": rationale,
            "evidence": evidence,
            "answers": answers,
            "elements": elements,
            "recorded_mistake": recorded_mistake,
        }
        content = _content(claim, written)
        draft = own_draft_of(claim, by)
        if in_part and draft is not None:
            named = {str(answer["evidence"]) for answer in answers}
            content["answers"] += [one for one in draft.content["answers"] if one["evidence"] not in named]
        _not_too_long(content)
        if draft is not None and (draft.content, draft.seen_version) == (content, seen_version):
            return draft
        if version != (draft.version if draft else 0):
            raise KeptElsewhere(draft)
        # The first version is no 1: a window that knows a draft which ended must not pass for one that knows the next.
        draft = draft or AssessmentDraft(claim=claim, assessor=by, version=secrets.randbelow(2**30))
        draft.version += 1
        draft.content, draft.seen_version, draft.kept_at = content, seen_version, now
        draft.save()
    return draft


def _content(claim: Claim, written: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an assessment in these fields. Raises Invalid.

    Whatever evidence an id names, it is kept: that one is refused would tell which are there.
    """
    elements = _texts(written["elements"], "element", field="elements")
    known = {str(pk) for pk in claim.elements.values_list("pk", flat=True)}
    if not known.issuperset(one["element"] for one in elements):
        raise Invalid({"elements": [_("This belongs to another claim.")]})
    return {
        "proposed_state": _state(written["proposed_state"]),
        "rationale": optional_text(written["rationale"], field="rationale"),
        "evidence": [str(pk) for pk in dict.fromkeys(written["evidence"])],
        "answers": _texts(written["answers"], "evidence", field="answers"),
        "elements": elements,
        "recorded_mistake": written["recorded_mistake"],
    }


def own_draft_of(claim: Claim, assessor: User) -> AssessmentDraft | None:
    """The draft of one person on a claim that the caller has locked."""
    return AssessmentDraft.objects.filter(claim=claim, assessor=assessor).first()


def end_draft(claim: Claim, assessor: User, *, version: int | None = None, written: Mapping[str, Any]) -> None:
    """An assessment of a locked claim is submitted: the draft that it was written from ends.

    `version`: that of the draft which the assessor saw; another one is not thrown away unread, unless it says what is
    submitted (`written`, in the fields of `hand_in`). Raises KeptElsewhere.
    """
    draft = own_draft_of(claim, assessor)
    if draft is None:
        return
    seen = version is None or draft.version == version
    if not seen and draft.content != _content(claim, written):
        raise KeptElsewhere(draft)
    draft.delete()


def drop_draft(*, claim: Claim, by: User) -> None:
    """Throw one's own draft away. Raises NotFound where there is none."""
    with recorded_transaction():
        ended, _rows = AssessmentDraft.objects.filter(claim=claim, assessor=by).delete()
        if not ended:
            raise NotFound(_("You have no draft for this claim."))


def _state(proposed: str) -> str:
    if proposed and proposed not in StateChoices.values:
        raise Invalid({"proposed_state": [_("Choose one of the four states.")]})
    return proposed


def _texts(given: Sequence[Mapping[str, Any]], name: str, *, field: str) -> list[dict[str, str]]:
    """The texts on pieces of evidence or on elements, without those that are empty."""
    texts = {item[name]: optional_text(item.get("text", ""), field=field) for item in given}
    return [{name: str(pk), "text": text} for pk, text in texts.items() if text]


def _not_too_long(content: Mapping[str, Any]) -> None:
    texts = [content["rationale"], *(item["text"] for item in [*content["answers"], *content["elements"]])]
    length = sum(map(len, texts))
    if length > LONGEST_DRAFT:
        message = _("This draft is too long: %(length)d characters. Use at most %(limit)d.")
        raise Invalid({"": [message % {"length": length, "limit": LONGEST_DRAFT}]})
