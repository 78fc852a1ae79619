"""feature.json: how the vectors of a feature were made, read with a type and range for each value.

The description decides how many bytes a row has, how large pictures become before they are
encoded, and what is said of the feature on pages. All of it is checked before any of it is used.
Invariant: the name in a description is that of its folder.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError, cause_of
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.enclosure import is_name, name_in
from imgrec.store.paths import FEATURE_DESCRIPTION
from imgrec.system.json_files import a_number, a_text, one_of, problem, read_json

# The largest vectors of published models have 12,288 dimensions; a histogram of 256 bins has 768.
MOST_DIMENSIONS = 1 << 16
# The largest pictures that models of timm take have 1,024 pixels a side.
_MOST_PX = 1 << 13
_MOST_TEXT = 1000
_PREPROCESSING = {
    "crop_px": a_number(1, _MOST_PX),
    "resize_px": a_number(1, _MOST_PX),
    "fit": one_of("crop", "stretch"),
    "interpolation": one_of("bilinear", "bicubic"),
}
_SHAPE = {
    "name": lambda value: type(value) is str and is_name(value),
    "dimensions": a_number(1, MOST_DIMENSIONS),
    "preprocessing": _PREPROCESSING,
    "kind": one_of("embedding", "histogram"),
    "version": a_number(0, 1 << 31),
    "weights": a_text(_MOST_TEXT),
    "weights_digest": a_text(_MOST_TEXT),
    "in_worker": bool,
    "precision": one_of("float32", "int8"),
    "foreign": bool,
    "dtype": one_of("float32", "float16"),
}


def described(spec: EncoderSpec) -> str:
    """Return the JSON text of the description of a feature.

    Raises:
        StoreError: a value is beyond what a store can hold.
    """
    values = {**asdict(spec), "dtype": "float32"}
    if wrong := problem(values, _SHAPE):
        raise StoreError(f"the feature {spec.name!r} cannot be stored: {wrong}")
    return json.dumps(values, indent=2) + "\n"


def read_spec(folder: Path) -> EncoderSpec:
    """Return the spec of the feature in a folder.

    Raises:
        StoreError: its description is absent, damaged, or that of another feature.
    """
    path = folder / FEATURE_DESCRIPTION
    try:
        values = read_json(path, _SHAPE)
        if wrong := description_problem(values, folder):
            raise ValueError(wrong)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged ({cause_of(error)}): run imgrec index again, which repairs it or "
            "sets the folder aside"
        ) from error
    fields = {key: value for key, value in values.items() if key != "dtype"}
    return EncoderSpec(**{**fields, "preprocessing": Preprocessing(**values["preprocessing"])})


def description_problem(values: Any, folder: Path) -> str | None:
    """Return what is wrong with a value as the description of a folder's feature; None if sound."""
    wrong = problem(values, _SHAPE)
    if wrong:
        return wrong
    for found, known in ((values, _SHAPE), (values["preprocessing"], _PREPROCESSING)):
        if unknown := _unknown(found, known):
            return f"{unknown!r} is no part of it"
    if values["name"] != name_in(folder):
        return f"it describes {values['name']!r}, not {name_in(folder)!r}"
    return None


def _unknown(found: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    return next((key for key in found if key not in known), None)
