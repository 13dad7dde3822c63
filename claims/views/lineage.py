"""The sourcing chain as a nested list for `parts/tree.html`: origins first, the sources based on them below."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from claims.models import Stance
from claims.verdicts.evidence_graph import EvidenceGraph, of_claim
from claims.verdicts.policy import lineage_unknown
from claims.verdicts.sentences import why_source_does_not_count
from claims.views.lines import basis_in_words
from sources.models import Relay


@dataclass
class ListedSource:
    """One source in the list; `parts/tree.html` explains each attribute."""

    title: str
    url: str
    publisher: str
    published_on: object
    lines: list[str]
    kind: str
    reason: str
    single: bool
    quote: str = ""
    quote_language: str = ""
    children: list["ListedSource"] = field(default_factory=list)


@dataclass
class Lineage:
    """Builds the list.

    A source already listed is named again without its branch: a dense net of relays would otherwise be repeated along
    every path.
    """

    graph: EvidenceGraph
    relays: Mapping[tuple[str, str], Relay]
    numbers: Mapping[str, str]

    def __post_init__(self) -> None:
        self._below: dict[str, list[str]] = {}
        for below, above in self.graph.relays:
            self._below.setdefault(above, []).append(below)
        self._single = set(of_claim(self.graph).single_points_of_failure)
        self._seen: set[str] = set()
        # The voice counts on the paths that start at such evidence; elsewhere the line says that it does not.
        self._admitting = {item.source for item in self.graph.evidence if item.against_interest and item.counts}

    def roots(self) -> list[ListedSource]:
        """The sources without a recorded upstream, each with the sources based on it."""
        relaying = {below for below, _above in self.graph.relays}
        return self._grown([(source, None) for source in self.graph.sources if source not in relaying])

    def _grown(self, starts: Iterable[tuple[str, str | None]]) -> list[ListedSource]:
        top: list[ListedSource] = []
        waiting = [(source, above, top) for source, above in reversed(list(starts))]
        while waiting:
            source, above, place = waiting.pop()
            node = self._node(source, above)
            place.append(node)
            if source not in self._seen:
                self._seen.add(source)
                waiting += [(below, source, node.children) for below in reversed(self._below.get(source, []))]
        return top

    def _node(self, source: str, above: str | None) -> ListedSource:
        graph, view = self.graph, self.graph.sources[source]
        relay = self.relays.get((source, above)) if above else None
        reason = "" if source in self._admitting else why_source_does_not_count(graph, source)
        unknown = not reason and lineage_unknown(graph, source)
        return ListedSource(
            title=view.title,
            url=reverse("source", args=[source]),
            publisher=graph.names.get(view.publisher or "", ""),
            published_on=view.day,
            lines=self._lines(source),
            kind="greyed" if reason else "unknown" if unknown else "",
            reason=reason,
            single=graph.voice(source) in self._single and not reason,
            quote=relay.quote if relay else "",
        )

    def _lines(self, source: str) -> list[str]:
        lines = [basis_in_words(self.graph.basis_of(source))]
        lines += [
            _("evidence %(number)s, %(stance)s")
            % {"number": self.numbers.get(item.id, "?"), "stance": Stance(item.stance).label}
            for item in self.graph.evidence
            if item.source == source
        ]
        if source in self._admitting:
            lines.append(_("admission against interest: counts there only"))
        if source in self._seen:
            lines.append(_("already listed above"))
        return lines
