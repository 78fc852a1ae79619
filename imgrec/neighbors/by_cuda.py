"""Exact nearest rows, by blocks of the product on a CUDA device.

The device only selects candidates, by float32 products; their distances are computed on the CPU,
so a graph has the same distances whichever device built it.
"""

import ctypes
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import COSINE_NOISE
from imgrec.neighbors.lists import (
    NONE,
    SPARE,
    Lists,
    Rows,
    Tile,
    compared,
    inverse_lengths,
    parts,
    settled,
    tiles,
)
from imgrec.store.features import FeatureStore

if TYPE_CHECKING:
    import torch

_QUERY_ROWS = 4096
_CHUNK_ROWS = 32_768
# The share of the free memory that vectors may take to stay on the device.
_MOST_FILLED = 0.5
_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def cuda_device() -> str | None:
    """Return the name of the CUDA device; None, without importing torch, if there is no driver."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return None
    import torch

    return "cuda" if torch.cuda.is_available() else None


def lists_on(
    device: str,
    feature: FeatureStore,
    k: int,
    progress: Callable[[int], object] = lambda count: None,
    query_rows: int = _QUERY_ROWS,
    chunk_rows: int = _CHUNK_ROWS,
) -> Lists:
    """Return the k nearest rows of every row, with candidates from a torch device.

    Args:
        device: of torch.
        feature: with n vectors, more than k.
        k: neighbors.
        progress: called with the number of rows done.
        query_rows: rows whose products are computed at a time.
        chunk_rows: rows they are multiplied with at a time.

    Raises:
        RuntimeError: the device failed, or has too little memory.
    """
    import torch

    lengths, lists = inverse_lengths(feature), Lists.empty(len(feature), k)
    chunks: Iterable[tuple[Rows, torch.Tensor]]
    groups = list(_grouped(tiles(feature), chunk_rows))
    chunks = _Chunks(device, feature, lengths, groups)
    if 4 * len(feature) * feature.dimensions < _MOST_FILLED * _free_bytes(device):
        chunks = list(chunks)
    for part in parts(len(feature), query_rows):
        own = np.arange(part.start, part.stop)
        units = torch.from_numpy(feature.take_rows(own) * lengths[own, None]).to(device)
        found = compared(feature, own, _nearest(units, own, chunks, k + SPARE), k)
        lists.rows[part], lists.distances[part] = found.rows, found.distances
        progress(len(own))
    return settled(feature, lengths, lists)


class _Chunks:
    """The unit vectors on a device, chunk by chunk, uploaded again for each iteration."""

    def __init__(
        self,
        device: str,
        feature: FeatureStore,
        lengths: NDArray[np.float32],
        groups: list[list[Tile]],
    ) -> None:
        self._device, self._feature, self._lengths, self._groups = device, feature, lengths, groups

    def __iter__(self) -> Iterator[tuple[Rows, "torch.Tensor"]]:
        import torch

        for group in self._groups:
            rows = np.concatenate([tile.rows for tile in group])
            vectors = np.concatenate([tile.load(self._feature) for tile in group])
            vectors *= self._lengths[rows, None]
            yield rows, torch.from_numpy(vectors).to(self._device)


def _nearest(
    units: "torch.Tensor", own: Rows, chunks: Iterable[tuple[Rows, "torch.Tensor"]], count: int
) -> Rows:
    """Return the `count` nearest rows (b, count) of unit vectors (b, d), -1 where too few."""
    import torch

    best = torch.full((len(own), count), -2.0, device=units.device)
    found = torch.full((len(own), count), NONE, dtype=torch.int64, device=units.device)
    for rows, vectors in chunks:
        cosines = units @ vectors.T  # (b, m)
        # Equal vectors are ties, whatever the rounding.
        cosines.clamp_(max=1 - COSINE_NOISE)
        here, column = np.nonzero(np.isin(own, rows))[0], _places_of(rows, own)
        cosines[here, column] = -2.0
        scores, places = cosines.topk(min(count, len(rows)), dim=1)
        names = torch.from_numpy(rows).to(units.device)[places]
        names[scores < -1.5] = NONE
        best, chosen = torch.cat([best, scores], dim=1).topk(count, dim=1)
        found = torch.cat([found, names], dim=1).gather(1, chosen)
    return np.asarray(found.cpu().numpy())


def _places_of(rows: Rows, own: Rows) -> Rows:
    """Return the places in `rows` (m,) of those of `own` that are among them."""
    order = np.argsort(rows, kind="stable")
    there = own[np.isin(own, rows)]
    return order[np.searchsorted(rows[order], there)]


def _grouped(every: list[Tile], most: int) -> Iterator[list[Tile]]:
    """Yield the tiles in groups of at most `most` rows, or of one tile."""
    group: list[Tile] = []
    for tile in every:
        if group and sum(len(other.rows) for other in group) + len(tile.rows) > most:
            yield group
            group = []
        group.append(tile)
    if group:
        yield group


def _free_bytes(device: str) -> float:
    import torch

    return float(torch.cuda.mem_get_info(device)[0]) if device.startswith("cuda") else 0.0
