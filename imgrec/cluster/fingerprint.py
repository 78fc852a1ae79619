"""The fingerprint of a run: everything that decides its pixels and vectors, but for the pictures.

Two machines with one fingerprint make the same parts, byte for byte. A plan holds that of the
driver, and a crew of another one refuses it, so that a store is never mixed by chance. What no list
of versions can promise (two kinds of processors, say) is found when two crews make one part.
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from imgrec.encoders.accelerators import accelerated
from imgrec.encoders.registry import BUILT_IN
from imgrec.encoders.spec import Encoder
from imgrec.errors import ImgrecError
from imgrec.version import __version__

Fingerprint = dict[str, Any]


class FingerprintError(ImgrecError):
    """This machine would compute other vectors than a plan says."""


# What decodes pictures, and computes the vectors of the encoders in the box.
_ALWAYS = ("pillow", "pillow-heif", "numpy", "numba", "onnxruntime")
# What computes those of all others.
_NETWORKS = ("torch", "torchvision", "timm", "open-clip-torch")
# Codecs that Pillow was built with.
_CODECS = ("jpg", "libjpeg_turbo", "zlib", "webp", "libtiff", "avif", "jpg_2000")


def fingerprint(encoders: Mapping[str, Encoder], device: str, batch: int) -> Fingerprint:
    """Return the fingerprint of what this process would compute, as JSON has it.

    Args:
        encoders: by name.
        device: as `--device` has it.
        batch: pictures a forward pass.
    """
    names = list(_ALWAYS)
    if any(name not in BUILT_IN for name in encoders):
        names += _NETWORKS
    on_device = any(not encoder.spec.in_worker for encoder in encoders.values())
    return {
        "imgrec": __version__,
        "packages": {name: found for name in names if (found := _version(name))},
        "codecs": _codecs(),
        "machine": platform.machine(),
        "device": "gpu" if on_device and accelerated(device) else "cpu",
        "batch": batch,
        # As JSON has it: tuples are lists.
        "encoders": json.loads(
            json.dumps({name: encoder.spec.identity() for name, encoder in encoders.items()})
        ),
    }


def check_same(planned: Fingerprint, here: Fingerprint) -> None:
    """Check that this process would compute what was planned.

    Raises:
        FingerprintError: it would not; one line names the first difference.
    """
    difference = next(_differences(planned, here), None)
    if difference:
        raise FingerprintError(
            f"this machine would make other vectors than the plan says ({difference}): install "
            "the same versions on all machines"
        )


def digest_of(value: object) -> str:
    """Return a digest of a JSON value: BLAKE2b, 128 bits, as hex; equal values give equal ones."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _differences(planned: Any, here: Any, name: str = "") -> Any:
    if isinstance(planned, dict) and isinstance(here, dict):
        for key in sorted({*planned, *here}):
            told = f"{name} {key}".strip()
            yield from _differences(planned.get(key), here.get(key), told)
    elif planned != here:
        yield f"{name}: {here} instead of {planned}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _codecs() -> dict[str, str]:
    from PIL import features

    found = {}
    for name in _CODECS:
        try:
            found[name] = features.version(name)
        # An older Pillow does not know it.
        except ValueError:
            continue
    return {name: str(value) for name, value in found.items() if value}
