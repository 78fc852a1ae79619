"""Files of weights, read without running what is in them, and loaded into a model.

A weights file is untrusted input: a pickle can run code when it is read. So a state dict is only
ever loaded with `weights_only=True`, which rejects everything but tensors and plain values, or from
a safetensors file, which holds nothing else. Messages of torch are never passed on where it refuses
a file: they advise how to run what is in it.
"""

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # torch.load raises it; nothing is pickled here
from typing import Any

import torch

from imgrec.encoders.torch_files import reason_of, refusal, unreadable
from imgrec.errors import EncoderError
from imgrec.system.extras import require
from imgrec.system.file_names import printable

State = dict[str, torch.Tensor]

# Of the file beside a state dict that names its classes.
CATEGORIES_SUFFIX = ".classes.txt"
# Where training checkpoints keep their state dict, and what data-parallel training puts before
# every name in it.
_NESTED = ("state_dict", "model")
_PARALLEL = "module."
_DAMAGED = (
    *(OSError, RuntimeError, EOFError, AttributeError, TypeError, ValueError),
    *(LookupError, MemoryError, OverflowError, RecursionError, UnpicklingError),
)


def read_state(file: Path) -> State:
    """Read a state dict, or that of a training checkpoint, so that no code in the file runs.

    Raises:
        EncoderError: there is no such file, or it is damaged, is no state dict, would run code, or
            unpacks to far more than its size; or the package for a safetensors file is absent.
    """
    check_file(file)
    state = _read_safetensors(file) if file.suffix == ".safetensors" else _read_torch(file)
    for name, tensor in state.items():
        if not _holds_its_values(tensor):
            shape = "x".join(map(str, tensor.shape))
            wrong = f"its {printable(name)[:80]} ({shape}) is stored with fewer values than that"
            raise _unusable(file, wrong)
    return state


def check_file(file: Path) -> None:
    """Check that a file of weights exists.

    Raises:
        EncoderError: it does not.
    """
    if not file.is_file():
        raise EncoderError(f"--weights {file} is not a file: name a torch state dict")


def load_state(model: torch.nn.Module, state: State, file: Path) -> None:
    """Load a state dict into a model.

    Raises:
        EncoderError: the names or shapes are those of another model.
    """
    try:
        model.load_state_dict(state)
    except _DAMAGED as error:
        raise _misfit(file, error) from error


def categories_beside(weights: Path | None, count: int) -> tuple[str, ...] | None:
    """Return the names of a model's classes from `FILE.classes.txt` beside a state dict FILE.

    Args:
        weights: the state dict; None if the library's own is used.
        count: of the classes.

    Returns:
        One name a line of the file; None if there is no such file.

    Raises:
        EncoderError: it has another number of names.
    """
    beside = weights.with_name(weights.name + CATEGORIES_SUFFIX) if weights is not None else None
    if beside is None or not beside.is_file():
        return None
    names = tuple(line.strip() for line in _lines(beside))
    if len(names) != count or not all(names):
        raise EncoderError(
            f"{beside} names {len([n for n in names if n])} classes, the weights have {count}: "
            "write one name a line, or delete it"
        )
    return names


def file_digest(file: Path) -> str:
    """Return the BLAKE2b digest of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """Return the BLAKE2b digest of the names, types, shapes and values of tensors.

    It is the same for the same weights, whatever file they came from.
    """
    found = hashlib.blake2b(digest_size=16)
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _read_torch(file: Path) -> State:
    try:
        wrong = unreadable(file)
        if wrong is not None:
            raise _unusable(file, wrong)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the file is said below
            content = torch.load(file, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise _unusable(file, refusal(file)) from error
    except EncoderError:
        raise
    # A damaged pickle makes torch raise whatever its opcodes run into, such as struct.error.
    except Exception as error:
        raise _unusable(file, f"it is damaged or cut short ({reason_of(error)})") from error
    state = _state_in(content)
    if state is None:
        raise _unusable(file, "it is no dictionary of tensors")
    return state


def _holds_its_values(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is stored in full.

    A view may repeat few stored values to any shape, and then takes that much memory once copied.
    """
    if tensor.layout != torch.strided or tensor.device.type != "cpu":
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _read_safetensors(file: Path) -> State:
    require("safetensors", extra="models", why=f"the weights in {file}")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state: State = load_file(file)
    except (*_DAMAGED, SafetensorError) as error:
        raise _unusable(
            file, f"it is damaged or no safetensors file: {reason_of(error)}"
        ) from error
    return state


def _state_in(content: Any) -> State | None:
    """Return the state dict that the content of a file is or holds, None if there is none."""
    if not isinstance(content, dict):
        return None
    nested = [content[key] for key in _NESTED if isinstance(content.get(key), dict)]
    state = nested[0] if nested else content
    if not all(isinstance(name, str) and torch.is_tensor(v) for name, v in state.items()):
        return None
    parallel = state and all(name.startswith(_PARALLEL) for name in state)
    return {name.removeprefix(_PARALLEL) if parallel else name: v for name, v in state.items()}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise EncoderError(f"{file} is not UTF-8 ({error.reason}): write it anew") from error


def _unusable(file: Path, reason: str) -> EncoderError:
    return EncoderError(
        f"the weights in {file} cannot be used: {reason}; "
        "name a file with the state dict of this model"
    )


def _misfit(file: Path, error: BaseException) -> EncoderError:
    return EncoderError(
        f"the weights in {file} do not fit the model ({reason_of(error)}): "
        "name a state dict of this very model"
    )
