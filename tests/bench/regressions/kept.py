"""The ratios that a machine is compared with, in the user's cache folder: `Kept`.

    <cache folder of imgrec>/regressions/<digest of processor and cores>.json

Each machine has a file of its own, since a ratio depends on its caches and its memory. The versions
of the packages are written beside the ratios, so that a change can be laid to one of them.
"""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

from imgrec.system.atomic_files import write_bytes
from machine import processor
from ratio import Ratio

_PACKAGES = ("numpy", "numba", "pillow", "scikit-learn", "scipy", "torch", "faiss-cpu", "igraph",
             "tensorboard", "umap-learn")  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What was kept.

    Attributes:
        versions: of Python and of the packages, by name.
        ratios: by name.
    """

    versions: Mapping[str, str]
    ratios: Mapping[str, Ratio]


def file_of_this_machine() -> Path:
    """Return the file in which the ratios of this machine are kept."""
    described = f"{processor()}, {os.cpu_count()} cores, {platform.system()}"
    name = hashlib.sha256(described.encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("imgrec") / "regressions" / f"{name}.json"


def read(file: Path) -> Kept | None:
    """Return what is kept in a file; None if there is no such file.

    Raises:
        ValueError: the file has other content.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    try:
        ratios = {name: Ratio(name, tuple(map(float, values)))
                  for name, values in found["ratios"].items()}  # fmt: skip
        whole = all(ratio.values and min(ratio.values) > 0 for ratio in ratios.values())
        versions = {str(name): str(value) for name, value in found["versions"].items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{file} holds no ratios: {error!r}") from error
    if not whole:
        raise ValueError(f"{file} holds ratios that are empty or not positive")
    return Kept(versions, ratios)


def write(file: Path, ratios: Sequence[Ratio], before: Kept | None, *, anew: bool) -> None:
    """Keep ratios beside those of `before` with other names.

    Args:
        file: as of `file_of_this_machine`.
        ratios: what is kept.
        before: what was kept; None if nothing was.
        anew: write the versions of now, also if there are some of before.
    """
    by_name = {**(before.ratios if before else {}), **{ratio.name: ratio for ratio in ratios}}
    values = {name: ratio.values for name, ratio in by_name.items()}
    of = before.versions if before and not anew else versions()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(file, json.dumps({"versions": dict(of), "ratios": values}, indent=1).encode())


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed, by name."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a line for each package whose version is another, or that came or went."""
    names = sorted({*before, *now})
    return [
        f"{name} {before.get(name, 'none')} -> {now.get(name, 'none')}"
        for name in names
        if before.get(name) != now.get(name)
    ]
