"""Forms for sources: describing one, retracting it, its files, and its relays."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from claims.actions.composing import CarrierInput, File
from claims.forms.choosing import NOBODY_ELSE, OneOf, choice_field, entries_of, offer, one_of_field, speaking_for
from claims.forms.days import Moment, moment_in
from claims.forms.files import KeptFileField, keep_files_of
from claims.forms.releasing import offer_stricter
from claims.models import Claim
from claims.reading.names import ID, ActorNames, SourceNames
from house.edit_forms import EditForm
from house.inputs import FieldValues
from house.pages import ActForm, CleanedData
from sources.inputs import NamedActor, SourceInput
from sources.models import ActorKind, Basis, Reliability, Source, SourceKind, Visibility
from sources.values import source_values


class NewSourceFields(forms.Form):
    """An existing source or the description of a new one; `described` returns it as the actions take it."""

    source = OneOf(label=_("Existing source"), none=_("None: a new source"))
    url = forms.CharField(
        label=_("URL"),
        widget=forms.URLInput({"dir": "ltr"}),
        required=False,
        help_text=_("We'll archive the page."),
    )
    file = KeptFileField(label=_("and/or a file"), required=False, allow_empty_file=True)
    title = forms.CharField(label=_("Title"), required=False, help_text=_("If empty: the URL or the file name."))
    kind = forms.ChoiceField(label=_("Kind"), choices=SourceKind.choices, initial=SourceKind.ARTICLE)
    publisher = OneOf(
        label=_("Publisher"),
        none=_("Unknown"),
        help_text=_("The author of the statement, recording or examination, never the platform."),
    )
    new_publisher = forms.CharField(label=_("or a new publisher"), required=False)
    new_publisher_kind = forms.ChoiceField(label=_("Type"), choices=ActorKind.choices, initial=ActorKind.ORGANISATION)
    new_publisher_speaks_for = speaking_for()
    new_publisher_part_of = OneOf(label=_("or for another actor"), none="—")
    published_at = Moment(label=_("Published"))
    source_basis = forms.ChoiceField(
        label=_("Basis"),
        choices=Basis.choices,
        initial=Basis.UNKNOWN,
        help_text=_("Firsthand: the publisher itself saw, recorded, measured or examined it."),
    )
    source_basis_reason = forms.CharField(
        label=_("Reason for the basis"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Needed if an examiner got the material from a party: why tampering is excluded."),
    )

    folded_source_fields = (
        *("title", "kind", "publisher", "new_publisher", "new_publisher_kind"),
        *("new_publisher_speaks_for", "new_publisher_part_of"),
        *("published_at", "source_basis", "source_basis_reason"),
    )
    names_of_source_fields = {
        "source.id": "source",
        "source.publisher": "publisher",
        "source.publisher.name": "new_publisher",
        "source.publisher.kind": "new_publisher_kind",
        "source.publisher.part_of": "new_publisher_part_of",
        "source.basis": "source_basis",
        "source.basis_reason": "source_basis_reason",
        "source.visibility": "visibility",
        **{f"source.{name}": name for name in ("url", "title", "kind", "published_at", "file")},
    }

    @staticmethod
    def described(given: CleanedData) -> SourceInput:
        """Return the fields of the new source, which are empty where one of the desk is chosen."""
        return SourceInput(
            url=given["url"],
            title=given["title"],
            kind=given["kind"],
            publisher=chosen_actor(given, "publisher"),
            published_at=given["published_at"],
            basis=given["source_basis"],
            basis_reason=given["source_basis_reason"],
        )

    @classmethod
    def carrier(cls, given: CleanedData) -> CarrierInput:
        """Return the source, its file and the source that it is based on."""
        upload = given.get("file")
        return CarrierInput(
            source=given["source"],
            new=cls.described(given),
            file=File(upload.chunks(), upload.name) if upload else None,
            upstream=given.get("upstream"),
            quote=given.get("quote", ""),
        )


def chosen_actor(given: CleanedData, name: str) -> UUID | NamedActor | None:
    """Return the id of the actor chosen for a field, or the new one that was typed."""
    typed = given[f"new_{name}"]
    chosen: UUID | None = given[name]
    if not typed:
        return chosen
    said, other = given[f"new_{name}_speaks_for"], given[f"new_{name}_part_of"]
    speaks_for = other or (UUID(said) if ID.fullmatch(said) else None)
    return NamedActor(
        name=typed,
        kind=given[f"new_{name}_kind"],
        speaks_for=speaks_for,
        speaks_for_checked=said == NOBODY_ELSE,
    )


def offer_speaking_for(form: forms.Form, name: str, claim: Claim) -> None:
    """Offer the claim's claimants and parties, with whom a new actor would be one voice."""
    actors = {*claim.also_claimed_by.all(), *claim.parties.all(), *([claim.claimant] if claim.claimant else ())}
    field = choice_field(form, f"new_{name}_speaks_for")
    field.choices = [("", _("Not checked yet")), (NOBODY_ELSE, _("Nobody else"))]
    field.choices += sorted(((str(actor.pk), actor.name) for actor in actors), key=itemgetter(1))


class SourceForm(EditForm):
    """The form that edits a source."""

    title = forms.CharField(label=_("Title"), required=False)
    url = forms.CharField(label=_("Address"), widget=forms.URLInput({"dir": "ltr"}), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=SourceKind.choices)
    publisher = OneOf(label=_("Publisher"), none=_("Unknown"))
    new_publisher = forms.CharField(label=_("or a new publisher"), required=False)
    new_publisher_kind = forms.ChoiceField(label=_("Type"), choices=ActorKind.choices, initial=ActorKind.ORGANISATION)
    new_publisher_speaks_for = speaking_for()
    new_publisher_part_of = OneOf(label=_("or for another actor"), none="—")
    published_at = Moment(label=_("Published"))
    basis = forms.ChoiceField(label=_("Basis"), choices=Basis.choices)
    basis_reason = forms.CharField(
        label=_("Reason for the basis"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Needed if an examiner got the material from a party: why tampering is excluded."),
    )
    reliability = forms.ChoiceField(
        label=_("Reliability"),
        required=False,
        choices=[
            ("", _("as for the publisher")),
            *((value, f"{value} {label}") for value, label in Reliability.choices),
        ],
    )
    language = forms.CharField(
        label=_("Language"), required=False, help_text=_("A short code, such as en, ko or fa."), max_length=16
    )
    visibility = forms.ChoiceField(label=_("Visible to"), choices=Visibility.choices)

    action_fields = {
        "publisher.name": "new_publisher",
        "publisher.kind": "new_publisher_kind",
        "publisher.part_of": "new_publisher_part_of",
    }
    beside = {"publisher": ("new_publisher", "new_publisher_kind", "new_publisher_speaks_for", "new_publisher_part_of")}

    def __init__(self, *arguments: Any, user: User, source: Source, **named: Any) -> None:
        super().__init__(*arguments, values=source_values(user, source), version=source.version, **named)
        self.names = ActorNames(user, source.desk_id, chosen=[source.publisher_id])
        offer(self, self.names, "publisher", "new_publisher_part_of")
        offer_stricter(self, source.visibility)
        self.ready()

    def to_control(self, name: str, value: Any) -> Any:
        return moment_in(value) if name == "published_at" else value

    def changes(self) -> FieldValues:
        """The fields that the person changed; a new publisher as its name and kind."""
        changed = super().changes()
        return (
            changed | {"publisher": chosen_actor(self.cleaned_data, "publisher")} if "publisher" in changed else changed
        )

    def _as_kept(self, name: str, value: Any) -> Any:
        """A moment with an unchanged clock time keeps its seconds and microseconds, which no control shows."""
        before = self.to_control(name, self.base.values.get(name))
        if name != "published_at" or value is None or not isinstance(before, datetime):
            return super()._as_kept(name, value)
        _day, clock = self._sent(name)
        same_clock = bool(clock) and [clock] == list(self.base.texts.get(name) or ())[1:]
        return value.replace(second=before.second, microsecond=before.microsecond) if same_clock else value

    def worded(self, name: str, value: Any) -> str:
        if name == "publisher" and isinstance(value, str):
            return self.names.named(UUID(value)) or ""
        if name == "published_at" and isinstance(value, str):
            moment = moment_in(value)
            return date_format(timezone.localtime(moment), "j F Y, H:i:s") if moment else ""
        return super().worded(name, value)


class ReasonForm(ActForm):
    """A reason, and nothing else."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"class": "said"}))

    def __init__(self, *arguments: Any, hint: str = "", needed: bool = True, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["reason"].help_text = hint
        self.fields["reason"].required = needed


class ConfirmForm(ActForm):
    """Confirms an act: the page says what it will do, and its button does it."""


class FileForm(ActForm):
    file = KeptFileField(label=_("File"), allow_empty_file=True, help_text=_("Stored byte for byte."))
    visibility = forms.ChoiceField(
        label=_("Visible to"), required=False, choices=[("", _("source visible to")), *Visibility.choices]
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        keep_files_of(self, user)


class RelayForm(ActForm):
    """The source that another is based on."""

    upstream = OneOf(label=_("Based on"), none=_("Choose a source"), required=True)
    quote = forms.CharField(
        label=_("Attribution"),
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 2}),
        help_text=_("Such as: “according to the agency”."),
    )

    def __init__(self, *arguments: Any, user: User, source: Source, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, SourceNames(user, source.desk_id, without=source.pk), "upstream")


class RelayBetweenForm(ActForm):
    """A relay between two of a claim's sources."""

    downstream = OneOf(label=_("This source"), none=_("Choose a source"), required=True)
    upstream = OneOf(label=_("is based on"), none=_("Choose a source"), required=True)
    quote = forms.CharField(label=_("Attribution"), required=False, widget=forms.Textarea({"class": "said", "rows": 2}))

    def __init__(self, *arguments: Any, sources: Iterable[Source], **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name in ("downstream", "upstream"):
            one_of_field(self, name).entries = entries_of(sources)


class SearchForm(forms.Form):
    """The search words of a list of sources or actors."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200, widget=forms.SearchInput)
