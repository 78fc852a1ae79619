"""The shapes of the JSON values of a map: what a reader relies on, and refuses otherwise."""

import re

from imgrec.collection.kinds import CLASS, COMMUNITY
from imgrec.collection.places import is_picture_path
from imgrec.maps.format import (
    BASE,
    CELL_PX,
    CELLS,
    FORMAT,
    LAYOUTS,
    LEAST_LEVEL,
    MOST_LEVEL,
    NEAR,
    PER_DETAILS,
    PER_POINTS,
)
from imgrec.system.json_files import Shape, a_number, a_text, one_of

_MOST_PICTURES = 2**31 - 1
_MOST_PX = 2**31 - 1
_WORDS = a_text(200)
# A relative way, or that to another drive; percent-encoded, so neither a scheme nor a host.
_ROOT = re.compile(r"(?:file:///[A-Za-z]:/|(?!//))[A-Za-z0-9._~%/-]*/", re.ASCII)
_PATH = re.compile(r"(?:\d{1,9}(?:\.\d{1,9}){0,31})?", re.ASCII)


def _is_root(value: object) -> bool:
    return type(value) is str and len(value) < 1 << 17 and bool(_ROOT.fullmatch(value))


def _is_community(value: object) -> bool:
    return type(value) is str and bool(_PATH.fullmatch(value))


def _exactly(number: int) -> Shape:
    return a_number(number, number)


FACTS: Shape = {
    "format": _exactly(FORMAT),
    "pictures": a_number(1, _MOST_PICTURES),
    "feature": _WORDS,
    "levels": a_number(LEAST_LEVEL + 1, MOST_LEVEL + 1),
    "cell_px": _exactly(CELL_PX),
    "cells": _exactly(CELLS),
    "per_points": _exactly(PER_POINTS),
    "per_details": _exactly(PER_DETAILS),
    "layouts": [{"name": one_of(BASE, *LAYOUTS), "title": _WORDS, "axes?": [_WORDS]}],
    "labels": [
        {
            "kind": _WORDS,
            "title": _WORDS,
            "values": [_WORDS],
            "counts": [a_number(0, _MOST_PICTURES)],
        }
    ],
    "tiles": [str],
    "roots": [(None, _is_root)],
    "pages": bool,
}
POINTS: Shape = {"ids": str, "cells": str, "levels": str, "sides": str}
LAYOUT: Shape = {"positions": str}
LABEL: Shape = {"codes": str}
NEAR_ROWS: Shape = {"k": a_number(0, NEAR), "rows": str, "similarity": str}
TILE: Shape = {"slots": str, "rows": str, "image": str}
DETAILS: Shape = {
    "paths": [is_picture_path],
    "roots": [a_number(0, _MOST_PICTURES)],
    "pages": [_is_community],
    "page": [a_number(0, PER_DETAILS)],
    "taken": [a_text(40)],
    "sizes": [[a_number(0, _MOST_PX)]],
}
NAMES: Shape = {
    "names": [
        {
            "text": a_text(80),
            "kind": one_of(COMMUNITY, CLASS),
            "path": _is_community,
            "row": a_number(0, _MOST_PICTURES),
            "x": float,
            "y": float,
            "from": a_number(0, 2 * MOST_LEVEL),
            "to": a_number(0, 2 * MOST_LEVEL),
            "weight": a_number(0, _MOST_PICTURES),
        }
    ]
}
