"""Check a bookmarks file: a JSON array of saved views, each with the layout of its points.

The page restores a view from a `State` object and fails half-way if a key is absent or has the
wrong type; it hides points without finite coordinates. One finding covers all bookmarks that share
a fault. To bound memory, only the axes with a finite number are kept of each point, not the values.

Source: `getBookmarks` of vz_projector/data-provider-server.ts, `loadState` of vz-projector.ts
and `stateGetAccessorDimensions` of data.ts, in tensorflow/tensorboard.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from imgrec.checks.findings import Check, Finding, Place, shortened, unreadable
from imgrec.checks.logdir.configs import Embedding, asset
from imgrec.checks.logdir.tables import Table
from imgrec.checks.logdir.tensors import Tensor

_MAX_BYTES = 1 << 26
# Names of the metadata columns that points can be labeled by, and colored by.
_Columns = tuple[list[str], list[str]]
_NONE = "the list of bookmarks stays empty"
_FAILS = "choosing it shows nothing"
_KINDS = ("pca", "tsne", "umap", "custom")
# Keys that `loadState` reads without a test, and the types it needs.
_NEEDED: dict[str, type | tuple[type, ...]] = {
    "projections": list,
    "pcaComponentDimensions": list,
    **dict.fromkeys(("tSNEIteration", "tSNEPerplexity", "tSNELearningRate"), (int, float)),
    **{f"custom{end}Text": str for end in ("XLeft", "XRight", "YUp", "YDown")},
}


class _Point(frozenset[str]):
    """The axes on which a point of a layout has a finite number; equal sets are shared."""


def check_bookmarks(
    place: Place, embedding: Embedding, tensor: Tensor | None, table: Table | None
) -> Check[int]:
    """Check the bookmarks file of an embedding; return the number of its bookmarks."""
    if not embedding.bookmarks:
        return 0
    name = embedding.bookmarks
    path = yield from asset(place, "the bookmarks file", name, embedding.folder, _NONE)
    states: object = None
    if path is not None and path.stat().st_size > _MAX_BYTES:
        yield place.warning(f"{name} has more than {_MAX_BYTES:,} bytes", "it is not checked")
    elif path is not None:
        try:
            states = _read(path)
        except (ValueError, RecursionError) as error:
            yield place.error(f"{name} is not valid JSON ({str(error)[:80]})", _NONE)
        except OSError as error:
            yield place.error(unreadable(f"the bookmarks file {name}", error), _NONE)
        else:
            if not isinstance(states, list):
                yield place.error(f"{name} is not a JSON array", _NONE)
    if not isinstance(states, list):
        return 0
    columns = None if embedding.metadata and table is None else _columns(table)
    numbers: dict[Finding, list[int]] = {}
    for number, state in enumerate(states, 1):
        for finding in _state(place, state, tensor, columns):
            numbers.setdefault(finding, []).append(number)
    for finding, found in numbers.items():
        yield replace(finding, problem=f"{name}, {_listed(found)}: {finding.problem}")
    return len(states)


def _listed(numbers: list[int]) -> str:
    few = ", ".join(map(str, numbers[:3]))
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return f"bookmark{'s' * (len(numbers) > 1)} {few}{more}"


def _read(path: Path) -> object:
    kept: dict[_Point, _Point] = {}

    def hook(found: dict[str, Any]) -> object:
        if not all(type(value) in (int, float) for value in found.values()) or not found:
            return found
        axes = _Point(axis for axis, value in found.items() if math.isfinite(value))
        return kept.setdefault(axes, axes)

    return json.loads(
        path.read_bytes().decode("utf-8-sig", "replace"),
        object_hook=hook,
        # As in JavaScript; `int` refuses more than 4,300 digits.
        parse_int=float,
        parse_constant=_no_constant,
    )


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _state(
    place: Place, state: object, tensor: Tensor | None, columns: _Columns | None
) -> Iterator[Finding]:
    if not isinstance(state, dict):
        yield place.error("it is not a JSON object", _FAILS)
        return
    kind = state.get("selectedProjection")
    if kind not in _KINDS:
        yield place.error(f"selectedProjection is {str(kind)[:40]!r}", _FAILS)
        return
    lacking = [key for key, kinds in _NEEDED.items() if not isinstance(state.get(key), kinds)]
    if lacking:
        yield place.error(f"{shortened(lacking)} is absent or of the wrong type", _FAILS)
        return
    if not isinstance(state.get("selectedPoints"), list):
        yield place.warning("selectedPoints is not a list", "the page shows an error")
    yield from _layout(place, state, kind, tensor)
    if kind == "tsne":
        yield place.warning(
            "it is a t-SNE layout",
            "its points move when it is chosen (kept in the umap slot, they stay)",
        )
    if columns is not None:
        yield from _options(place, state, columns)


def _layout(
    place: Place, state: dict[str, Any], kind: str, tensor: Tensor | None
) -> Iterator[Finding]:
    points = state["projections"]
    isolated = state.get("filteredPoints")
    expected = len(isolated) if isinstance(isolated, list) and isolated else None
    if expected is None:
        expected = len(points) if tensor is None else tensor.shown
    if len(points) > expected:
        problem = f"it has {len(points):,} projections, but there are {expected:,} points"
        yield place.error(problem, _FAILS)
        return
    axes = _axes(kind, state)
    # The page computes PCA itself, so a view of it may have fewer projections than points.
    absent = 0 if kind == "pca" else expected - len(points)
    absent += sum(not (isinstance(point, _Point) and axes <= point) for point in points)
    if absent:
        yield place.error(
            f"{absent:,} of {expected:,} points have no finite {', '.join(sorted(axes))}",
            "these points are not shown when it is chosen",
        )


def _axes(kind: str, state: dict[str, Any]) -> set[str]:
    if kind == "custom":
        return {"linear-x", "linear-y"}
    if kind == "pca":
        dimensions = state["pcaComponentDimensions"]
        return {f"pca-{axis:.0f}" for axis in dimensions if isinstance(axis, float)}
    is_3d = state.get("umapIs3d" if kind == "umap" else "tSNEis3d")
    return {f"{kind}-{i}" for i in range(3 if is_3d else 2)}


def _options(place: Place, state: dict[str, Any], columns: _Columns) -> Iterator[Finding]:
    labels, colors = columns
    label, color = state.get("selectedLabelOption"), state.get("selectedColorOptionName")
    if label is not None and label not in labels:
        yield place.warning(
            f"it labels by {str(label)[:40]!r}, which is not a column", "points have no labels"
        )
    if color is not None and color not in colors:
        yield place.warning(
            f"it colors by {str(color)[:40]!r}, which is not a column to color by",
            "the colors do not change",
        )


def _columns(table: Table | None) -> _Columns:
    columns = [] if table is None else table.columns
    colors = [column.name for column in columns if column.colorable]
    return [c.name for c in columns] or ["__index__"], ["No color map", *colors]
