"""Findings of the doctor: what is wrong at a place, and what the user sees because of it.

A check is a generator (`Check`): it yields a `Finding` for each fault, continues as far as it can,
and returns what later checks need, such as the number of rows. So one run reports all faults.
Invariant: no content of a file, whatever its bytes, makes a check raise.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from imgrec.errors import cause_of
from imgrec.system.file_names import printable

Severity = Literal["error", "warning"]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Finding:
    """A fault.

    Attributes:
        severity: "error" if something is not shown, or shown wrong; "warning" if it is slow, or a
            part of the page does not work.
        place: what the finding is about, such as "run / tensor" or a file.
        problem: what is wrong, with the values.
        effect: what the user sees because of it, or what to do.
    """

    severity: Severity
    place: str
    problem: str
    effect: str


# A generator that yields findings and returns a result for later checks.
Check = Generator[Finding, None, _T]


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes:
        holdings: (place, description of its content) of each place without errors.
        findings: in the order of the checks.
    """

    holdings: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """True if there is an error; warnings do not count."""
        return any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True)
class Place:
    """A place that findings are about; a factory of findings."""

    name: str

    def error(self, problem: str, effect: str) -> Finding:
        """Return an error at this place."""
        return Finding("error", self.name, problem, effect)

    def warning(self, problem: str, effect: str) -> Finding:
        """Return a warning at this place."""
        return Finding("warning", self.name, problem, effect)


def collected(check: Check[_T], findings: list[Finding]) -> _T:
    """Run a check to its end, append its findings to a list, and return its result."""
    while True:
        try:
            findings.append(next(check))
        except StopIteration as end:
            learned: _T = end.value
            return learned


def render(report: CheckReport) -> str:
    """Return a report as text: a line for each holding and each finding, safe for a terminal."""
    lines = [f"ok       {place}: {what}" for place, what in report.holdings]
    lines += [f"{f.severity:<8} {f.place}: {f.problem}; {f.effect}" for f in report.findings]
    return "".join(f"{printable(line)}\n" for line in lines)


def file_problem(path: Path, what: str) -> str | None:
    """Return why a path cannot be read as a regular file; None if it can."""
    try:
        if not path.exists():
            return f"{what} is absent"
        # Opening a named pipe would block until somebody writes into it.
        if not path.is_file():
            return f"{what} is not a regular file"
        with path.open("rb"):
            return None
    except (OSError, ValueError) as error:
        return unreadable(what, error)


def unreadable(what: str, error: Exception) -> str:
    """Return the problem text for a file that the operating system refuses to read."""
    return f"{what} cannot be read ({cause_of(error)})"


def shortened(names: Iterable[str], shown: int = 3) -> str:
    """Return the first few names in quotes, and the number of the others."""
    quoted = [f'"{name[:40]}"' for name in names]
    more = f" and {len(quoted) - shown} more" if len(quoted) > shown else ""
    return ", ".join(quoted[:shown]) + more
