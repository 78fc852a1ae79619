"""The weights of torchvision models: located or downloaded; and the names of their classes."""

from pathlib import Path
from typing import Any

import torch
import torchvision

from imgrec.encoders.state_dicts import categories_beside, check_file
from imgrec.encoders.torch_files import reason_of
from imgrec.errors import EncoderError


def default_weights(name: str) -> Any:
    """Return torchvision's entry of the weights it recommends for a model."""
    return torchvision.models.get_model_weights(name).DEFAULT


def weights_file(name: str, weights: Path | None) -> tuple[str, Path]:
    """Return the name of the weights, never a path, and their file; download it if needed.

    Args:
        name: of the model.
        weights: a file with a state dict; None for torchvision's own, from its cache
            (`TORCH_HOME`) or, where it is not there, by its download.

    Raises:
        EncoderError: there is no such file, or it cannot be downloaded.
    """
    if weights is not None:
        check_file(weights)
        return weights.name, weights
    default = default_weights(name)
    file = Path(torch.hub.get_dir(), "checkpoints", default.url.rpartition("/")[2])
    if not file.is_file():
        _download(name, default, file)
    return str(default), file


def categories_of(name: str, weights: Path | None, count: int) -> tuple[str, ...]:
    """Return the names of a model's classes, `count` of them.

    They come from `FILE.classes.txt` beside a state dict FILE, one name a line; else, if the
    number is right, from torchvision's metadata; else they are "class 17".

    Raises:
        EncoderError: the file beside the state dict has another number of names.
    """
    beside = categories_beside(weights, count)
    if beside is not None:
        return beside
    published = tuple(map(str, default_weights(name).meta["categories"]))
    if len(published) == count:
        return published
    return tuple(f"class {index}" for index in range(count))


def _download(name: str, default: Any, file: Path) -> None:
    try:
        default.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, RuntimeError) as error:
        raise EncoderError(
            f"the weights of {name} are not at {file} and cannot be downloaded "
            f"({reason_of(error)}): put the file of {default.url} there (TORCH_HOME names the "
            "folder above), or name a state dict with --weights FILE, or run where torchvision can "
            "download it, or take the encoder that needs no weights with --encoder mini"
        ) from error
