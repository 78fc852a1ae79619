"""Names of the stages of all commands, and what each costs, measured.

A cost is (seconds once, seconds per thousand pictures) on two cores of the machine on which the
figures of the documentation were measured, of 3,781 photos and their copies. Only the
relations matter: a run multiplies them by the speed that it observes (`imgrec.system.time_left`).
To measure again: `--verbose` prints the seconds of each stage.
"""

from collections.abc import Iterable, Mapping

# imgrec index
SCANNING = "looking for pictures"
READING = "reading pictures"
COLORS = "colors of pictures"
INDEXES = "search indexes"
# Of several commands.
NEIGHBORS = "nearest neighbors"
CLUSTERS = "clusters"
REDUCTION = "principal components"
NEAR_DUPLICATES = "near-duplicates"
# imgrec graph
COMMUNITIES = "communities"
PREVIEWS = "copying previews"
SHEETS = "sheets of thumbnails"
PAGES = "pages"
SEARCH = "search of names"
MAP_TILES = "tiles of the map"
MAP_DATA = "data of the map"
SITE_END = "writing the site"
# imgrec projector
PARTITION = "dividing into pages"
WEIGHTS = "weights of neighbors"
SPRITES = "thumbnails of the projector"
LOGDIR_END = "writing the logdir"
# imgrec report
FACTS = "likely wrong labels and copies"
SECTIONS = tuple(
    f"section on {what}"
    for what in (
        "classes",
        "clusters",
        "maps",
        "dates",
        "cameras",
        "health",
        "pictures",
        "encoders",
        "training",
    )
)
FIGURES = "drawing figures"
REPORT_END = "writing the report"
# imgrec duplicates
TURNED = "nearest neighbors, turned"
THUMBNAILS = "comparing thumbnails"
FILES = "comparing files"
GROUPS = "groups of duplicates"
REVIEW_PICTURES = "pictures of the page"
REVIEW_END = "writing the page"

# What a layout is of.
ALL, OVERVIEW = "all pictures", "the overview"
COLLECTION = "the whole collection"
_LAYOUTS = {"umap": "UMAP", "tsne": "t-SNE"}

# Seconds once, and per thousand pictures.
COSTS: Mapping[str, tuple[float, float]] = {
    SCANNING: (0.1, 0.1),
    COLORS: (0.0, 0.7),
    INDEXES: (1.5, 0.3),
    NEIGHBORS: (1.0, 0.3),
    CLUSTERS: (0.7, 0.7),
    REDUCTION: (1.5, 1.2),
    NEAR_DUPLICATES: (0.3, 1.0),
    COMMUNITIES: (0.1, 0.5),
    PREVIEWS: (0.0, 0.3),
    SHEETS: (0.0, 2.0),
    PAGES: (0.0, 3.0),
    SEARCH: (0.0, 0.1),
    MAP_TILES: (0.0, 0.5),
    MAP_DATA: (0.1, 0.2),
    SITE_END: (0.1, 0.1),
    PARTITION: (0.0, 0.3),
    WEIGHTS: (0.1, 0.1),
    SPRITES: (0.5, 0.3),
    LOGDIR_END: (0.1, 0.1),
    FACTS: (0.5, 1.0),
    "section on encoders": (1.0, 2.0),
    FIGURES: (48.0, 1.0),
    REPORT_END: (0.3, 0.1),
    THUMBNAILS: (1.0, 4.0),
    FILES: (2.0, 65.0),
    GROUPS: (0.3, 0.5),
    REVIEW_PICTURES: (0.5, 2.0),
    REVIEW_END: (0.2, 0.1),
}
# Of those that are not listed.
_LITTLE = (0.05, 0.05)
_LAYOUT_COSTS: Mapping[tuple[str, int], tuple[float, float]] = {
    ("umap", 2): (0.8, 0.06),
    ("umap", 3): (0.8, 0.08),
    ("tsne", 2): (1.0, 0.25),
    ("tsne", 3): (1.0, 0.35),
}
# Of reading: once, and per thousand pictures; of each encoder, per thousand pictures.
_READ_ONCE_S, _READ_S = 3.0, 6.0
_ENCODE_S = {"rgb": 1.0, "mini": 1.0, "lite0": 20.0, "resnet50": 100.0}
# Of a figure of the report, by what its name begins with; others take one.
_FIGURES = {
    "cluster-sheet": 50,
    "wrong-labels": 28,
    "outliers": 6,
    "diverse": 6,
    "picture-flaws": 6,
    "map-": 4,
}


def weights_of(stages: Iterable[str], pictures: int) -> dict[str, float]:
    """Return the seconds of stages for a number of pictures, by name, in the same order."""
    costs = {stage: COSTS.get(stage, _LITTLE) for stage in stages}
    return {stage: once + each * pictures / 1000 for stage, (once, each) in costs.items()}


def layout_stage(method: str, dimensions: int, pictures: str = ALL) -> str:
    """Return the name of a layout as a stage, such as "UMAP, 2-D of all pictures".

    Args:
        method: of `imgrec.layouts.choices.METHODS`.
        dimensions: 2 or 3.
        pictures: of which it is, in words.
    """
    return f"{_LAYOUTS[method]}, {dimensions}-D of {pictures}"


def layout_s(method: str, dimensions: int, pictures: int) -> float:
    """Return the seconds of a layout of a number of pictures."""
    once, each = _LAYOUT_COSTS[method, dimensions]
    return once + each * pictures / 1000


def reading_s(pictures: int, encoders: Iterable[str]) -> float:
    """Return the seconds of reading pictures and of their vectors.

    Args:
        pictures: to read.
        encoders: names of those that encode them.
    """
    each = _READ_S + sum(_ENCODE_S.get(name, _ENCODE_S["resnet50"]) for name in encoders)
    return _READ_ONCE_S + each * pictures / 1000 if pictures else 0.0


def figure_cost(name: str) -> float:
    """Return the cost of a figure of the report, in units of one without pictures."""
    return next((cost for start, cost in _FIGURES.items() if name.startswith(start)), 1)


def report_weights(pictures: int, laid_out: int, methods: Iterable[str]) -> dict[str, float]:
    """Return the seconds of the stages of a report, by name, in order.

    Args:
        pictures: that have a vector.
        laid_out: pictures on a map.
        methods: of the maps beside PCA.
    """
    which = ALL if laid_out == pictures else OVERVIEW
    maps = {layout_stage(method, 2, which): layout_s(method, 2, laid_out) for method in methods}
    if maps and which == OVERVIEW:
        maps = {layout_stage("umap", 2, COLLECTION): layout_s("umap", 2, pictures)} | maps
    first = [CLUSTERS, NEIGHBORS, REDUCTION, FACTS, *SECTIONS[:3]]
    last = [*SECTIONS[3:], FIGURES, REPORT_END]
    return weights_of(first, pictures) | maps | weights_of(last, pictures)
