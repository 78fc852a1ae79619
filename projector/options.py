"""Options of a logdir, light to import: a command reads them before it knows if there is work."""

from collections.abc import Sequence
from dataclasses import dataclass

from imgrec.errors import WrongValueError
from imgrec.layouts.choices import OVERVIEW_SIZE, VIEWS, check_methods
from imgrec.system.argument_types import WHOLE, WHOLE_OR_NONE, check_types
from projector.choices import DIMENSIONS, LEAST_DIMENSIONS, MAX_POINTS, PAGE_SIZE

_KINDS = {
    **dict.fromkeys(("overview", "page_size", "max_points", "seed"), WHOLE),
    **dict.fromkeys(("dimensions", "clusters", "workers"), WHOLE_OR_NONE),
}


@dataclass(frozen=True)
class ProjectorOptions:
    """Options of a logdir.

    Attributes:
        dimensions: principal components in the tensors; None for unreduced vectors.
        overview: number of pictures in the overview.
        page_size: most pictures per page.
        max_points: most pictures of a collection that is also shown whole, in one run; TensorBoard
            shows no more points of a tensor.
        clusters: most k-means clusters; None for 30, of a small collection fewer.
        methods: layouts beside PCA, of `imgrec.layouts.choices.VIEWS`.
        seed: of the layouts.
        workers: processes that draw sprites and compute layouts; 0 for this process alone, None
            for one per core if the collection is large enough.
    """

    dimensions: int | None = DIMENSIONS
    overview: int = OVERVIEW_SIZE
    page_size: int = PAGE_SIZE
    max_points: int = MAX_POINTS
    clusters: int | None = None
    methods: Sequence[str] = VIEWS
    seed: int = 0
    workers: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers and the names of the layouts.

        Raises:
            WrongTypeError: an option has another type.
            WrongValueError: a number is out of range, or a layout is unknown.
        """
        check_types(self, _KINDS)
        check_methods(self.methods, VIEWS)
        least = {"dimensions": LEAST_DIMENSIONS, "overview": 2, "page_size": 2, "clusters": 1}
        for name, number in (least | {"seed": 0, "workers": 0}).items():
            value = getattr(self, name)
            if value is not None and value < number:
                raise WrongValueError(f"{name} is {value}: give a number from {number} on")
