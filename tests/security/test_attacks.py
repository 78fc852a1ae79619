"""Every command ends on every hostile store, in one line or none, and touches nothing else."""

import sys
from pathlib import Path

import pytest

from attack import Attack
from attacks import ALL_ATTACKS, ATTACKS
from open_attacks import OPEN
from program import Program
from run_attack import attacked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them"),
]


def _param(attack: Attack) -> object:
    reason = OPEN.get(attack.name)
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    return pytest.param(attack, id=attack.name, marks=marks)


@pytest.mark.parametrize("attack", [_param(attack) for attack in ATTACKS])
def test_a_hostile_store_harms_nothing(
    attack: Attack, good: Path, tmp_path: Path, program: Program
) -> None:
    assert attacked(attack, good, tmp_path, program) == []


def test_every_command_ends_well_on_a_good_store(
    good: Path, tmp_path: Path, program: Program
) -> None:
    nothing = Attack("none", lambda _: None, found=False)
    assert attacked(nothing, good, tmp_path, program) == []


def test_attacks_have_names_of_their_own_and_open_ones_are_attacks() -> None:
    names = [attack.name for attack in ALL_ATTACKS]
    assert len(set(names)) == len(names) >= 40
    assert OPEN.keys() <= set(names)
