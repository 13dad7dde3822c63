"""The interval of independent support of a whole graph."""

from collections.abc import Callable, Sequence

from sources.independence.graph import Bearing, Graph, Independence, SourceNode
from sources.independence.net import Net, RelayNet
from sources.independence.search import MOST_WORK, Search


class Counting:
    """Sources and relays prepared once, for counting several sets of evidence.

    Source ids must be unique. Raises GraphError if a relay names an unlisted source.
    """

    def __init__(self, sources: Sequence[SourceNode], relays: Sequence[tuple[str, str]]) -> None:
        drawn = RelayNet(sources, relays)
        self._least, self._most = Net(sources, drawn, generous=False), Net(sources, drawn, generous=True)
        # The two readings differ by unknown voices, unknown lineage and voices not checked alone: without these one
        # search is enough.
        self._nothing_unknown = (
            self._least.origins == self._most.origins
            and self._least.sources_of == self._most.sources_of
            and self._least.usable == self._most.usable
        )

    def independence(
        self,
        evidence: Sequence[Bearing],
        *,
        most_work: int = MOST_WORK,
        working: Callable[[int], None] = lambda _work: None,
    ) -> Independence:
        """The interval of independent support that this evidence gives, computed in at most `most_work` steps.

        `working` is called with a number of steps before they are taken, and may stop the count by raising. Raises
        GraphError if evidence names an unlisted source.
        """
        # With unknown voices or lineage there are two readings; each gets half of the work.
        each = most_work if self._nothing_unknown else most_work // 2
        search = Search(self._least.bearing(evidence), each, working)
        low = search.least()
        single, all_looked_at = search.on_all() if low[0] == 1 else (0, True)
        # A voice that every path needs proves that one is enough to lose them all, whatever the search had left open.
        if single:
            low = (1, 1)
        high = low if self._nothing_unknown else Search(self._most.bearing(evidence), each, working).least()
        names = self._least.names(single)
        return Independence(
            min=low[0],
            max=high[1],
            single_points_of_failure=tuple(sorted(names, key=lambda name: (name is None, name or ""))),
            exact=low[0] == low[1] and high[0] == high[1] and all_looked_at,
        )


def independence(graph: Graph) -> Independence:
    """The interval of independent support in a graph with unique source ids.

    Raises GraphError if a relay or a piece of evidence names an unlisted source.
    """
    return Counting(graph.sources, graph.relays).independence(graph.evidence)
