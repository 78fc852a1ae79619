"""The stages of `imgrec projector` and their weights, for the time left.

Worker processes compute several layouts at a time, and the command waits for them in the order of
their start. So the weight of a layout is how long it is waited for once those before it are there,
as if each went to the process that is free first.
"""

from collections.abc import Sequence
from heapq import heapreplace

from imgrec.system.stage_costs import (
    CLUSTERS,
    COLLECTION,
    COLORS,
    LOGDIR_END,
    NEIGHBORS,
    PARTITION,
    REDUCTION,
    SPRITES,
    WEIGHTS,
    layout_s,
    layout_stage,
    weights_of,
)
from projector.layouts import wanted_layouts
from projector.runs import PAGE, Run

# What is planned for the layouts until the runs are known.
_LAYOUTS = "layouts"
_FIRST = (REDUCTION, CLUSTERS, COLORS, NEIGHBORS, PARTITION, WEIGHTS)
_LAST = (SPRITES, LOGDIR_END)


def first_weights(pictures: int, methods: Sequence[str]) -> dict[str, float]:
    """Return the weights of all stages, before the runs are known.

    Args:
        pictures: that have a vector.
        methods: of the layouts.
    """
    layouts_s = sum(layout_s(*wanted, pictures) for wanted in wanted_layouts(methods, pictures))
    first, last = weights_of(_FIRST, pictures), weights_of(_LAST, pictures)
    return first | {_LAYOUTS: layouts_s / 2} | last


def run_weights(runs: Sequence[Run], methods: Sequence[str], processes: int) -> dict[str, float]:
    """Return the weights of the layouts of the runs, and of what follows them.

    Args:
        runs: of the logdir, in order.
        methods: of the layouts.
        processes: that compute them.
    """
    found = {_LAYOUTS: 0.0}
    if len(runs) > 1:
        pages = sum(len(run.ids) for run in runs if run.kind == PAGE)
        # The dimensions in the order in which the first run asks for them.
        for dimensions in dict.fromkeys(d for _, d in wanted_layouts(methods, len(runs[0].ids))):
            name = layout_stage("umap", dimensions, COLLECTION)
            found[name] = layout_s("umap", dimensions, pages)
    free, there_s = [0.0] * max(1, processes), 0.0
    for run in runs:
        for method, dimensions in wanted_layouts(methods, len(run.ids)):
            ended_s = free[0] + layout_s(method, dimensions, len(run.ids))
            heapreplace(free, ended_s)
            name = layout_stage(method, dimensions, run.words)
            found[name] = max(0.0, ended_s - there_s)
            there_s = max(there_s, ended_s)
    return found | weights_of(_LAST, sum(len(run.ids) for run in runs))
