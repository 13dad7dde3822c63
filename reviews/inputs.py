"""Inputs of the actions on assessments and drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInput:
    """An answer to a piece of contrary evidence."""

    evidence: UUID
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementLine:
    """A line on what the evidence shows for one element."""

    element: UUID
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentInput:
    """An assessment as its author wrote it, finished or not; `seen_version` is the version of the claim they read."""

    proposed_state: str = ""
    rationale: str = ""
    evidence: Sequence[UUID] = ()
    answers: Sequence[AnswerInput] = ()
    elements: Sequence[ElementLine] = ()
    recorded_mistake: bool = False
    seen_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDraftInput:
    """The fields of a form, finished or not, with the form's `name` and the `path` of its page."""

    name: str
    path: str
    content: Sequence[tuple[str, str]]
