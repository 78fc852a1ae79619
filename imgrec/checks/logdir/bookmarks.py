"""What the page would make of a bookmarks file: views kept with their layouts.

Source: `getBookmarks` of vz_projector/data-provider-server.ts, `loadState` of vz-projector.ts
and `stateGetAccessorDimensions` of data.ts.
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
_Columns = tuple[list[str], list[str]]  # that the page labels by, that it colors by
_NONE = "the list of bookmarks stays empty"
_FAILS = "nothing is shown when it is chosen"
_KINDS = ("pca", "tsne", "umap", "custom")
_NEEDED: dict[str, type | tuple[type, ...]] = {  # without which the page stops half-way
    "projections": list,
    "pcaComponentDimensions": list,
    **dict.fromkeys(("tSNEIteration", "tSNEPerplexity", "tSNELearningRate"), (int, float)),
    **{f"custom{end}Text": str for end in ("XLeft", "XRight", "YUp", "YDown")},
}


class _Point(frozenset[str]):
    """The axes for which an object of a layout has a finite number; keeps memory small."""


def check_bookmarks(
    place: Place, embedding: Embedding, tensor: Tensor | None, table: Table | None
) -> Check[int]:
    """Return the number of bookmarks of an embedding."""
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
            yield place.error(f"{name} is no JSON ({str(error)[:80]})", _NONE)
        except OSError as error:
            yield place.error(unreadable(f"the bookmarks file {name}", error), _NONE)
        else:
            if not isinstance(states, list):
                yield place.error(f"{name} is no JSON array", _NONE)
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
        parse_int=float,  # a number of a million digits is one in JavaScript
        parse_constant=_no_constant,
    )


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _state(
    place: Place, state: object, tensor: Tensor | None, columns: _Columns | None
) -> Iterator[Finding]:
    if not isinstance(state, dict):
        yield place.error("it is no view", _FAILS)
        return
    kind = state.get("selectedProjection")
    if kind not in _KINDS:
        yield place.error(f"the selectedProjection is {str(kind)[:40]!r}", _FAILS)
        return
    lacking = [key for key, kinds in _NEEDED.items() if not isinstance(state.get(key), kinds)]
    if lacking:
        yield place.error(f"there is no fitting {shortened(lacking)}", _FAILS)
        return
    if not isinstance(state.get("selectedPoints"), list):
        yield place.warning("there is no list selectedPoints", "the page shows an error")
    yield from _layout(place, state, kind, tensor)
    if kind == "tsne":
        yield place.warning(
            "it is a t-SNE layout",
            "its points move on when it is chosen (in the umap slot they stand)",
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
        problem = f"there are {len(points):,} projections and {expected:,} points"
        yield place.error(problem, _FAILS)
        return
    axes = _axes(kind, state)
    absent = 0 if kind == "pca" else expected - len(points)  # the page has its own PCA
    absent += sum(not (isinstance(point, _Point) and axes <= point) for point in points)
    if absent:
        yield place.error(
            f"no number for each of {', '.join(sorted(axes))} for {absent:,} "
            f"of {expected:,} points",
            "these are not shown when it is chosen",
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
            f"it labels by {str(label)[:40]!r}, which is no column", "points have no labels"
        )
    if color is not None and color not in colors:
        yield place.warning(
            f"it colors by {str(color)[:40]!r}, which is no column to color by",
            "the colors stay as they were",
        )


def _columns(table: Table | None) -> _Columns:
    columns = [] if table is None else table.columns
    colors = [column.name for column in columns if column.colorable]
    return [c.name for c in columns] or ["__index__"], ["No color map", *colors]
