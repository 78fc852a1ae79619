"""Compiled loops and the cache of their machine code."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import pytest

_LOOPS = """
from numba import types
from imgrec.system.compiling import compiled

@compiled(types.int64, returns=types.int64)
def doubled(value):
    return 2 * value
"""


def _loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("loops", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cached(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*{suffix}"))


def _hits(module: ModuleType) -> int:
    return sum(module.doubled.stats.cache_hits.values())


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\xff" + data[1:],
        lambda data: bytes(len(data)),
    ],
    ids=["empty", "truncated", "flipped", "zeros"],
)
def test_a_damaged_cache_is_written_anew(
    suffix: str, damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    file = tmp_path / "loops.py"
    file.write_text(_LOOPS)
    assert _loaded(file).doubled(21) == 42
    assert _hits(_loaded(file)) == 1
    for path in _cached(tmp_path, suffix):
        path.write_bytes(damage(path.read_bytes()))
    assert _loaded(file).doubled(21) == 42
    assert _hits(_loaded(file)) == 1


def test_without_a_folder_for_the_cache_loops_are_compiled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "loops.py"
    file.write_text(_LOOPS)
    compile_ = numba.njit

    def njit(*arguments: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("no locator available")
        return compile_(*arguments, **options)

    monkeypatch.setattr(numba, "njit", njit)
    assert _loaded(file).doubled(21) == 42
    assert not _cached(tmp_path, ".nbi")
