"""How many separate voices would have to be wrong for a claim's support to vanish: the answer for a whole graph."""

from sources.independence.graph import Graph, Independence
from sources.independence.net import Net, Relays
from sources.independence.search import Search


def independence(graph: Graph) -> Independence:
    """The interval of independent support in `graph`, whose source ids are unique.

    Raises GraphError where a relay or a piece of evidence names a source that is not listed.
    """
    relays = Relays(graph)
    net, generous = Net(graph, relays, generous=False), Net(graph, relays, generous=True)
    search = Search(net)
    low = search.least()
    nothing_unknown = net.origins == generous.origins and net.sources_of == generous.sources_of
    high = low if nothing_unknown else Search(generous).least()
    single = net.names(search.on_all()) if low[0] == 1 else []
    return Independence(
        min=low[0],
        max=high[1],
        single_points_of_failure=tuple(sorted(single, key=lambda name: (name is None, name or ""))),
        exact=low[0] == low[1] and high[0] == high[1],
    )
