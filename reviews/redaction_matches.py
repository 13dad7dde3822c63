"""The places on a desk where people's words can be, and taking words out of them.

Every text column is in `PLACES`, or a test names the reason. Changeable rows keep the rest of their text; values of
append-only rows (a status change's reason) are erased completely, like their commitments in the ledger.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import F, Field, JSONField, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, User
from claims.models import (
    ActorMerge,
    Claim,
    Element,
    Evidence,
    Grounds,
    GroundsWatch,
    PolicyChange,
    Revision,
    StatusChangeText,
    Task,
    Topic,
)
from claims.record.entry_labels import READ_BY_ADMINISTRATORS, READ_BY_EDITORS
from ledger.erasing import OpenField, fields_holding, strings_in
from ledger.models import Secret
from reviews.models import (
    Answer,
    Assessment,
    AssessmentDraft,
    AssessmentElement,
    Assignment,
    Decision,
    FormDraft,
    Redaction,
)
from reviews.written_words import accounts_in_entry, changed, everywhere, written_in, written_in_entry
from sources.models import Actor, Attachment, Capture, ChosenFile, Relay, Source

REDACTED = "[redacted]"


@dataclass(frozen=True)
class TextColumns:
    """Text columns of a table, with their name in words. `desk`, `claim` and `source`: the path from a row to these;
    None if there is none.

    `grows`: append-only, changed by the erasing functions of the database alone. `own`: visible to its author alone.
    `digests`: names files by digest. `in_form`: holds a form's fields, in pairs of name and value.
    """

    model: type[Model]
    name: Promise
    columns: tuple[str, ...]
    desk: str
    claim: str | None = None
    source: str | None = None
    grows: bool = False
    own: bool = False
    digests: bool = False
    in_form: bool = False


PLACES = (
    TextColumns(Topic, _("topic"), ("name",), "desk"),
    TextColumns(
        Claim,
        _("claim"),
        ("statement", "original_statement", "place", "threshold_reason", "closed_note"),
        "desk",
        claim="reference",
    ),
    TextColumns(Element, _("element of a claim"), ("text",), "claim__desk", claim="claim__reference"),
    TextColumns(
        Evidence,
        _("evidence"),
        ("basis_reason", "excerpt", "locator", "against_interest_reason", "withdrawn_reason"),
        "claim__desk",
        claim="claim__reference",
        source="source",
    ),
    TextColumns(Revision, _("reason for a change"), ("note",), "claim__desk", claim="claim__reference"),
    TextColumns(Task, _("note on a task"), ("note",), "claim__desk", claim="claim__reference"),
    TextColumns(
        StatusChangeText,
        _("reason for a status change"),
        ("reason", "decision_reason"),
        "claim__desk",
        claim="claim__reference",
        grows=True,
    ),
    TextColumns(
        Grounds,
        _("grounds of an assessment or verdict"),
        ("content",),
        "claim__desk",
        claim="claim__reference",
        grows=True,
        digests=True,
    ),
    TextColumns(
        GroundsWatch,
        _("present grounds of a verdict"),
        ("content",),
        "claim__desk",
        claim="claim__reference",
        digests=True,
    ),
    TextColumns(PolicyChange, _("reason for a policy change"), ("reason",), "desk", grows=True),
    TextColumns(Actor, _("actor"), ("name", "stands_alone_because"), "desk"),
    TextColumns(ActorMerge, _("reason for a merge"), ("reason",), "actor__desk", grows=True),
    TextColumns(
        Source,
        _("source"),
        ("title", "url", "basis_reason", "retracted_reason", "corrected_reason"),
        "desk",
        source="pk",
    ),
    TextColumns(Relay, _("quote of a relay"), ("quote",), "downstream__desk", source="downstream"),
    TextColumns(Attachment, _("file name"), ("name",), "source__desk", source="source"),
    TextColumns(
        Capture, _("capture"), ("url", "final_url", "headers", "redirects", "error"), "source__desk", source="source"
    ),
    TextColumns(
        Assignment, _("reason for the end of an assignment"), ("ended_reason",), "claim__desk", claim="claim__reference"
    ),
    TextColumns(Assessment, _("assessment"), ("rationale",), "claim__desk", claim="claim__reference", grows=True),
    TextColumns(
        AssessmentElement,
        _("assessment of an element"),
        ("text",),
        "assessment__claim__desk",
        claim="assessment__claim__reference",
        grows=True,
    ),
    TextColumns(
        Answer,
        _("answer in an assessment"),
        ("text",),
        "assessment__claim__desk",
        claim="assessment__claim__reference",
        grows=True,
    ),
    TextColumns(
        Decision,
        _("reason for a decision"),
        ("reason",),
        "assessment__claim__desk",
        claim="assessment__claim__reference",
        grows=True,
    ),
    TextColumns(AssessmentDraft, _("draft"), ("content",), "claim__desk", claim="claim__reference", own=True),
    TextColumns(FormDraft, _("draft"), ("content",), "desk", claim="claim__reference", own=True, in_form=True),
    TextColumns(ChosenFile, _("file name"), ("name",), "desk", own=True),
    TextColumns(Redaction, _("reason for a redaction"), ("reason",), "desk"),
)


@dataclass(frozen=True)
class Match:
    """One column of one row that contains the `words`; `of_file`: these are a file's digest.

    `parts`: its text, split around the words.
    """

    place: TextColumns
    pk: Any
    column: str
    text: str
    claim: str | None
    source: UUID | None
    words: str
    parts: tuple[str, ...]
    of_file: bool = False

    @property
    def row(self) -> str:
        """The row and column, as a redaction's entry in the ledger names them."""
        key = "/".join(map(str, self.pk)) if isinstance(self.pk, tuple) else str(self.pk)
        return f"{self.place.model._meta.db_table}:{key}:{self.column}"


@dataclass(frozen=True)
class Matches:
    """All matches of a redaction. `files`: bytes, name and digest are erased; `fields`: values in the ledger.

    `previews`: recorded searches for the words, erased as well and not shown, since each search adds one.
    """

    texts: tuple[Match, ...]
    files: tuple[Attachment, ...]
    fields: tuple[OpenField, ...]
    previews: tuple[OpenField, ...] = ()

    @property
    def count(self) -> int:
        """The number of texts and files."""
        return len(self.texts) + len(self.files)

    @property
    def seen(self) -> str:
        """A digest of all matches, so that a person approves exactly what was shown to them."""
        lines = [f"{one.row} {one.text}" for one in self.texts]
        lines += [f"file {one.pk}" for one in self.files]
        lines += [f"{one.leaf_hash} {one.name}" for one in self.fields]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


PREVIEWED = "redaction_previewed"


def find(desk: Desk, *, words: str, sha256: str, by: User) -> Matches:
    """The places on the desk with the words, in any letter case, and the file with this digest; "" searches for none.

    All of it can be read by `by`, an editor of the desk: no drafts, which only their authors read (`find_in_drafts`),
    and from the ledger entries of this desk whose values they may read.
    """
    texts = tuple(_texts_on(desk, words, [place for place in PLACES if not place.own])) if words else ()
    files: tuple[Attachment, ...] = ()
    if sha256:
        texts += tuple(_texts_on(desk, sha256, [place for place in PLACES if place.digests], of_file=True))
        files = tuple(Attachment.objects.filter(source__desk=desk, sha256=sha256).order_by("created_at", "id"))
    kinds = READ_BY_EDITORS | READ_BY_ADMINISTRATORS if by.is_staff else READ_BY_EDITORS
    secrets = Secret.objects.filter(entry__act__desk=desk, entry__act__kind__in=kinds)
    shown = _holding(secrets.exclude(entry__act__kind=PREVIEWED), words, sha256=sha256)
    previews = _holding(secrets.filter(entry__act__kind=PREVIEWED), words, sha256=sha256)
    return Matches(texts, files, shown, previews)


def find_in_drafts(desk: Desk, *, words: str) -> tuple[Match, ...]:
    """The places with the words in drafts, for the erasure alone and shown to no one."""
    return tuple(_texts_on(desk, words, [place for place in PLACES if place.own])) if words else ()


# Where words about a shared actor can be, and the path from a row to the actor. Each desk redacts its own texts about
# it.
OF_SHARED_ACTORS = ((Actor, "pk"), (ActorMerge, "actor"), (Redaction, "actor"))


def find_in_shared(actor: Actor, *, words: str) -> Matches:
    """The places with the words about a shared actor, or about actors merged into it."""
    actors = [actor.pk, *Actor.objects.filter(merged_into=actor, desk__isnull=True).values_list("pk", flat=True)]
    texts: list[Match] = []
    for model, leads in OF_SHARED_ACTORS:
        place = next(place for place in PLACES if place.model is model)
        texts += _texts(place, {f"{leads}__in": actors}, words)
    asked = Redaction.objects.filter(actor__in=actors).values_list("pk", flat=True)
    about = [*(f"actor:{pk}" for pk in actors), *(f"redaction:{pk}" for pk in asked)]
    secrets = Secret.objects.filter(entry__act__about__in=about, entry__act__desk__isnull=True)
    shown = _holding(secrets.exclude(entry__act__kind=PREVIEWED), words)
    return Matches(tuple(texts), (), shown, _holding(secrets.filter(entry__act__kind=PREVIEWED), words))


def _holding(secrets: QuerySet[Secret], words: str, *, sha256: str = "") -> tuple[OpenField, ...]:
    """`sha256`: a file's digest, which no person typed."""
    secrets = secrets.annotate(of_kind=F("entry__act__kind"))
    found = fields_holding(secrets, words, partial(_written, words)) if words else []
    found += fields_holding(secrets, sha256, _whatever) if sha256 else []
    return tuple(dict.fromkeys(found))


def _written(words: str, kind: str, name: str, value: Any, sealed: bool) -> Iterator[str]:
    yield from written_in_entry(kind, name=name, value=value, sealed=sealed)
    named = accounts_in_entry(kind, name=name, value=value, sealed=sealed)
    yield from (account for account in named if account.casefold() == words.casefold())


def _whatever(_kind: str, _name: str, value: Any, _sealed: bool) -> Iterator[str]:
    return strings_in(value)


def _texts_on(desk: Desk, words: str, places: Iterable[TextColumns], *, of_file: bool = False) -> Iterator[Match]:
    for place in places:
        yield from _texts(place, {place.desk: desk}, words, of_file=of_file)


def _texts(place: TextColumns, within: Mapping[str, Any], words: str, *, of_file: bool = False) -> Iterator[Match]:
    for column in place.columns:
        in_json = isinstance(_field(place, column), JSONField)
        rows: QuerySet[Any] = place.model._default_manager.filter(**within)
        rows = rows.annotate(
            searched=Cast(column, TextField()),
            of_claim=F(place.claim) if place.claim else Value(None, TextField()),
            of_source=F(place.source) if place.source else Value(None, TextField()),
        ).filter(searched__icontains=json.dumps(words, ensure_ascii=False)[1:-1] if in_json else words)
        for pk, value, claim, source in rows.order_by("pk").values_list("pk", column, "of_claim", "of_source"):
            strings = strings_in(value) if of_file else written_in(value, in_form=place.in_form)
            text = "\n".join(one for one in strings if words.casefold() in one.casefold())
            if text:
                parts = tuple(re.split(re.escape(words), text, flags=re.IGNORECASE))
                yield Match(place, pk, column, text, claim, source, words, parts, of_file)


def without_words(value: Any, found: Match) -> Any:
    """A column's text or JSON with the words taken out of people's text, or a digest taken out everywhere; cut to the
    column's length."""
    most = longest(found)
    pattern = re.compile(re.escape(found.words), flags=re.IGNORECASE)

    def taken_out(text: str) -> str:
        return pattern.sub(REDACTED, text)[:most]

    return everywhere(value, taken_out) if found.of_file else changed(value, taken_out, in_form=found.place.in_form)


def longest(found: Match) -> int | None:
    """The length limit of the column in characters; None for no limit."""
    return getattr(_field(found.place, found.column), "max_length", None)


def _field(place: TextColumns, column: str) -> "Field[Any, Any]":
    return next(field for field in place.model._meta.concrete_fields if field.name == column)
