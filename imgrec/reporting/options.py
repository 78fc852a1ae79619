"""Options of a report, light to import: a command reads them before it knows if there is work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import WrongValueError
from imgrec.layouts.choices import METHODS, check_methods
from imgrec.reporting.choices import DIVERSE
from imgrec.system.argument_types import (
    PATH_OBJECT_OR_NONE,
    TEXT_OR_NONE,
    WHOLE,
    WHOLE_OR_NONE,
    check_types,
)

_KINDS = {
    "encoder": TEXT_OR_NONE,
    "clusters": WHOLE_OR_NONE,
    "diverse": WHOLE,
    "seed": WHOLE,
    "site": PATH_OBJECT_OR_NONE,
    "logdir": PATH_OBJECT_OR_NONE,
    "named": PATH_OBJECT_OR_NONE,
}


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        encoder: the feature for clusters and maps; by default the store's own.
        clusters: maximal number of k-means clusters; None for 30, of a small collection fewer.
        methods: the maps beside PCA, of `METHODS`.
        seed: of the maps.
        site: folder of the network site; by default where `imgrec graph` wrote it last.
        logdir: folder of the projector; by default one beside the store or the report.
        diverse: number of pictures of the diverse subset, 0 for none.
        named: the store as commands in the page name it, `--store NAMED`; by default they have no
            `--store`.
    """

    encoder: str | None = None
    clusters: int | None = None
    methods: Sequence[str] = METHODS
    seed: int = 0
    site: Path | None = None
    logdir: Path | None = None
    diverse: int = DIVERSE
    named: Path | None = None

    def __post_init__(self) -> None:
        """Check the types, the names of the maps and the size of the subset.

        Raises:
            WrongTypeError: an option has another type.
            WrongValueError: a map is unknown, there are no clusters, or the size is negative.
        """
        check_types(self, _KINDS)
        if self.clusters is not None and self.clusters < 1:
            raise WrongValueError(f"clusters is {self.clusters}: give a number from 1 on")
        check_methods(self.methods)
        if self.diverse < 0:
            raise WrongValueError(f"diverse is {self.diverse}: give the number of pictures, or 0")
