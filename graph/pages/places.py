"""Look up where a picture is shown: the page, and its cell on the sheet of that page.

Needed for links to neighbors on other pages and for search results. Stored as arrays, 20 bytes per
node, so that millions of pictures fit into memory.
"""

from collections.abc import Sequence

import numpy as np

from graph.addresses import Cell, Page
from graph.communities.bundles import Bundles
from graph.communities.weights import Rows
from imgrec.collection import Ids


class Places:
    """Table of the page and the cell of every node."""

    def __init__(self, bundles: Bundles, paths: Sequence[str]) -> None:
        """Allocate an empty table.

        Args:
            bundles: the nodes.
            paths: of the communities whose pages show pictures.
        """
        self._bundles = bundles
        self._pages = [Page(path) for path in paths]
        self._number = {page.path: number for number, page in enumerate(self._pages)}
        self._page = np.full(len(bundles), -1, np.int32)
        self._cells = np.zeros((len(bundles), 4), np.int32)

    def put(self, path: str, nodes: Rows, cells: Sequence[Cell]) -> None:
        """Record that nodes are shown on the page of a community, in the given cells."""
        self._page[nodes] = self._number[path]
        self._cells[nodes] = cells

    def of(self, node: int) -> tuple[Page, Cell]:
        """Return the page and the cell of a node."""
        left, top, width, height = self._cells[node].tolist()
        return self._pages[self._page[node]], (left, top, width, height)

    def of_all(self, nodes: Rows) -> list[tuple[Page, Cell]]:
        """Return the page and the cell of each of some nodes (m,)."""
        cells: list[list[int]] = self._cells[nodes].tolist()
        return [
            (self._pages[page], (left, top, width, height))
            for page, (left, top, width, height) in zip(
                self._page[nodes].tolist(), cells, strict=True
            )
        ]

    def nodes(self, pictures: Ids) -> Rows:
        """Return the nodes of pictures, given by ids, in an array of the same shape."""
        nodes: Rows = self._bundles.node[np.searchsorted(self._bundles.ids, pictures)]
        return nodes
