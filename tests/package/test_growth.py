"""`make bench-growth` computes exponents of growth: of laws that are known, and in its table."""

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paths import ROOT

FOLDER = ROOT / "tests" / "bench" / "growth"


@pytest.fixture(scope="module")
def exponents() -> Iterator[ModuleType]:
    """Import tests/bench/growth/exponents.py."""
    path = list(sys.path)
    sys.path.insert(0, str(FOLDER.parent))
    spec = importlib.util.spec_from_file_location("exponents", FOLDER / "exponents.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules["exponents"] = module
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = path
    for name in ("exponents", "machine"):
        sys.modules.pop(name, None)


@given(
    st.floats(-1, 3), st.floats(1e-6, 1e3), st.integers(1_000, 10**6), st.integers(2, 1_000)
)  # fmt: skip
def test_the_exponent_of_a_power_law_is_found(
    exponents: ModuleType, power: float, factor: float, size: int, more: int
) -> None:
    sizes = (size, size * more)
    found = exponents.exponent(sizes, (factor * sizes[0] ** power, factor * sizes[1] ** power))
    assert found == pytest.approx(power, abs=1e-6)


def test_a_table_has_the_exponents_of_cpu_seconds_since_the_size_before(
    exponents: ModuleType,
) -> None:
    cost = exponents.Cost
    found = exponents.table(
        {
            "linear": {4_000: cost(9, 1), 40_000: cost(9, 10), 400_000: cost(9, 100)},
            "square": {4_000: cost(1, 2), 40_000: cost(1, 200)},
            "not at 40,000": {4_000: cost(1, 1), 400_000: cost(1, 100)},
            "late": {400_000: cost(1, 5)},
        }
    )
    lines = [line.strip("| ").split(" | ") for line in found.splitlines()]
    assert lines[0] == ["stage", "4,000: s (CPU s)", "40,000", "exponent", "400,000", "exponent"]
    assert lines[2] == ["linear", "9 (1)", "9 (10)", "1.00", "9 (100)", "1.00"]
    cells = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in found.splitlines()]
    assert cells[3] == ["square", "1 (2)", "1 (200)", "2.00", "", ""]
    assert cells[4] == ["not at 40,000", "1 (1)", "", "", "1 (100)", "1.00"]
    assert cells[5] == ["late", "", "", "", "1 (5)", ""]
