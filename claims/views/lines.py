"""Evidence as `parts/evidence.html` shows it: a line for each piece, with the reasons for and against counting it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from claims.models import Claim, Credibility, Evidence, Stance
from claims.reading.page_queries import relays_shown
from claims.record.reads import note_shown
from claims.shown_rows import ShownEvidence
from claims.verdicts.evidence_graph import EvidenceGraph, EvidenceView
from claims.verdicts.sentences import why_not_counted
from sources.models import Basis, Relay, Reliability, Visibility

HIDDEN = "R"  # prefix in the numbers of restricted evidence


@dataclass(frozen=True)
class Link:
    """A link: `label` says what it does, `text` what it leads to."""

    text: str
    url: str

    @property
    def label(self) -> str:
        return self.text


@dataclass
class EvidenceLine:
    """One piece of evidence; `parts/evidence.html` explains each attribute."""

    evidence: Evidence
    number: str
    title: str
    url: str
    publisher: str
    published_on: object
    basis: str
    excerpt: str
    excerpt_language: str
    locator: str
    reliability: str
    credibility: int | None
    notes: list[str]
    restricted: bool
    withdrawn: str
    upstream: list[Link] = field(default_factory=list)
    acts: list[Link] = field(default_factory=list)
    stance: str = ""

    @property
    def anchor(self) -> str:
        return f"e-{self.number}"


@dataclass(frozen=True)
class StanceGroup:
    """The live evidence of one stance, under its heading."""

    stance: str
    heading: str
    lines: list[EvidenceLine]
    empty: str


def evidence_lines(user: User, claim: Claim, rows: Sequence[ShownEvidence], graph: EvidenceGraph) -> list[EvidenceLine]:
    """The claim's evidence that the person may see (`rows`, from `evidence_shown`), oldest first, withdrawn included.

    Restricted pieces are recorded as read.
    """
    numbers = numbers_of(rows)
    relays = relays_shown(user, claim)
    note_shown(user, [*rows, *relays])
    views = {item.id: item for item in graph.evidence}
    found = []
    for row in rows:
        line = evidence_line(row, numbers[row.pk], graph, views.get(str(row.pk)), numbers)
        line.upstream = _upstream(row, relays, rows, numbers)
        found.append(line)
    return found


def numbers_of(rows: Iterable[Evidence]) -> dict[UUID, str]:
    """A number for each piece, by age.

    Restricted ones have their own series, so that the others' numbers reveal nothing.
    """
    numbers: dict[UUID, str] = {}
    plain = hidden = 0
    for row in rows:
        if row.visibility == Visibility.RESTRICTED:
            hidden += 1
            numbers[row.pk] = f"{HIDDEN}{hidden}"
        else:
            plain += 1
            numbers[row.pk] = str(plain)
    return numbers


def evidence_line(
    row: ShownEvidence,
    number: str,
    graph: EvidenceGraph,
    view: EvidenceView | None,
    numbers: Mapping[UUID, str],
) -> EvidenceLine:
    """One line; `view`: the piece in the evidence graph, None where it is not part of it (restricted, withdrawn)."""
    source = row.source
    return EvidenceLine(
        evidence=row,
        number=number,
        title=source.title,
        url=reverse("source", args=[source.pk]),
        publisher=source.publisher.name if source.publisher else "",
        published_on=source.published_at,
        basis=basis_in_words(row.effective_basis),
        excerpt=row.excerpt,
        excerpt_language=source.language,
        locator=row.locator,
        reliability=source.effective_reliability,
        credibility=row.credibility,
        notes=_notes(row, graph, view, numbers),
        restricted=row.visibility == Visibility.RESTRICTED,
        withdrawn=_withdrawn(row),
    )


def basis_in_words(basis: str) -> str:
    """A basis in words that make sense without a label."""
    return _("basis unknown") if basis == Basis.UNKNOWN else str(Basis(basis).label)


def _withdrawn(row: Evidence) -> str:
    if row.withdrawn_at is None or row.withdrawn_by is None:
        return ""
    return _("Withdrawn by %(person)s: %(reason)s") % {
        "person": row.withdrawn_by.username,
        "reason": row.withdrawn_reason,
    }


def _notes(
    row: ShownEvidence, graph: EvidenceGraph, view: EvidenceView | None, numbers: Mapping[UUID, str]
) -> list[str]:
    notes = []
    if row.on_parts:
        notes.append(_("on %(elements)s") % {"elements": ", ".join(f"“{text}”" for text in row.on_parts)})
    notes += facts_against(row, numbers)
    if view is not None and (reason := why_not_counted(graph, view)):
        notes.append(reason[:1].upper() + reason[1:])
    if row.against_interest:
        notes.append(
            _("Admission against interest of %(name)s: %(reason)s")
            % {"name": row.against_interest.name, "reason": row.against_interest_reason}
        )
    if row.basis_reason or row.source.basis_reason:
        notes.append(_("Basis: %(reason)s") % {"reason": row.basis_reason or row.source.basis_reason})
    if row.visibility == Visibility.RESTRICTED:
        notes.append(_("Restricted: does not count, and cannot support a move"))
    return notes


def facts_against(row: Evidence, numbers: Mapping[UUID, str]) -> list[str]:
    """Facts of the row that keep it from counting: retracted, superseded, unreliable, improbable."""
    found = []
    if row.source.retracted_at is not None:
        found.append(_("Retracted: does not count"))
    if row.superseded_by_id is not None:
        number = numbers.get(row.superseded_by_id, "")
        found.append(_("Superseded by %(number)s: no longer counted") % {"number": number})
    if row.source.effective_reliability == Reliability.E:
        found.append(_("Its source is graded unreliable: does not count"))
    if row.credibility == Credibility.IMPROBABLE:
        found.append(_("Graded improbable: does not count"))
    return found


def _upstream(
    row: Evidence, relays: Sequence[Relay], rows: Sequence[Evidence], numbers: Mapping[UUID, str]
) -> list[Link]:
    by_source = {each.source_id: numbers[each.pk] for each in reversed(rows)}
    found = []
    for relay in relays:
        if relay.downstream_id == row.source_id:
            number = by_source.get(relay.upstream_id)
            text = f"{number}, {relay.upstream.title}" if number else relay.upstream.title
            found.append(Link(text, reverse("source", args=[relay.upstream_id])))
    return found


def grouped(lines: Iterable[EvidenceLine]) -> list[StanceGroup]:
    """The evidence that is not withdrawn, by stance, in reading order."""
    live = [line for line in lines if not line.withdrawn]
    headings = {
        Stance.SUPPORTS: (_("Supports"), _("No attached evidence supports it.")),
        Stance.DENIES: (_("Denies"), _("No attached evidence denies it.")),
        Stance.REFUTES: (_("Refutes"), _("No attached evidence refutes it.")),
        Stance.CONTEXT: (_("Context"), _("No context attached.")),
    }
    return [
        StanceGroup(stance.value, heading, [line for line in live if line.evidence.stance == stance], empty)
        for stance, (heading, empty) in headings.items()
    ]
