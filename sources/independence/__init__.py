"""Independence: the number of separate voices that would all have to be wrong for a claim's support to vanish.

Pure: plain data in, plain data out; no database, no Django. The definitions (voice, countable, origin, unknown
lineage, support path) are those of the design's page on provenance. Also a program of its own:
`python -m sources.independence GRAPH.json`.

The answer is the size of the smallest set of voices that meets every support path: a minimum hitting set.

1. Voice-disjoint paths are packed greedily (`search`); six of them prove 5+.
2. The least cut between voices (`chains`) meets every path, so it bounds the answer from above, and its disjoint
   chains that are real paths bound it from below. If each voice has one source, the bounds agree (Menger's theorem),
   which keeps long chains and wide layers cheap.
3. If the bounds differ, each number between them is tried in turn, branching on the voices of a surviving path, at
   most five deep. Known paths prune most branches before the graph is searched again.
4. The problem is hard, and some tangled graphs would take minutes. Beyond a fixed amount of work, `min` is the proved
   number, `max` is the cut, and the answer is marked as not exact. `min` is never overstated.
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
