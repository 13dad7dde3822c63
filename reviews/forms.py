"""Forms for assignments, assessments and decisions."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from claims.forms.choosing import OneOf, choice_field, one_of_field
from claims.models import Claim, CloseReason, Element
from claims.states import State
from house.errors import Stale
from house.pages import ActForm, CleanedData
from reviews.actions.drafts import KeptElsewhere
from reviews.candidates import Candidate
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, AssessmentDraft

LARGEST_VERSION = 2**31 - 1  # the database column's limit
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DueField(forms.DateTimeField):
    """A date and time in the person's own zone, to the second."""

    def __init__(self, **named: Any) -> None:
        control = forms.DateTimeInput({"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
        super().__init__(widget=control, label=_("Due"), help_text=_("In your time zone."), **named)


class AssignForm(ActForm):
    """The reviewer of a claim, and the due time."""

    reviewer = forms.TypedChoiceField(label=_("Reviewer"), widget=forms.RadioSelect, coerce=UUID)
    due_at = DueField()

    def __init__(self, *arguments: Any, candidates: Iterable[tuple[Any, str]], due_at: datetime, **named: Any) -> None:
        super().__init__(*arguments, initial={"due_at": due_at}, **named)
        choice_field(self, "reviewer").choices = [(str(pk), label) for pk, label in candidates]


class DueForm(ActForm):
    due_at = DueField()


class ReassignForm(ActForm):
    to = OneOf(label=_("Reassign to"), none=_("Choose a person"), required=True)
    reason = forms.CharField(label=_("Why"), required=False, widget=forms.Textarea({"class": "said", "rows": 3}))

    def __init__(self, *arguments: Any, people: Iterable[tuple[Any, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        one_of_field(self, "to").entries = list(people)


class DeciderForm(ActForm):
    person = forms.CharField(
        label=_("User name"),
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("A reviewer or an editor, of this desk or of another."),
    )


class CloseForm(ActForm):
    reason = forms.ChoiceField(label=_("Why"), choices=CloseReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"class": "said", "rows": 3}))


class OnGroundsForm(ActForm):
    """A form with the digest of the grounds shown beside it (`seen_grounds`)."""

    def __init__(self, *arguments: Any, seen_grounds: str, initial: CleanedData | None = None, **named: Any) -> None:
        self._shown = seen_grounds
        super().__init__(*arguments, initial={"seen_grounds": seen_grounds, **(initial or {})}, **named)

    def _show_again(self, error: Stale) -> None:
        super()._show_again(error)
        if isinstance(self.data, QueryDict):
            data = self.data.copy()
            data["seen_grounds"] = self._shown
            self.data = data


class ConfirmVerdictForm(OnGroundsForm):
    """The reason why a verdict holds on its present grounds."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said"}),
        help_text=_("Explain what you checked and why the verdict holds. Recorded with your name."),
    )
    seen_grounds = forms.CharField(widget=forms.HiddenInput, max_length=64)


class DecisionForm(OnGroundsForm):
    """The second person's decision on an assessment. The button pressed is `decision`."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said"}),
        help_text=_("Explain what you checked and why you agree or disagree. Shown in the history."),
    )
    decision = forms.ChoiceField(choices=[("approve", _("approve")), ("reject", _("reject"))], widget=forms.HiddenInput)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    seen_grounds = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *arguments: Any, claim: Claim, **named: Any) -> None:
        super().__init__(*arguments, initial={"seen_version": claim.version}, **named)
        self.fields["decision"].error_messages["required"] = _("Choose to approve or to reject.")


def candidate_in_words(one: Candidate) -> str:
    """A possible reviewer in words, with the reasons for and against."""
    facts = [one.person.shown_name, _("%(count)d open") % {"count": one.open_assignments}]
    if one.reads_it:
        facts.append(str(_("reads its language")))
    if one.on_its_topics:
        facts.append(str(_("%(count)d completed on its topics")) % {"count": one.on_its_topics})
    if one.is_away:
        until = date_format(one.person.away_until, "j M") if one.person.away_until else ""
        facts.append(str(_("away until %(day)s")) % {"day": until})
    if one.reported_it:
        facts.append(str(_("reported this claim")))
    if one.has_it:
        facts.append(str(_("already assigned")))
    return ", ".join(str(fact) for fact in facts)


class AssessmentForm(ActForm):
    """A reviewer's assessment: the proposed state, the evidence relied on, a line on each element, answers, the
    rationale.

    `answer_<id>` answers a piece of contrary evidence; `element_<id>` is the line on an element.
    """

    evidence = forms.TypedMultipleChoiceField(
        label=_("Evidence relied on"), required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple
    )
    proposed_state = forms.ChoiceField(label=_("Proposed state"), widget=forms.RadioSelect)
    rationale = forms.CharField(
        label=_("Rationale"),
        widget=forms.Textarea({"class": "said"}),
        help_text=_("Explain your assessment and what would change it. Shown in the history."),
    )
    recorded_mistake = forms.BooleanField(
        label=_("The refutation was our mistake, as explained in the rationale"), required=False
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    draft_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *arguments: Any,
        claim: Claim,
        evidence: Sequence[tuple[Any, str]],
        contrary: Sequence[tuple[Any, str]],
        states: Sequence[str],
        before: Assessment | None = None,
        draft: AssessmentDraft | None = None,
        **named: Any,
    ) -> None:
        initial = _drafted(claim, draft) if draft else _written_before(claim, before)
        super().__init__(*arguments, initial=initial, **named)
        self.elements: list[Element] = list(claim.elements.all())
        self.contrary = contrary
        self.offered_evidence = {str(pk) for pk, _label in evidence}
        self.offered_states = set(states)
        choice_field(self, "evidence").choices = [(str(pk), label) for pk, label in evidence]
        choice_field(self, "proposed_state").choices = [(state, state) for state in states]
        self.fields["proposed_state"].error_messages["required"] = _("Choose a state to propose.")
        if claim.state != State.REFUTED:
            del self.fields["recorded_mistake"]
        for element in self.elements:
            self.fields[f"element_{element.pk}"] = forms.CharField(label=element.text, required=False)
        for pk, label in contrary:
            self.fields[f"answer_{pk}"] = forms.CharField(
                label=label, required=False, widget=forms.Textarea({"class": "said", "rows": 2})
            )

    @property
    def element_lines(self) -> list[forms.BoundField]:
        return [self[f"element_{element.pk}"] for element in self.elements]

    @property
    def answer_lines(self) -> list[forms.BoundField]:
        return [self[f"answer_{pk}"] for pk, _label in self.contrary]

    def found(self, given: CleanedData) -> AssessmentInput:
        """Return the assessment to submit."""
        return AssessmentInput(
            proposed_state=given["proposed_state"],
            rationale=given["rationale"],
            evidence=given["evidence"],
            answers=[
                AnswerInput(evidence=pk, text=text) for pk, _label in self.contrary if (text := given[f"answer_{pk}"])
            ],
            elements=[
                ElementLine(element=element.pk, text=given[f"element_{element.pk}"]) for element in self.elements
            ],
            recorded_mistake=given.get("recorded_mistake", False),
            seen_version=given["seen_version"],
        )

    def clean(self) -> CleanedData:
        """Refuse once if text about removed evidence would be left out, so that the page can show it first."""
        if self.left_over:
            message = _(
                "Some of your text is about evidence that is gone. It is shown below and left out when you submit "
                "again."
            )
            self.add_error(None, message)
        return self.cleaned_data

    @property
    def left_over(self) -> list[str]:
        """The names of posted answers without a field in the form."""
        return [
            name
            for name, text in self.data.items()
            if name.startswith("answer_") and name not in self.fields and text.strip()
        ]

    def kept(self, keep: Callable[[AssessmentInput, int], Any]) -> bool:
        """Call `keep` with the assessment, finished or not, and its draft's version; return whether it was kept."""
        data = self.data
        assert isinstance(data, QueryDict)
        self.errors.clear()  # of a form that need not be complete
        self.cleaned_data = {}
        return self.submitted(lambda _given: keep(as_it_stands(data), draft_version_in(data)))

    def _show_again(self, error: Stale) -> None:
        """After reading the other window's draft, the person replaces or continues it."""
        if not isinstance(error, KeptElsewhere):
            return super()._show_again(error)
        self.stale = error
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        data["draft_version"] = str(error.version)
        self.data = data

    def fields_for(self, name: str, texts: Sequence[str]) -> list[tuple[str | None, str]]:
        """Errors on the elements as a whole, moved to the elements without a line, in their order."""
        if name != "elements":
            return super().fields_for(name, texts)
        silent = [
            f"element_{element.pk}" for element in self.elements if not self.cleaned_data.get(f"element_{element.pk}")
        ]
        return list(zip(silent, texts, strict=False)) or [(None, text) for text in texts]


def as_it_stands(data: QueryDict) -> AssessmentInput:
    """Return the assessment as it was typed and ticked, finished or not."""
    return AssessmentInput(
        proposed_state=data.get("proposed_state", ""),
        rationale=data.get("rationale", ""),
        evidence=[UUID(pk) for pk in data.getlist("evidence") if UUID_FORM.fullmatch(pk)],
        answers=[AnswerInput(evidence=pk, text=text) for pk, text in _lines(data, "answer_")],
        elements=[ElementLine(element=pk, text=text) for pk, text in _lines(data, "element_")],
        recorded_mistake=bool(data.get("recorded_mistake")),
        seen_version=_whole(data.get("seen_version", "")),
    )


def draft_version_in(data: QueryDict) -> int:
    """Return the version of the draft that the form goes on from; 0 for none."""
    return _whole(data.get("draft_version", ""))


def _lines(data: QueryDict, prefix: str) -> list[tuple[UUID, str]]:
    """What was typed on elements or pieces of evidence, also on those that have no field any more."""
    return [
        (UUID(pk), str(text))
        for field, text in data.items()
        if field.startswith(prefix) and UUID_FORM.fullmatch(pk := field.removeprefix(prefix))
    ]


def _whole(text: str) -> int:
    """A version as the form carries it; 0 if it is not a number."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return number if number <= LARGEST_VERSION else 0


def _drafted(claim: Claim, draft: AssessmentDraft) -> CleanedData:
    """The initial values from the person's own draft. Changes to the claim since are shown beside the form."""
    content = draft.content
    return {
        "seen_version": claim.version,
        "draft_version": draft.version,
        "proposed_state": content["proposed_state"],
        "rationale": content["rationale"],
        "recorded_mistake": content["recorded_mistake"],
        "evidence": content["evidence"],
        **{f"element_{line['element']}": line["text"] for line in content["elements"]},
        **{f"answer_{answer['evidence']}": answer["text"] for answer in content["answers"]},
    }


def _written_before(claim: Claim, before: Assessment | None) -> CleanedData:
    """The initial values from the person's own assessment that is waiting or was rejected."""
    if before is None:
        return {"seen_version": claim.version, "draft_version": 0}
    return {
        "seen_version": claim.version,
        "draft_version": 0,
        "proposed_state": before.proposed_state,
        "rationale": before.rationale,
        "recorded_mistake": before.recorded_mistake,
        "evidence": [str(item.pk) for item in before.evidence.all()],
        **{f"element_{line.element_id}": line.text for line in before.elements.all()},
        **{f"answer_{answer.evidence_id}": answer.text for answer in before.answers.all()},
    }
