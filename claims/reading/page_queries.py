"""Queries for a claim's pages: scoped and fetched in one step, as in queries.py, and composed once."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from claims.access.scopes import evidence_for
from claims.access.withheld import hidden_among, ids_in
from claims.models import (
    Claim,
    Element,
    Evidence,
    Participant,
    Recomputation,
    StatusChange,
    StatusChangeGraph,
    StatusChangeText,
    Task,
    Topic,
)
from claims.queries import deciders_of, evidence_of, relays_among, relays_below, visible_claims
from claims.shown_rows import ChangeWithReasons, ShownClaim, ShownEvidence, ShownRelay
from claims.verdicts.snapshots import snapshot_without
from house.errors import NotFound
from house.kept_queries import columns_of, kept_rows
from sources.models import Relay, Source


def claim_shown(user: User, reference: str) -> ShownClaim:
    """One claim with the heading of its pages. Raises NotFound.

    It has `topic_names` in order, `also_ids` (the actors who also claim it), and `recomputing`: whether its numbers are
    still to be recomputed after a large change.
    """
    for claim in _claim(user, reference):
        return claim
    raise NotFound(_("Claim not found."))


_HEADING = [*columns_of(Claim), "claimant__id", "claimant__name", "created_by__id", "created_by__username"]


@kept_rows(User, str, columns=[*_HEADING, "topic_names", "also_ids", "recomputing"])
def _claim(user: User, reference: str) -> QuerySet[ShownClaim]:
    topics = Topic.objects.filter(claims=OuterRef("pk")).order_by("name")
    also = Claim.also_claimed_by.through.objects.filter(claim=OuterRef("pk"))
    return (
        visible_claims(user)
        .filter(reference=reference)
        .annotate(
            topic_names=ArraySubquery(topics.values("name")),
            also_ids=ArraySubquery(also.values("actor")),
            recomputing=Exists(Recomputation.objects.filter(claim=OuterRef("pk"))),
        )
    )


_SOURCE = ("id", "title", "kind", "url", "published_at", "basis", "basis_reason", "language", "reliability")
_EVIDENCE = [
    *("id", "claim", "source", "stance", "basis", "basis_reason", "excerpt", "locator", "credibility"),
    *("against_interest", "against_interest_reason", "superseded_by", "visibility", "created_at", "on_parts"),
    *("withdrawn_at", "withdrawn_by", "withdrawn_reason", "withdrawn_by__id", "withdrawn_by__username"),
    *(f"source__{name}" for name in (*_SOURCE, "publisher", "visibility", "retracted_at", "corrected_at")),
    *(f"source__publisher__{name}" for name in ("id", "name", "reliability", "visibility", "desk")),
    *(f"against_interest__{name}" for name in ("id", "name", "visibility", "desk")),
]


@kept_rows(User, Claim, columns=_EVIDENCE)
def evidence_shown(user: User, claim: Claim) -> QuerySet[ShownEvidence]:
    """The claim's evidence that the person may see, withdrawn included, oldest first, with source and publisher.

    Each has `on_parts`: the texts of the elements that it is limited to, in order.
    """
    parts = Element.objects.filter(evidence=OuterRef("pk")).order_by("position")
    return evidence_of(user, claim).annotate(on_parts=ArraySubquery(parts.values("text")))


@kept_rows(User, Claim, columns=("id", "claim", "source", "visibility", "created_at"))
def evidence_numbered(user: User, claim: Claim) -> QuerySet[Evidence]:
    """The same evidence, with only the columns that give its numbers and its sources."""
    return evidence_of(user, claim)


def relays_shown(user: User, claim: Claim) -> list[Relay]:
    """The relays below the sources of a claim (already scoped) whose upstream the person may see, oldest first.

    Relays of hidden sources are included: pages show them only below evidence that the person sees.
    """
    found: list[ShownRelay] = _relays(user, claim)
    if all(relay.plainly for relay in found):
        return list(found)
    return relays_among(user, {relay.downstream_id for relay in found})  # a costly subquery, rarely needed


@kept_rows(User, Claim, columns=("id", "downstream", "upstream", "plainly", "upstream__id", "upstream__title"))
def _relays(user: User, claim: Claim) -> QuerySet[ShownRelay]:
    sources = Evidence.objects.filter(claim=claim).values("source")
    return relays_below(user, sources)


@kept_rows(
    User,
    Claim,
    columns=[*columns_of(Task), *columns_of(Evidence, "evidence__"), *columns_of(Source, "evidence__source__")],
)
def open_tasks_shown(user: User, claim: Claim) -> QuerySet[Task]:
    """The open re-checks of a claim (already scoped), earliest due first; of excerpts only the visible ones."""
    seen = Evidence.objects.filter(evidence_for(user), claim=claim).values("pk")
    rows = Task.objects.filter(Q(evidence__isnull=True) | Q(evidence__in=seen), claim=claim, ended_at__isnull=True)
    return rows.order_by("due_at", "id")


@kept_rows(Claim, columns=("id", "user", "user__id", "user__username"))
def deciders_shown(claim: Claim) -> QuerySet[Participant]:
    """The present approvers of a claim (already scoped), by user name, earliest first."""
    return deciders_of(claim)


_CHANGE = [*columns_of(StatusChange), "by__id", "by__username", "decided_by__id", "decided_by__username"]


@kept_rows(Claim, columns=[*_CHANGE, "reason", "decision_reason"])
def history_shown(claim: Claim) -> QuerySet[ChangeWithReasons]:
    """A claim's status changes, oldest first, with user names.

    Each has `reason` and `decision_reason`, which are kept in a table of their own: None once erased.
    """
    words = StatusChangeText.objects.filter(claim=OuterRef("claim"), seq=OuterRef("seq"))
    rows = StatusChange.objects.filter(claim=claim).order_by("seq")
    return rows.annotate(
        reason=Subquery(words.values("reason")), decision_reason=Subquery(words.values("decision_reason"))
    )


def graph_at(user: User, claim: Claim, seq: int) -> tuple[str | None, bool]:
    """The canonical JSON of the graph that one status change was decided on, and whether a part is withheld from the
    person.

    Its digest is that of the whole.
    """
    graph = StatusChangeGraph.objects.filter(claim=claim, seq=seq).values_list("graph", flat=True).first()
    hidden = {str(pk) for pk in hidden_among(user, ids_in(graph or ""))}
    return (snapshot_without(graph, hidden), True) if graph and hidden else (graph, False)
