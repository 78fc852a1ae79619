"""What is said of the communities of a collection: method, number, modularity of which graph.

Two graphs are meant by "the network". Communities are found in that of the nodes of the pages, in
which near-duplicates are one node. The exports hold that of all pictures. Every figure names its
graph, and that of the exports can be recomputed from them: the modularity, by weight, of the
partition by the first number of `community`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from graph.choices import METHOD_TITLES
from graph.communities.weights import Rows
from imgrec.system.text import counted


@dataclass(frozen=True)
class CommunityFacts:
    """How communities were found, and how good they are.

    Attributes:
        method: one of `graph.choices.METHODS`.
        library: `graph.choices.PYTHON_LOUVAIN` or `IGRAPH`.
        communities: number of communities that the method found in the whole graph.
        levels: number of its levels; 1 for Leiden.
        modularity: of these communities in the graph of the nodes, near-duplicates being one node.
        exported_modularity: of the communities of the first level in the graph of all pictures.
    """

    method: str
    library: str
    communities: int
    levels: int
    modularity: float
    exported_modularity: float

    def lines(self) -> str:
        """Return two lines: what was found by which method, and the modularity of both graphs."""
        levels = f" in {counted(self.levels, 'level')}" if self.levels > 1 else ""
        return (
            f"{counted(self.communities, 'community')} by {self.by()}{levels}\n"
            f"modularity {self.modularity:z.3f} of the graph with near-duplicates as one node, "
            f"{self.exported_modularity:z.3f} of the exported graph\n"
        )

    def by(self) -> str:
        """Return the method and its library: "Louvain (python-louvain)"."""
        return f"{METHOD_TITLES[self.method]} ({self.library})"


def first_numbers(labels: Iterable[str]) -> Rows:
    """Return the partition (n,) by the first number of labels such as "3.1", numbered from 0."""
    firsts = [label.partition(".")[0] for label in labels]
    return np.asarray(np.unique(firsts, return_inverse=True)[1], np.int64)
