"""The mutants of `make mutants`: each is one change of a module, and its map names what exists."""

import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from types import ModuleType

import pytest

from paths import ROOT

FOLDER = ROOT / "tools" / "mutants"
SOURCE = '''"""A module."""

from dataclasses import dataclass

MOST = 10


@dataclass(frozen=True)
class Store:
    """Kept."""

    names: tuple[str, ...] = ()

    @property
    def full(self) -> bool:
        """True if no name fits."""
        return len(self.names) >= MOST

    def add(self, name: str, log: list[str]) -> "Store":
        """Return a store with a name."""
        if self.full:
            raise ValueError("no room: " "delete some")
        log.append(name)
        return Store((*self.names, name))
'''


@pytest.fixture(scope="module")
def mutations() -> Iterator[ModuleType]:
    """Import tools/mutants/mutations.py."""
    spec = importlib.util.spec_from_file_location("mutations", FOLDER / "mutations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules["mutations"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutations"]


def test_mutants_are_made_of_constants_properties_effects_and_conditions(
    mutations: ModuleType,
) -> None:
    found, _ = mutations.mutants_of(SOURCE, "seed", None)
    diffs = [mutant.diff for mutant in found]
    for line in (
        "+MOST = 11",
        "+        return len(self.names) > MOST",
        "+        if not self.full:",
        "+        pass",
    ):
        assert any(line in diff for diff in diffs), line
    assert len({mutant.source for mutant in found}) == len(found) > 6
    for mutant in found:
        # The line of the change is one of the statement's.
        changed = [
            number
            for number, (old, new) in enumerate(
                zip(SOURCE.splitlines(), mutant.source.splitlines(), strict=True), start=1
            )
            if old != new
        ]
        assert len(changed) == 1
        assert changed[0] in mutant.lines
        # Not the wording of exceptions, docstrings, decorators and annotations.
        removed = SOURCE.splitlines()[changed[0] - 1]
        assert not removed.strip().startswith(('"""', "@", "from", "def", "class"))
        assert "XX" not in mutant.diff


def test_a_larger_sample_contains_a_smaller_one(mutations: ModuleType) -> None:
    every, count = mutations.mutants_of(SOURCE, "seed", None)
    assert len(every) <= count
    few, more = (mutations.mutants_of(SOURCE, "seed", most)[0] for most in (3, 6))
    assert [len(few), len(more)] == [3, 6]
    assert {mutant.name for mutant in few} < {mutant.name for mutant in more}
    assert {mutant.name for mutant in more} <= {mutant.name for mutant in every}
    again = mutations.mutants_of(SOURCE, "another seed", 3)[0]
    assert {mutant.name for mutant in again} != {mutant.name for mutant in few}


def test_the_map_names_modules_and_tests_that_exist() -> None:
    table = tomllib.loads((FOLDER / "tests.toml").read_text("utf-8"))["modules"]
    assert len(table) > 30
    for module, files in table.items():
        assert (ROOT / module).is_file(), module
        assert files, module
        for name in files:
            assert (ROOT / name).is_file(), name
