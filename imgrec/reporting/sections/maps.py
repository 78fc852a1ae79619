"""The section on maps: PCA, UMAP and t-SNE, the same as in the projector."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.layouts.kept import TITLES
from imgrec.reporting.facts.islands import Coded
from imgrec.reporting.facts.maps import Ground
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section
from imgrec.reporting.figures.planes import draw_map
from imgrec.reporting.figures.thumbnails import Thumbnails

_TEXTS = {
    "pca": "The two directions in which the pictures differ most. Distances are true to the "
    "vectors, but pictures that differ only in other directions fall on the same spot.",
    "tsne": "Each picture is beside its nearest neighbors. Distances between groups and sizes of "
    "groups mean nothing.",
    "umap": "Each picture is beside its nearest neighbors, and similar groups are near each other. "
    "Sizes of groups mean nothing.",
}
_GROUND = (
    "A stronger background means more pictures; a name is that of the folder, class or cluster of "
    "at least half of the pictures around it. Thumbnails are drawn where they fit."
)


def map_section(
    ground: Ground, thumbnails: Thumbnails, methods: Sequence[str], kinds: Sequence[Coded] = ()
) -> Section:
    """Return the section on maps: PCA and the given methods, in this order.

    Args:
        ground: the pictures that are laid out.
        thumbnails: of the pictures.
        methods: of the maps beside PCA.
        kinds: what may name an island of a map, the most telling first.
    """
    count, total = len(ground.ids), len(ground.feature)
    names = " and ".join(TITLES[method] for method in methods)
    lines = ["The maps are those of the projector: the same pictures at the same positions."]
    if count < total:
        lines.append(
            f"They show {count:,} of {total:,} pictures, sampled from all {ground.sampled_from} "
            "like the projector's overview."
        )
        if methods and ground.window is None:
            lines.append(
                f"There is no k-NN graph of all {total:,} pictures, so {names} lay out the sample "
                "alone. `imgrec graph` makes it."
            )
        elif methods:
            lines.append(f"{names} begin where the pictures are in the layout of all {total:,}.")
    if not methods:
        lines.append("t-SNE and UMAP were left out.")
    wanted: list[tuple[str, str, Callable[[], NDArray[np.floating]]]] = [
        ("pca", "PCA", lambda: ground.axes[:, :2])
    ]
    wanted += [(m, TITLES[m], lambda m=m: ground.layout(m)) for m in methods]  # type: ignore[misc]
    charts = [
        _map_chart(name, title, ground.ids, make(), thumbnails,
            ground.axis_names if name == "pca" else (), kinds)
        for name, title, make in wanted
    ]  # fmt: skip
    return Section("maps", "Maps", tuple(lines), tuple(charts))


def _map_chart(
    name: str,
    title: str,
    ids: Ids,
    positions: NDArray[np.floating],
    thumbnails: Thumbnails,
    axes: Sequence[str],
    kinds: Sequence[Coded],
) -> Chart:
    return Chart(
        f"map-{name}",
        f"The collection by {title}",
        f"{_TEXTS[name]} {_GROUND}",
        f"A map of {len(ids):,} pictures by {title}, with thumbnails at their positions.",
        partial(draw_map, ids, positions, thumbnails, axes=axes, kinds=kinds),
        (WIDE_PX, NARROW_PX),
    )
