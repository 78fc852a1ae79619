"""The JSON beside an ONNX file: how pictures are prepared for it, and what its outputs mean.

`model.onnx` is described by `model.onnx.json`. All keys but `crop` are optional:

    crop            side of the square that the model takes, in pixels
    resize          side after resizing, before the center is cropped (default: as `crop`)
    fit             "crop" keeps the aspect ratio, "stretch" changes it (default "crop")
    interpolation   "bilinear" or "bicubic" (default "bilinear")
    mean, std       of the channels, from 0 to 1 (default: 0 and 1); for inputs of floats
    color           order of the channels: "rgb" or "bgr" (default "rgb")
    layout          "nchw" or "nhwc" (default "nchw")
    input, output   names in the model (default: its only input, its first output)
    kind            of the vectors: "embedding" or "histogram" (default "embedding")
    scores          name of the output with a score for each class
    labels          names of the classes: a list, or "imagenet" for its 1,000

Nothing is guessed: an unknown key, a wrong type or a value out of range is an error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from imgrec.encoders.imagenet import categories
from imgrec.errors import EncoderError, cause_of
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.system.json_files import decoded
from imgrec.system.regular_files import read_regular

SUFFIX = ".json"
_MOST_PX = 4096
_MOST_BYTES = 1 << 22
_IMAGENET = "imagenet"


@dataclass(frozen=True)
class Description:
    """What an ONNX file takes and gives.

    Attributes:
        preprocessing: of a picture.
        mean: of the channels in the model's order, from 0 to 1.
        std: standard deviation of each, above 0.
        color: order of the channels.
        layout: `nchw` for (b, 3, h, w), `nhwc` for (b, h, w, 3).
        input: its name; None for the only one.
        output: the name of the vectors; None for the first output.
        kind: of the vectors.
        scores: the name of the output with the scores of the classes; None if there is none.
        labels: the names of the classes, parallel to the scores.
    """

    preprocessing: Preprocessing
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    color: str = "rgb"
    layout: str = "nchw"
    input: str | None = None
    output: str | None = None
    kind: Literal["embedding", "histogram"] = "embedding"
    scores: str | None = None
    labels: tuple[str, ...] = ()


def read_description(model: Path) -> Description:
    """Return what the JSON beside an ONNX file says.

    Raises:
        EncoderError: it is absent, is no JSON, lacks a key, or holds an unknown key or value.
    """
    file = model.with_name(model.name + SUFFIX)
    try:
        found = decoded(read_regular(file.resolve(), _MOST_BYTES))
    except FileNotFoundError as error:
        raise EncoderError(
            f"{file} is not there, which says how pictures are prepared for {model.name}: write "
            'it, such as {"crop": 224, "resize": 256, "mean": [0.485, 0.456, 0.406], '
            '"std": [0.229, 0.224, 0.225]}'
        ) from error
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"{file} cannot be read ({cause_of(error)}): write it as a JSON object"
        ) from error
    try:
        return description_of(found)
    except ValueError as error:
        raise EncoderError(f"{file}: {error}") from error


def description_of(found: Any) -> Description:
    """Return the description that a JSON value stands for.

    Raises:
        ValueError: it is no object, lacks `crop`, or holds an unknown key or value.
    """
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object: write the keys and their values in braces")
    unknown = [key for key in found if key not in _CHECKS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no key: the keys are {', '.join(_CHECKS)}")
    if "crop" not in found:
        raise ValueError("the key crop is absent: give the side of the square, in pixels")
    for key, value in found.items():
        check, wanted = _CHECKS[key]
        if not check(value):
            raise ValueError(f"{key} is {value!r}: give {wanted}")
    if ("scores" in found) != ("labels" in found):
        raise ValueError("scores and labels belong together: give both, or neither")
    crop_px: int = found["crop"]
    resize_px: int = found.get("resize", crop_px)
    if resize_px < crop_px:
        raise ValueError(f"resize is {resize_px}, less than crop, {crop_px}: give at least that")
    labels = found.get("labels", ())
    given: dict[str, Any] = {key: found[key] for key in found if key not in _TRANSLATED}
    given |= {key: tuple(found[key]) for key in ("mean", "std") if key in found}
    return Description(
        preprocessing=Preprocessing(
            crop_px, resize_px, found.get("fit", "crop"), found.get("interpolation", "bilinear")
        ),
        labels=categories() if labels == _IMAGENET else tuple(labels),
        **given,
    )


def _is_side(value: Any) -> bool:
    return type(value) is int and 1 <= value <= _MOST_PX


def _is_channels(value: Any, least: float = -1e6) -> bool:
    numbers = isinstance(value, list) and all(type(x) in (int, float) for x in value)
    return numbers and len(value) == 3 and all(least < x < 1e6 for x in value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_labels(value: Any) -> bool:
    names = isinstance(value, list) and bool(value) and all(map(_is_name, value))
    return value == _IMAGENET or names


def _one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in names, " or ".join(f'"{name}"' for name in names)


_SIDE = _is_side, f"a whole number from 1 to {_MOST_PX}"
_NAME = _is_name, "a name in the model, as a text"
# How the value of each key is checked, and what to give instead.
_CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "crop": _SIDE,
    "resize": _SIDE,
    "fit": _one_of("crop", "stretch"),
    "interpolation": _one_of("bilinear", "bicubic"),
    "mean": (_is_channels, "three numbers"),
    "std": (lambda value: _is_channels(value, 0), "three numbers above 0"),
    "color": _one_of("rgb", "bgr"),
    "layout": _one_of("nchw", "nhwc"),
    "input": _NAME,
    "output": _NAME,
    "kind": _one_of("embedding", "histogram"),
    "scores": _NAME,
    "labels": (_is_labels, f'a list of names, or "{_IMAGENET}"'),
}
# Keys that are translated; each of the others is the attribute of its name.
_TRANSLATED = frozenset({"crop", "resize", "fit", "interpolation", "mean", "std", "labels"})
