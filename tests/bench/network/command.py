"""The whole command `imgrec graph --no-map`, stage by stage; a page beside networkx and pyvis."""

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np
import pyvis.network

from graph.choices import IGRAPH, PAGE_SIZE
from graph.communities.detection import levels
from graph.communities.parts import induced
from graph.communities.weights import Graph, knn_graph
from graph.pages.network import draw
from graph.pages.page import PageText, Renderer
from imgrec import Store, neighbors_of
from machine import rows
from material import copied, made
from measuring import apart, family_mb, tell

# A stage that has ended: "pages: 4,872 pages, 121.7 s".
_ENDED = re.compile(r"^(.+?): (?:[\d,]+ .+, )?([\d,]+\.\d) s$")
_POLL_S = 0.05
# Pages that are laid out and written by both ways.
_PAGES = 5
_CELL = (4, 4, 128, 96)
_DATA = {"maxScale": 1}
_WAYS = (("imgrec graph --no-map", ()), ("the same, --workers 0", ("--workers", "0")))


@dataclass(frozen=True)
class _Run:
    """What a run of the command took: its stages in order, all of it, its processes' memory."""

    stages: dict[str, float]
    wall_s: float
    cpu_s: float
    memory_mb: float


def measured(work: Path, count: int) -> str:
    """Return tables of the stages of the command, and of one page by it and by other libraries."""
    place = made(work, count)
    tell(f"command: neighbors of {count}")
    apart(_neighbors, place.store)
    runs = []
    for name, options in _WAYS:
        tell(f"command: {name}")
        store = copied(place, work / "command", count)
        shutil.copytree(place.store / "knn", store / "knn", copy_function=os.link)
        runs.append(_run(store, work / "command-site", options))
    lines = [
        [stage, *(f"{run.stages.get(stage, 0):.1f}" for run in runs)] for stage in runs[0].stages
    ]
    lines += [
        ["all of it", *(f"{run.wall_s:.1f}" for run in runs)],
        ["CPU s of all processes", *(f"{run.cpu_s:.1f}" for run in runs)],
        ["memory MB of all processes", *(f"{run.memory_mb:.0f}" for run in runs)],
    ]
    pages, _ = apart(_pages, place.store)
    return (
        rows((f"{count:,} pictures: stage, s", *(name for name, _ in _WAYS)), lines)
        + "\nThe k-NN graph was kept before, and nothing else. Memory: without mapped files.\n\n"
        + rows((f"one page of {PAGE_SIZE} pictures, median of {_PAGES}", "CPU ms"), pages)
        + "\nWithout pictures: positions of all nodes, and the HTML. imgrec lays each page out "
        "for wide and for tall screens, 500 steps, no picture over another.\n"
    )


def _run(store: Path, site: Path, options: tuple[str, ...]) -> _Run:
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "graph", "--store", str(store), "--out", str(site)]
    before, started = _children_s(), time.perf_counter()
    told = site.with_name("command.err")
    with told.open("w") as file:
        process = subprocess.Popen(
            [*command, "--no-map", "-v", *options], stdout=subprocess.DEVNULL, stderr=file
        )
        peak_mb = 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, family_mb(process.pid))
            time.sleep(_POLL_S)
    wall_s, lines = time.perf_counter() - started, told.read_text("utf-8").splitlines()
    if process.returncode:
        raise RuntimeError(f"imgrec graph failed: {lines[-1:]}")
    found = filter(None, map(_ENDED.match, lines))
    stages = {one[1]: float(one[2].replace(",", "")) for one in found}
    return _Run(stages, wall_s, _children_s() - before, peak_mb)


def _children_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _neighbors(store: Path) -> None:
    with Store.open(store) as opened:
        neighbors_of(opened)


def _pages(store: Path) -> list[list[str]]:
    """Return the CPU milliseconds of a page by each way, as rows of a table."""
    with Store.open(store) as opened:
        graph = knn_graph(neighbors_of(opened))
    together = np.argsort(levels(graph, IGRAPH)[-1], kind="stable")
    starts = np.linspace(0, max(0, len(together) - PAGE_SIZE), _PAGES).astype(int)
    shown = [induced(graph, np.sort(together[start : start + PAGE_SIZE])) for start in starts]
    lines = []
    for name, write in _PAGE_WAYS.items():
        write(shown[0])
        spent = [_cpu_ms(write, one) for one in shown]
        lines.append([name, f"{statistics.median(spent):.0f}"])
    return lines


def _cpu_ms(write: Callable[[Graph], str], graph: Graph) -> float:
    started = time.process_time()
    write(graph)
    return 1000 * (time.process_time() - started)


def _edges(graph: Graph) -> list[tuple[int, int, float]]:
    columns = graph.low.tolist(), graph.high.tolist(), graph.weights.tolist()
    return list(zip(*columns, strict=True))


def _by_imgrec(graph: Graph) -> str:
    pairs = {(a, b): weight for a, b, weight in _edges(graph)}
    nodes = list(range(graph.n))
    drawing = draw(nodes, [_CELL] * graph.n, [100.0] * graph.n, pairs)
    view = PageText("pictures", "Page", "Page", "", "", "", "sheet.jpg", "contact.html", data=_DATA)
    return Renderer().render(view, drawing)


def _by_networkx(graph: Graph) -> str:
    made_by_networkx: nx.Graph[int] = nx.Graph()
    made_by_networkx.add_nodes_from(range(graph.n))
    made_by_networkx.add_weighted_edges_from(_edges(graph))
    positions = nx.spring_layout(made_by_networkx, seed=0, iterations=500)
    network = pyvis.network.Network(cdn_resources="local")
    for node, (x, y) in positions.items():
        network.add_node(node, x=1000 * float(x), y=1000 * float(y), physics=False)
    for a, b, weight in _edges(graph):
        network.add_edge(a, b, value=weight)
    html: str = network.generate_html()
    return html


_PAGE_WAYS: dict[str, Callable[[Graph], str]] = {
    "imgrec": _by_imgrec,
    "networkx spring_layout of 500 iterations, pyvis": _by_networkx,
}
