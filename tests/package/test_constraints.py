"""constraints.txt pins every package that any extra installs, within the declared ranges."""

import re
import tomllib
from collections import deque
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = {
    str(canonicalize_name(name)): Version(version)
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
}


def _declared() -> Iterator[Requirement]:
    """Yield the requirements of pyproject.toml, of every extra."""
    lines = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        lines += extra
    for requirement in map(Requirement, lines):
        if requirement.name != "imgrec":
            yield requirement
        else:
            assert requirement.extras <= PROJECT["optional-dependencies"].keys()


def _required(requirement: Requirement) -> Iterator[Requirement]:
    """Yield the requirements of an installed distribution; none if it is not installed."""
    try:
        lines = requires(requirement.name) or []
    except PackageNotFoundError:
        return
    for found in map(Requirement, lines):
        extras = requirement.extras or {""}
        if not found.marker or any(found.marker.evaluate({"extra": e}) for e in extras):
            yield found


def test_every_line_is_a_pin() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) == len(PINS) > 100


def test_declared_requirements_are_pinned_within_their_range() -> None:
    for requirement in _declared():
        pin = PINS[canonicalize_name(requirement.name)]
        assert pin in requirement.specifier, requirement


def test_indirect_requirements_are_pinned_too() -> None:
    waiting, seen = deque(_declared()), set[str]()
    while waiting:
        requirement = waiting.popleft()
        assert canonicalize_name(requirement.name) in PINS, requirement
        if str(requirement) not in seen:
            seen.add(str(requirement))
            waiting += _required(requirement)
    assert len(seen) > 60
