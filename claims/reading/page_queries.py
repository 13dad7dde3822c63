"""Queries for a claim's pages: scoped and fetched in one step, as in queries.py, and compiled once."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.compiled import compiled
from accounts.models import User
from accounts.scopes import is_member
from claims.access.scopes import evidence_for
from claims.access.withheld import hidden_among, ids_in
from claims.models import (
    Claim,
    Element,
    Evidence,
    Participant,
    ParticipantRole,
    Recomputation,
    StatusChange,
    StatusChangeGraph,
    StatusChangeText,
    Task,
    Topic,
)
from claims.queries import relays_among, visible_claims
from claims.reading.shown_rows import ChangeWithReasons, ShownClaim, ShownEvidence, ShownRelay
from claims.verdicts.snapshots import snapshot_without
from house.errors import NotFound
from sources.models import Relay, Visibility


def claim_shown(user: User, reference: str) -> ShownClaim:
    """One claim with the heading of its pages. Raises NotFound.

    It has `topic_names` in order, `also_ids` (the actors who also claim it), and `recomputing`: whether its numbers are
    still to be recomputed after a large change.
    """
    for claim in _claim(user, reference):
        return claim
    raise NotFound(_("Claim not found."))


@compiled(User, str)
def _claim(user: User, reference: str) -> QuerySet[ShownClaim]:
    topics = Topic.objects.filter(claims=OuterRef("pk")).order_by("name")
    also = Claim.also_claimed_by.through.objects.filter(claim=OuterRef("pk"))
    rows = visible_claims(user).filter(reference=reference).select_related("claimant", "created_by")
    own = (field.name for field in Claim._meta.concrete_fields if field.name not in ("words", "threshold_by"))
    return rows.only(*own, "claimant__name", "created_by__username").annotate(
        topic_names=ArraySubquery(topics.values("name")),
        also_ids=ArraySubquery(also.values("actor")),
        recomputing=Exists(Recomputation.objects.filter(claim=OuterRef("pk"))),
    )


@compiled(User, Claim)
def evidence_shown(user: User, claim: Claim) -> QuerySet[ShownEvidence]:
    """The claim's evidence that the person may see, withdrawn included, oldest first, with source and publisher.

    Each has `on_parts`: the texts of the elements that it is limited to, in order.
    """
    parts = Element.objects.filter(evidence=OuterRef("pk")).order_by("position")
    rows = Evidence.objects.filter(evidence_for(user), claim=claim).order_by("created_at", "id")
    rows = rows.select_related("source__publisher", "against_interest", "withdrawn_by")
    source = ("title", "kind", "url", "published_at", "basis", "basis_reason", "language", "reliability", "visibility")
    return rows.only(
        *("stance", "basis", "basis_reason", "excerpt", "locator", "credibility", "against_interest_reason"),
        *("superseded_by", "visibility", "withdrawn_at", "withdrawn_reason", "created_at", "claim"),
        *(f"source__{name}" for name in (*source, "retracted_at", "corrected_at")),
        *("source__publisher__name", "source__publisher__reliability", "source__publisher__visibility"),
        *("source__publisher__desk", "against_interest__name", "against_interest__visibility"),
        *("against_interest__desk", "withdrawn_by__username"),
    ).annotate(on_parts=ArraySubquery(parts.values("text")))


@compiled(User, Claim)
def evidence_numbered(user: User, claim: Claim) -> QuerySet[Evidence]:
    """The same evidence, with only the columns that give its numbers and its sources."""
    rows = Evidence.objects.filter(evidence_for(user), claim=claim).order_by("created_at", "id")
    return rows.only("claim", "source", "visibility", "created_at")


def relays_shown(user: User, claim: Claim) -> list[Relay]:
    """The relays below the sources of a claim (already scoped) whose upstream the person may see, oldest first.

    Relays of hidden sources are included: pages show them only below evidence that the person sees.
    """
    found = _relays(user, claim)
    if all(relay.plainly for relay in found):
        return list(found)
    return relays_among(user, {relay.downstream_id for relay in found})  # a costly subquery, rarely needed


@compiled(User, Claim)
def _relays(user: User, claim: Claim) -> QuerySet[ShownRelay]:
    sources = Evidence.objects.filter(claim=claim).values("source")
    plainly = Q(is_member(user, "upstream__desk")) & ~Q(upstream__visibility=Visibility.RESTRICTED)
    rows = Relay.objects.filter(removed_at__isnull=True, downstream__in=sources).select_related("upstream")
    rows = rows.annotate(plainly=ExpressionWrapper(plainly, BooleanField())).order_by("created_at", "id")
    return rows.only("downstream", "upstream__title")


def open_tasks_shown(user: User, claim: Claim) -> list[Task]:
    """The open re-checks of a claim (already scoped), earliest due first; of excerpts only the visible ones."""
    return _tasks(user, claim, claim)


@compiled(User, Claim, Claim)
def _tasks(user: User, claim: Claim, of_evidence: Claim) -> QuerySet[Task]:
    seen = Evidence.objects.filter(evidence_for(user), claim=of_evidence).values("pk")
    rows = Task.objects.filter(Q(evidence__isnull=True) | Q(evidence__in=seen), claim=claim, ended_at__isnull=True)
    return rows.select_related("evidence__source").order_by("due_at", "id")


@compiled(Claim)
def deciders_shown(claim: Claim) -> QuerySet[Participant]:
    """The present approvers of a claim (already scoped), by user name, earliest first."""
    rows = Participant.objects.filter(claim=claim, role=ParticipantRole.DECIDER, until__isnull=True)
    return rows.select_related("user").only("user__username").order_by("since", "id")


@compiled(Claim)
def history_shown(claim: Claim) -> QuerySet[ChangeWithReasons]:
    """A claim's status changes, oldest first, with user names.

    Each has `reason` and `decision_reason`, which are kept in a table of their own: None once erased.
    """
    words = StatusChangeText.objects.filter(claim=OuterRef("claim"), seq=OuterRef("seq"))
    rows = StatusChange.objects.filter(claim=claim).select_related("by", "decided_by").order_by("seq")
    own = (field.name for field in StatusChange._meta.concrete_fields)
    return rows.only(*own, "by__username", "decided_by__username").annotate(
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
