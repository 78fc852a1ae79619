"""Weight files of torchvision models: located, checked, loaded; and the names of their classes.

A weights file is untrusted input: a pickle can run code when it is read. So a state dict is only
ever loaded with `weights_only=True`, which rejects everything but tensors.
"""

import hashlib
import warnings
from pathlib import Path
from pickle import UnpicklingError  # torch.load raises it; nothing is pickled here
from typing import Any

import torch
import torchvision

from imgrec.errors import EncoderError

# Of the file beside a state dict that names its classes.
CATEGORIES_SUFFIX = ".classes.txt"
_DAMAGED = (
    *(OSError, RuntimeError, EOFError, KeyError, AttributeError, TypeError, ValueError),
    UnpicklingError,
)


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
        if not weights.is_file():
            raise EncoderError(f"--weights {weights} is not a file: name a torch state dict")
        return weights.name, weights
    default = default_weights(name)
    file = Path(torch.hub.get_dir(), "checkpoints", default.url.rpartition("/")[2])
    if not file.is_file():
        _download(name, default, file)
    return str(default), file


def read_state(file: Path) -> dict[str, torch.Tensor]:
    """Read a state dict with `weights_only=True`, so that no code in the file runs.

    Raises:
        EncoderError: the file is damaged, is no state dict, or would run code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the file is said below
            state = torch.load(file, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        raise _misfit(file, error) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise _misfit(file, "it is no dictionary of tensors")
    return state


def load_state(model: torch.nn.Module, state: dict[str, torch.Tensor], file: Path) -> None:
    """Load a state dict into a model.

    Raises:
        EncoderError: the names or shapes are those of another model.
    """
    try:
        model.load_state_dict(state)
    except _DAMAGED as error:
        raise _misfit(file, error) from error


def categories_of(name: str, weights: Path | None, count: int) -> tuple[str, ...]:
    """Return the names of a model's classes, `count` of them.

    They come from `FILE.classes.txt` beside a state dict FILE, one name a line; else, if the
    number is right, from torchvision's metadata; else they are "class 17".

    Raises:
        EncoderError: the file beside the state dict has another number of names.
    """
    beside = weights.with_name(weights.name + CATEGORIES_SUFFIX) if weights is not None else None
    if beside is not None and beside.is_file():
        names = tuple(line.strip() for line in _lines(beside))
        if len(names) != count or not all(names):
            raise EncoderError(
                f"{beside} names {len([n for n in names if n])} classes, the weights have {count}: "
                "write one name a line, or delete it"
            )
        return names
    published = tuple(map(str, default_weights(name).meta["categories"]))
    if len(published) == count:
        return published
    return tuple(f"class {index}" for index in range(count))


def file_digest(file: Path) -> str:
    """Return the BLAKE2b digest of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise EncoderError(f"{file} is not UTF-8 ({error.reason}): write it anew") from error


def _download(name: str, default: Any, file: Path) -> None:
    try:
        default.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, RuntimeError) as error:
        raise EncoderError(
            f"the weights of {name} are not at {file} and cannot be downloaded ({error}): "
            f"put the file of {default.url} there (TORCH_HOME names the folder above), "
            "or name a state dict with --weights FILE, or run where torchvision can download "
            "it, or take the encoder that needs no weights with --encoder mini"
        ) from error


def _misfit(file: Path, error: object) -> EncoderError:
    reason = " ".join(str(error).split())[:200]
    return EncoderError(
        f"the weights in {file} do not fit the model ({reason}): "
        "name a state dict of this very model"
    )
