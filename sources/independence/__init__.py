"""Who got it from whom: how many separate voices would have to be wrong for a claim's support to vanish.

Pure: plain data in, plain data out; no database, no Django. The definitions (voice, countable, origin, unknown
lineage, support path) are those of the design's page on provenance. It also runs by itself:
`python -m sources.independence GRAPH.json`.

The answer is the smallest set of voices that meets every support path: a minimum hitting set.

1. Voice-disjoint paths are packed greedily (`search`); six of them prove 5+.
2. The least cut between voices (`chains`) meets every path, so it bounds the answer from above, and its disjoint
   chains that are real paths bound it from below. Where each voice has one source the two always agree (Menger's
   theorem), which keeps long chains and wide layers cheap.
3. Only where they still differ, it is asked for one number after the other whether that many voices are enough, by
   branching on the voices of a path that survives, at most five deep. The paths found so far cut most branches off
   before the graph is looked at again.
4. That is a hard problem, and tangled graphs exist on which it would take minutes: past a fixed amount of work `min` is
   the number that is proved, `max` the cut, and the answer says that it is not exact. It never overstates `min`.
"""

from sources.independence.command import main, read_graph
from sources.independence.count import Counting, independence
from sources.independence.graph import (
    LIMIT,
    Basis,
    Bearing,
    Graph,
    GraphError,
    Independence,
    SourceNode,
    Voice,
    find_cycle,
)

__all__ = [
    "LIMIT", "Basis", "Bearing", "Counting", "Graph", "GraphError", "Independence", "SourceNode", "Voice", "find_cycle",
    "independence", "main", "read_graph",
]  # fmt: skip
