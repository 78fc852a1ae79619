"""The partitions of the last run, kept in the store: the next run continues them.

    communities/
        kept.json              how the communities were found, their names, and checksums
        ids.npy, parts.npy     (n,) catalog ids; (n, depth) int32

Column d of `parts` has for each picture its part in the partition that was found at depth d of the
tree, as in `graph.communities.start`. Column 0 is the partition of the whole graph; the labels
`community` do not hold it, since an overview may group communities, and puts loners together.

A run with the same options starts from these parts, so that most pictures stay in their community
when others come or go; if the graph is the same too, the parts are taken as they are. With another
feature, method, library, k or seed, communities are found anew.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.choices import IGRAPH, METHODS, PYTHON_LOUVAIN
from graph.communities.bundles import Bundles
from graph.communities.facts import CommunityFacts
from graph.communities.start import ALL, NOWHERE, Parts, Paths, Start
from graph.communities.tree import Community
from graph.communities.weights import Graph
from imgrec.collection import Ids
from imgrec.errors import StoreError
from imgrec.labels.community_names import NAMES, VERSION, to_keep
from imgrec.store.arrays import are_ids, match
from imgrec.store.kept import load, save
from imgrec.store.store import Store
from imgrec.system.json_files import a_number, one_of, problem

_FACTS = {
    "method": one_of(*METHODS),
    "library": one_of(PYTHON_LOUVAIN, IGRAPH),
    "communities": a_number(0, 1 << 40),
    "levels": a_number(0, 1 << 10),
    "modularity": float,
    "exported_modularity": float,
}
_STATE = {"options": {}, "digest": str, "facts": _FACTS, "names": NAMES}


@dataclass(frozen=True)
class KeptParts:
    """The partitions of a run.

    Attributes:
        ids: (n,) ascending picture ids.
        parts: (n, depth) the part of each picture at each depth, see the module.
        options: what the partitions depend on beside the graph, as JSON values.
        digest: of the graph.
        facts: what is said of the communities.
        words: of the names of the communities, by path, see `imgrec.labels.community_names`.
    """

    ids: Ids
    parts: Parts
    options: Mapping[str, Any]
    digest: str
    facts: CommunityFacts
    words: Mapping[str, str]

    def start(
        self, options: Mapping[str, Any], digest: str, bundles: Bundles, paths: Paths
    ) -> Start:
        """Return where a run with these options starts on the graph with this digest.

        Args:
            options: of the run, as JSON values.
            digest: of its graph.
            bundles: its nodes.
            paths: (u, levels) the numbers of the labels of its nodes in the run before.
        """
        paged = self.options.get("page_size") == options.get("page_size")
        if {**self.options, "page_size": 0} != {**options, "page_size": 0}:
            return NOWHERE
        parts = self._of_nodes(bundles)
        if not paged:
            # Only the partition of the whole graph does not depend on the size of pages.
            parts = parts[:, :1]
        return Start(parts, 0 if digest != self.digest else ALL if paged else 1, paths)

    def _of_nodes(self, bundles: Bundles) -> Parts:
        """Return the parts (u, depth) of nodes; -1 for those of new pictures.

        A node has the parts of the first of its pictures that was there before.
        """
        found = np.full((len(bundles), self.parts.shape[1]), -1, np.int32)
        place = np.searchsorted(self.ids, bundles.ids).clip(max=len(self.ids) - 1)
        there = np.flatnonzero(self.ids[place] == bundles.ids)
        nodes, first = np.unique(bundles.node[there], return_index=True)
        found[nodes] = self.parts[place[there[first]]]
        return found


def load_parts(store: Store) -> KeptParts | None:
    """Return the partitions that a store keeps; None if they are absent or damaged."""
    kept = load(store.paths.communities, {"version": VERSION}, ("ids", "parts"))
    if kept is None:
        return None
    ids, parts, state = kept.arrays["ids"], kept.arrays["parts"], kept.state
    if match(kept.arrays, {"ids": "int64 n", "parts": "int32 n depth"}) is None:
        return None
    if not parts.size or not are_ids(ids) or problem(state, _STATE):
        return None
    facts = CommunityFacts(**{name: state["facts"][name] for name in _FACTS})
    return KeptParts(ids, parts, state["options"], state["digest"], facts, state["names"])


def keep_parts(store: Store, made: KeptParts) -> None:
    """Keep the partitions of a run; silently not if the store is read-only, locked or full."""
    state = {
        "options": dict(made.options),
        "digest": made.digest,
        "facts": asdict(made.facts),
        "names": to_keep(made.words),
    }
    with suppress(OSError, StoreError, sqlite3.Error), store.writing():
        save(
            store.paths.communities,
            {"version": VERSION},
            {"ids": made.ids, "parts": made.parts},
            state,
        )


def parts_of(tree: Community, bundles: Bundles) -> Parts:
    """Return the partitions (n, depth) of all pictures in a tree, a column for each depth."""
    columns: list[NDArray[np.int32]] = []

    def collect(group: Community, depth: int) -> None:
        if group.parts is not None:
            if depth == len(columns):
                columns.append(np.full(len(bundles), -1, np.int32))
            columns[depth][group.rows] = group.parts
            depth += 1
        for child in group.children:
            collect(child, depth)

    collect(tree, 0)
    return np.stack(columns, axis=1)[bundles.node]


def graph_digest(graph: Graph, bundles: Bundles) -> str:
    """Return a digest of everything that a partition depends on beside its options."""
    found = hashlib.blake2b(digest_size=16)
    for values in (bundles.ids, bundles.node, graph.low, graph.high, graph.weights):
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()
