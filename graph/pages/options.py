"""Options of a site, light to import: a command reads them before it knows if there is work."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.choices import AUTO, JOINED, PAGE_SIZE, check_method
from imgrec.errors import WrongValueError
from imgrec.system.argument_types import (
    SWITCH,
    TEXT,
    TEXT_OR_NONE,
    WHOLE,
    WHOLE_OR_NONE,
    check_types,
)

# Least number of pages that is worth the start of worker processes.
WORKERS_FROM = 24


_KINDS = {
    **dict.fromkeys(("k", "seed", "page_size", "workers_from"), WHOLE),
    **dict.fromkeys(("encoder", "communities"), TEXT_OR_NONE),
    "louvain": TEXT,
    **dict.fromkeys(("network", "map"), SWITCH),
    "workers": WHOLE_OR_NONE,
}


@dataclass(frozen=True)
class SiteOptions:
    """Options of a site.

    Attributes:
        encoder: name of the feature to compare; None for the default feature of the store.
        k: how many nearest neighbors of each picture become edges.
        seed: of communities and layouts.
        page_size: most nodes per page.
        communities: method to find communities, one of `graph.choices.METHODS`. None: Louvain if
            `louvain` names a library, else the method by which the communities of the store were
            found, at first Louvain.
        louvain: library for Louvain, one of `graph.choices.ENGINES`.
        groups: ids of near-duplicates that become one node, the representative first in each
            group. () shows every picture as a node of its own; None finds the near-duplicates and
            keeps them as labels.
        previews: copy the previews of the store into the site, if it has any.
        network: write the network pages.
        map: write the map. One of both is written at least.
        workers: processes that draw the pages; 0 for this process alone, None for one per core.
        workers_from: least number of pages for which worker processes are started.
    """

    encoder: str | None = None
    k: int = JOINED
    seed: int = 0
    page_size: int = PAGE_SIZE
    communities: str | None = None
    louvain: str = AUTO
    groups: Sequence[Sequence[int]] | None = None
    previews: bool = True
    network: bool = True
    map: bool = True
    workers: int | None = None
    workers_from: int = WORKERS_FROM

    def __post_init__(self) -> None:
        check_types(self, _KINDS)
        check_method(self.communities, self.louvain)
        if not self.network and not self.map:
            raise WrongValueError("a site without network pages and without a map is empty")
