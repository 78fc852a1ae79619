"""The section on clusters: a scatter plot with the central pictures, and a row for each cluster."""

from functools import partial
from typing import TYPE_CHECKING

from imgrec.derived.clusters import Clusters
from imgrec.reporting.facts.clusters import NEAREST, Cluster
from imgrec.reporting.facts.maps import Ground
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.planes import draw_cluster_plane
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.system.text import counted

if TYPE_CHECKING:
    pass


def cluster_section(
    clusters: Clusters, groups: list[Cluster], ground: Ground, thumbnails: Thumbnails
) -> Section:
    """Return the section on clusters.

    Args:
        clusters: of all pictures.
        groups: facts about these clusters.
        ground: the pictures that the scatter plot shows.
        thumbnails: of the pictures.
    """
    sizes = [group.size for group in groups]
    line = (
        f"k-means found {counted(len(groups), 'cluster')} among "
        f"{counted(len(clusters.ids), 'picture')}, of {min(sizes):,} to {max(sizes):,} pictures. "
        "The projector can color by them: they are the label `cluster`."
    )
    plane = _plane_chart(clusters, groups, ground, thumbnails)
    return Section("clusters", "Clusters", (line,), (plane, _sheet_chart(groups, thumbnails)))


def _plane_chart(
    clusters: Clusters, groups: list[Cluster], ground: Ground, thumbnails: Thumbnails
) -> Chart:
    rows = clusters.ids.searchsorted(ground.ids)
    numbers = clusters.numbers[rows]
    places = {int(i): row for row, i in enumerate(ground.ids.tolist())}
    central = [(g.number, g.nearest[0], places[g.nearest[0]])
               for g in groups if g.nearest[0] in places]  # fmt: skip

    draw = partial(
        draw_cluster_plane, ground.axes[:, :2], numbers, central, thumbnails, axes=ground.axis_names
    )
    return Chart(
        "clusters",
        f"{counted(len(groups), 'cluster')} on the first two principal components",
        "Each point is a picture in the color of its cluster. The picture nearest to each center "
        "is drawn, with a line to its position. Clusters share colors; numbers tell them apart.",
        f"A scatter plot of {len(ground.ids):,} pictures in {len(groups)} clusters, with the "
        "picture nearest to the center of each.",
        draw,
        (WIDE_PX, NARROW_PX),
    )


def _sheet_chart(groups: list[Cluster], thumbnails: Thumbnails) -> Chart:
    rows = [
        Row(
            group.name,
            f"{counted(group.size, 'picture')}{'  ·  ' * bool(group.about())}{group.about()}",
            (*group.nearest, *group.spread),
            split=min(NEAREST, len(group.nearest)),
        )
        for group in groups
    ]
    told = "; ".join(f"{g.number}: {g.size:,}, {g.about() or 'mixed'}" for g in groups[:30])
    return Chart(
        "cluster-sheet",
        "Pictures of each cluster",
        "One row for each: first the pictures nearest to the center, then others at even steps "
        "from there to the rim. Beside the size are the folder, class and color that many share.",
        f"Rows of pictures by cluster. {told}.",
        Sheet(rows, thumbnails, side_px=66).draw,
        (WIDE_PX, NARROW_PX),
    )
