"""A small map of a site, written by the format alone: no store, no layout."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imgrec.maps import format as files
from imgrec.maps.pyramid import Pyramid

PICTURES = 30
DEPTH = 1


def pyramid() -> Pyramid:
    """Return a pyramid of 30 pictures on two levels."""
    rng = np.random.default_rng(5)
    numbers = rng.permutation(32 * 32)[:PICTURES]
    cells = np.stack([numbers % 32, numbers // 32], axis=1).astype(np.uint16)
    # Two in one cell of the first level.
    cells[1] = cells[0] ^ 1
    return Pyramid(cells, rng.permutation(PICTURES).astype(np.int64), DEPTH)


def webp(width: int, height: int) -> bytes:
    """Return a lossy WebP of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "WEBP", quality=50)
    return buffer.getvalue()


def facts(of: Pyramid) -> dict[str, Any]:
    """Return the facts of the map."""
    return {
        "format": 1,
        "pictures": PICTURES,
        "feature": "mini",
        "levels": DEPTH + 1,
        "cell_px": 64,
        "cells": 16,
        "per_points": 100_000,
        "per_details": 5_000,
        "layouts": [
            {"name": "map", "title": "Map"},
            {"name": "pca", "title": "PCA", "axes": ["1", "2"]},
        ],
        "labels": [
            {"kind": "class", "title": "Class", "values": ["cat", "d\u00f6g"], "counts": [9, 8]}
        ],
        "tiles": [files.packed_tiles(z, of.tile_places(z)) for z in range(DEPTH + 1)],
        "roots": ["../../photos/", None],
        "pages": False,
    }


def values(of: Pyramid) -> dict[str, Any]:
    """Return the value of each data file by name."""
    n = np.arange(PICTURES)
    near = np.stack([(n + 1) % PICTURES, (n + 2) % PICTURES], axis=1)
    found: dict[str, Any] = {
        "points-00": {
            "ids": files.packed((3 * n + 1).astype(np.uint32)),
            "cells": files.packed(of.cells),
            "levels": files.packed(of.first_levels()),
            "sides": files.packed(np.tile([64, 48], (PICTURES, 1)).astype(np.uint8)),
        },
        "layout-pca-00": {
            "positions": files.packed(np.stack([n, 65_535 - n], 1).astype(np.uint16))
        },
        "label-0-00": {"codes": files.packed(np.array([0, 1, 2, 65_535] * 7 + [1, 2], np.uint16))},
        "labels": {
            "names": [
                {
                    **{"text": "dress", "kind": "community", "path": "3.1", "row": 7},
                    **{"x": 4.5, "y": 30.25, "from": 0, "to": 2, "weight": 12},
                }
            ]
        },
        "details-0000": {
            "paths": [f"a/{i}\udcff\n.jpg" for i in range(PICTURES)],
            "roots": [i % 2 for i in range(PICTURES)],
            "pages": ["", "3.1"],
            "page": [i % 2 for i in range(PICTURES)],
            "taken": ["2019-07-14T12:03:01", *[""] * (PICTURES - 1)],
            "sizes": [[640, 480 + i] for i in range(PICTURES)],
        },
        "near-0000": {
            "k": 2,
            "rows": files.packed(near.astype(np.uint32)),
            "similarity": files.packed(np.tile([200, 100], (PICTURES, 1)).astype(np.uint8)),
        },
    }
    for level in range(DEPTH + 1):
        for tile in of.tiles(level):
            height = (int(tile.slots[-1]) // 16 + 1) * 64
            found[files.tile_name(level, tile.x, tile.y)] = {
                "slots": files.packed(tile.slots),
                "rows": files.packed(tile.rows.astype(np.uint32)),
                "image": files.base64_text(webp(1024, height)),
            }
    return found


def write_site(site: Path) -> Path:
    """Write a site that is a map and nothing else; return its folder."""
    of = pyramid()
    folder = site / "map"
    folder.mkdir(parents=True)
    for name, value in values(of).items():
        write_data(site, name, value)
    text = files.json_of(facts(of))
    (folder / "map.json").write_text(text, "ascii")
    page = f'<!doctype html><title>Map</title><script id="facts">{text}</script>'
    (folder / "index.html").write_text(page, "ascii")
    Image.new("RGBA", (8, 8)).save(folder / "density.png")
    (site / "index.html").write_text('<!doctype html><a href="map/index.html">Map</a>', "ascii")
    write_manifest(site)
    return site


def write_data(site: Path, name: str, value: Any) -> None:
    """Write a data file of the map of a site."""
    file = site / "map" / files.file_of(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(files.script_text(name, value), "ascii")


def write_manifest(site: Path) -> None:
    """Write the marker of a site, with all files that are there."""
    found = sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file())
    described = {
        "format": 1,
        "written_by": "imgrec 0",
        "pictures": PICTURES,
        "network": False,
        "files": [file for file in found if file != "site.json"],
    }
    (site / "site.json").write_text(json.dumps(described), "utf-8")
