"""The audit log of a desk for its auditors, and that of no desk for administrators: all acts, with filters by person,
kind and time, and the state of the log.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.actions.reads import note_export
from accounts.ledger_entries import committed_person
from accounts.models import RestrictedRead, Role, User
from accounts.queries import AuditedAct, acts_of, late_for
from accounts.requests import PersonsRequest, own_memberships
from claims.access.scopes import evidence_for
from claims.access.withheld import hidden_among, ids_in
from claims.bundles.opened_entries import Reader, in_log_order, opened_acts
from claims.models import Evidence
from claims.queries import visible_claims, visible_sources
from claims.reading.actor_queries import shown_actors
from claims.reading.paging import Order, PagePosition, page_of, read_at
from claims.record.entry_labels import KINDS
from claims.record.reads import note_shown
from claims.views.keys import unkeyed
from claims.views.lines import Link
from claims.views.listing import neighbours
from house.errors import Forbidden, Invalid, NotFound
from ledger.models import Anchor, Checkpoint
from ledger.opened import entry_line, head_line, last_line
from ledger.reading import newest_checkpoint, newest_witnessed, openings_of
from ledger.stamps import authority_states
from ledger.trusted import keys_shown
from ledger.witness_states import witness_states

PAGE_SIZE = 50
MOST_NAMED = 5  # names of read material in one line
BATCH = 500
READ = "restricted_read"
NEWEST_FIRST = Order("at", newest_first=True, id="entry_id")


class ActsForm(forms.Form):
    """The filters of the audit log; sent by GET."""

    use_required_attribute = False

    person = forms.CharField(label=gettext_lazy("User name"), required=False, max_length=150)
    kind = forms.ChoiceField(
        label=gettext_lazy("Action"), required=False, choices=[("", gettext_lazy("everything")), *KINDS.items()]
    )
    claim = forms.CharField(label=gettext_lazy("Claim"), required=False, max_length=20)
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=gettext_lazy("until"), required=False, widget=forms.DateInput({"type": "date"}))


# Names for the subjects of acts that are hidden from the reader or have no name.
_SORTS = {
    "claim": gettext_lazy("claim"),
    "source": gettext_lazy("source"),
    "actor": gettext_lazy("actor"),
    "evidence": gettext_lazy("evidence"),
    "assessment": gettext_lazy("assessment"),
    "desk": gettext_lazy("desk"),
    "person": gettext_lazy("person"),
    "redaction": gettext_lazy("redaction"),
    "reads": gettext_lazy("reading"),
    "log": gettext_lazy("log"),
}


@dataclass(frozen=True, slots=True)
class ToldAct:
    """An act, and whether it is withheld from its reader."""

    row: AuditedAct
    withheld: bool

    @property
    def at(self) -> datetime:
        """The key of the list’s order (`NEWEST_FIRST`)."""
        return self.row.at

    @property
    def entry_id(self) -> int:
        """The order of acts of one moment."""
        return self.row.entry_id


@dataclass(frozen=True)
class AuditLine:
    """One act in the audit log; a withheld act shows only that it happened."""

    withheld: bool
    log_index: int | None
    number: int | None
    at: datetime
    kind: str
    by: str
    about: str
    url: str


@require_safe
def acts(request: PersonsRequest) -> HttpResponse:
    """The acts on the desks that the person audits, newest first, and the state of the log."""
    _may_audit(request)
    form, rows = _narrowed(request)
    read = partial(_read_told, request.user, rows, form)
    page = page_of(read, order=NEWEST_FIRST, cursor=request.GET.get("cursor", ""), filters=_said(form), size=PAGE_SIZE)
    context = {
        "form": form,
        "lines": _lines(request.user, page.rows),
        "narrowed": any(form.cleaned_data.values()),
        "checkpoint": newest_checkpoint(),
        "late_since": late_for(request.user, timezone.now()),
        "keys": keys_shown(),
        "unkeyed": unkeyed(),
        "witnessed": newest_witnessed(),
        "witness_policy": settings.WITNESS_POLICY,
        "witnesses": list(witness_states(settings.WITNESS_POLICY, timezone.now())),
        "anchors": Anchor.objects.order_by("-at", "-id")[:10],
        "stamping": authority_states(),
        "checkpoints": Checkpoint.objects.order_by("-size")[:5],
        "query": request.GET.urlencode(),
        **neighbours(request, page),
    }
    return render(request, "claims/acts.html", context)


def _may_audit(request: PersonsRequest) -> None:
    """Check that the person audits or edits a desk, or is an administrator, who reads what belongs to no desk.

    Raises Forbidden.
    """
    audits = any(row.role in (Role.AUDITOR, Role.EDITOR) for row in own_memberships(request))
    if not audits and not request.user.is_staff:
        raise Forbidden(_("Only a desk’s auditors and editors read its ledger. A claim’s history is on its page."))


def _narrowed(request: PersonsRequest) -> tuple[ActsForm, QuerySet[AuditedAct]]:
    form = ActsForm(request.GET)
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    given, rows = form.cleaned_data, acts_of(request.user)
    asked = {}
    if given["person"]:
        username = given["person"].strip()
        reads = RestrictedRead.objects.filter(user__username=username, entry__isnull=False)
        rows = rows.filter(Q(by__username=username) | Q(entry__in=reads.values("entry")), Q(withheld=False))
    if given["kind"]:
        asked["kind"] = given["kind"]
    if given["claim"]:
        found = (
            visible_claims(request.user)
            .filter(reference=given["claim"].strip().upper())
            .values_list("pk", flat=True)
            .first()
        )
        asked["about"] = f"claim:{found}"
    if asked:
        # A withheld act must not answer a filter: that would reveal it.
        rows = rows.filter(Q(withheld=False), **asked)
    zone = timezone.get_current_timezone()
    if given["since"]:
        rows = rows.filter(at__gte=datetime.combine(given["since"], time.min, zone))
    if given["until"]:
        rows = rows.filter(at__lte=datetime.combine(given["until"], time.max, zone))
    return form, rows


def _told(user: User, rows: Iterable[AuditedAct], form: ActsForm) -> list[ToldAct]:
    """The acts that the person may see, with a withheld line for those that name material restricted since.

    Filters leave out all withheld acts. The hourly records of reads appear only for hours with reads that the person
    may know of.
    """
    found = [row for row in rows if row.by_id is not None or row.kind != READ or _has_reads(row)]
    named = {row.pk: ids_in(bytes(row.entry.leaf).decode(errors="replace"), row.about) for row in found}
    hidden = hidden_among(user, set[UUID]().union(*named.values()))
    told = [ToldAct(row, row.withheld or bool(named[row.pk] & hidden)) for row in found]
    narrowed = any(form.cleaned_data[name] for name in ("person", "kind", "claim"))
    return [act for act in told if not (act.withheld and narrowed)]


def _read_told(user: User, rows: QuerySet[AuditedAct], form: ActsForm, place: PagePosition) -> list[ToldAct]:
    """A page of visible acts.

    Those left out are replaced by further ones, so that neither the number of lines nor that of pages reveals them.
    """
    found: list[ToldAct] = []
    while True:
        batch = read_at(rows, place)
        found += _told(user, batch, form)
        if len(found) >= place.most or len(batch) < place.most:
            return found[: place.most]
        last = batch[-1]
        place = replace(place, most=max(place.most, BATCH), key=last.at, id=last.entry_id)


def _has_reads(row: AuditedAct) -> bool:
    return not row.withheld and RestrictedRead.objects.filter(entry=row.pk).exists()


def _said(form: ActsForm) -> dict[str, object]:
    return {"list": "acts", **form.cleaned_data}


def _lines(user: User, acts: list[ToldAct]) -> list[AuditLine]:
    told = [act.row for act in acts if not act.withheld]
    read = _what_was_read(told)
    names = named_for(
        user, [*(row.about for row in told), *(subject for what in read.values() for subject in what.things)]
    )
    return [_line(act, names, read.get(act.row.pk, _NOTHING_READ)) for act in acts]


class _Reads(NamedTuple):
    """The material that an act records as read, by kind and id, and the user names of its readers."""

    things: list[str]
    people: list[str]


_NOTHING_READ = _Reads([], [])


def _what_was_read(rows: list[AuditedAct]) -> dict[int, _Reads]:
    """The restricted material that recorded reads concern and their readers, by entry."""
    reads = [row.pk for row in rows if row.kind == READ]
    opened = openings_of(reads) if reads else {}
    return {pk: _reads(fields["content/what"].value) for pk, fields in opened.items() if "content/what" in fields}


def _reads(said: list[Any]) -> _Reads:
    things = dict.fromkeys(f"{one['sort']}:{one['id']}" for one in said)
    return _Reads(list(things), list(dict.fromkeys(one["by"]["name"] for one in said if one.get("by"))))


def named_for(user: User, subjects: Iterable[str]) -> dict[str, Link]:
    """The names of these subjects, by kind and id, as far as the person may see them."""
    ids: dict[str, set[str]] = {}
    for subject in subjects:
        sort, _colon, name = subject.partition(":")
        ids.setdefault(sort, set()).add(name)
    claims = visible_claims(user).filter(pk__in=ids.get("claim", ())).values_list("pk", "reference")
    sources = visible_sources(user).filter(pk__in=ids.get("source", ())).select_related(None)
    actors = shown_actors(user).filter(pk__in=ids.get("actor", ())).select_related(None)
    sources, actors = sources.only("title", "visibility"), actors.only("name", "visibility", "desk")
    attached = Evidence.objects.filter(evidence_for(user), pk__in=ids.get("evidence", ()))
    attached = attached.select_related("claim", "source").order_by()
    note_shown(user, [*sources, *actors, *attached])
    # Auditors of a desk know its members.
    people = User.objects.filter(pk__in=ids.get("person", ())).values_list("pk", "username")
    return {
        **{f"person:{pk}": Link(username, "") for pk, username in people},
        **{f"assessment:{pk}": Link(_("assessment"), reverse("review", args=[pk])) for pk in ids.get("assessment", ())},
        **{f"evidence:{row.pk}": _of_evidence(row) for row in attached},
        **{f"claim:{pk}": Link(reference, reverse("claim-history", args=[reference])) for pk, reference in claims},
        **{f"source:{row.pk}": Link(row.title, reverse("source", args=[row.pk])) for row in sources},
        **{f"actor:{row.pk}": Link(row.name, reverse("actor", args=[row.pk])) for row in actors},
    }


@require_safe
def export(request: PersonsRequest, form: str) -> StreamingHttpResponse:
    """The same acts as a file, and a record of the export.

    Either a table, or a line of JSON for each act, opened as far as the person may read it, with its proof.
    """
    _may_audit(request)
    narrowed, rows = _narrowed(request)
    checkpoint = newest_checkpoint()
    if checkpoint is None:
        raise NotFound(_("No checkpoint signed yet. Try again in a minute."))
    said = {name: str(value) for name, value in narrowed.cleaned_data.items() if value}
    note_export(by=request.user, what={"list": "acts", "form": form, **said})
    acts = rows.order_by("entry_id")
    told = (_told(request.user, batch, narrowed) for batch in _batches(acts))
    content = _table(request.user, told) if form == "csv" else _opened(request.user, rows, narrowed, checkpoint, said)
    media_type = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl"
    headers = {"Content-Disposition": f'attachment; filename="ledger.{form}"'}
    return StreamingHttpResponse(content, content_type=media_type, headers=headers)


def _batches(rows: QuerySet[AuditedAct]) -> Iterator[list[AuditedAct]]:
    """All rows by entry, in batches of a few hundred."""
    last = 0
    while batch := list(rows.filter(entry_id__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].entry_id


class _Echo:
    """Returns what is written to it, since csv writes only into files."""

    def write(self, text: str) -> str:
        return text


def _table(user: User, batches: Iterable[list[ToldAct]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["at", "kind", "by", "about", "number", "leaf_hash"])
    for batch in batches:
        for line, act in zip(_lines(user, batch), batch, strict=True):
            row = act.row
            hashed = bytes(row.entry.leaf_hash).hex()
            kind = "withheld" if line.withheld else row.kind
            yield writer.writerow([row.at.isoformat(), kind, _plain(line.by), _plain(line.about), line.number, hashed])


def _plain(text: str) -> str:
    """The text, so that no spreadsheet reads it as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _opened(
    user: User, rows: QuerySet[AuditedAct], form: ActsForm, checkpoint: Checkpoint, narrowed: dict[str, str]
) -> Iterator[bytes]:
    """The lines of `export.jsonl` (docs/ledger.md, section 14), in the order of the log."""
    reader, count = Reader(user), 0
    yield head_line(
        checkpoint=checkpoint.note,
        made_for=committed_person(user) or {},
        narrowed=narrowed,
    )
    for batch in in_log_order(rows, checkpoint):
        told = [act.row for act in _told(user, batch, form)]
        for one in opened_acts(reader, told, checkpoint, rows):
            yield entry_line(one.leaf, one.erased)
            count += 1
    yield last_line(count)


def _line(act: ToldAct, names: dict[str, Link], read: _Reads) -> AuditLine:
    """One act as a line of the list; `read`: the restricted material that it records as read."""
    row = act.row
    if act.withheld:
        return AuditLine(True, row.log_index, None, row.at, "", "", "", "")
    links = [names.get(subject) or _unnamed(subject) for subject in read.things or [row.about]]
    more = [_("and %(count)d more") % {"count": len(links) - MOST_NAMED}] if len(links) > MOST_NAMED else []
    named = ", ".join([*(link.text for link in links[:MOST_NAMED]), *more])
    about = Link(named, links[0].url if len(links) == 1 else "")
    by = row.by.username if row.by else ", ".join(read.people)
    return AuditLine(
        False, row.log_index, row.entry.seq, row.at, str(KINDS.get(row.kind, row.kind)), by, about.text, about.url
    )


def _unnamed(subject: str) -> Link:
    """The label of a subject that is hidden from the person or has no name."""
    sort, _colon, name = subject.partition(":")
    return Link(f"{_SORTS.get(sort, sort)} {name[:8]}", "")


def _of_evidence(row: Evidence) -> Link:
    return Link(f"{row.claim.reference}: {row.source.title}", reverse("evidence", args=[row.claim.reference, row.pk]))
