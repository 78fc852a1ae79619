"""Where each picture lies: the page that shows it and its cell on that page's sheet."""

from collections.abc import Sequence

import numpy as np

from graph.addresses import Cell, Page
from graph.communities.bundles import Bundles
from graph.communities.weights import Rows


class Places:
    """The page and the cell of every node, in 24 bytes each."""

    def __init__(self, bundles: Bundles, paths: Sequence[str]) -> None:
        """Make room for the nodes of some pages of pictures, by the paths of their communities."""
        self._bundles = bundles
        self._paths = list(paths)
        self._number = {path: number for number, path in enumerate(self._paths)}
        self._page = np.full(len(bundles), -1, np.int32)
        self._cells = np.zeros((len(bundles), 4), np.int32)

    def put(self, path: str, nodes: Rows, cells: Sequence[Cell]) -> None:
        """Place nodes on the page of a community."""
        self._page[nodes] = self._number[path]
        self._cells[nodes] = cells

    def of(self, node: int) -> tuple[Page, Cell]:
        """Return the page of a node, and its cell."""
        left, top, width, height = self._cells[node].tolist()
        return Page(self._paths[self._page[node]]), (left, top, width, height)

    def node(self, picture: int) -> int:
        """Return the node of a picture by its id."""
        return int(self._bundles.node[np.searchsorted(self._bundles.ids, picture)])
